"""A suite's verdict: that of its worst check that gates, or of what stands against it before any check."""

from __future__ import annotations

from collections.abc import Sequence

from evalgate.decision import noise_words, verdict_words, words
from evalgate.decision.evidence import Problem, SuiteEvidence
from evalgate.decision.judges import nothing_gates
from evalgate.decision.judges import warnings as judge_warnings
from evalgate.decision.quarantine import set_aside
from evalgate.decision.results import CheckDecision, RuleDecision, SuiteDecision
from evalgate.records import Verdict, worst
from evalgate.suite.checks import Policy, Unmeasurable


def decide_suite(
    suite: SuiteEvidence, checks: tuple[CheckDecision, ...], policy: Policy, given: SuiteEvidence
) -> SuiteDecision:
    """Return the decision of a suite; `given` is the suite as it was before untrusted judges were held back."""
    verdict, told, kind = _suite_verdict(suite, checks, policy, given)
    return SuiteDecision(
        name=suite.name,
        verdict=verdict,
        reason=told.reason,
        next_step=told.next_step,
        unmeasurable=kind,
        examples=len(suite.example_ids),
        clusters=_clusters(suite) if checks else None,
        identical=int(suite.identical.sum()),
        baseline_label=suite.baseline_label,
        checks=checks,
        warnings=(*noise_words.warnings(suite), *judge_warnings(given, policy)) if checks else (),
        quarantined=set_aside(suite),
    )


def _clusters(suite: SuiteEvidence) -> int | None:
    """Return how many clusters its examples are in; None where each stands alone."""
    found = len(set(suite.clusters or suite.example_ids))
    return found if found < len(suite.example_ids) else None


def _suite_verdict(
    suite: SuiteEvidence, checks: Sequence[CheckDecision], policy: Policy, given: SuiteEvidence
) -> tuple[Verdict, words.Told, Unmeasurable | None]:
    problem = _first_problem(suite.problems, policy)
    if problem is not None:
        told = words.Told(reason=problem.message, next_step=problem.next_step)
        return Verdict.UNMEASURABLE, told, problem.kind
    if suite.unchanged is not None:
        return Verdict.PASS, words.Told(reason=suite.unchanged), None
    gating = [check for check in checks if check.gating]
    if not suite.example_ids or not gating:
        none = nothing_gates(given, policy) or verdict_words.no_gating_check()
        told = verdict_words.no_examples() if not suite.example_ids else none
        return Verdict.UNMEASURABLE, told, Unmeasurable.NOTHING
    verdict = worst([check.verdict for check in gating])
    if verdict is Verdict.PASS:
        return verdict, verdict_words.all_pass([(check.name, _reasons(check)) for check in gating], "check"), None
    decisive = [(check.name, rule) for check, rule in each_rule(gating) if rule.verdict is verdict]
    named = sorted(decisive, key=lambda pair: (pair[0], pair[1].rule))
    kind = _strictest([rule.unmeasurable for _, rule in named if rule.unmeasurable is not None], policy)
    chosen = next((pair for pair in named if pair[1].unmeasurable is kind), named[0])
    affected = len({name for name, _ in named})
    told = verdict_words.because_of(chosen[0], chosen[1].reason, chosen[1].next_step, others=affected - 1, noun="check")
    return verdict, told, kind


def each_rule(checks: Sequence[CheckDecision]) -> list[tuple[CheckDecision, RuleDecision]]:
    """Return every rule of some checks, each with its check."""
    return [(check, rule) for check in checks for rule in check.rules]


def _reasons(check: CheckDecision) -> str:
    return " ".join(rule.reason for rule in check.rules)


def _first_problem(problems: Sequence[Problem], policy: Policy) -> Problem | None:
    """Return the problem that counts: one that the policy does not let through before one that it does."""
    return min(problems, key=lambda problem: (policy.lets_through(problem.kind), problem.kind), default=None)


def _strictest(kinds: Sequence[Unmeasurable], policy: Policy) -> Unmeasurable | None:
    return min(kinds, key=lambda kind: (policy.lets_through(kind), kind), default=None)
