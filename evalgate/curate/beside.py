"""What is beside a dataset: its candidates, and people's decisions on them."""

from __future__ import annotations

import hashlib
from pathlib import Path


def candidates_file(dataset: Path) -> Path:
    """Return where the candidates of a dataset file are: beside it."""
    return dataset.with_name(f"{dataset.stem}.candidates.jsonl")


def candidates_file_of(name: str, folder: Path) -> Path:
    """Return where the candidates of a dataset in Phoenix are, below the config's folder."""
    plain = "".join(letter if letter.isalnum() or letter in "_.-" else "_" for letter in name).strip(".")[:80]
    if plain != name:
        # Names that differ have files that differ.
        plain = f"{plain}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"
    return folder / "curate" / f"{plain}.candidates.jsonl"


def reviews_file(candidates: Path) -> Path:
    """Return where people's decisions on a file's candidates are kept."""
    return candidates.with_name(f"{candidates.name.removesuffix('.jsonl')}.reviews.jsonl")
