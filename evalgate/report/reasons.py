"""Why a suite's checks have their verdicts: the decision says it, here each reason is said once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evalgate.decision import words
from evalgate.decision.number_words import some
from evalgate.decision.results import CheckDecision, SuiteDecision
from evalgate.records import Verdict
from evalgate.report import formatting
from evalgate.report.model import BuildReport
from evalgate.report.rows import failing, first_failing, slice_name


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """Why something has its verdict. `about` names the check, and the slice or the rule where that says more."""

    about: str
    verdict: Verdict | None
    text: str
    next_step: str | None = None


def suite_reasons(suite: SuiteDecision) -> list[Reason]:
    """Return why each check of a suite has its verdict: what is not PASS one by one, what is PASS by its sentence."""
    reasons = [reason for check in suite.checks for reason in _check_reasons(check)]
    alike: dict[str, list[str]] = {}
    for reason in reasons:
        if reason.verdict is Verdict.PASS:
            alike.setdefault(reason.text, []).append(reason.about)
    passed = [Reason(about=some(names), verdict=Verdict.PASS, text=text) for text, names in alike.items()]
    worse = [reason for reason in reasons if reason.verdict is not Verdict.PASS]
    return sorted(worse, key=lambda reason: -(reason.verdict.rank if reason.verdict else 0)) + passed


def unsaid(report: BuildReport, suite: SuiteDecision) -> tuple[str | None, list[Reason]]:
    """Return the suite's own reason, unless it only quotes its checks', and its checks' reasons, each said once.

    A sample has no verdicts and so no reasons.
    """
    if report.sample:
        return None, []
    reasons: list[Reason] = []
    for reason in suite_reasons(suite):
        if not any(_says(other, reason) for other in reasons):
            reasons.append(reason)
    quotes = any(reason.text in suite.reason for reason in suite_reasons(suite))
    return None if quotes or suite.verdict is Verdict.PASS or not suite.reason else suite.reason, reasons


def _says(other: Reason, reason: Reason) -> bool:
    """Return whether what stands there says a reason already: in longer words, or in the same of the same thing."""
    return reason.text in other.text and (reason.text != other.text or reason.about == other.about)


def _check_reasons(check: CheckDecision) -> Iterable[Reason]:
    yield from _rule_reasons(check) if check.gating else ()
    for note in check.notes:
        yield Reason(about=check.name, verdict=None, text=note)


def _rule_reasons(check: CheckDecision) -> Iterable[Reason]:
    several = len(check.rules) > 1
    for rule in check.rules:
        if rule.verdict is Verdict.PASS and check.verdict is not Verdict.PASS:
            continue  # what held is no reason for a check that did not
        about = f"{check.name} {rule.rule}" if several else check.name
        yield Reason(about=about, verdict=rule.verdict, text=rule.reason, next_step=rule.next_step)
    said = " ".join(rule.reason for rule in check.rules)
    for part in first_failing(check):
        place = words.slice_place(part.path, part.value, part.examples)
        if part.reason not in said and place not in said:
            yield Reason(about=f"{check.name}, {slice_name(part)}", verdict=part.verdict, text=part.reason)
    more = len(failing(check)) - len(first_failing(check))
    if more:
        yield Reason(about=check.name, verdict=Verdict.FAIL, text=f"{formatting.count(more, 'more slice')} like these.")
    if check.accepted is not None:
        yield Reason(about=check.name, verdict=None, text=check.accepted.told)
    if check.missing_could_change:
        yield Reason(about=check.name, verdict=None, text=check.missing_could_change)
    if check.corrected is not None:
        yield Reason(about=check.name, verdict=None, text=check.corrected.told)
