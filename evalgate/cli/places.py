"""Where a repository keeps what evalgate stores."""

from __future__ import annotations

import os
from pathlib import Path


def stored_at(name: str) -> Path:
    """Return where something is kept: in the `.evalgate` of the repository, else in that of this folder."""
    here = Path.cwd()
    top = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
    return Path(os.path.relpath(top, here)) / ".evalgate" / name
