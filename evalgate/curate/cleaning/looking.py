"""What cleaning finds in one candidate by itself, whatever else there is: any process can look, in any order. Pure."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from evalgate.curate.candidates import Candidate, State
from evalgate.curate.cleaning.duplicates import Said, said_in
from evalgate.curate.cleaning.findings import STAND_IN
from evalgate.curate.cleaning.quality import Quality, Reason
from evalgate.curate.cleaning.redaction import REDACTED, Redactor
from evalgate.curate.cleaning.walking import walked

EXAMPLES: Final = 3
"""Examples of each kind that are shown."""
STANDS: Final = frozenset({State.CHOSEN, State.ACCEPTED, State.GOLDEN})
"""What later steps took: a new candidate that says the same is left out, and never the other way round."""
_AT_ONCE: Final = 32
"""Candidates that another recogniser reads together."""
_AROUND: Final = 40
"""Letters beside what was found that are shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """A candidate without personal data and secrets, and how many of which kind it had, `by` whom they were found.

    `theirs` counts by kind what is left in an answer of its reviewer's. `unread` is its language where another
    recogniser has no model for that. `shown` has kinds with the text around some of them. `other_key`: another key made
    its pseudonyms. `wrong` says why a new one is no good, in a word and in words; `said` what is compared with others,
    None where nothing is.
    """

    candidate: Candidate
    found: Counter[str] = field(default_factory=Counter)
    by: Counter[tuple[str, str]] = field(default_factory=Counter)
    theirs: Counter[str] = field(default_factory=Counter)
    unread: str = ""
    shown: tuple[tuple[str, str], ...] = ()
    other_key: bool = False
    wrong: tuple[Reason, str] | None = None
    said: Said | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What is looked for and what is wanted; `near`: near duplicates are looked for. `at` is when, in ISO 8601."""

    redactor: Redactor
    quality: Quality
    near: bool
    at: str

    def __call__(self, candidate: Candidate) -> Seen:
        """Return what is found in a candidate."""
        before = candidate.marks.get(REDACTED)
        key = before.get("key") if isinstance(before, dict) else None
        done = self.redactor.looked_through(candidate, self.at)
        clean = done.candidate
        wrong = self.quality.wrong(clean) if clean.state == State.NEW else None
        is_compared = clean.state in STANDS or (clean.state == State.NEW and wrong is None)
        return Seen(
            candidate=clean,
            found=done.found,
            by=done.by,
            theirs=done.theirs,
            unread=done.unread,
            shown=_shown(clean) if done.found else (),
            other_key=self.redactor.names is not None and key not in (None, self.redactor.pseudonyms.check),
            wrong=wrong,
            said=said_in(clean.input, near=self.near) if is_compared else None,
        )


def together(look: Look, candidates: Iterable[Candidate]) -> Iterator[Seen]:
    """Yield what is found in candidates, which another recogniser reads many at a time: it is quicker so."""
    rest = iter(candidates)
    while some := tuple(itertools.islice(rest, _AT_ONCE)):
        look.redactor.ahead(some)
        yield from map(look, some)


def _shown(candidate: Candidate) -> tuple[tuple[str, str], ...]:
    """Return the first few of each kind with what stands around them, as stand-ins."""
    found: list[tuple[str, str]] = []
    counts: Counter[str] = Counter()
    for text in _texts_of(candidate):
        for stand in STAND_IN.finditer(text):
            kind = stand[0][1:-1].rpartition("_")[0] or stand[0][1:-1]
            counts[kind] += 1
            if counts[kind] <= EXAMPLES:
                found.append((kind, _around(text, stand.start(), stand.end())))
    return tuple(found)


def _around(text: str, begin: int, end: int) -> str:
    """Return what stands around a place, of other stand-ins all or nothing, and signs where there is more."""
    first, last = max(0, begin - _AROUND), min(len(text), end + _AROUND)
    for other in STAND_IN.finditer(text):
        if other.start() < first < other.end():
            first = other.end()
        if other.start() < last < other.end():
            last = other.start()
    said = text[first:last].lstrip(" .,;:!?") if first else text[:last]
    return f"{'…' if first else ''}{said.rstrip()}{'…' if last < len(text) else ''}"


def _texts_of(candidate: Candidate) -> list[str]:
    """Return the texts of what a candidate may become."""
    found: list[str] = []

    def gather(text: str, _: tuple[str, ...]) -> str:
        found.append(text)
        return text

    for part in (candidate.input, candidate.output, candidate.metadata):
        walked(part, gather)
    return found
