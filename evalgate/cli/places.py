"""Where a repository keeps what evalgate stores."""

from __future__ import annotations

import os
from pathlib import Path


def stored_at(name: str) -> Path:
    """Return where something is kept: in the `.evalgate` of the repository, else in that of this folder."""
    from evalgate.git.work_trees import work_tree_of

    here = Path.cwd()
    top = work_tree_of(here) or here
    return Path(os.path.relpath(top, here)) / ".evalgate" / name
