"""Processes that host user code: one protocol for Python functions and commands in any language."""
