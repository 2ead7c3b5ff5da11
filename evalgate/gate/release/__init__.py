"""A release: what it is compared with, what it is decided by, what it moves, and the verdict that it leaves."""
