"""A build: all its suites decided together, each by its worst check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from evalgate.decision import screen_words, verdict_words
from evalgate.decision.accepting import all_accepted, with_acceptances
from evalgate.decision.checks import Settled, describe, settle
from evalgate.decision.evidence import BuildEvidence, CheckEvidence, ResourceEvidence, SuiteEvidence
from evalgate.decision.family import Compared, Family, guarded_family, shown_beside
from evalgate.decision.improvement import RULES as IMPROVEMENT_RULES
from evalgate.decision.judges import held
from evalgate.decision.layout import Layout, Slicing, lay_out, refuse_too_many
from evalgate.decision.no_regression import RULE as NO_REGRESSION
from evalgate.decision.quarantine import deciding_parts, nothing_left
from evalgate.decision.ratios.checks import comparable, describe_ratio, settle_ratio
from evalgate.decision.ratios.checks import shown_beside as shown_ratio
from evalgate.decision.ratios.view import RatioView, ratio_view
from evalgate.decision.results import BuildDecision, CheckDecision, SuiteDecision
from evalgate.decision.scale import Fill, Metric, read_metric
from evalgate.decision.suites import decide_suite, each_rule
from evalgate.decision.view import View, comparison_obstacle, view
from evalgate.decision.zero_tolerance import to_redraw
from evalgate.errors import ConfigurationError
from evalgate.records import Direction, Verdict, worst
from evalgate.suite.checks import Policy

_Place = tuple[str, str]
"""(suite, check)"""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Measured:
    """A suite's layout with the scores of its checks on their scales, and the slices of each."""

    layout: Layout
    metrics: Mapping[str, Metric]
    slicings: Mapping[str, tuple[Slicing, ...]]
    ratios: Mapping[str, RatioView]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pass:
    """Everything decided once, with missing answers filled in one way."""

    family: Family
    views: Mapping[_Place, View]
    settled: Mapping[_Place, Settled]
    ratios: Mapping[_Place, CheckDecision]
    """The checks of what runs take: missing answers fill nothing there."""


def decide(evidence: BuildEvidence) -> BuildDecision:
    """Decide a build. Pure: equal evidence gives an equal decision, in whatever order its parts come.

    Raises ConfigurationError for more than 2,000 comparisons and for a neutral evaluator in a check that gates.
    """
    given = {suite.name: suite for suite in evidence.suites}
    evidence, policy = held(evidence), evidence.deciding
    measured, names = _measure([suite for suite in evidence.suites if _has_numbers(suite)], policy)
    actual = _decide_once(measured, names, policy, Fill.NOTHING)
    right = wrong = None
    if any(of.metric.missing and of.gating for of in actual.views.values()):
        right = _decide_once(measured, names, policy, Fill.FAVOUR)
        wrong = _decide_once(measured, names, policy, Fill.AGAINST)
    suites = []
    for suite in evidence.suites:
        numbers = _has_numbers(suite) and bool(suite.example_ids)
        checks = with_acceptances(suite, _describe(suite, actual, right, wrong)) if numbers else ()
        suites.append(decide_suite(suite, checks, policy, given[suite.name]))
    skipped = frozenset(suite.name for suite in evidence.suites if suite.unchanged is not None)
    return _build(suites, actual.family, evidence, skipped)


def redraws(evidence: BuildEvidence) -> tuple[tuple[str, str], ...]:
    """Return the (suite, example id) that zero tolerance needs drawn once more on both sides, sorted.

    Those already in the evidence's `redraws` are left out, so deciding after one round of draws asks for none.
    """
    wanted: set[tuple[str, str]] = set()
    evidence = held(evidence)
    able = [suite for suite in evidence.suites if not suite.problems and suite.unchanged is None]
    for one in _measure(able, evidence.deciding)[0]:
        for check in one.layout.suite.checks:
            rule = check.check.zero_tolerance
            if rule is not None and check.check.gating:
                of = view(one.layout, check, one.metrics[check.name], evidence.deciding, Fill.NOTHING)
                wanted.update((one.layout.suite.name, example_id) for example_id in to_redraw(of, rule))
    return tuple(sorted(wanted))


def _has_numbers(suite: SuiteEvidence) -> bool:
    """Return whether a suite's numbers are worth showing: a sample has no verdict, but it has numbers."""
    return suite.unchanged is None and all(problem.sample for problem in suite.problems)


def _measure(suites: Sequence[SuiteEvidence], policy: Policy) -> tuple[tuple[_Measured, ...], tuple[str, ...]]:
    """Return what is measured: those of the suites that have examples; and the names of the build's units."""
    parts = [part for suite in suites for part in deciding_parts(suite)]
    usable = [part for part in parts if part.example_ids]
    for suite in suites:
        _refuse_neutral(suite)
    layouts, names = lay_out(usable)
    refuse_too_many(layouts)
    measured = tuple(
        _Measured(
            layout=layout,
            metrics={check.name: read_metric(check, layout.order) for check in layout.suite.checks},
            slicings={
                name: tuple(layout.slicings(check.no_regression))
                for name, check in layout.suite.declared
                if check.no_regression is not None
            },
            ratios={check.name: ratio_view(layout, check, policy) for check in layout.suite.resources},
        )
        for layout in layouts
    )
    return measured, names


def _refuse_neutral(suite: SuiteEvidence) -> None:
    for check in suite.checks:
        if check.check.gating and check.evaluator.direction == Direction.NEUTRAL:
            raise ConfigurationError(
                f"the check {check.name} of suite {suite.name} gates on a neutral evaluator, whose score is better in"
                " neither direction",
                next_step=f"set `direction` on the evaluator {check.name}, or `report_only: true` on its check",
            )


def _decide_once(measured: Sequence[_Measured], names: Sequence[str], policy: Policy, fill: Fill) -> _Pass:
    views: dict[_Place, View] = {}
    tested: list[Compared] = []
    shown: list[Compared] = []
    for one in measured:
        for check in one.layout.suite.checks:
            of = view(one.layout, check, one.metrics[check.name], policy, fill)
            views[one.layout.suite.name, check.name] = of
            if of.pairs is None or comparison_obstacle(of) is not None:
                continue
            slicings = one.slicings.get(check.name, ())
            compared = Compared(layout=one.layout, check=check.name, pairs=of.pairs, slicings=slicings)
            if check.check.gating and check.check.no_regression is not None:
                tested.append(compared)
            elif fill is Fill.NOTHING and _is_shown(check):
                shown.append(compared)
        for ratio in one.ratios.values():
            slicings = one.slicings.get(ratio.evidence.name, ())
            tested += filter(None, [comparable(ratio, slicings)])
            shown += filter(None, [shown_ratio(ratio, slicings)] if fill is Fill.NOTHING else [])
    family = guarded_family(tested, names, policy)
    family = replace(family, shown=shown_beside(shown, names, policy))
    slicings_of = {(one.layout.suite.name, name): parts for one in measured for name, parts in one.slicings.items()}
    settled = {place: settle(of, family, slicings_of.get(place, ())) for place, of in views.items()}
    ratios = {
        (one.layout.suite.name, name): _ratio(of, family, one.slicings.get(name, ()))
        for one in measured
        for name, of in one.ratios.items()
    }
    return _Pass(family=family, views=views, settled=settled, ratios=ratios)


def _ratio(of: RatioView, family: Family, slicings: Sequence[Slicing]) -> CheckDecision:
    return describe_ratio(of, settle_ratio(of, family, slicings), family)


def _is_shown(check: CheckEvidence) -> bool:
    """Return whether a comparison that nothing rests on has a better way and no rule of its own about the change."""
    rule = check.check.gating and check.check.needs_fresh
    return not rule and check.evaluator.direction != Direction.NEUTRAL


def _describe(
    suite: SuiteEvidence, actual: _Pass, right: _Pass | None, wrong: _Pass | None
) -> tuple[CheckDecision, ...]:
    def otherwise(other: _Pass | None, place: _Place) -> Verdict | None:
        return other.settled[place].verdict if other is not None and actual.views[place].metric.missing else None

    def of(check: CheckEvidence) -> CheckDecision:
        place = (suite.name, check.name)
        if place not in actual.views:
            spec = check.evaluator
            return nothing_left(check.name, check.check, len(suite.example_ids), (spec.low, spec.high))
        return describe(
            actual.views[place],
            actual.settled[place],
            actual.family,
            if_right=otherwise(right, place),
            if_wrong=otherwise(wrong, place),
        )

    def of_resource(check: ResourceEvidence) -> CheckDecision:
        found = actual.ratios.get((suite.name, check.name))
        return found or nothing_left(check.name, check.check, len(suite.example_ids), (None, None))

    return (*map(of, suite.checks), *map(of_resource, suite.resources))


def _build(
    suites: Sequence[SuiteDecision], family: Family, evidence: BuildEvidence, skipped: frozenset[str]
) -> BuildDecision:
    policy = evidence.deciding
    verdict = worst([suite.verdict for suite in suites])
    return BuildDecision(
        verdict=verdict,
        reason=_because(suites, verdict, skipped),
        suites=tuple(suites),
        columns=family.columns,
        flips=family.patterns,
        alpha=policy.alpha,
        exact=policy.exact,
        promise=_promise(suites, family, evidence),
        accepted=all_accepted(suites),
        measurement=None if not family.columns else screen_words.measurement(evidence.history, alpha=policy.alpha),
    )


def _because(suites: Sequence[SuiteDecision], verdict: Verdict, skipped: frozenset[str]) -> str:
    """Return why a build has its verdict: by the first of the suites that have it."""
    affected = sorted((suite for suite in suites if suite.verdict is verdict), key=lambda suite: suite.name)
    if not affected:
        return verdict_words.no_suites().reason
    if verdict is Verdict.PASS and skipped.issuperset(suite.name for suite in suites):
        return verdict_words.nothing_to_measure(len(suites)).reason
    if verdict is Verdict.PASS:
        return verdict_words.all_pass([(suite.name, suite.reason) for suite in affected], "suite").reason
    first = affected[0]
    return verdict_words.because_of(first.name, first.reason, None, others=len(affected) - 1, noun="suite").reason


def _promise(suites: Sequence[SuiteDecision], family: Family, evidence: BuildEvidence) -> str:
    """Return what is promised of false alarms, by the rules that gate."""
    gating = [rule for _, rule in each_rule([check for suite in suites for check in suite.checks if check.gating])]
    rules = {rule.rule for rule in gating}
    improvement = rules & IMPROVEMENT_RULES
    return verdict_words.promise(
        columns=family.columns,
        checks=family.checks,
        alpha=evidence.deciding.alpha,
        exact=evidence.deciding.exact,
        absolute=bool(rules - improvement - {NO_REGRESSION}),
        improvement=bool(improvement),
        lost=any(rule.unmeasurable for rule in gating if rule.rule == NO_REGRESSION),
        stored=any(suite.stored for suite in evidence.suites if suite.checks),
        added=family.added,
        share=evidence.share,
    )
