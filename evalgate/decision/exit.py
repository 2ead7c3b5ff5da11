"""Which exit code a decision has under a policy: 0, 1, 3 or 4 of the README's table."""

from __future__ import annotations

from collections.abc import Iterator

from evalgate.decision.results import BuildDecision, SuiteDecision
from evalgate.records import Verdict
from evalgate.suite.checks import Policy, Unmeasurable

PASSED, FAILED, INCONCLUSIVE, UNMEASURABLE = 0, 1, 3, 4


def exit_code(decision: BuildDecision, policy: Policy) -> int:
    """Return 1 for a FAIL that nobody accepted, else 4 or 3 for what the policy blocks on, else 0.

    4 is of an UNMEASURABLE, 3 of an INCONCLUSIVE.

    An UNMEASURABLE that is let through does not hide an INCONCLUSIVE that is not. Mode observe is always 0.
    """
    if policy.mode == "observe":
        return PASSED
    if decision.verdict is Verdict.FAIL and not decision.accepted:
        return FAILED
    kinds = set(_unmeasurable(decision))
    if any(not policy.lets_through(kind) for kind in kinds):
        return UNMEASURABLE
    if policy.on_inconclusive == "fail" and any(_inconclusive(suite) for suite in decision.suites):
        return INCONCLUSIVE
    return PASSED


def _unmeasurable(decision: BuildDecision) -> Iterator[Unmeasurable]:
    """Yield the kind of everything that could not be measured and counts."""
    if not decision.suites:
        yield Unmeasurable.NOTHING
    for suite in decision.suites:
        if suite.unmeasurable is not None:
            yield suite.unmeasurable
        rules = (rule for check in suite.checks if check.gating for rule in check.rules)
        yield from (rule.unmeasurable for rule in rules if rule.unmeasurable is not None)


def _inconclusive(suite: SuiteDecision) -> bool:
    """Return whether a rule that counts is INCONCLUSIVE, whatever else the suite is."""
    rules = (rule for check in suite.checks if check.gating for rule in check.rules)
    return suite.verdict is Verdict.INCONCLUSIVE or any(rule.verdict is Verdict.INCONCLUSIVE for rule in rules)
