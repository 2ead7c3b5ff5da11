"""Which split an example goes to: that of its conversation, and by a hash where it has none. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from evalgate.curate.candidates import Candidate
from evalgate.curate.cleaning.findings import STAND_IN, Pseudonyms
from evalgate.curate.cleaning.redaction import REDACTED
from evalgate.curate.conversations import Conversations
from evalgate.curate.moments import moment
from evalgate.golden.curated import pulled_as
from evalgate.records import Example

REGRESSION: Final = "regression"
HOLDOUT: Final = "holdout"
_NEVER: Final = "9999"


@dataclass(kw_only=True, slots=True)
class Splits:
    """The splits of all that is golden or a candidate; what is asked of them has to be known before, all of it.

    `holdout` is the share of conversations that go there; with 0 there are no splits but those that are. `pseudonyms`
    are those of the key at hand.
    """

    holdout: float
    pseudonyms: Pseudonyms
    _conversations: Conversations = field(init=False)
    _had: list[tuple[str, str]] = field(default_factory=list)
    _turns: list[tuple[str, str, str]] = field(default_factory=list)
    _keys: set[str] = field(default_factory=set)
    _splits: dict[str, str] = field(default_factory=dict)
    _firsts: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._conversations = Conversations(self.pseudonyms)

    def golden(self, examples: Iterable[Example]) -> Iterator[Example]:
        """Yield the examples of the dataset, and know them: their splits count before those of candidates."""
        for each in examples:
            self._conversations.add_example(each)
            if each.split is not None:
                self._had.append((pulled_as(each), each.split))
            yield each

    def candidates(self, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
        """Yield candidates, and know them."""
        for each in candidates:
            self._conversations.add(each.id, each.source)
            if each.split is not None:
                self._had.append((each.id, each.split))
            start, trace = moment(each.source.get("start")), each.source.get("trace")
            named = trace if isinstance(trace, str) and trace else each.id
            self._turns.append((_NEVER if start is None else start.isoformat(), named, each.id))
            if _replaced(each):
                self._keys.add(self._key(each))
            yield each
        self._settle()

    def _settle(self) -> None:
        for identity, split in self._had:
            self._splits.setdefault(self._conversations.of(identity), split)
        for _, named, identity in sorted(self._turns):
            self._firsts.setdefault(self._conversations.of(identity), named)

    def of(self, candidate: Candidate) -> str | None:
        """Return the split of a candidate: the one that it has, that of its conversation, or one of two by a share.

        The share is drawn by a hash of the conversation's first trace, which nothing replaces. None where there are
        no splits.
        """
        whose = self._conversations.of(candidate.id)
        had = candidate.split or self._splits.get(whose)
        if had is not None or self.holdout <= 0:
            return had
        said = f"split:{self._firsts.get(whose, whose)}".encode("utf-8", "surrogatepass")
        digest = hashlib.blake2b(said, digest_size=8).digest()
        return self._splits.setdefault(whose, HOLDOUT if int.from_bytes(digest) / 2**64 < self.holdout else REGRESSION)

    def unsure(self, candidate: Candidate) -> bool:
        """Return whether sessions were replaced under another key than the one that says which is this one's."""
        return isinstance(candidate.source.get("session"), str) and bool(self._keys - {self._key(candidate)})

    def _key(self, candidate: Candidate) -> str:
        """Return four letters of the key of a candidate's session: of the one at hand where it was not replaced."""
        mark = candidate.marks.get(REDACTED) if _replaced(candidate) else None
        key = mark.get("key") if isinstance(mark, dict) else None
        return key if isinstance(key, str) else self.pseudonyms.check


def _replaced(candidate: Candidate) -> bool:
    session = candidate.source.get("session")
    return isinstance(session, str) and STAND_IN.fullmatch(session) is not None
