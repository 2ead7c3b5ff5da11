"""Answers that a reviewer began to write, each a file until it is decided: an editor that crashes loses nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from evalgate.canonical import content_hash
from evalgate.curate.candidates import Candidate
from evalgate.curate.holding import workplace
from evalgate.curate.reviewing.answers import answered, proposed, written
from evalgate.curate.reviewing.standing import seen_of
from evalgate.plain_file import content
from evalgate.records import JsonObject
from evalgate.whole_file import write_whole

Base = Literal["own", "proposed"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """One reviewer's text for one candidate, written over the answer `base`."""

    path: Path
    base: Base
    candidate: Candidate

    @property
    def before(self) -> JsonObject | None:
        """Return the answer that it is written over."""
        return self.candidate.output if self.base == "own" else proposed(self.candidate)

    def text(self) -> str | None:
        """Return what was written; None where nothing was, or nothing else than was there. Raises OSError."""
        try:
            text = content(self.path).decode("utf-8", "replace").replace("\r\n", "\n")
        except FileNotFoundError:
            return None
        return None if text.rstrip("\n") == self._first().rstrip("\n") else text

    def output(self) -> JsonObject | None:
        """Return the answer that was written; None where none was. Raises AnswerError, OSError."""
        text = self.text()
        return None if text is None else answered(text, self.before, self.candidate.input)

    def begin(self) -> Path:
        """Return the file for an editor, with what was there before where nothing was written yet. Raises OSError."""
        if self.text() is None:
            write_whole(self.path, self._first().encode("utf-8", "replace"))
        return self.path

    def keep(self, output: JsonObject) -> None:
        """Have an answer that was decided as the text again. Raises OSError."""
        write_whole(self.path, written(output, self.candidate.input).text.encode("utf-8", "replace"))

    def drop(self) -> None:
        """Forget it."""
        self.path.unlink(missing_ok=True)

    def _first(self) -> str:
        text = written(self.before, self.candidate.input).text
        return text if not text or text.endswith("\n") else text + "\n"


def draft_of(candidates: Path, candidate: Candidate, who: str) -> Draft:
    """Return a reviewer's draft for a candidate: the one that was begun, else one over its own answer.

    Raises OSError where there is no place for it.
    """
    begun = draft_over(candidates, candidate, who, "proposed")
    return begun if begun.text() is not None else draft_over(candidates, candidate, who, "own")


def draft_over(candidates: Path, candidate: Candidate, who: str, base: Base) -> Draft:
    """Return a reviewer's draft for a candidate over this answer. Raises OSError."""
    folder = workplace(candidates) / "drafts"
    folder.mkdir(exist_ok=True)
    before = candidate.output if base == "own" else proposed(candidate)
    kind = "txt" if written(before, candidate.input).plain else "json"
    name = content_hash([candidates.name, candidate.id, seen_of(candidate), who])[:20]
    return Draft(path=folder / f"{name}.{base}.{kind}", base=base, candidate=candidate)
