"""What a task's scores vary by when nothing changes: a noise study worked out from what it saw, as a decision is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evalgate.decision.evidence import BuildEvidence, CheckEvidence
from evalgate.decision.false_alarms import false_alarms
from evalgate.decision.layout import Layout, lay_out
from evalgate.decision.number_words import count
from evalgate.decision.outlook import drop_caught
from evalgate.decision.pairing import CHANGED
from evalgate.decision.planning import plan_comparisons
from evalgate.decision.ratios.noise import resource_noise
from evalgate.decision.scale import Metric, read_metric
from evalgate.decision.study import (
    FAILED,
    MISSING,
    REPETITIONS,
    SIZES,
    CheckNoise,
    Drops,
    Flaky,
    StudiedSuite,
    Study,
    StudyEvidence,
    SuiteNoise,
)
from evalgate.stats.corrections import holm
from evalgate.stats.planning import Planned
from evalgate.stats.power import Plan
from evalgate.stats.variance import (
    cluster_correlation,
    components,
    evaluator_variance,
    false_alarm_rate,
    flip_rate,
    whole_runs,
)
from evalgate.stats.whole_run import whole_run_p
from evalgate.suite.checks import NoRegression, Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """One check over the sorted examples of its suite. `whole` are those with a score in every run."""

    check: CheckEvidence
    metric: Metric
    units: NDArray[np.intp]
    whole: NDArray[np.bool_]
    answers: NDArray[np.int64]
    again: NDArray[np.float64]

    @property
    def shares(self) -> NDArray[np.float64]:
        """Every score as a share, NaN where there is none."""
        side = self.metric.candidate
        return np.where(side.answered, side.shares, np.nan)


def study(evidence: StudyEvidence) -> Study:
    """Work out a noise study. Equal evidence gives an equal study, in whatever order its parts come."""
    layouts, names = lay_out([studied.suite for studied in evidence.suites])
    unanswered = BuildEvidence(suites=tuple(studied.suite for studied in evidence.suites), policy=evidence.policy)
    repetitions = {studied.suite.name: 1 for studied in evidence.suites}
    alarms = false_alarms(evidence)
    planned = plan_comparisons(unanswered, repetitions=repetitions, known={}, catch=None).columns
    comparisons = max(planned, alarms.comparisons if alarms is not None else 0)
    suites = []
    for studied, layout in zip(evidence.suites, layouts, strict=True):
        checks = tuple(
            _check(_seen(studied, layout, check), layout, names, evidence.policy, comparisons)
            for check in layout.suite.checks
        )
        resources = tuple(
            resource_noise(check, layout, evidence.policy, comparisons) for check in layout.suite.resources
        )
        suites.append(replace(_suite(studied, layout, checks), resources=resources))
    return Study(
        suites=_adjusted(tuple(suites)),
        runs=evidence.runs,
        comparisons=comparisons,
        alpha=evidence.policy.alpha,
        alarms=alarms,
    )


def _seen(studied: StudiedSuite, layout: Layout, check: CheckEvidence) -> _Seen:
    metric = read_metric(check, layout.order)
    again = studied.again.get(check.name)
    return _Seen(
        check=check,
        metric=metric,
        units=layout.units,
        whole=np.all(metric.candidate.answered, axis=1),
        answers=studied.answers[layout.order],
        again=np.full(len(layout.order), np.nan) if again is None else again[layout.order],
    )


def _suite(studied: StudiedSuite, layout: Layout, checks: tuple[CheckNoise, ...]) -> SuiteNoise:
    answers = studied.answers
    return SuiteNoise(
        name=studied.suite.name,
        label=studied.label,
        of_baseline=studied.of_baseline,
        examples=len(layout.example_ids),
        clusters=len(np.unique(layout.units)) if layout.clustered else None,
        steady=int(((answers == answers[:, :1]) & (answers >= 0)).all(axis=1).sum()),
        errors=int((answers == FAILED).sum()),
        missing=int((answers == MISSING).sum()),
        checks=checks,
    )


def _check(seen: _Seen, layout: Layout, names: tuple[str, ...], policy: Policy, comparisons: int) -> CheckNoise:
    spec, metric = seen.check.evaluator, seen.metric
    if (obstacle := _obstacle(seen, policy)) is not None:
        return CheckNoise(name=seen.check.name, obstacle=obstacle)
    shares, units = seen.shares, seen.units
    flip = flip_rate(shares, units)
    complete, of = shares[seen.whole], units[seen.whole]
    shifted = whole_runs(complete, of)
    first, second = _scored_twice(seen)
    icc = cluster_correlation(complete, of)
    if flip is None:
        raise ValueError(f"check {seen.check.name!r} has no example with two scores and no obstacle")
    noise = CheckNoise(
        name=seen.check.name,
        flip=flip,
        binary=metric.binary,
        low=spec.low,
        high=spec.high,
        declared=metric.scale.declared,
        icc=icc,
        components=components(complete, of, evaluator=evaluator_variance(first, second)),
        whole_runs=shifted,
        shift_p=whole_run_p(complete, of, names, seed=policy.seed),
        false_alarms=None if shifted is None else false_alarm_rate(policy.alpha, shifted.inflation),
        scored_again=len(first),
        scored_differently=int((np.abs(first - second) > CHANGED).sum()),
        flaky=_flaky(seen, layout),
    )
    rule = seen.check.check.no_regression
    if rule is None or not seen.check.check.gating or not metric.scale.declared:
        return noise
    return replace(noise, drops=_drops(noise, rule, layout, policy, comparisons))


def _obstacle(seen: _Seen, policy: Policy) -> str | None:
    """Return why nothing can be said of a check. The noise of a task that only fails is none, and no good news."""
    side, examples = seen.metric.candidate, len(seen.units)
    lacking = int((side.lacking > 0).sum())
    if float(side.lacking.sum()) > max(1.0, policy.max_missing * examples) + CHANGED:
        return f"{count(lacking, 'example')} of {examples:,} lack an answer or a score"
    if not (side.answered & ~side.errors).any():
        return "every run failed in the task itself"
    if int(seen.whole.sum()) < 2:
        return f"{count(int(seen.whole.sum()), 'example')} alone has a score in every run"
    return None


def _scored_twice(seen: _Seen) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the shares of the first run's answers that were scored twice, and of their second scores."""
    side = seen.metric.candidate
    twice = ~np.isnan(seen.again) & side.answered[:, 0] & ~side.errors[:, 0]
    return side.shares[twice, 0], seen.metric.scale.shares(seen.again[twice])


def _drops(
    noise: CheckNoise, rule: NoRegression, layout: Layout, policy: Policy, comparisons: int
) -> tuple[Drops, ...]:
    """Return what is caught at the examples there are and at other sizes, its clusters being as large as these."""
    examples = len(layout.example_ids)
    size = examples / len(np.unique(layout.units))
    flip = noise.flip.rate if noise.flip is not None else 0.0
    rows = []
    for number in (examples, *(size for size in SIZES if size != examples)):
        plan = Plan(examples=number, flip=flip, alpha=policy.alpha, cluster_size=size, icc=noise.icc)
        of = Planned(plan=plan, binary=noise.binary, comparisons=comparisons, exact=policy.exact)
        rows.append(
            Drops(
                examples=number,
                caught=tuple(drop_caught(of.with_repetitions(k), ignored=rule.ignore_drop_under) for k in REPETITIONS),
            )
        )
    return tuple(rows)


def _flaky(seen: _Seen, layout: Layout) -> tuple[Flaky, ...]:
    """Return the examples whose scores differ between runs, those that vary most first, then by id."""
    side, scale = seen.metric.candidate, seen.metric.scale
    shares = np.round(side.shares, 9)
    spread = np.round(_spread(shares, side.answered), 9)
    found = np.flatnonzero(spread > 0)
    flaky = []
    for row in found[np.argsort(-spread[found], kind="stable")].tolist():
        answered = side.answered[row]
        counts = Counter(
            (float("-inf") if error else float(share))
            for share, error in zip(shares[row, answered], side.errors[row, answered], strict=True)
        )
        flaky.append(
            Flaky(
                example_id=layout.example_ids[row],
                scores=tuple(
                    (None if share == float("-inf") else scale.score(share), times)
                    for share, times in sorted(counts.items(), reverse=True)
                ),
                answers=len({int(number) for number in seen.answers[row] if number >= 0}),
            )
        )
    return tuple(flaky)


def _spread(shares: NDArray[np.float64], answered: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the variance of each example's scores over the runs that it has."""
    counts = np.maximum(1, answered.sum(axis=1))
    means = np.where(answered, shares, 0.0).sum(axis=1) / counts
    variances: NDArray[np.float64] = (np.where(answered, shares - means[:, None], 0.0) ** 2).sum(axis=1) / counts
    return variances


def _adjusted(suites: tuple[SuiteNoise, ...]) -> tuple[SuiteNoise, ...]:
    """Return the suites with each check's `shift_p` adjusted for all checks that were measured."""
    adjusted = iter(holm([check.shift_p for suite in suites for check in suite.checks if check.obstacle is None]))

    def of(check: CheckNoise) -> CheckNoise:
        return check if check.obstacle is not None else replace(check, shift_p=next(adjusted))

    return tuple(replace(suite, checks=tuple(map(of, suite.checks))) for suite in suites)
