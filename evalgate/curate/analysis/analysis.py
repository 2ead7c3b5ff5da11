"""`curate analyze`: labelled traces counted, put to a model by label, and its rules held to every answer."""

from __future__ import annotations

import asyncio
import hashlib
import heapq
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from evalgate.curate.analysis import findings as found_in
from evalgate.curate.analysis import guidelines as merging
from evalgate.curate.analysis.findings import MOST, Findings, Lesson
from evalgate.curate.analysis.guidelines import Merged, Standing
from evalgate.curate.analysis.rules import Rule, broken
from evalgate.curate.asking.model import Model
from evalgate.curate.candidates import Candidate, State, as_line
from evalgate.curate.labelling.labelling import labels_of
from evalgate.llm.failures import TaskFault
from evalgate.records import Json
from evalgate.suite.guidelines import Guidelines
from evalgate.suite.taxonomy import Taxonomy

Traces = Callable[[], Iterable[Candidate]]
"""Reads the traces anew, as often as it is called."""
Steps = Callable[[Candidate], Awaitable[Json]]
"""Reads what was done in a trace."""
_TESTED: Final = 5
"""Traces that one rule is tested on, at most: a test file is read by people."""
_LARGEST: Final = 30_000
"""Bytes of a trace that a rule is tested on, as a line of its file."""
_PATIENCE_S: Final = 5.0
"""Seconds that one rule may take on all answers together: its pattern is a model's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """How many traces have which label. `fine` are those of which nothing went wrong; `shown` has some of each other
    label, the same ones however the traces are ordered.
    """

    labels: Mapping[str, int]
    of: int
    fine: int
    unlabelled: int
    shown: Mapping[str, tuple[Candidate, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldRule:
    """A rule held to all answers: `broken_by` of the `of` answers that it is for, and `flagged` of `good` ones.

    `tested` are some of the traces whose answers break it.
    """

    rule: Rule
    broken_by: int
    of: int
    flagged: int
    good: int
    tested: tuple[Candidate, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Analysed:
    """What was found of one label. `why_not` says why nothing was; `idle` rules tell it from nothing: left out."""

    label: str
    number: int
    findings: Findings = field(default_factory=Findings)
    rules: tuple[HeldRule, ...] = ()
    idle: int = 0
    why_not: str = ""


def survey(traces: Iterable[Candidate], taxonomy: Taxonomy) -> Survey:
    """Return what labels traces have; those that were left out are none."""
    counts: Counter[str] = Counter()
    shown: defaultdict[str, list[tuple[int, int, Candidate]]] = defaultdict(list)
    of = unlabelled = fine = 0
    for number, each in enumerate(traces):
        if each.state is State.OUT:
            continue
        of += 1
        labels = labels_of(each, taxonomy.name)
        counts.update(labels)
        unlabelled += not labels
        fine += bool(labels) and labels[0] in taxonomy.fine
        for label in labels:
            if label not in taxonomy.fine:
                _keep(shown[label], (-_order(each.id), number, each))
    return Survey(
        labels={label: counts[label] for label in taxonomy.labels},
        of=of,
        fine=fine,
        unlabelled=unlabelled,
        shown={
            label: tuple(each for *_, each in sorted(kept, key=lambda entry: entry[0], reverse=True))
            for label, kept in shown.items()
        },
    )


def _keep(kept: list[tuple[int, int, Candidate]], entry: tuple[int, int, Candidate]) -> None:
    if len(kept) < MOST:
        heapq.heappush(kept, entry)
    else:
        heapq.heappushpop(kept, entry)


def _order(identity: str) -> int:
    return int.from_bytes(hashlib.blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


async def analyse(
    traces: Traces,
    surveyed: Survey,
    taxonomy: Taxonomy,
    model: Model,
    *,
    good: Traces | None = None,
    steps: Steps | None = None,
) -> list[Analysed]:
    """Return what a model finds of each label, the most frequent first; `good` are answers that are known to be good.

    Without it those are the traces of which nothing went wrong. With `steps` the model sees what was done in traces.
    Raises MeasurementError where a service does not answer.
    """
    labels = sorted(surveyed.shown, key=lambda label: (-surveyed.labels[label], label))
    answered: dict[str, Findings | str] = {}

    async def one(label: str) -> None:
        shown = surveyed.shown[label]
        done = [None if steps is None else await steps(each) for each in shown]
        try:
            answered[label] = await model.ask(
                found_in.question(label, shown, taxonomy, done),
                found_in.schema(),
                lambda answer: found_in.read_findings(answer, shown),
            )
        except TaskFault as failed:
            answered[label] = failed.message

    failures = [each for each in await asyncio.gather(*map(one, labels), return_exceptions=True) if each is not None]
    for each in failures:
        raise each
    rules = {label: each.rules for label, each in answered.items() if isinstance(each, Findings)}
    held = await asyncio.to_thread(_held, traces, good or _fine(traces, taxonomy), rules, taxonomy)
    return [_analysed(label, surveyed.labels[label], answered[label], held.get(label, [])) for label in labels]


def _fine(traces: Traces, taxonomy: Taxonomy) -> Traces:
    def read() -> Iterator[Candidate]:
        for each in traces():
            labels = labels_of(each, taxonomy.name)
            if labels and labels[0] in taxonomy.fine and each.state is not State.OUT:
                yield each

    return read


def _analysed(label: str, number: int, answer: Findings | str, held: list[HeldRule]) -> Analysed:
    if isinstance(answer, str):
        return Analysed(label=label, number=number, why_not=answer)
    kept = [each for each in held if _says_something(each)]
    return Analysed(label=label, number=number, findings=answer, rules=tuple(kept), idle=len(answer.rules) - len(kept))


def _says_something(held: HeldRule) -> bool:
    """Return whether answers of the label break a rule now, and more of them than of the good ones."""
    return held.broken_by > 0 and held.flagged * held.of < held.broken_by * max(held.good, 1)


@dataclass(kw_only=True, slots=True)
class _Tally:
    rule: Rule
    broken_by: int = 0
    of: int = 0
    flagged: int = 0
    good: int = 0
    tested: list[Candidate] = field(default_factory=list)
    seconds: float = 0.0
    slow: bool = False

    def hold(self, candidate: Candidate, *, good: bool) -> None:
        """Count one answer; a pattern that took too long is not tried again."""
        if self.slow or not (not self.rule.traces if good else self.rule.is_for(candidate.id)):
            return
        began = time.perf_counter()
        try:
            breaks = broken(self.rule, candidate.output)
        except TimeoutError:
            self.slow = True
            return
        self.seconds += time.perf_counter() - began
        self.slow = self.seconds > _PATIENCE_S
        if good:
            self.good += 1
            self.flagged += breaks
            return
        self.of += 1
        self.broken_by += breaks
        if breaks and len(self.tested) < _TESTED and len(as_line(candidate)) <= _LARGEST:
            self.tested.append(candidate)


def _held(
    traces: Traces, good: Traces, rules: Mapping[str, tuple[Rule, ...]], taxonomy: Taxonomy
) -> dict[str, list[HeldRule]]:
    """Hold each label's rules to the answers of its traces, and to good ones."""
    tallies = {label: [_Tally(rule=rule) for rule in each] for label, each in rules.items()}
    for each in traces():
        # What a person corrected is no answer of the program any more.
        if each.state is not State.OUT and all(step.what != "edited" for step in each.history):
            for label in labels_of(each, taxonomy.name):
                for tally in tallies.get(label, ()):
                    tally.hold(each, good=False)
    for each in good():
        for of_label in tallies.values():
            for tally in of_label:
                tally.hold(each, good=True)
    return {
        label: [
            HeldRule(
                rule=each.rule,
                broken_by=each.broken_by,
                of=each.of,
                flagged=each.flagged,
                good=each.good,
                tested=tuple(each.tested),
            )
            for each in of_label
            if not each.slow
        ]
        for label, of_label in tallies.items()
    }


async def with_lessons(known: Guidelines, analysed: Iterable[Analysed], model: Model) -> tuple[Merged, int, str]:
    """Return the guidelines with what was learnt of all labels, how many lessons were known word for word, and why
    the others could not be put to what is known: they are then added as they are.

    Raises CallFailed where the service does not answer.
    """
    lessons: list[Lesson] = [lesson for each in analysed for lesson in each.findings.lessons]
    found, left, recognised = merging.recognised(known, lessons)
    if not left:
        return Merged(guidelines=found), recognised, ""
    new = [Standing(relation="new")] * len(left)
    if len(left) == 1 and not found.guidelines:
        return merging.merged(found, left, new), recognised, ""
    try:
        standings = await model.ask(
            merging.question(found, left),
            merging.schema(),
            lambda answer: merging.read_standings(answer, known=len(found.guidelines), new=len(left)),
        )
    except TaskFault as failed:
        return merging.merged(found, left, new), recognised, failed.message
    return merging.merged(found, left, standings), recognised, ""
