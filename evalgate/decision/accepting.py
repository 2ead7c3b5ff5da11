"""A regression that is meant: what a written exception covers, and what it no longer does. The verdict stays FAIL."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from evalgate.decision.evidence import Acceptance, Covered, SuiteEvidence
from evalgate.decision.number_words import number, points, some
from evalgate.decision.results import Accepted, CheckDecision, RuleDecision, SliceDecision, SuiteDecision
from evalgate.records import Verdict
from evalgate.stats.power import bounds
from evalgate.suite.acceptance import ACCEPT_LABEL

THRESHOLDS = frozenset({"at_least", "at_most"})
ZERO_TOLERANCE = "zero_tolerance"
_SLACK = 1e-9


def slice_text(part: SliceDecision) -> str:
    """Return a slice as people name it on a command line: `metadata.lang=de`."""
    return f"{part.path}={part.value}"


def failed_parts(check: CheckDecision) -> Iterator[Covered]:
    """Yield what failed of a check, each part as an acceptance covers it: down to the interval's lower end."""
    rules = tuple(_failed_overall(check))
    if rules:
        compared = check.comparison if any(rule.rule not in (*THRESHOLDS, ZERO_TOLERANCE) for rule in rules) else None
        limit = next((rule.rule for rule in rules if rule.rule in THRESHOLDS), None)
        where = compared.interval if compared is not None else None
        yield Covered(
            slice=None,
            rules=tuple(rule.rule for rule in rules),
            drop=-compared.delta if compared is not None else None,
            down_to=-where.low if where is not None else None,
            score=check.candidate_mean if limit is not None else None,
            score_to=_score_to(check, limit) if limit is not None else None,
        )
    for part in check.slices:
        if part.verdict is Verdict.FAIL and part.comparison is not None:
            where = part.comparison.interval
            yield Covered(
                slice=slice_text(part),
                rules=("no_regression",),
                drop=-part.comparison.delta,
                down_to=-where.low if where is not None else None,
            )


def _failed_overall(check: CheckDecision) -> Iterator[RuleDecision]:
    for rule in check.rules:
        if rule.verdict is Verdict.FAIL and rule.overall in (None, Verdict.FAIL):
            yield rule


def _score_to(check: CheckDecision, rule: str) -> float | None:
    """Return how far the candidate's mean may be from the threshold: its own, where its range does not bound it."""
    mean, low, high = check.candidate_mean, check.low, check.high
    if mean is None or low is None or high is None or high <= low:
        return mean
    ends = bounds((mean - low) / (high - low), check.examples)
    share = ends[0] if rule == "at_least" else ends[1]
    return low + share * (high - low)


def with_acceptances(suite: SuiteEvidence, checks: Sequence[CheckDecision]) -> tuple[CheckDecision, ...]:
    """Return the checks, those that failed and were accepted with what that does."""
    known = {acceptance.check: acceptance for acceptance in suite.acceptances}

    def of(check: CheckDecision) -> Accepted | None:
        written = _accepted(check, known[check.name]) if check.name in known else None
        if suite.labelled_by is None or (written is not None and written.counts):
            return written
        return _labelled(suite.labelled_by)

    return tuple(
        replace(check, accepted=of(check)) if check.gating and check.verdict is Verdict.FAIL else check
        for check in checks
    )


def _labelled(who: str) -> Accepted:
    """Return what a label does: it covers this commit alone, and whatever failed of it."""
    return Accepted(
        author=who,
        reason=f"the label {ACCEPT_LABEL}",
        expires="",
        counts=True,
        told=f"Accepted by {who}, who set the label {ACCEPT_LABEL} for this commit; the next push voids it.",
    )


def all_accepted(suites: Sequence[SuiteDecision]) -> bool:
    """Return whether something failed and all that did is accepted."""
    failed = [check for suite in suites for check in suite.checks if check.gating and check.verdict is Verdict.FAIL]
    return bool(failed) and all(check.accepted is not None and check.accepted.counts for check in failed)


def _accepted(check: CheckDecision, acceptance: Acceptance) -> Accepted:
    # Reports are read by more people than the address is for.
    author = acceptance.author.partition(" <")[0]
    void = _void(check, acceptance)
    if void is not None:
        told = f"{author} accepted this until {acceptance.expires}, and that is void: {void}."
    elif acceptance.obstacle is not None:
        told = f"{author} accepted this until {acceptance.expires} ({acceptance.reason}). {acceptance.obstacle}"
    else:
        told = f"Accepted by {author} until {acceptance.expires}: {acceptance.reason}"
    return Accepted(
        author=author,
        reason=acceptance.reason,
        expires=acceptance.expires,
        counts=void is None and acceptance.obstacle is None,
        told=told,
    )


def _void(check: CheckDecision, acceptance: Acceptance) -> str | None:
    """Return what ended an acceptance or lies outside of it; None where it covers all that failed."""
    if acceptance.expired:
        return f"its last day was {acceptance.expires}"
    if acceptance.changed:
        verb = "is" if len(acceptance.changed) == 1 else "are"
        return f"{' and '.join(acceptance.changed)} {verb} not what it was measured with"
    covers = {covered.slice: covered for covered in acceptance.covers}
    own = tuple(_failed_overall(check))
    if own and (void := _outside(check, own, covers.get(None), acceptance)) is not None:
        return void
    for part in check.slices:
        if part.verdict is Verdict.FAIL and part.comparison is not None:
            covered = covers.get(slice_text(part))
            if covered is None:
                return f"{slice_text(part)} fails too, which nobody accepted"
            if -part.comparison.delta > _covered_drop(covered):
                return f"{slice_text(part)}: {_too_deep(-part.comparison.delta, covered, check)}"
    return None


def _outside(
    check: CheckDecision, failed: Sequence[RuleDecision], covered: Covered | None, acceptance: Acceptance
) -> str | None:
    """Return what of the check's own failures is not covered."""
    if covered is None:
        return "all examples together fail too, which nobody accepted"
    for rule in failed:
        if rule.rule not in covered.rules:
            return f"`{rule.rule}` fails too, which nobody accepted"
        if rule.rule == ZERO_TOLERANCE:
            if more := sorted(set(rule.example_ids) - set(acceptance.examples)):
                return f"more examples fail: {some(more)}"
        elif rule.rule in THRESHOLDS:
            if _beyond(check.candidate_mean, covered.score_to, rule.rule):
                return f"the score is {number(check.candidate_mean or 0.0)} now, further from what is asked"
        elif check.comparison is not None and -check.comparison.delta > _covered_drop(covered):
            return _too_deep(-check.comparison.delta, covered, check)
    return None


def _beyond(mean: float | None, limit: float | None, rule: str) -> bool:
    if mean is None or limit is None:
        return True
    return mean < limit - _SLACK if rule == "at_least" else mean > limit + _SLACK


def _covered_drop(covered: Covered) -> float:
    return -math.inf if covered.down_to is None else covered.down_to + _SLACK


def _too_deep(drop: float, covered: Covered, check: CheckDecision) -> str:
    accepted = "none" if covered.down_to is None else f"up to {_size(covered.down_to, check)}"
    what = "drop" if check.ratio is None else "rise"
    return f"the {what} is {_size(drop, check)} now, and {accepted} was accepted"


def _size(drop: float, check: CheckDecision) -> str:
    return points(drop) if check.ratio is None else f"{100 * drop:.0f} %"
