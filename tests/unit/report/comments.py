"""Builds of one small story, decided for real: one for each form that a comment can take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from evalgate.decision import decide
from evalgate.decision.evidence import BuildEvidence, Problem, SuiteEvidence
from evalgate.decision.results import Accepted, BuildDecision, SuiteDecision
from evalgate.records import ErrorKind, Evaluation, Example, Side
from evalgate.report.model import (
    AddedExamples,
    BuildReport,
    CheckMeans,
    EditedDefinition,
    ErrorTally,
    ExampleView,
    GateReport,
    OwnVerdict,
    PhoenixView,
    SideCounts,
    SideView,
    Spending,
    SuiteReport,
)
from evalgate.suite.checks import Unmeasurable
from tests.unit.decision.builds import build, check, suite, taken
from tests.unit.report.decided import build_info, split

MAIN = "main@1a2b3c4"
_SIZE = 120
_MARGIN = {"no_regression": {"rule_out_drop": 0.15}}
_ASKED = (
    ("Can I return a lamp that I bought 20 days ago?", "Yes: unused goods can be returned within 30 days.",
     "Yes. Unused goods can be returned within 30 days of delivery.",
     "No. Returns are possible within 14 days.", "The answer says 14 days; the policy says 30."),
    ("Do you deliver to Austria, and what does it cost?", "Yes, for €9.90.",
     "Yes, we deliver to Austria for €9.90.", "We deliver within Germany.", "Leaves Austria out."),
    ("My blender broke after 18 months. Is it under warranty?", "Yes, warranty lasts two years.",
     "Yes: the warranty lasts two years from the day of purchase.", "Please contact our support team.",
     "Evades the question; the expected answer is a clear yes."),
)  # fmt: skip


def support(worse: int, better: int, *, n: int = _SIZE, dearer: float = 0.8, name: str = "support") -> SuiteEvidence:
    """Return a suite of a judge, a schema, a policy check and the cost."""
    cost = [0.0031 * (1 + (7 * at) % 10 / 10) for at in range(n)]
    return suite(
        check(*split(n, worse, better), name="correctness", rules={"no_regression": {"rule_out_drop": 0.10}}),
        check(*split(n, 1, 2, seed=3, passing=0.93), name="cites_policy", rules=_MARGIN),
        check(*split(n, 0, 0, passing=1.0), name="json_schema", rules=_MARGIN),
        taken([each * dearer for each in cost], cost, rules={"no_regression": {"allow_increase": 0.10}}),
        name=name,
        label=MAIN,
        slices={"metadata.lang": [("en", "de", "fr")[at % 3] for at in range(n)]},
    )  # fmt: skip


def report(evidence: BuildEvidence, **changes: object) -> BuildReport:
    """Decide, and put beside it what a gate would."""
    return of_decision(decide(evidence), evidence, **changes)


def of_decision(decision: BuildDecision, evidence: BuildEvidence, **changes: object) -> BuildReport:
    """Put beside a decision what a gate would: `changes` are of what stands for the whole build."""
    info = build_info(decision, evidence, number=41, seconds=72.0, change="pull request 12")
    return BuildReport(
        decision=decision, build=replace(info, **changes), suites=tuple(_shown(each) for each in decision.suites)
    )


def _shown(decided: SuiteDecision) -> SuiteReport:
    named = [flip.example_id for each in decided.checks for flip in (*each.regressed, *each.improved)]
    named += [name for each in decided.checks for rule in each.rules for name in rule.example_ids]
    better = {flip.example_id for each in decided.checks[:1] for flip in each.improved}
    server = "https://phoenix.shop.example"
    return SuiteReport(
        name=decided.name,
        dataset=f"datasets/{decided.name}.jsonl",
        dataset_version="3f2a9c01",
        repetitions=1,
        candidate_label="prompts/answer.yaml on openai/gpt-4.1-mini",
        baseline_label=MAIN if decided.baseline_label else None,
        counts={side: SideCounts(runs=decided.examples) for side in Side},
        examples={
            name: _example(place, name, mended=name in better) for place, name in enumerate(dict.fromkeys(named))
        },
        units={"cost": "$"},
        spending=(
            Spending(who="candidate", calls=decided.examples, cached=0, tokens=41_000, cost=0.298, paid=0.298,
                     unpriced=0, unseen=0),
            Spending(who="baseline", calls=decided.examples, cached=decided.examples, tokens=52_000, cost=0.372,
                     paid=0.0, unpriced=0, unseen=0),
            Spending(who="correctness", calls=2 * decided.examples, cached=decided.examples, tokens=90_000, cost=0.51,
                     paid=0.255, unpriced=0, unseen=0),
        ),
        priced_examples=decided.examples,
        phoenix=PhoenixView(compare=f"{server}/datasets/RGF0YXNldDox/compare?experimentId=RXhwZXJpbWVudDoy"),
    )  # fmt: skip


def _example(place: int, name: str, *, mended: bool) -> ExampleView:
    question, expected, before, after, said = _ASKED[place % len(_ASKED)]
    passed = Evaluation(name="correctness", score=1.0)
    failed = Evaluation(name="correctness", score=0.0, explanation=said)
    good = SideView(output={"answer": before, "source": "returns.md"}, evaluations=(passed,), latency=0.5)
    bad = SideView(output={"answer": after, "source": "returns.md"}, evaluations=(failed,), latency=0.4)
    return ExampleView(
        example=Example(id=name, input={"question": question}, output={"answer": expected}, metadata={"lang": "en"}),
        candidate=good if mended else bad,
        baseline=bad if mended else good,
    )


def failing() -> BuildReport:
    return report(build(support(19, 2)))


def passing() -> BuildReport:
    return report(build(support(2, 3)))


def undecided() -> BuildReport:
    return report(build(support(5, 2, n=40)))


def unmeasurable() -> BuildReport:
    given = support(2, 2)
    down = replace(given.checks[0], candidate=check([None] * 61 + [1.0] * 59, name="correctness").candidate)
    made = report(build(replace(given, checks=(down, *given.checks[1:]))))
    message = "HTTP 503 from https://api.openai.example/v1/chat/completions: overloaded, after 6 attempts"
    tally = ErrorTally(side=Side.CANDIDATE, kind=ErrorKind.INFRASTRUCTURE, message=message, where=None, count=61)
    counts = {Side.CANDIDATE: SideCounts(runs=120, errors=61), Side.BASELINE: SideCounts(runs=120, cached=120)}
    return replace(made, suites=(replace(made.suites[0], errors=(tally,), counts=counts),))


def no_answer() -> BuildReport:
    """Fall before anything was asked: the server that serves the task is not there."""
    problem = Problem(
        kind=Unmeasurable.ERRORS,
        message="The server of the task did not get ready within 60 s (GET /healthz: connection refused).",
        next_step="look at what it printed: `evalgate show`",
    )
    made = report(build(replace(support(2, 2), problems=(problem,))))
    return replace(made, suites=(replace(made.suites[0], counts={}, spending=()),))


def several() -> BuildReport:
    """Judge three suites at once; one of them fails, and another cannot tell."""
    made = report(build(support(1, 1, name="search"), support(19, 2), support(5, 2, n=40, name="triage")))
    return replace(made, build=replace(made.build, seconds=191.0))


def unchanged() -> BuildReport:
    """Find nothing to measure."""
    why = (
        f"Nothing that this suite runs has changed since {MAIN}: its task (prompts/answer.yaml), its dataset (120"
        " examples) and its evaluators are the same. Not watched: what providers serve under a model's name."
    )
    made = report(build(replace(support(0, 0), checks=(), resources=(), unchanged=why)))
    (shown,) = made.suites
    shown = replace(shown, notes=(why,), counts={}, spending=(), phoenix=None, baseline_label=None)
    return replace(made, suites=(shown,))


def first() -> BuildReport:
    """Adopt a gate: the base has no config, yet the files of the task."""
    notes = (
        f"First baseline: {MAIN} has no evalgate.yaml, so this change defines its own gate.",
        f"No stored runs of {MAIN} fit: both sides were drawn 3 times; the next change is compared with these first.",
    )
    made = report(build(support(2, 3)))
    shown = replace(made.suites[0], notes=notes, repetitions=3)
    return replace(made, suites=(shown,), gate=GateReport(base=MAIN, decides="first", differences=()))


def no_baseline() -> BuildReport:
    """Adopt a gate where the base has nothing to compare with: only rules about the candidate decide."""
    sides = split(_SIZE, 0, 0, passing=0.9)
    note = (
        f"First baseline: {MAIN} has no evalgate.yaml. Comparisons start with the next change; the rules about the"
        " candidate alone decide."
    )
    made = report(build(suite(check(sides[0], name="correctness", rules={"at_least": 0.8}), label=None)))
    counts = {Side.CANDIDATE: SideCounts(runs=_SIZE)}
    shown = replace(made.suites[0], notes=(note,), counts=counts, spending=made.suites[0].spending[:1], phoenix=None)
    return replace(made, suites=(shown,), gate=GateReport(base=MAIN, decides="first", differences=()))


def accepted() -> BuildReport:
    """Fail as somebody accepted it."""
    made = failing()
    (decided,) = made.decision.suites
    exception = Accepted(
        author="ada@shop.example",
        reason="shorter answers are wanted, see the plan for December",
        expires="2026-12-21",
        counts=True,
        told="Accepted by ada@shop.example until 2026-12-21 (shorter answers are wanted, see the plan for December).",
    )
    checks = tuple(replace(each, accepted=exception) if each.name == "correctness" else each for each in decided.checks)
    decision = replace(made.decision, accepted=True, suites=(replace(decided, checks=checks),))
    return replace(made, decision=decision, build=replace(made.build, exit_code=0))


def observed() -> BuildReport:
    return report(build(support(19, 2), mode="observe"))


def edited_gate() -> BuildReport:
    """Pass by what the base defines, and say what the change would rather have."""
    differences = (
        EditedDefinition(suite="support", key="dataset", message="4 examples edited, 2 removed, 3 added"),
        EditedDefinition(suite="support", key="checks.correctness", message="no_regression.rule_out_drop: 0.10 → 0.30"),
        EditedDefinition(suite=None, key="policy.alpha", message="policy.alpha: 0.05 → 0.01"),
    )
    own = OwnVerdict(
        verdict=passing().decision.verdict,
        exit_code=0,
        reason=None,
        not_evaluated=("4 examples that it edited",),
        covers=("support: 114 of its 121 examples",),
    )
    means = CheckMeans(suite="support", check="correctness", candidate=0.667, baseline=1.0, low=0.0, high=1.0)
    added = (AddedExamples(suite="support", examples=3, checks=(means,)),)
    gate = GateReport(base=MAIN, decides="base", differences=differences, added=added, own=own)
    return replace(failing(), gate=gate)


def measured_again() -> BuildReport:
    """Fail for the second time: many have changed, and two checks failed."""
    given = support(19, 2, dearer=1.3)
    made = report(build(given))
    told = "This is the third measurement of pull request 12; the two before it failed."
    return replace(made, decision=replace(made.decision, measurement=told))


SCENARIOS: Mapping[str, Callable[[], BuildReport]] = {
    "failing": failing,
    "passing": passing,
    "undecided": undecided,
    "unmeasurable": unmeasurable,
    "no_answer": no_answer,
    "several": several,
    "unchanged": unchanged,
    "first": first,
    "no_baseline": no_baseline,
    "accepted": accepted,
    "observed": observed,
    "edited_gate": edited_gate,
    "measured_again": measured_again,
}
"""What comments are kept of as whole texts, by the name of their files."""
