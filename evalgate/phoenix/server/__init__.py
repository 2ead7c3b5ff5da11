"""A Phoenix server on this machine: its environment, its process, and what is remembered of it between commands."""

from typing import Final

VERSION: Final = "20.26.1"
"""The server that is installed: requirements.txt beside this file pins it with all that it needs, by hash."""
