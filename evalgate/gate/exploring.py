"""From the journal to what the page shows beside a report: scores one by one, and answers when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Final

from evalgate.decision.each_example import EachExample, each_example
from evalgate.decision.evidence import BuildEvidence
from evalgate.gate.evidence.config import recorded_config
from evalgate.gate.gather import Source
from evalgate.gate.mirror.links import MirrorLinks
from evalgate.gate.samples import deciding_samples, redraw_sample
from evalgate.journal.builds import ExperimentRow
from evalgate.journal.rows import usage_from
from evalgate.records import Evaluation, Side, TaskOutcome, Usage
from evalgate.report.html.explored import ExploredExample, ExploredSuite, Margin, Sample, Took
from evalgate.report.model import SideView
from evalgate.suite.checks import Check
from evalgate.suite.config import Config

_MORE: Final = ("context", "messages", "tool_calls", "steps")
_DIGEST: Final = 16
"""Digits of a fingerprint that tell it apart for people."""


def explored(evidence: BuildEvidence, sources: Sequence[Source]) -> dict[str, ExploredSuite]:
    """Return every suite of the builds that were decided together, by name."""
    homes: dict[str, tuple[Source, Config]] = {}
    for source in sources:
        config = recorded_config(source.journal.build(source.build))
        homes |= dict.fromkeys(config.suites, (source, config))
    return {
        each.suite: _suite(each, *homes[each.suite]) if each.suite in homes else _lacking(each)
        for each in each_example(evidence)
    }


def _lacking(each: EachExample) -> ExploredSuite:
    """Return a suite that was expected and that nobody recorded."""
    return ExploredSuite(each=each, build=0, read=lambda _: None)


def _suite(each: EachExample, source: Source, config: Config) -> ExploredSuite:
    journal, suite = source.journal, config.suites[each.suite]
    recorded = journal.build(source.build).config
    experiments = {row.side: row for row in journal.experiments(source.build) if row.suite == each.suite}
    checks = suite.scored_checks | {name: check for name, (_, check) in suite.resource_checks.items()}
    resources = frozenset(suite.resource_checks)
    strict = any(check.zero_tolerance is not None for check in checks.values())
    drawn = _Drawn(source, each.suite, experiments, again=strict)
    return ExploredSuite(
        each=each,
        build=source.build,
        read=drawn.read,
        margins={name: _margin(check, ratio=name in resources) for name, check in checks.items()},
        took={side: drawn.took(side, each.example_ids) for side in experiments},
        settings={
            "suite": recorded["suites"][each.suite],
            "policy": recorded["policy"],
        },
        fingerprints=tuple(_fingerprints(experiments)),
        differs=tuple(_differing(experiments)),
    )


class _Drawn:
    """The answers of one suite that decide, and those that were drawn once more."""

    def __init__(self, source: Source, suite: str, experiments: Mapping[Side, ExperimentRow], *, again: bool) -> None:
        self._journal, self._build, self._suite = source.journal, source.build, suite
        self._experiments, self._links = experiments, MirrorLinks(source.journal, experiments)
        draws = [draw for draw in source.journal.draws(source.build) if draw.suite == suite]
        self._names = {side: deciding_samples(row, draws) for side, row in experiments.items()}
        self._again = (redraw_sample(draws),) if again else ()

    def read(self, example_id: str) -> ExploredExample | None:
        """Return one example with every such answer."""
        example = self._journal.example(self._build, self._suite, example_id)
        if example is None:
            return None
        return ExploredExample(
            example=example,
            candidate=tuple(self._samples(Side.CANDIDATE, example_id)),
            baseline=tuple(self._samples(Side.BASELINE, example_id)),
            link=self._links.example(example_id),
        )

    def _samples(self, side: Side, example_id: str) -> Iterable[Sample]:
        experiment = self._experiments.get(side)
        if experiment is None:
            return
        for name in (*self._names[side], *self._again):
            outcome = self._journal.run(experiment.id, example_id, name)
            if outcome is not None:
                said = self._journal.evaluations(experiment.id, example_id, name)
                trace = self._links.trace(side, outcome.trace_id)
                yield _sample(outcome, said, sample=name, trace=trace)

    def took(self, side: Side, example_ids: Sequence[str]) -> Took:
        """Return what the answers of one side took, each example's averaged."""
        seconds: dict[str, list[float]] = {}
        dollars: dict[str, list[float | None]] = {}
        names = frozenset(self._names[side])
        for example_id, sample, latency, usage, failure in self._journal.resources(self._experiments[side].id):
            if sample in names and failure is None:
                seconds.setdefault(example_id, []).append(latency)
                dollars.setdefault(example_id, []).append(_cost(None if usage is None else usage_from(usage)))
        return Took(
            seconds=[_mean(seconds.get(example_id, ())) for example_id in example_ids],
            dollars=[_mean(dollars.get(example_id, ())) for example_id in example_ids],
        )


def _sample(outcome: TaskOutcome, said: Sequence[Evaluation], *, sample: str, trace: str | None) -> Sample:
    used = outcome.usage
    return Sample(
        view=SideView(
            output=outcome.output,
            failure=outcome.failure,
            evaluations=tuple(said),
            latency=outcome.latency,
            logs=outcome.logs,
            sample=sample,
            trace=trace,
        ),
        cost=_cost(used),
        tokens=sum(part.input_tokens + part.output_tokens for part in used) if used else None,
        more=tuple((name, value) for name in _MORE if (value := getattr(outcome, name)) is not None),
    )


def _cost(used: tuple[Usage, ...] | None) -> float | None:
    """Return what one answer cost; None where no model was called or nobody knows."""
    costs = [part.cost for part in used or ()]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known and len(known) == len(costs) else None


def _mean(values: Iterable[float | None]) -> float | None:
    """Return the mean; None of nothing, and where one of them is unknown."""
    given = list(values)
    known = [value for value in given if value is not None]
    return fmean(known) if known and len(known) == len(given) else None


def _margin(check: Check, *, ratio: bool) -> Margin:
    """Return what a check's comparison asks for, the first of its rules that does."""
    if check.no_regression is not None:
        size = check.no_regression.allow_increase if ratio else check.no_regression.rule_out_drop
        return Margin(low=-size, told="allowed rise" if ratio else "drop to rule out")
    if check.equivalent is not None:
        return Margin(low=-check.equivalent.margin, high=check.equivalent.margin, told="what counts as a difference")
    if check.improves is not None:
        return Margin(high=check.improves.by, told="improvement asked for")
    return Margin()


def _fingerprints(experiments: Mapping[Side, ExperimentRow]) -> Iterable[tuple[str, str]]:
    for side, row in experiments.items():
        yield f"task, {side.value}", row.task[:_DIGEST]
        if row.commit:
            yield f"commit, {side.value}", row.commit[:_DIGEST]
    if candidate := experiments.get(Side.CANDIDATE):
        yield "evaluators", candidate.evaluators[:_DIGEST]
        yield "examples", candidate.dataset_version[:_DIGEST]


def _differing(experiments: Mapping[Side, ExperimentRow]) -> list[str]:
    """Name the files and parameters of the task whose content is not the same on both sides."""
    if len(experiments) < len(Side):
        return []
    ours, theirs = (experiments[side].watched for side in Side)
    return sorted(name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name))
