"""What a pull has read so far, beside the candidates: a pull that was ended goes on from its last whole page."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evalgate.curate.candidates import Candidate, as_line, read_candidates
from evalgate.curate.holding import workplace
from evalgate.encoding import printable
from evalgate.plain_file import content
from evalgate.records import Json
from evalgate.whole_file import AGAIN, unwritten, write_whole


@dataclass(frozen=True, kw_only=True, slots=True)
class Notes:
    """How far a pull came: where the next page begins, what was counted, and how long its candidates' file is then.

    `asked` is what was pulled, with its times as they were when it began.
    """

    asked: Mapping[str, Json]
    cursor: str | None = None
    counts: Mapping[str, int]
    size: int = 0
    done: bool = False


class Spool:
    """Two files beside the candidates: what arrived, and the notes on it. Notes are written after what they tell of.

    Raises OSError where no folder can be made there.
    """

    def __init__(self, candidates: Path) -> None:
        stem, folder = candidates.name.removesuffix(".jsonl"), workplace(candidates)
        self.file = folder / f"{stem}.pulling.jsonl"
        self._notes = folder / f"{stem}.pulling.json"

    def resume(self) -> Notes | None:
        """Return how far an earlier pull came, its file cut back to its last whole page; None where there is none."""
        try:
            if self.file.is_symlink():
                return None  # whoever wrote it here means another file to be cut
            said = json.loads(content(self._notes))
            notes = Notes(**{**said, "counts": {str(key): int(each) for key, each in said["counts"].items()}})
            if not isinstance(notes.asked, dict) or not isinstance(notes.cursor, str | None):
                return None
            if notes.size and self.file.stat().st_size < notes.size:
                return None
            if self.file.exists():
                with self.file.open("r+b") as file:
                    file.truncate(notes.size)
        except (OSError, ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
            return None
        return notes

    def begin(self, notes: Notes) -> Notes:
        """Begin anew. Raises as `add` does."""
        self.clear()
        return self.add([], notes)

    def add(self, candidates: Sequence[Candidate], notes: Notes) -> Notes:
        """Keep one more page, and then the notes, with which it counts.

        Raises MeasurementError where the disk has no room, ConfigurationError where nothing can be written there.
        """
        try:
            with self.file.open("ab") as file:
                file.writelines(map(as_line, candidates))
                file.flush()
                os.fsync(file.fileno())
                size = file.tell()
            kept = Notes(asked=notes.asked, cursor=notes.cursor, counts=notes.counts, size=size, done=notes.done)
            write_whole(self._notes, json.dumps(_plain(kept)).encode())
        except OSError as error:
            doing = printable(f"what was pulled before is kept; cannot write {self.file}")
            raise unwritten(doing, error, "check its folder", again=f"{AGAIN}: it goes on") from error
        return kept

    def candidates(self) -> Iterator[Candidate]:
        """Yield what arrived."""
        return read_candidates(self.file)

    def clear(self) -> None:
        """Remove both files: notes first, which alone make them count."""
        self._notes.unlink(missing_ok=True)
        self.file.unlink(missing_ok=True)


def _plain(notes: Notes) -> dict[str, Any]:
    return {
        "asked": dict(notes.asked),
        "cursor": notes.cursor,
        "counts": dict(notes.counts),
        "size": notes.size,
        "done": notes.done,
    }
