"""One check: its rules decided, its numbers and its flips gathered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evalgate.decision import verdict_words
from evalgate.decision.comparison import two_ended_interval
from evalgate.decision.corrected import corrected
from evalgate.decision.distribution import distribution
from evalgate.decision.evidence import CheckEvidence
from evalgate.decision.family import Family
from evalgate.decision.flips import Flips
from evalgate.decision.improvement import decide_equivalent, decide_improves
from evalgate.decision.layout import Slicing
from evalgate.decision.no_regression import compare_all, decide_no_regression
from evalgate.decision.notes import notes
from evalgate.decision.outlook import detectable
from evalgate.decision.pairing import Pairs
from evalgate.decision.results import CheckDecision, Comparison, Flip, Missing, RuleDecision, SliceDecision
from evalgate.decision.scale import Answers, Metric, Scale, read_metric
from evalgate.decision.thresholds import decide_threshold
from evalgate.decision.view import View
from evalgate.decision.zero_tolerance import decide_zero_tolerance
from evalgate.records import Verdict, worst


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """A check's rules and slices, decided. A check that gates nothing is INCONCLUSIVE where it has no rule."""

    verdict: Verdict
    rules: tuple[RuleDecision, ...]
    slices: tuple[SliceDecision, ...]


def settle(of: View, family: Family, slicings: Sequence[Slicing]) -> Settled:
    """Decide every rule of the check."""
    check = of.evidence.check
    rules: list[RuleDecision] = []
    slices: tuple[SliceDecision, ...] = ()
    if check.no_regression is not None:
        comparison, slices = decide_no_regression(of, check.no_regression, family, slicings)
        rules.append(comparison)
    if check.improves is not None:
        rules.append(decide_improves(of, check.improves))
    if check.equivalent is not None:
        rules.append(decide_equivalent(of, check.equivalent))
    if check.at_least is not None:
        rules.append(decide_threshold(of, "at_least", check.at_least))
    if check.at_most is not None:
        rules.append(decide_threshold(of, "at_most", check.at_most))
    if check.zero_tolerance is not None:
        rules.append(decide_zero_tolerance(of, check.zero_tolerance))
    verdict = worst([rule.verdict for rule in rules]) if rules else Verdict.INCONCLUSIVE
    return Settled(verdict=verdict, rules=tuple(rules), slices=slices)


def describe(
    of: View, settled: Settled, family: Family, *, if_right: Verdict | None, if_wrong: Verdict | None
) -> CheckDecision:
    """Return the whole of a check. `if_right` and `if_wrong` are its verdicts were every missing answer so."""
    metric, spec = of.metric, of.evidence.evaluator
    caught, source = detectable(of, family)
    regressed, improved = _flips(of)
    compared = _compared(of, family)
    return CheckDecision(
        name=of.evidence.name,
        gating=of.gating,
        verdict=settled.verdict,
        rules=settled.rules,
        slices=settled.slices,
        examples=len(of.layout.example_ids),
        candidate_mean=_mean(metric.candidate, metric.scale),
        baseline_mean=_mean(metric.baseline, metric.scale) if metric.baseline is not None else None,
        low=spec.low,
        high=spec.high,
        binary=metric.binary and not metric.pairwise,
        missing=_missing(metric),
        # Where nobody answered, what the answers might have been is no news.
        missing_could_change=verdict_words.missing_could_change(
            settled.verdict, if_right, if_wrong, one_sided=metric.baseline is None or not metric.baseline.missing.any()
        )
        if metric.candidate.answered.any()
        else None,
        comparison=compared,
        detectable=caught,
        detectable_from=source,
        regressed=regressed,
        improved=improved,
        # Who won how many is said in its notes.
        distribution=None if metric.pairwise else distribution(of.evidence, metric),
        notes=tuple(notes(of, compared, family)),
        corrected=corrected(of),
        preferences=of.evidence.preferences,
    )


def means(check: CheckEvidence) -> tuple[float | None, float | None]:
    """Return the mean scores of candidate and baseline over all examples of the evidence; None where there are none."""
    metric = read_metric(check, np.arange(len(check.candidate.values)))
    baseline = None if metric.baseline is None else _mean(metric.baseline, metric.scale)
    return _mean(metric.candidate, metric.scale), baseline


def _compared(of: View, family: Family) -> Comparison | None:
    """Return the comparison over all examples, with the interval that the check's rules went by."""
    compared, differences = compare_all(of, family), of.differences()
    check = of.evidence.check
    one_ended = check.no_regression is not None or not check.needs_fresh
    if one_ended or compared is None or compared.interval is None or differences is None:
        return compared
    return replace(compared, interval=two_ended_interval(differences))


def _mean(side: Answers, scale: Scale) -> float | None:
    """Return the mean score of a side over the examples it answered, every repetition used; None where it has none."""
    means = side.means(side.answered)
    answered = ~np.isnan(means)
    return scale.score(float(means[answered].mean())) if answered.any() else None


def _missing(metric: Metric) -> Missing:
    baseline = metric.baseline
    return Missing(
        candidate=_lacking(metric.candidate),
        baseline=_lacking(baseline) if baseline is not None else 0,
        candidate_errors=int(metric.candidate.errors.sum()),
        baseline_errors=int(baseline.errors.sum()) if baseline is not None else 0,
    )


def _lacking(side: Answers) -> int:
    return int((side.lacking > 0).sum())


def _flips(of: View) -> tuple[Sequence[Flip], Sequence[Flip]]:
    """Return (regressed, improved), the largest change first, then by example id."""
    pairs = of.pairs
    if pairs is None:
        return (), ()
    return _listed(of, pairs, pairs.worse), _listed(of, pairs, pairs.better)


def _listed(of: View, pairs: Pairs, which: NDArray[np.bool_]) -> Flips:
    indexes = np.flatnonzero(which)
    sizes = np.round(np.abs(pairs.differences[indexes]), 9)
    indexes = indexes[np.argsort(-sizes, kind="stable")]
    scale = of.metric.scale
    return Flips(
        example_ids=of.layout.example_ids,
        indexes=indexes,
        baselines=_shown(scale, pairs.baseline, pairs.baseline_failed, indexes),
        candidates=_shown(scale, pairs.candidate, pairs.candidate_failed, indexes),
    )


def _shown(
    scale: Scale, shares: NDArray[np.float64], failed: NDArray[np.bool_], indexes: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the scores to show; NaN where there is only an error."""
    return np.where(failed[indexes], np.nan, scale.scores(shares[indexes]))
