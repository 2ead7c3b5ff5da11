"""`curate clean`: every candidate without personal data and secrets, and what is no good left out with its reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from evalgate.curate.candidates import Candidate, State, Step
from evalgate.curate.cleaning.duplicates import Inputs
from evalgate.curate.cleaning.findings import STAND_IN
from evalgate.curate.cleaning.quality import Quality, Reason
from evalgate.curate.cleaning.redaction import Redactor, texts_of
from evalgate.curate.wording import asked
from evalgate.records import Example, Json

_EXAMPLES: Final = 3
_AROUND: Final = 40
"""Letters beside what was found that are shown."""
_STANDS: Final = frozenset({State.CHOSEN, State.ACCEPTED, State.GOLDEN})
"""What later steps took: a new candidate that says the same is left out, and never the other way round."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One example in a report: a candidate, what it says (without what was found), and what it is like, if anything."""

    id: str
    text: str
    why: str = ""


@dataclass(kw_only=True, slots=True)
class Report:
    """What a cleaning came to. Of `looked` candidates, the `new` ones were judged; `left` of them are new still.

    `out` counts by reason, `found` what was replaced by its kind, `redacted` the candidates that it was in. Of
    `other_key` are candidates whose pseudonyms another key made.
    """

    looked: int = 0
    new: int = 0
    left: int = 0
    redacted: int = 0
    other_key: int = 0
    out: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    shown: defaultdict[str, list[Shown]] = field(default_factory=lambda: defaultdict(list))

    def show(self, what: str, example: Shown) -> None:
        """Keep an example of something; the first three are."""
        if len(self.shown[what]) < _EXAMPLES:
            self.shown[what].append(example)


@dataclass(kw_only=True, slots=True)
class Cleaning:
    """One cleaning at work: what is looked for, what is wanted, what there is, and what it came to.

    `at` is when, in ISO 8601.
    """

    redactor: Redactor
    quality: Quality
    inputs: Inputs
    at: str
    tell: Callable[[Report], None] = lambda _: None
    report: Report = field(default_factory=Report)

    def know(self, golden: Iterable[Example], candidates: Iterable[Candidate]) -> None:
        """Take what is golden, and the candidates that later steps took: nothing new may be like them."""
        for example in golden:
            self.inputs.add(example.id, example.input, golden=True)
        for each in candidates:
            if each.state in _STANDS:
                self.inputs.add(
                    each.id, self.redactor.redacted(each, self.at)[0].input, golden=each.state == State.GOLDEN
                )

    def cleaned(self, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
        """Yield the candidates as they are after it, in their order; what is known has to be known before."""
        for each in candidates:
            self.report.looked += 1
            candidate = self._redacted(each)
            yield self._judged(candidate) if candidate.state == State.NEW else candidate
            self.tell(self.report)

    def _redacted(self, candidate: Candidate) -> Candidate:
        before = candidate.marks.get("redacted")
        key = before.get("key") if isinstance(before, dict) else None
        self.report.other_key += self.redactor.names is not None and key not in (None, self.redactor.pseudonyms.check)
        clean, found = self.redactor.redacted(candidate, self.at)
        if found:
            self.report.redacted += 1
            self.report.found.update(found)
            for text in texts_of(clean):
                for stand in STAND_IN.finditer(text):
                    kind = stand[0][1:-1].rpartition("_")[0] or stand[0][1:-1]
                    self.report.show(kind, Shown(id=clean.id, text=_around(text, stand.start(), stand.end())))
        return clean

    def _judged(self, candidate: Candidate) -> Candidate:
        self.report.new += 1
        wrong = self.quality.wrong(candidate)
        if wrong is not None:
            reason, why = wrong
            return self._out(candidate, reason, why, {"reason": reason.value})
        double = self.inputs.double(candidate.id, candidate.input)
        if double is None:
            self.report.left += 1
            return candidate
        near = double.reason in (Reason.NEAR_DUPLICATE, Reason.NEAR_GOLDEN)
        why = f"{double.likeness:.2f} like {double.of}" if near else f"says what {double.of} says"
        mark: dict[str, Json] = {"reason": double.reason.value, "of": double.of, "likeness": round(double.likeness, 3)}
        return self._out(candidate, double.reason, why, mark)

    def _out(self, candidate: Candidate, reason: Reason, why: str, mark: Json) -> Candidate:
        self.report.out[reason.value] += 1
        self.report.show(reason.value, Shown(id=candidate.id, text=asked(candidate.input)[: 3 * _AROUND], why=why))
        step = Step(at=self.at, what="out", by="rule", why=f"{reason}: {why}")
        return candidate.marked("out", mark).moved(State.OUT, step)


def _around(text: str, start: int, end: int) -> str:
    """Return what stands around a place, without stand-ins or words that are cut through."""
    before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    return f"{before}{text[start:end]}{after}"
