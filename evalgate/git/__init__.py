"""The only caller of git."""

from evalgate.git.repository import Change, Repository

__all__ = ["Change", "Repository"]
