"""Whole outputs kept as files: EVALGATE_WRITE_GOLDEN=1 pytest tests/unit/report writes them anew; read the diff."""

from __future__ import annotations

import os
from pathlib import Path

_FOLDER = Path(__file__).parent / "golden"


def assert_golden(name: str, text: str) -> None:
    """Compare `text` with the file of that name."""
    path = _FOLDER / name
    if os.environ.get("EVALGATE_WRITE_GOLDEN") == "1":
        path.write_text(text, "utf-8")
    assert path.read_text("utf-8") == text
