"""`curate clean`: every candidate without personal data and secrets, and what is no good left out with its reason."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from evalgate.curate.candidates import Candidate, State, Step
from evalgate.curate.cleaning.duplicates import Double, Inputs, Said, said_in
from evalgate.curate.cleaning.looking import EXAMPLES, STANDS, Seen
from evalgate.curate.cleaning.meaning import Heard
from evalgate.curate.cleaning.quality import Reason
from evalgate.curate.texts.wording import asked, asked_last
from evalgate.records import Example, Json, JsonObject

_OUT: Final = "out"
"""The mark of what is left out: its reason, and what it is like."""
_SHOWN: Final = 120
"""Letters of an example that are shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One example in a report: a candidate, what it says (without what was found), and what it is like, if anything."""

    id: str
    text: str
    why: str = ""


@dataclass(kw_only=True, slots=True)
class Report:
    """What a cleaning came to. Of `looked` candidates, the `new` ones were judged; `left` of them are new still.

    `out` counts by reason, `found` what was replaced by its kind, `by` that and who found it, `redacted` the candidates
    that it was in. `theirs` counts by kind what answers have that reviewers wrote or took, which stay: `held_by` are
    the ids of accepted candidates that have some, `held_golden` those of golden ones. Of `other_key` are candidates
    whose pseudonyms another key made; `unread` are those, by language, that another recogniser has no model for.
    """

    looked: int = 0
    new: int = 0
    left: int = 0
    redacted: int = 0
    other_key: int = 0
    by: Counter[tuple[str, str]] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    out: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    theirs: Counter[str] = field(default_factory=Counter)
    held_by: list[str] = field(default_factory=list)
    held_golden: list[str] = field(default_factory=list)
    shown: defaultdict[str, list[Shown]] = field(default_factory=lambda: defaultdict(list))

    def show(self, what: str, example: Shown) -> None:
        """Keep an example of something; the first three are."""
        if len(self.shown[what]) < EXAMPLES:
            self.shown[what].append(example)


@dataclass(kw_only=True, slots=True)
class Cleaning:
    """One cleaning at work: what looks at candidates, what there is, and what it came to.

    `looked` yields what is seen in each of them, in their order. `at` is when, in ISO 8601. `heard` takes what is asked
    in all that stays, without personal data and secrets, for a model to say what means the same; None: no model is
    asked.
    """

    looked: Callable[[Iterable[Candidate]], Iterator[Seen]]
    inputs: Inputs
    at: str
    tell: Callable[[Report], None] = lambda _: None
    heard: list[Heard] | None = None
    report: Report = field(default_factory=Report)

    def know(self, golden: Iterable[Example], candidates: Iterable[Candidate]) -> None:
        """Take what is golden, and the candidates that later steps took: nothing new may be like them."""
        for example in golden:
            self._stands(example.id, example.input, said_in(example.input, near=self.inputs.near), golden=True)
        standing = (each for each in candidates if each.state in STANDS)
        first = next(standing, None)
        # Looking at nothing may start processes all the same.
        for seen in self.looked(itertools.chain([first], standing)) if first is not None else ():
            each = seen.candidate
            if seen.said is not None:
                self._stands(each.id, each.input, seen.said, golden=each.state == State.GOLDEN)

    def _stands(self, identity: str, value: JsonObject, said: Said, *, golden: bool) -> None:
        self.inputs.add(identity, said, golden=golden)
        if self.heard is not None:
            self.heard.append(_heard(identity, value, stands=True, golden=golden))

    def cleaned(self, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
        """Yield the candidates as they are after it, in their order; what is known has to be known before."""
        for seen in self.looked(candidates):
            self.report.looked += 1
            self.report.other_key += seen.other_key
            self.report.redacted += bool(seen.found)
            self.report.found.update(seen.found)
            self.report.by.update(seen.by)
            if seen.theirs:
                self.report.theirs.update(seen.theirs)
                golden = seen.candidate.state == State.GOLDEN
                (self.report.held_golden if golden else self.report.held_by).append(seen.candidate.id)
            self.report.unread.update([seen.unread] if seen.unread else [])
            for kind, text in seen.shown:
                self.report.show(kind, Shown(id=seen.candidate.id, text=text))
            yield self._judged(seen) if seen.candidate.state == State.NEW else seen.candidate
            self.tell(self.report)

    def _judged(self, seen: Seen) -> Candidate:
        self.report.new += 1
        candidate = seen.candidate
        if seen.wrong is not None:
            reason, why = seen.wrong
            return self._out(candidate, reason, why, {"reason": reason.value})
        double = None if seen.said is None else self.inputs.double(candidate.id, seen.said)
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
                shown = Shown(id=each.id, text=each.whole[:_SHOWN], why=_meant(double, model))
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
        self.report.show(reason.value, Shown(id=candidate.id, text=asked(candidate.input)[:_SHOWN], why=why))
        step = Step(at=self.at, what="out", by="rule", why=f"{reason}: {why}")
        return candidate.marked(_OUT, mark).moved(State.OUT, step)


def _heard(identity: str, value: JsonObject, *, stands: bool = False, golden: bool = False) -> Heard:
    return Heard(id=identity, whole=asked(value), last=asked_last(value), stands=stands, golden=golden)


def _mark(double: Double) -> dict[str, Json]:
    return {"reason": double.reason.value, "of": double.of, "likeness": round(double.likeness, 3)}


def _meant(double: Double, model: str) -> str:
    return f"{double.likeness:.2f} like {double.of} by {model}"
