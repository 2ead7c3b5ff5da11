"""A winner among several: better than every other one in one check on evidence, and not worse in the others.

Whoever leads was picked by its lead, so the question is asked for everyone that could have led: one is not better
than all others as long as any of these comparisons may be luck (its largest p), and Holm's correction is over all
contenders.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from evalgate.decision import contest_words as words
from evalgate.decision.comparison import FAILING_LEVEL, Differences, interval
from evalgate.decision.contest import Compared, Contender
from evalgate.decision.contest_results import Winner
from evalgate.decision.family import tested_family
from evalgate.decision.ground import Ground, paired
from evalgate.decision.results import Interval
from evalgate.decision.scale import Fill
from evalgate.decision.view import View, comparison_obstacle, view
from evalgate.decision.words import Told
from evalgate.stats.corrections import holm
from evalgate.stats.intervals import z_value
from evalgate.stats.power import examples_needed, examples_to_rule_out
from evalgate.suite.checks import NoRegression

DEFAULT_MARGIN: Final = NoRegression().rule_out_drop
_TIE: Final = 1e-9
_REPETITIONS: Final = 3
_WORTH_IT: Final = 20
"""More than so many times the examples there are is no advice."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Race:
    """The leader of one suite against every other one, and how easily luck alone makes each lead."""

    leader: Contender
    views: Mapping[str, View]
    p_values: Mapping[str, float]

    @property
    def closest(self) -> str:
        """Who could most easily be as good: the largest p, and the smallest lead among equal ones."""
        return max(self.p_values, key=lambda name: (self.p_values[name], -_differences(self.views[name]).delta, name))


def winners(
    grounds: tuple[Ground, ...], names: tuple[str, ...], means: Mapping[tuple[str, str], float]
) -> list[Winner]:
    """Return the winner of each suite, or why there is none. `means` are of the suite's metric, as shares."""
    found: list[Told | _Race] = [_race(ground, names, means) for ground in grounds]
    contenders = [len(ground.suite.contenders) for ground in grounds]
    raw = [max(each.p_values.values()) if isinstance(each, _Race) else 1.0 for each in found]
    # Everybody else could have led too, and whoever does not lead has a p that rejects nothing.
    adjusted = holm([*raw, *[1.0] * (sum(contenders) - len(grounds))])
    return [
        Winner(name=None, leader=None, reason=each.reason, next_step=each.next_step, p_adjusted=None)
        if isinstance(each, Told)
        else _judged(ground, each, p)
        for ground, each, p in zip(grounds, found, adjusted, strict=False)
    ]


def _race(ground: Ground, names: tuple[str, ...], means: Mapping[tuple[str, str], float]) -> Told | _Race:
    suite = ground.suite
    check = ground.check(suite.metric)
    measured = {
        each.name: mean for each in suite.contenders if (mean := means.get((suite.name, each.name))) is not None
    }
    if silent := [each.name for each in suite.contenders if each.name not in measured]:
        return words.not_measured(silent, suite.metric)
    best = max(measured.values())
    leaders = [each for each in suite.contenders if measured[each.name] >= best - _TIE]
    if len(leaders) > 1:
        return words.equally_good([each.name for each in leaders], suite.metric)
    leader = leaders[0]
    views = {each.name: ground.versus(leader, each, check) for each in suite.contenders if each is not leader}
    if obstructed := [name for name, of in views.items() if comparison_obstacle(of) is not None]:
        return words.not_measured(
            [leader.name, *obstructed] if len(obstructed) == len(views) else obstructed, suite.metric
        )
    p_values = {}
    for name, of in views.items():
        family = tested_family([paired(of, turned=True)], names, ground.policy)
        ((p_values[name], _),) = family.tested.values()
    return _Race(leader=leader, views=views, p_values=p_values)


def _judged(ground: Ground, race: _Race, p: float) -> Winner:
    leader, suite = race.leader, ground.suite
    differences = _differences(race.views[race.closest])
    lead = interval(differences)
    lowest = min(interval(_differences(of)).low for of in race.views.values())
    told: Told | None = None
    if p > ground.policy.alpha or lowest <= 0:
        reason = words.no_lead(
            leader.name,
            runner_up=race.closest,
            check=suite.metric,
            delta=differences.delta,
            where=lead,
            p_adjusted=p,
            contenders=len(suite.contenders),
        )
        level = ground.policy.alpha / len(suite.contenders)
        needed = _to_tell(differences, differences.delta, level)
        told = Told(reason=reason, next_step=_step(needed, differences, suite.repetitions))
    else:
        told = _undone_by_missing(ground, race) or _elsewhere(ground, race)
    if told is not None:
        return Winner(name=None, leader=leader.name, reason=told.reason, next_step=told.next_step, p_adjusted=p)
    reason = words.wins(
        leader.name,
        others=len(race.views),
        check=suite.metric,
        lead=lead,
        runner_up=race.closest,
        p_adjusted=p,
    )
    return Winner(name=leader.name, leader=leader.name, reason=reason, next_step=None, p_adjusted=p)


def _undone_by_missing(ground: Ground, race: _Race) -> Told | None:
    """Return the words where the lead would be gone were the leader's missing answers wrong."""
    for of in race.views.values():
        missing = int(of.metric.candidate.missing.sum())
        if missing and interval(_differences(_filled(of))).low <= 0:
            return words.missing_could_take_it(race.leader.name, ground.suite.metric, missing)
    return None


def _elsewhere(ground: Ground, race: _Race) -> Told | None:
    """Return the words where the leader may be worse than somebody in another check: the worst case first."""
    doubts = [
        doubt
        for check in ground.gating
        if check.name != ground.suite.metric
        for other in ground.suite.contenders
        if other.name in race.views and (doubt := _doubt(ground, race.leader, other, check)) is not None
    ]
    return min(doubts, key=lambda doubt: doubt[0])[1] if doubts else None


def _doubt(ground: Ground, leader: Contender, other: Contender, check: Compared) -> tuple[float, Told] | None:
    """Return how bad it may be for the leader in one check, beside the words; None where a drop is ruled out."""
    of, metric = ground.versus(leader, other, check), ground.suite.metric
    margin = check.check.no_regression.rule_out_drop if check.check.no_regression else DEFAULT_MARGIN
    obstacle = comparison_obstacle(of)
    if obstacle is not None:
        reason = words.unmeasured_elsewhere(leader.name, check=metric, other_check=check.name, reason=obstacle.reason)
        return -math.inf, Told(reason=reason, next_step=obstacle.next_step)
    differences = _differences(_filled(of))
    where, sized = interval(differences), of.metric.scale.declared
    if sized and where.low > -margin:
        return None
    if not sized and where.high >= 0:
        return where.low, words.sizeless_elsewhere(leader.name, check=metric, other_check=check.name)
    reason = words.behind_elsewhere(
        leader.name, check=metric, other_check=check.name, than=other.name, where=where, margin=margin
    )
    return where.low, Told(reason=reason, next_step=_towards(ground, differences, where, margin))


def _towards(ground: Ground, differences: Differences, where: Interval, margin: float) -> str:
    """Return what would rule a drop of the margin out, or that nothing would."""
    if where.high < 0:
        return "look at what each costs and how fast it is, and choose"
    room = margin + min(0.0, differences.delta)
    needed = max(examples_to_rule_out(margin), _to_rule_out(differences, room))
    return _step(needed, differences, ground.suite.repetitions)


def _step(needed: float, differences: Differences, repetitions: int) -> str:
    units = differences.unit_count
    if needed > units * _WORTH_IT:
        return words.too_close(_rounded(min(needed, 1e7)), clustered=differences.clustered)
    repeating = repetitions < _REPETITIONS and needed <= units * _REPETITIONS
    more = _rounded(max(1.0, needed - units, units / 4))
    return words.to_decide(more, clustered=differences.clustered, repetitions=_REPETITIONS if repeating else 0)


def _to_tell(of: Differences, lead: float, alpha: float) -> float:
    """Return how many units tell such a lead from none 8 times in 10."""
    variance = of.standard_error**2 * of.unit_count
    return examples_needed(variance=variance, drop=lead, alpha=alpha) if lead > _TIE else math.inf


def _to_rule_out(of: Differences, room: float) -> float:
    variance = of.standard_error**2 * of.unit_count
    return variance * (z_value((1 + FAILING_LEVEL) / 2) / room) ** 2 if room > _TIE else math.inf


def _rounded(number: float) -> int:
    """Return `number` rounded up to what it is good for."""
    step = 1 if number < 20 else 5 if number < 100 else 10 ** (math.floor(math.log10(number)) - 1)
    return int(math.ceil(number / step) * step)


def _filled(of: View) -> View:
    """Return the same with the missing answers of the first one at their worst."""
    if not np.any(of.metric.candidate.missing):
        return of
    return view(of.layout, of.evidence, of.metric, of.policy, Fill.CANDIDATE_WORST)


def _differences(of: View) -> Differences:
    differences = of.differences()
    if differences is None:
        raise ValueError(f"check {of.evidence.name!r} has no pairs")
    return differences
