"""`curate clean`: every candidate without personal data and secrets, and what is no good left out with its reason."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from evalgate.curate.candidates import Candidate, State, Step
from evalgate.curate.cleaning.duplicates import Double, Inputs
from evalgate.curate.cleaning.findings import STAND_IN
from evalgate.curate.cleaning.meaning import Heard
from evalgate.curate.cleaning.quality import Quality, Reason
from evalgate.curate.cleaning.redaction import REDACTED, Redactor, texts_of
from evalgate.curate.texts.wording import asked, asked_last
from evalgate.records import Example, Json, JsonObject

_OUT: Final = "out"
"""The mark of what is left out: its reason, and what it is like."""
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

    `at` is when, in ISO 8601. `heard` takes what is asked in all that stays, without personal data and secrets, for a
    model to say what means the same; None: no model is asked.
    """

    redactor: Redactor
    quality: Quality
    inputs: Inputs
    at: str
    tell: Callable[[Report], None] = lambda _: None
    heard: list[Heard] | None = None
    report: Report = field(default_factory=Report)

    def know(self, golden: Iterable[Example], candidates: Iterable[Candidate]) -> None:
        """Take what is golden, and the candidates that later steps took: nothing new may be like them."""
        for example in golden:
            self._stands(example.id, example.input, golden=True)
        for each in candidates:
            if each.state in _STANDS:
                clean = self.redactor.redacted(each, self.at)[0]
                self._stands(each.id, clean.input, golden=each.state == State.GOLDEN)

    def _stands(self, identity: str, value: JsonObject, *, golden: bool) -> None:
        self.inputs.add(identity, value, golden=golden)
        if self.heard is not None:
            self.heard.append(_heard(identity, value, stands=True, golden=golden))

    def cleaned(self, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
        """Yield the candidates as they are after it, in their order; what is known has to be known before."""
        for each in candidates:
            self.report.looked += 1
            candidate = self._redacted(each)
            yield self._judged(candidate) if candidate.state == State.NEW else candidate
            self.tell(self.report)

    def _redacted(self, candidate: Candidate) -> Candidate:
        before = candidate.marks.get(REDACTED)
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
            if self.heard is not None:
                self.heard.append(_heard(candidate.id, candidate.input))
            return candidate
        near = double.reason in (Reason.NEAR_DUPLICATE, Reason.NEAR_GOLDEN)
        why = f"{double.likeness:.2f} like {double.of}" if near else f"says what {double.of} says"
        return self._out(candidate, double.reason, why, _mark(double))

    def mean_the_same(self, doubles: Mapping[str, Double], model: str) -> None:
        """Count what a model says means the same as another one, and is not left out yet."""
        for each in self.heard or ():
            double = doubles.get(each.id)
            if double is not None:
                self.report.left -= 1
                self.report.out[double.reason.value] += 1
                shown = Shown(id=each.id, text=each.whole[: 3 * _AROUND], why=_meant(double, model))
                self.report.show(double.reason.value, shown)

    def without(
        self, candidates: Iterable[Candidate], doubles: Mapping[str, Double], model: str
    ) -> Iterator[Candidate]:
        """Yield cleaned candidates, those left out that mean the same as another one by what the model says."""
        for each in candidates:
            double = doubles.get(each.id) if each.state == State.NEW else None
            if double is None:
                yield each
                continue
            mark = {**_mark(double), "by": model}
            step = Step(at=self.at, what="out", by="model", why=f"{double.reason}: {_meant(double, model)}")
            yield each.marked(_OUT, mark).moved(State.OUT, step)

    def _out(self, candidate: Candidate, reason: Reason, why: str, mark: Json) -> Candidate:
        self.report.out[reason.value] += 1
        self.report.show(reason.value, Shown(id=candidate.id, text=asked(candidate.input)[: 3 * _AROUND], why=why))
        step = Step(at=self.at, what="out", by="rule", why=f"{reason}: {why}")
        return candidate.marked(_OUT, mark).moved(State.OUT, step)


def _heard(identity: str, value: JsonObject, *, stands: bool = False, golden: bool = False) -> Heard:
    return Heard(id=identity, whole=asked(value), last=asked_last(value), stands=stands, golden=golden)


def _mark(double: Double) -> dict[str, Json]:
    return {"reason": double.reason.value, "of": double.of, "likeness": round(double.likeness, 3)}


def _meant(double: Double, model: str) -> str:
    return f"{double.likeness:.2f} like {double.of} by {model}"


def _around(text: str, start: int, end: int) -> str:
    """Return what stands around a place, without stand-ins or words that are cut through."""
    before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
    return f"{before}{text[start:end]}{after}"
