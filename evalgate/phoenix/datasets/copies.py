"""Local copies of dataset versions: what a build reads, and what it falls back on while the server is away.

A copy is named by its content and never changes, so that a build that reads it several times reads one dataset. A note
beside says which version of which dataset it is. Both are written whole or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from evalgate.canonical import content_hash
from evalgate.errors import MeasurementError
from evalgate.golden.writing import as_line
from evalgate.records import Example
from evalgate.sqlite_file import make_folder
from evalgate.whole_file import write_whole

_KEPT_S: Final = 30 * 24 * 3600
"""How long a copy stays that no note names any more: a build may still read it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which copy: a version by its id, as it is read for one split (an example may be in several)."""

    base_url: str
    dataset: str
    version: str
    split: str | None

    @property
    def key(self) -> str:
        """Return what its note is called, without an ending."""
        readable = re.sub(r"[^\w.-]+", "-", self.dataset)[:60].strip("-.") or "dataset"
        return f"{readable}-{content_hash([self.base_url, self.dataset, self.version, self.split])[:12]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """What a copy was made of, in the server's words. `members` stands for who is in which split."""

    dataset_id: str
    dataset_created_at: str
    version_created_at: str
    members: str
    pulled_at: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy:
    """One copy: a JSONL file of golden examples, and what it was made of."""

    path: Path
    origin: Origin


def members_hash(memberships: Mapping[str, Sequence[str]]) -> str:
    """Return what stands for who is in which split."""
    return content_hash({node: list(splits) for node, splits in memberships.items() if splits})


class Copies:
    """The copies in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, wanted: Wanted) -> Copy | None:
        """Return the copy of a version; None where there is none, or where its file is not what was written."""
        try:
            note = json.loads((self._folder / f"{wanted.key}.json").read_text(encoding="utf-8"))
            copy = Copy(
                path=self._folder / f"{wanted.key}-{note['sha256'][:16]}.jsonl", origin=Origin(**note["origin"])
            )
            digest = hashlib.sha256()
            with copy.path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return copy if digest.hexdigest() == note["sha256"] and note["wanted"] == asdict(wanted) else None

    def keep(self, wanted: Wanted, examples: Iterable[Example], origin: Origin) -> Copy:
        """Write a copy and its note. Raises MeasurementError where the disk does not take them."""
        text = "".join(map(as_line, examples)).encode()
        digest = hashlib.sha256(text).hexdigest()
        path = self._folder / f"{wanted.key}-{digest[:16]}.jsonl"
        note: dict[str, Any] = {"wanted": asdict(wanted), "origin": asdict(origin), "sha256": digest}
        try:
            make_folder(self._folder.parent)
            self._folder.mkdir(exist_ok=True)
            write_whole(path, text)
            write_whole(self._folder / f"{wanted.key}.json", json.dumps(note, indent=1).encode())
            self._forget_old(wanted, path)
        except OSError as error:
            raise MeasurementError(
                f"the copy of {wanted.dataset} cannot be written to {self._folder}: {error.strerror}",
                next_step=f"make room for it, or make {self._folder} writable",
            ) from error
        return Copy(path=path, origin=origin)

    def _forget_old(self, wanted: Wanted, kept: Path) -> None:
        until = time.time() - _KEPT_S
        for path in self._folder.glob(f"{wanted.key}-*.jsonl"):
            with contextlib.suppress(OSError):
                if path != kept and path.stat().st_mtime < until:
                    path.unlink()
