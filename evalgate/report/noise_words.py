"""The sentences of a noise study, the same on a terminal and in JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from evalgate.decision.study import CheckNoise, FalseAlarms, Flaky, Study, SuiteNoise
from evalgate.report import formatting
from evalgate.report.formatting import count, percent, points

_PERCENT_FROM: Final = 60
"""Fewer independent pairs than this are told as `x of y`: their percentage would sound like knowledge."""
_NAMED: Final = 3
_MOST: Final = 10
"""Examples of one suite that are proposed: a model that wavers everywhere is no matter of single examples."""
_ODD: Final = 2
"""So many runs at least that say otherwise than the others: one odd run of five is ordinary."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StudyInfo:
    """Where a study comes from. `seconds` is the time that it took, `created_at` ISO 8601."""

    id: int
    created_at: str
    commit: str | None
    branch: str | None
    dirty: bool
    config_file: str
    evalgate_version: str
    seconds: float
    resumed: int


def study_line(info: StudyInfo) -> str:
    """Say where the study comes from, for whoever reads it later."""
    place = " on ".join(filter(None, (info.commit[:12] if info.commit else None, info.branch)))
    parts = [
        f"noise study {info.id}",
        f"{place}{', with uncommitted changes' if info.dirty else ''}" if place else None,
        info.config_file,
        info.created_at[:10],
        formatting.seconds(info.seconds) + (f", resumed {info.resumed} times" if info.resumed > 1 else ""),
        f"evalgate {info.evalgate_version}",
    ]
    return " · ".join(part for part in parts if part)


def runs_of(suite: SuiteNoise, study: Study) -> str:
    """Say what ran how often."""
    errors = f", {count(suite.errors, 'error')}" if suite.errors else ""
    missing = f", {count(suite.missing, 'missing answer')}" if suite.missing else ""
    return f"{study.runs} runs of {suite.label}{errors}{missing}"


def whose(suite: SuiteNoise) -> str:
    """Say which task that is, and how many examples it answers the same way each time."""
    what = "its baseline's task" if suite.of_baseline else "its own task as it stands"
    same = f"{suite.steady:,} of {count(suite.examples, 'example')} got the same answer in every run"
    return f"This is {what}. {same}."


def shift_sentence(check: CheckNoise) -> str:
    """Say whether whole runs shift, what that does to the promise, and what could not have been seen."""
    whole = check.whole_runs
    if check.flip is not None and check.flip.flaky == 0:
        return "Every example scored the same in every run."
    if whole is None:
        return "Whether whole runs shift their examples together cannot be told from one cluster."
    if not check.shifts:
        seen = "so few runs would hide any"
        if whole.caught < 1:
            least = points(whole.caught, signed=False)
            seen = f"so many runs show one of {least} 8 times in 10, smaller ones could hide"
        return f"No sign that a whole run shifts its examples together ({seen})."
    alarms = check.false_alarms or 0.0
    return (
        f"Whole runs shift their examples together, by about {points(whole.spread, signed=False)} (a standard"
        " deviation). The gate takes examples to vary independently: with a shift like this, this check alone fails a"
        f" candidate that changed nothing about {100 * alarms:.0f} times in 100. Look for what a run holds for all its"
        " examples: a seed, a cache, a process's state, the hour, a model that was changed."
    )


def scored_twice(check: CheckNoise) -> str | None:
    """Say whether its evaluator gave one answer one score; None where it was not asked twice."""
    if not check.scored_again:
        return None
    again = count(check.scored_again, "answer")
    if not check.scored_differently:
        return f"Its evaluator scored {again} twice, each the same."
    return f"Its evaluator scored {again} twice, {check.scored_differently:,} of them differently."


def alarm_lines(study: Study) -> list[str]:
    """Say how often the gate would have failed the task against itself."""
    alarms = study.alarms
    if alarms is None:
        return ["no check with `no_regression` gates, so there is nothing that could be one."]
    together = f", over all {study.comparisons:,} comparisons together" if study.comparisons > 1 else ""
    failed = f"{alarms.failed:,} of {count(alarms.pairs, 'pair')} of runs would have failed"
    lines = [
        f"{failed}, had one run of each been the candidate.",
        f"{_independent(alarms)} The promise is {_in_100(study.alpha)}{together}.",
    ]
    if alarms.failing:
        named = ", ".join(f"{suite}/{check} in {times:,}" for suite, check, times in alarms.failing[:_NAMED])
        lines.append(f"What failed: {named}.")
    return lines


def _independent(alarms: FalseAlarms) -> str:
    independent, failed = alarms.independent, alarms.independent_failed
    if independent >= _PERCENT_FROM:
        rate = f"{percent(failed / independent)} ({percent(alarms.low)} to {percent(alarms.high)})"
        return f"Pairs share runs; {independent:,} of them share none, and of these {rate} failed."
    if independent == 1:
        only = "it failed" if failed else "it did not fail"
        return f"With so few runs there is one pair: {only}, and that alone says next to nothing of the rate."
    return (
        f"Pairs share runs; {independent:,} of them share none, and of these {failed:,} failed, which fits any rate"
        f" from {_of_pairs(alarms.low)} to {_of_pairs(alarms.high)} of 100."
    )


def _of_pairs(rate: float) -> str:
    return f"{100 * rate:.0f}" if rate == 0 or rate >= 0.01 else "under 1"


def _in_100(alpha: float) -> str:
    return f"about {formatting.number(100 * alpha)} in 100"


def next_step(study: Study) -> str:
    """Return the command that comes next."""
    if study.obstacles:
        suite, check, _ = study.obstacles[0]
        return f"mend what keeps {suite}/{check} from being measured, then `evalgate noise`"
    if any(check.shifts for suite in study.suites for check in suite.checks):
        return "find what a run holds for all its examples, then `evalgate noise` again; until then every report warns"
    return "`evalgate plan`, which goes by this study from now on, as the reports of `evalgate run` do"


def proposed(suite: SuiteNoise) -> Iterator[tuple[CheckNoise, Flaky]]:
    """Yield the examples of a suite that waver, each with the check in which it does, those nearest to a toss first."""
    found = [(check, flaky) for check in suite.checks for flaky in check.flaky if _wavers(flaky)]
    yield from found[:_MOST]


def _wavers(flaky: Flaky) -> bool:
    """Return whether more than one odd run differs from what most runs scored."""
    times = [count for _, count in flaky.scores]
    return sum(times) - max(times) >= _ODD
