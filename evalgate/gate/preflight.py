"""What can be said of a suite's checks before anything is paid: refused where no answers could pass them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalgate.decision.before import refuse_undecidable, threshold_outlook
from evalgate.decision.ratios.outlook import refuse_undecidable_rise
from evalgate.errors import ConfigurationError
from evalgate.gate.prepare import PreparedSuite
from evalgate.records import Direction, EvaluatorSpec
from evalgate.suite.checks import Policy


def outlook(suite: PreparedSuite, specs: Sequence[EvaluatorSpec], policy: Policy) -> Iterator[tuple[str, str]]:
    """Yield (check, line) for each check of which there is something to say beforehand: what it takes to pass.

    Raises ConfigurationError where a check gates on a score without a better end, or cannot be passed at all. A
    sample is not held to that: it gives no verdict.
    """
    for spec in specs:
        check = suite.suite.checks.get(spec.name)
        if check is None or not check.gating:
            continue
        if spec.direction is Direction.NEUTRAL:
            raise ConfigurationError(
                f"suite {suite.name}: the check {spec.name} gates on a score of which neither way is better",
                next_step=f"give the evaluator {spec.name} a direction, or the check report_only: true",
            )
        if suite.count == 0 or suite.selection.words is not None:
            continue
        if check.at_least is not None:
            line = threshold_outlook(spec.name, "at_least", check.at_least, spec, suite.count)
            if line is not None:
                yield spec.name, line
        if check.at_most is not None:
            line = threshold_outlook(spec.name, "at_most", check.at_most, spec, suite.count)
            if line is not None:
                yield spec.name, line
        if check.no_regression is not None and policy.on_inconclusive == "fail" and suite.suite.cluster is None:
            refuse_undecidable(spec.name, check.no_regression, suite.count)
    _refuse_undecidable_rises(suite, policy)


def _refuse_undecidable_rises(suite: PreparedSuite, policy: Policy) -> None:
    if policy.on_inconclusive != "fail" or suite.suite.cluster is not None or suite.selection.words is not None:
        return
    for name, (_, check) in suite.suite.resource_checks.items():
        if check.no_regression is not None and check.gating and suite.count:
            refuse_undecidable_rise(name, check.no_regression, suite.count)
