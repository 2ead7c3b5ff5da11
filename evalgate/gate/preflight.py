"""What can be said of a suite's checks before anything is paid: refused where no answers could pass them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from evalgate.decision.before import threshold_outlook
from evalgate.decision.known_noise import Noise
from evalgate.decision.layout import refuse_more_than_held
from evalgate.decision.ratios.outlook import refuse_undecidable_change as refuse_undecidable_amount
from evalgate.decision.ratios.outlook import refuse_undecidable_rise
from evalgate.decision.strict import Strict, refuse_undecidable_change, strict_outlook
from evalgate.errors import ConfigurationError
from evalgate.gate.evidence.grouping import Grouping, grouping
from evalgate.gate.prepared import PreparedSuite
from evalgate.records import Direction, EvaluatorSpec
from evalgate.suite.checks import NoRegression, Policy

Known = Mapping[tuple[str, str], Noise]
"""What stored builds showed of the noise, by suite and check."""


def outlook(
    suite: PreparedSuite, specs: Sequence[EvaluatorSpec], policy: Policy, known: Known, *, day: str
) -> Iterator[tuple[str, str]]:
    """Yield (check, line) for each check of which there is something to say beforehand: what it takes to pass.

    `day`, as ISO 8601 writes it, says what of the quarantine holds.

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
        if suite.decides and suite.selection.words is None:
            noise = known.get((suite.name, spec.name))
            yield from ((spec.name, line) for line in _of_check(_Deciding(suite, spec.name, day), spec, policy, noise))
    _refuse_undecidable_amounts(suite, policy, day)


def refuse_too_many_comparisons(suites: Iterable[PreparedSuite]) -> None:
    """Raise ConfigurationError where a build of these suites makes more comparisons than a decision can hold."""
    refuse_more_than_held(
        (suite.name, check, slices)
        for suite in suites
        for slices in [_slices(suite)]
        for check in suite.suite.checks.values()
    )


def _slices(suite: PreparedSuite) -> Mapping[str, Sequence[str | None]]:
    sliced = any(check.no_regression and check.no_regression.slices for check in suite.suite.checks.values())
    return grouping(suite.suite, suite.deciding()).slices if sliced else {}


class _Deciding:
    """The examples that decide on one check: what is set aside of it does not."""

    def __init__(self, suite: PreparedSuite, check: str, day: str) -> None:
        self.suite, self.check = suite, suite.suite.checks[check]
        self._aside = suite.aside(check, day)

    def parts(self) -> Grouping:
        """Return them with what parts them, which is known before anything is answered."""
        return grouping(self.suite.suite, self.suite.deciding(self._aside))

    def count(self) -> int:
        """Return how many there are."""
        return sum(1 for _ in self.suite.deciding(self._aside)) if self._aside else self.suite.decides


def _refuse_undecidable_amounts(suite: PreparedSuite, policy: Policy, day: str) -> None:
    if policy.on_inconclusive != "fail" or not suite.decides or suite.selection.words is not None:
        return
    for name, (_, check) in suite.suite.resource_checks.items():
        sizes = _sizes(_Deciding(suite, name, day).parts())
        if not sizes:
            continue
        if check.no_regression is not None and check.gating:
            refuse_undecidable_rise(name, check.no_regression, sizes)
        if check.equivalent is not None and check.gating:
            refuse_undecidable_amount(name, check.equivalent, sizes)


def _sizes(parts: Grouping) -> list[int]:
    """Return how many examples each cluster has; 1 for each example where nothing clusters them."""
    return [1] * len(parts.example_ids) if parts.clusters is None else sorted(Counter(parts.clusters).values())


def _of_check(of: _Deciding, spec: EvaluatorSpec, policy: Policy, noise: Noise | None) -> Iterator[str]:
    check, examples = of.check, of.count()
    if not examples:
        return  # all of them are set aside: the run says so
    lines = []
    if check.at_least is not None:
        lines.append(threshold_outlook(spec.name, "at_least", check.at_least, spec, examples))
    if check.at_most is not None:
        lines.append(threshold_outlook(spec.name, "at_most", check.at_most, spec, examples))
    if check.no_regression is not None and policy.on_inconclusive == "fail":
        lines.append(strict_outlook(_strict(of, spec, check.no_regression, noise)))
    if check.equivalent is not None and policy.on_inconclusive == "fail":
        refuse_undecidable_change(_strict(of, spec, NoRegression(), noise), check.equivalent)
    yield from (line for line in lines if line is not None)


def _strict(of: _Deciding, spec: EvaluatorSpec, rule: NoRegression, noise: Noise | None) -> Strict:
    """Return a comparison with what parts its examples."""
    parts = of.parts()
    required = {each.path for each in rule.slices if each.required}
    slices = {path: Counter(value for value in parts.slices[path] if value is not None) for path in sorted(required)}
    return Strict(
        spec=spec,
        rule=rule,
        sizes=_sizes(parts),
        repetitions=of.suite.suite.repetitions,
        noise=noise,
        required=[(f"{path} = {value}", n) for path, values in slices.items() for value, n in sorted(values.items())],
    )
