"""What stands beside a dataset, by names of files: its candidates, and what steps make of them for people."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

_ENDING: Final = ".candidates.jsonl"


def candidates_file(dataset: Path) -> Path:
    """Return where the candidates of a dataset file are: beside it."""
    return dataset.with_name(f"{dataset.stem}{_ENDING}")


def candidates_file_of(name: str, folder: Path) -> Path:
    """Return where the candidates of a dataset in Phoenix are, below the config's folder."""
    plain = "".join(letter if letter.isalnum() or letter in "_.-" else "_" for letter in name).strip(".")[:80]
    if plain != name:
        # Names that differ have files that differ.
        plain = f"{plain}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"
    return folder / "curate" / f"{plain}{_ENDING}"


def reviews_file(candidates: Path) -> Path:
    """Return where people's decisions on a file's candidates are kept."""
    return _beside(candidates, ".reviews.jsonl")


def merging_file(candidates: Path) -> Path:
    """Return where git is told how the decisions of several people are merged."""
    return candidates.with_name(".gitattributes")


def sheet_file(candidates: Path) -> Path:
    """Return where a schedule writes the file in which people decide."""
    return _beside(candidates, ".review.md")


def state_file(candidates: Path) -> Path:
    """Return where the last times of the profiles of a candidates file are kept."""
    return _beside(candidates, ".state.json")


def analysis_folder(candidates: Path) -> Path:
    """Return where the report of an analysis goes, and the tests that it makes."""
    return _beside(candidates, ".analysis", of=_ENDING)


def guidelines_file(candidates: Path) -> Path:
    """Return where the guidelines are kept that analyses come to."""
    return _beside(candidates, ".guidelines.yaml", of=_ENDING)


def _beside(candidates: Path, ending: str, *, of: str = ".jsonl") -> Path:
    return candidates.with_name(candidates.name.removesuffix(of) + ending)
