"""Several on one dataset: each against a chosen one, what each takes, the front of quality against that, a winner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalgate.decision import contest_words as words
from evalgate.decision.comparison import compare, could_fail
from evalgate.decision.contest import Contender, Contest
from evalgate.decision.contest_results import (
    CheckInfo,
    Claim,
    ContenderResult,
    ContestResult,
    Pair,
    PairCheck,
    Standing,
    SuiteResult,
    Taken,
    Winner,
)
from evalgate.decision.family import ColumnKey, Family, tested_family
from evalgate.decision.figures import level, mean_share, taken
from evalgate.decision.front import Point, standings
from evalgate.decision.ground import Ground, grounds, paired
from evalgate.decision.layout import MOST_COLUMNS
from evalgate.decision.pairing import CHANGED
from evalgate.decision.view import View, comparison_obstacle
from evalgate.decision.winner import DEFAULT_MARGIN, winners
from evalgate.errors import ConfigurationError
from evalgate.stats.corrections import holm
from evalgate.suite.checks import Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class _Chances:
    """How easily luck alone makes a contender worse, or better, than the chosen one, by column."""

    worse: Family
    better: Mapping[ColumnKey, tuple[float, float]]

    @property
    def comparisons(self) -> int:
        """How many comparisons share each promise."""
        return self.worse.columns


def compare_several(contest: Contest) -> ContestResult:
    """Compare everyone with the chosen one, in every check that gates. Pure: equal evidence gives an equal result.

    Raises ConfigurationError for more than 2,000 comparisons.
    """
    _refuse_too_many(contest)
    laid_out, names = grounds(contest.suites, contest.policy)
    views = {
        (ground.suite.name, other.name, check.name): ground.versus(other, ground.chosen, check)
        for ground in laid_out
        for other in ground.others
        for check in ground.gating
    }
    chances = _chances(views, names, contest)
    means = {
        (ground.suite.name, each.name): mean
        for ground in laid_out
        for each in ground.suite.contenders
        if (mean := mean_share(ground.answers[ground.suite.metric, each.name])) is not None
    }
    suites = [
        _suite(ground, views, chances, winner, means)
        for ground, winner in zip(laid_out, winners(laid_out, names, means), strict=True)
    ]
    policy = contest.policy
    return ContestResult(
        chosen=contest.chosen,
        suites=tuple(suites),
        comparisons=chances.comparisons,
        alpha=policy.alpha,
        exact=policy.exact,
        promise=words.promise(comparisons=chances.comparisons, alpha=policy.alpha, exact=policy.exact),
        left_out=contest.left_out,
    )


def _refuse_too_many(contest: Contest) -> None:
    total = sum(
        (len(suite.contenders) - 1) * sum(check.check.gating for check in suite.checks) for suite in contest.suites
    )
    if total > MOST_COLUMNS:
        raise ConfigurationError(
            f"this makes {total:,} comparisons (contenders × checks), and {MOST_COLUMNS:,} are the most that can be"
            " held to one false-alarm promise",
            next_step="compare fewer at once, or one suite: --suite NAME",
        )


def _chances(views: Mapping[tuple[str, str, str], View], names: tuple[str, ...], contest: Contest) -> _Chances:
    able = [of for of in views.values() if comparison_obstacle(of) is None]
    worse = tested_family([paired(of) for of in able], names, contest.policy)
    turned = tested_family([paired(of, turned=True) for of in able], names, contest.policy)
    # What has too few changes to be called better, whichever way they went, costs the others nothing.
    policy = contest.policy
    able_to = [of for of in able if _could_be_better(of, policy)]
    keys = [ColumnKey(of.layout.suite.name, of.evidence.name) for of in able_to]
    raw = [turned.tested[key][0] for key in keys]
    better = {key: (p, 1.0) for key, (p, _) in turned.tested.items()}
    better |= dict(zip(keys, zip(raw, holm(raw), strict=True), strict=True))
    return _Chances(worse=worse, better=better)


def _could_be_better(of: View, policy: Policy) -> bool:
    differences = of.differences()
    if differences is None:
        return False
    changed = int((np.abs(differences.sums) > CHANGED).sum())
    binary = differences.binary and not differences.clustered
    return could_fail(changed, alpha=policy.alpha, exact=policy.exact, binary=binary)


def _suite(
    ground: Ground,
    views: Mapping[tuple[str, str, str], View],
    chances: _Chances,
    winner: Winner,
    means: Mapping[tuple[str, str], float],
) -> SuiteResult:
    suite = ground.suite
    pairs = tuple(
        Pair(
            name=other.name,
            checks=tuple(_pair_check(views[suite.name, other.name, check.name], chances) for check in ground.gating),
        )
        for other in ground.others
    )
    took = {each.name: taken(each.spent) for each in suite.contenders}
    quality = {each.name: means.get((suite.name, each.name)) for each in suite.contenders}
    proven = _proven(ground, pairs, winner)
    costs = standings([Point(name=n, quality=q, price=took[n].cost_per_run) for n, q in quality.items()], proven)
    times = standings([Point(name=n, quality=q, price=took[n].latency_median) for n, q in quality.items()], proven)
    return SuiteResult(
        name=suite.name,
        file=suite.file,
        examples=len(suite.example_ids),
        repetitions=suite.repetitions,
        clusters=len(set(suite.clusters)) if suite.clusters is not None else None,
        metric=suite.metric,
        checks=tuple(
            CheckInfo(
                name=each.name,
                gating=each.check.gating,
                low=each.evaluator.low,
                high=each.evaluator.high,
                unit=each.unit,
            )
            for each in suite.checks
        ),
        contenders=tuple(
            _contender(ground, each, took[each.name], costs[each.name], times[each.name]) for each in suite.contenders
        ),
        pairs=pairs,
        winner=winner,
        notes=suite.notes,
        warnings=suite.warnings,
    )


def _contender(ground: Ground, of: Contender, taken: Taken, by_cost: Standing, by_latency: Standing) -> ContenderResult:
    return ContenderResult(
        name=of.name,
        label=of.label,
        chosen=of is ground.chosen,
        levels=tuple(level(ground, check.name, of) for check in ground.suite.checks),
        taken=taken,
        by_cost=by_cost,
        by_latency=by_latency,
    )


def _pair_check(of: View, chances: _Chances) -> PairCheck:
    check = of.evidence.check
    margin = check.no_regression.rule_out_drop if check.no_regression else DEFAULT_MARGIN
    obstacle = comparison_obstacle(of)
    differences = of.differences()
    key = ColumnKey(of.layout.suite.name, of.evidence.name)
    tested = chances.worse.tested.get(key)
    if obstacle is not None or differences is None or tested is None:
        reason = obstacle.reason if obstacle else "Nothing of it was answered by both."
        return _not_compared(of.evidence.name, margin, reason)
    compared = compare(differences, tested=tested, alpha=of.policy.alpha, exact=of.policy.exact)
    p_better, p_better_adjusted = chances.better[key]
    low, high = (compared.interval.low, compared.interval.high) if compared.interval else (-1.0, 1.0)
    if tested[1] <= of.policy.alpha and high < 0:
        claim = Claim.WORSE
        reason = words.worse(compared, binary=differences.binary, label=of.label, comparisons=chances.comparisons)
    elif p_better_adjusted <= of.policy.alpha and low > 0:
        claim = Claim.BETTER
        reason = words.better(
            compared,
            p_adjusted=p_better_adjusted,
            binary=differences.binary,
            label=of.label,
            comparisons=chances.comparisons,
        )
    elif low > -margin and of.metric.scale.declared:
        claim, reason = Claim.AS_GOOD, words.as_good(margin)
    else:
        claim, reason = Claim.UNDECIDED, words.undecided(compared.interval)
    return PairCheck(
        name=of.evidence.name,
        claim=claim,
        reason=reason,
        margin=margin,
        comparison=compared,
        p_better=p_better,
        p_better_adjusted=p_better_adjusted,
    )


def _not_compared(name: str, margin: float, reason: str) -> PairCheck:
    return PairCheck(
        name=name,
        claim=Claim.UNMEASURABLE,
        reason=reason,
        margin=margin,
        comparison=None,
        p_better=None,
        p_better_adjusted=None,
    )


def _proven(ground: Ground, pairs: Sequence[Pair], winner: Winner) -> set[tuple[str, str]]:
    """Return (better, worse) of everyone of whom this comparison says so in the metric: nothing is claimed anew."""
    chosen, found = ground.chosen.name, set()
    for pair in pairs:
        claims = {check.name: check.claim for check in pair.checks}
        if claims.get(ground.suite.metric) is Claim.WORSE:
            found.add((chosen, pair.name))
        if claims.get(ground.suite.metric) is Claim.BETTER:
            found.add((pair.name, chosen))
    if winner.name is not None:
        found.update((winner.name, each.name) for each in ground.suite.contenders if each.name != winner.name)
    return found
