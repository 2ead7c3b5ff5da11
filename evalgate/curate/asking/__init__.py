"""A model asked about candidates: in a form of its own, with their traces as material that it never obeys."""
