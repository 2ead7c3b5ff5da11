"""Writing what was asked for, with one message where that cannot be."""

from __future__ import annotations

from pathlib import Path

from evalgate.errors import ConfigurationError


def write(path: Path, text: str, *, append: bool = False) -> None:
    """Write or append `text`. Raises ConfigurationError; the verdict is recorded by then."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if append else "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise ConfigurationError(
            f"cannot write {path}: {error.strerror}; what was decided is recorded", next_step="evalgate decide"
        ) from error
