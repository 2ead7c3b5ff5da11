"""What is beside a dataset: its candidates, people's decisions on them, and what steps hold and keep as they work."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from evalgate.errors import ConfigurationError
from evalgate.whole_file import clear_parts


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


@contextmanager
def held(path: Path, what: str = "", *, seconds: float = 0.0) -> Iterator[None]:
    """Hold a candidates file, or `what` of it, against other steps on this machine, waiting so long for it.

    What a step that was killed left of the file that it was writing is removed: it may hold what was cleaned since.
    Raises ConfigurationError where one has it.
    """
    from filelock import FileLock, Timeout

    try:
        lock = FileLock(workplace(path) / f"{path.name}{what}.lock", timeout=seconds)
        lock.acquire()
    except Timeout:
        raise ConfigurationError(
            f"another step is at work on {path}", next_step="wait until it has ended, and run this again"
        ) from None
    except OSError as error:
        raise ConfigurationError(
            f"cannot write beside {path}: {error.strerror}", next_step="check its folder"
        ) from None
    try:
        if not what:
            with suppress(OSError, RuntimeError):
                clear_parts(path)
        yield
    finally:
        lock.release()


def workplace(path: Path) -> Path:
    """Return the folder for what steps keep while they work on a candidates file: beside it, ignored by git.

    Raises OSError where it cannot be made.
    """
    folder = path.parent / ".curate"
    folder.mkdir(parents=True, exist_ok=True)
    ignored = folder / ".gitignore"
    if not ignored.exists():
        ignored.write_text("*\n")
    return folder
