"""What `improves` and `equivalent` of cost, tokens and latency could show, said before anything is paid."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from evalgate.decision.improvement import EQUIVALENT, IMPROVES
from evalgate.decision.improvement_plan import BOTH_ENDS, ChangeOutlook, ChangePlan
from evalgate.decision.layout import Layout
from evalgate.decision.ratios.planning import SPREADS, Spread, comparing_in_any_way, independent
from evalgate.decision.ratios.view import CLIP
from evalgate.stats.passing import examples_for_mean, gain_of_mean, mean_pass_chance
from evalgate.stats.power import POWER


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ratios:
    """Log ratios to plan for: how many units, and the standard deviation of one that is a mean over repetitions."""

    units: float
    log: float

    def variance(self, clip: float) -> float:
        """Return the variance of one log ratio, as a share of the clip."""
        return (self.log / clip) ** 2


def plan_ratio_changes(
    layout: Layout, *, repetitions: int, known: Mapping[tuple[str, str], Spread]
) -> Iterator[ChangePlan]:
    """Yield what the suite's rules about less, or as much, could show. Totals, which must agree, are not foreseen."""
    for check in comparing_in_any_way(layout.suite):
        spread = known.get((layout.suite.name, check.name))
        spread = spread if spread is not None and spread.log > 0 else None
        logs = [math.log1p(share) for share in SPREADS] if spread is None else [spread.log]
        units = independent(layout, spread)
        answers = [(log, _Ratios(units=units, log=log / math.sqrt(repetitions))) for log in logs]
        if (improves := check.check.improves) is not None:
            outlooks = [ChangeOutlook(noise=math.expm1(log), shown=_least_fall(of, improves.by)) for log, of in answers]
            yield _plan(check.name, IMPROVES, improves.by, spread, outlooks)
        if (equivalent := check.check.equivalent) is not None:
            outlooks = [_equivalent(math.expm1(log), of, equivalent.margin) for log, of in answers]
            yield _plan(check.name, EQUIVALENT, equivalent.margin, spread, outlooks)


def _plan(name: str, rule: str, asked: float, spread: Spread | None, outlooks: list[ChangeOutlook]) -> ChangePlan:
    return ChangePlan(name=name, rule=rule, asked=asked, noise=spread, outlooks=tuple(outlooks), of_resource=True)


def _least_fall(of: _Ratios, by: float) -> float | None:
    """Return the least fall, a share of what the baseline takes, that shows a fall of more than `by`."""
    limit = -math.log1p(-by)
    clip = max(CLIP, 2 * limit)
    gain = gain_of_mean(of.units, of.variance(clip), limit / clip, chance=POWER)
    return None if gain is None else -math.expm1(-gain * clip)


def _equivalent(noise: float, of: _Ratios, margin: float) -> ChangeOutlook:
    limit = math.log1p(margin)
    clip = max(CLIP, 2 * limit)
    one_end = mean_pass_chance(of.units, of.variance(clip), limit / clip)
    return ChangeOutlook(
        noise=noise,
        chance=max(0.0, 2 * one_end - 1),
        examples=examples_for_mean(of.variance(clip), limit / clip, chance=BOTH_ENDS),
    )
