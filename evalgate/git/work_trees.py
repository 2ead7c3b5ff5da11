"""Where the work tree of a repository is and what lies in it, links followed: seen in the files, git is not asked."""

from __future__ import annotations

from pathlib import Path

from evalgate.whole_file import resolved


def work_tree_of(folder: Path) -> Path | None:
    """Return the nearest folder, this or one above it, that has a `.git`; None where none has."""
    whole = folder.resolve()
    return next((each for each in (whole, *whole.parents) if (each / ".git").exists()), None)


def place_in(tree: Path, path: Path) -> Path | None:
    """Return where a path is in a work tree; None for one that leads out of it, by name or by a link, or nowhere."""
    try:
        return resolved(path).relative_to(tree.resolve())
    except (ValueError, OSError):
        return None
