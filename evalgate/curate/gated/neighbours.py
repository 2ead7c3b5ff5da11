"""What is like the examples that a gate found, by what was asked: the same matter, often in other words. Pure.

Texts are compared by the runs of three letters that they share, each weighed by how rare it is in the golden dataset:
what all questions begin with says little, what few are about says much. Letters and not words, so that every language
has them. A model's sense for what means the same this has not.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from evalgate.curate.candidates import Candidate, State
from evalgate.curate.gated.findings import Finding
from evalgate.curate.texts.wording import asked, normalised
from evalgate.records import Json

NEIGHBOUR: Final = "from_gate"
"""The mark of a candidate that is like such an example: {"build", "suite", "example", "likeness"}."""
ALIKE: Final = 0.4
"""Likeness from which a candidate is a neighbour; 1 is the same text."""
_LETTERS: Final = 3
_LONGEST: Final = 20_000
"""Letters of a text that are looked at."""


class Neighbours:
    """Knows what is like the examples that were found. `golden` is what the dataset asks, or some of it."""

    def __init__(self, findings: Iterable[Finding], golden: Iterable[str], *, at_least: float = ALIKE) -> None:
        self._at_least = at_least
        self._findings = tuple(findings)
        seen: Counter[str] = Counter()
        texts = 0
        for text in golden:
            texts += 1
            seen.update(_runs(text))
        self._weights = {run: _weight(times, texts) for run, times in seen.items()}
        self._rare = _weight(0, texts)
        self._holders: defaultdict[str, list[int]] = defaultdict(list)
        self._sizes: list[int] = []
        for number, each in enumerate(self._findings):
            own = _runs(asked(each.example.input))
            self._sizes.append(self._size(own))
            for run in own:
                self._holders[run].append(number)
        self._largest = max(self._sizes, default=0)

    def marked(self, candidate: Candidate) -> Candidate | None:
        """Return a candidate with the mark of what it is most like; None where it is like nothing that was found."""
        own = _runs(asked(candidate.input))
        size = self._size(own)
        if self._largest < size * self._at_least**2:
            return None  # much longer than all that was found: it cannot share enough of itself
        shared: defaultdict[int, int] = defaultdict(int)
        for run in own & self._holders.keys():
            weight = self._weights.get(run, self._rare)
            for number in self._holders[run]:
                shared[number] += weight
        likest = max(((much / math.sqrt(size * self._sizes[at]), -at) for at, much in shared.items()), default=None)
        if likest is None or likest[0] < self._at_least:
            return None
        finding = self._findings[-likest[1]]
        mark: dict[str, Json] = {
            "build": finding.build,
            "suite": finding.suite,
            "example": finding.example.id,
            "likeness": round(likest[0], 2),
        }
        return candidate.marked(NEIGHBOUR, mark)

    def mark_new(self, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
        """Yield every candidate; one that nobody chose or decided, and that is like what was found, with the mark."""
        for each in candidates:
            yield (self.marked(each) or each) if each.state is State.NEW and NEIGHBOUR not in each.marks else each

    def _size(self, runs: set[str]) -> int:
        known = self._weights.keys() & runs
        return sum(map(self._weights.__getitem__, known)) + self._rare * (len(runs) - len(known))


def _weight(times: int, texts: int) -> int:
    """Return how much a run says that stands in so many of all texts; whole, so that sums have no order.

    As if ten more texts were seen, half of them with it: few texts say little about what is rare.
    """
    return round(1e6 * math.log((texts + 10) / (times + 5)) ** 2)


def _runs(text: str) -> set[str]:
    plain = normalised(text[:_LONGEST])
    if not plain:
        return set()
    plain = f" {plain} "
    return {plain[at : at + _LETTERS] for at in range(len(plain) - _LETTERS + 1)}
