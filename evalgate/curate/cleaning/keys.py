"""The key of a dataset's pseudonyms: given, or kept beside the candidates, where git does not see it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from evalgate.curate.holding import workplace
from evalgate.errors import ConfigurationError
from evalgate.plain_file import content
from evalgate.whole_file import unwritten

SHORTEST: Final = 16
_BYTES: Final = 32
_LONGEST: Final = 1_000_000
"""Bytes of a file that may be a key."""


def key_beside(candidates: Path, *, make: bool) -> tuple[bytes, bool]:
    """Return the key that is kept beside a candidates file, and whether it was made now.

    Of two processes that make it at once, both have that of the first. Where it is not to be made, it is one that
    says that it is none. Raises ConfigurationError, MeasurementError where the disk has no room.
    """
    if not make and not _place(candidates.parent / ".curate", candidates).exists():
        return b"a key for looking, not for writing", False
    try:
        path = _place(workplace(candidates), candidates)
        made = False
        if not path.exists():
            made = _make(path)
    except OSError as error:
        raise unwritten(
            f"the key of the pseudonyms beside {candidates} cannot be kept", error, "check its folder"
        ) from None
    try:
        return checked(content(path, most=_LONGEST).decode("ascii").strip(), str(path)), made
    except OSError as error:
        raise ConfigurationError(
            f"the key of the pseudonyms in {path} cannot be read: {error.strerror}", next_step=f"check what {path} is"
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(
            f"the key of the pseudonyms in {path} is no text", next_step="take it from where it was made, or delete it"
        ) from None


def _make(path: Path) -> bool:
    """Make a key, whole or not at all, and return whether it is this one that counts. Raises OSError."""
    whole = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(whole)
    except FileExistsError:
        return False
    finally:
        whole.unlink(missing_ok=True)
    return True


def _place(folder: Path, candidates: Path) -> Path:
    return folder / f"{candidates.name.removesuffix('.jsonl')}.key"


def checked(key: str, where: str) -> bytes:
    """Return a key as bytes. Raises ConfigurationError for one that is too short to hide anything."""
    if len(key) < SHORTEST:
        raise ConfigurationError(
            f"the key of the pseudonyms in {where} has fewer than {SHORTEST} characters",
            next_step="give it a longer one, such as `openssl rand -hex 32` makes",
        )
    return key.encode("utf-8", "surrogatepass")
