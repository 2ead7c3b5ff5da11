"""What to do next, as several reports say it alike."""

from __future__ import annotations

import shlex
from typing import Final

from evalgate.decision import words
from evalgate.decision.number_words import some
from evalgate.decision.results import SuiteDecision
from evalgate.records import Verdict
from evalgate.report import formatting
from evalgate.report.model import BuildReport
from evalgate.report.reasons import suite_reasons

_STEPS: Final = 3  # of so many checks what would decide is said by itself
_TO_DECIDE: Final = "To decide"
_SHOWS: Final = "`evalgate show`"


def next_steps(report: BuildReport) -> list[str]:
    """Return what to do next, each once, the steps of the worst suites first."""
    steps: list[str | None] = []
    for suite in sorted(report.decision.suites, key=lambda suite: -suite.verdict.rank):
        if suite.verdict is not Verdict.PASS:
            steps += _of_suite(suite)
    flipped = any(check.regressed or check.improved for suite in report.decision.suites for check in suite.checks)
    if flipped and not any(step and "evalgate show" in step for step in steps):
        steps.append("evalgate show")
    if report.sample:
        steps.append("evalgate run")
    steps += [_to_accept(report), *_to_tag(report)]
    steps += [shown.phoenix.next_step for shown in report.suites if shown.phoenix is not None]
    told = list(dict.fromkeys(step for step in steps if step))
    nearer = any(step != words.SHOW and _SHOWS in step for step in told)
    return [step for step in told if step != words.SHOW or not nearer]


def _to_accept(report: BuildReport) -> str | None:
    """Return how to say that a failure is meant; None where nothing failed, or somebody said so.

    A version of a prompt that is tried is no change that anybody reviews, and a release goes by no acceptance.
    """
    if report.sample or report.build.tried or report.build.release:
        return None
    failed = [
        f"{suite.name}/{check.name}"
        for suite, check in report.gating_checks()
        if check.verdict is Verdict.FAIL and (check.accepted is None or not check.accepted.counts)
    ]
    if not failed:
        return None
    more = f"; likewise {some(failed[1:], _STEPS)}" if len(failed) > 1 else ""
    return f"if it is meant: `{accept_command(failed[0])}`{more}"


def accept_command(check: str) -> str:
    """Return what says that the failure of a check, `suite/check`, is meant."""
    return f'evalgate accept {shlex.quote(check)} --reason "…" --expires 30d'


def _to_tag(report: BuildReport) -> list[str]:
    """Return what makes of a version that was tried and passed the one that is used."""
    if report.sample or report.decision.verdict is not Verdict.PASS:
        return []
    return [
        f"evalgate prompt tag {shlex.quote(each.name)} {each.version} {shlex.quote(each.tag)}"
        + (f" --expect {each.before}" if each.before is not None else "")
        for each in report.build.tried
    ]


def _of_suite(suite: SuiteDecision) -> list[str | None]:
    """Return a suite's steps. What would decide differs by check: each is named then, the first few of them."""
    reasons = [reason for reason in suite_reasons(suite) if reason.verdict is suite.verdict]
    steps = list(dict.fromkeys([suite.next_step, *(reason.next_step for reason in reasons)]))
    deciding = [step for step in steps if step and step.startswith(_TO_DECIDE)]
    if len(deciding) < 2:
        return steps
    named = [
        f"{_TO_DECIDE} {reason.about}{reason.next_step.removeprefix(_TO_DECIDE)}"
        for reason in reasons
        if reason.next_step in deciding
    ]
    more = f"{formatting.count(len(named) - _STEPS, 'more check')} to decide likewise" if len(named) > _STEPS else None
    return [*(step for step in steps if step not in deciding), *named[:_STEPS], more]
