"""The only caller of git."""

from evalgate.git.repository import Repository

__all__ = ["Repository"]
