"""Builds made by hand, one for each thing that a report must be able to say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from evalgate.decision.results import (
    BuildDecision,
    CheckDecision,
    Comparison,
    Flip,
    Interval,
    Missing,
    RuleDecision,
    SliceDecision,
    SuiteDecision,
)
from evalgate.records import ErrorKind, Evaluation, Example, Failure, Json, Side, Verdict, worst
from evalgate.report.model import BuildInfo, BuildReport, ErrorTally, ExampleView, SideCounts, SideView, SuiteReport
from evalgate.suite.checks import Unmeasurable
from tests.unit.report.hostile import HOSTILE

PASS, FAIL, INCONCLUSIVE, UNMEASURABLE = (
    Verdict.PASS,
    Verdict.FAIL,
    Verdict.INCONCLUSIVE,
    Verdict.UNMEASURABLE,
)
PASSED = "No regression found; drops of 10 points or more are ruled out. Smaller ones could hide."
PROMISE = (
    "If a change does nothing, builds like this one fail about 5 times in 100, over all comparisons together; "
    "thresholds stand outside that promise."
)


def interval(low: float, high: float) -> Interval:
    return Interval(low=low, high=high, level=0.90, method="tango")


def comparison(delta: float, low: float, high: float, *, worse: int, better: int, pairs: int = 80) -> Comparison:
    return Comparison(
        pairs=pairs,
        changed=worse + better,
        worse=worse,
        better=better,
        delta=delta,
        interval=interval(low, high),
        p=0.0123456789,
        p_adjusted=0.0456789123,
        could_fail=worse + better > 4,
    )


def check(name: str, verdict: Verdict = PASS, **changes: Any) -> CheckDecision:
    reason = changes.pop("reason", PASSED)
    rule = changes.pop("rule", "no_regression")
    next_step = changes.pop("next_step", None)
    given = CheckDecision(
        name=name,
        gating=True,
        verdict=verdict,
        rules=(RuleDecision(rule=rule, verdict=verdict, reason=reason, next_step=next_step),),
        slices=(),
        examples=80,
        candidate_mean=0.8125,
        baseline_mean=0.80,
        low=0.0,
        high=1.0,
        binary=True,
        missing=Missing(candidate=0, baseline=0, candidate_errors=0, baseline_errors=0),
        missing_could_change=None,
        comparison=comparison(0.0125, -0.031, 0.055, worse=2, better=3),
        detectable=0.14,
        regressed=(),
        improved=(),
    )
    return replace(given, **changes)


def suite(*checks: CheckDecision, name: str = "sql", **changes: Any) -> SuiteDecision:
    verdict = changes.pop("verdict", worst([check.verdict for check in checks if check.gating]))
    given = SuiteDecision(
        name=name,
        verdict=verdict,
        reason="",
        next_step=None,
        unmeasurable=None,
        examples=80,
        identical=41,
        baseline_label="second task",
        checks=checks,
    )
    return replace(given, **changes)


def shown(name: str = "sql", **changes: Any) -> SuiteReport:
    given = SuiteReport(
        name=name,
        dataset="datasets/sql.jsonl",
        dataset_version="3f2a9c01",
        repetitions=1,
        candidate_label="work tree",
        baseline_label="second task",
        counts={Side.CANDIDATE: SideCounts(runs=80), Side.BASELINE: SideCounts(runs=80)},
    )
    return replace(given, **changes)


def build(*suites: SuiteDecision, reason: str, reports: tuple[SuiteReport, ...] = (), **changes: Any) -> BuildReport:
    verdict = worst([suite.verdict for suite in suites])
    decision = BuildDecision(
        verdict=verdict, reason=reason, suites=suites, columns=6, flips=9_999, alpha=0.05, exact=False, promise=PROMISE
    )
    codes = {PASS: 0, FAIL: 1, INCONCLUSIVE: 0, UNMEASURABLE: 4}
    info = BuildInfo(
        id=7,
        created_at="2026-11-21T10:00:00+00:00",
        commit="0123456789abcdef0123456789abcdef01234567",
        branch="shorter-prompt",
        dirty=False,
        config_file="evalgate.yaml",
        evalgate_version="0.1.0",
        seconds=12.4,
        exit_code=codes[verdict],
        mode="enforce",
    )
    return BuildReport(
        decision=decision,
        build=replace(info, **changes),
        suites=reports or tuple(shown(suite.name) for suite in suites),
    )


def side(output: Json, *, score: float | None, explanation: str | None = None, **changes: Any) -> SideView:
    evaluations = (Evaluation(name="rows", score=score, explanation=explanation),)
    return replace(SideView(output=output, evaluations=evaluations, latency=0.21), **changes)


EXAMPLES = {
    "q-017": ExampleView(
        example=Example(
            id="q-017",
            input={"question": "How many devices were active in Berlin last week?"},
            output={"sql": "SELECT count(DISTINCT device_id) FROM readings WHERE city = 'Berlin'"},
            metadata={"difficulty": "hard", "topic": "devices"},
        ),
        candidate=side(
            "SELECT count(*) FROM readings WHERE city = 'Berlin'",
            score=0,
            explanation="returns 412 where 17 is expected",
            logs="loaded schema\nquestion 17\n",
        ),
        baseline=side("SELECT count(DISTINCT device_id) FROM readings WHERE city = 'Berlin'", score=1),
    ),
    "q-031": ExampleView(
        example=Example(
            id="q-031", input={"question": "Which city has the most journeys?"}, output={"sql": "SELECT …"}
        ),
        candidate=SideView(
            failure=Failure(kind=ErrorKind.TASK, type="KeyError", message="'city'", where="router.py:31"), latency=0.02
        ),
        baseline=side({"sql": "SELECT city FROM journeys GROUP BY city ORDER BY count(*) DESC LIMIT 1"}, score=1),
    ),
    "q-044": ExampleView(
        example=Example(id="q-044", input={"question": "List all devices."}, output={"sql": "SELECT * FROM devices"}),
        candidate=side("SELECT * FROM devices", score=1),
        baseline=side("SELECT id FROM devices", score=0, explanation="columns are missing"),
    ),
}
WORSE = tuple(Flip(example_id=name, baseline=1.0, candidate=0.0) for name in ("q-017", "q-031"))
BETTER = (Flip(example_id="q-044", baseline=0.0, candidate=1.0),)
FAILED = (
    "11 examples that passed on the second task now fail; 3 went the other way. If this change did nothing, a split "
    "this lopsided in any of the 6 checks would happen about 2 times in 100."
)


def passing() -> BuildReport:
    checks = (check("rows"), check("parses"), check("filters", detectable=0.07))
    return build(suite(*checks), reason=PASSED)


def failing_one_of_many() -> BuildReport:
    """Fail one check among many, with errors, flips, a mean, a unit and a check that is shown only."""
    failed = check(
        "rows",
        FAIL,
        reason=FAILED,
        next_step="evalgate show q-017",
        candidate_mean=0.70,
        comparison=comparison(-0.10, -0.172, -0.028, worse=11, better=3),
        regressed=tuple(Flip(example_id=f"q-{n:03}", baseline=1.0, candidate=0.0) for n in (17, 31, 50, 51, 52, 53)),
        improved=BETTER,
    )
    quality = check("quality", low=1.0, high=5.0, binary=False, baseline_mean=3.8, candidate_mean=3.9, detectable=0.06)
    latency = check(
        "latency",
        gating=False,
        low=None,
        high=None,
        binary=False,
        baseline_mean=0.41,
        candidate_mean=0.52,
        comparison=comparison(-0.11, -0.20, -0.02, worse=60, better=20),
    )
    others = [check(name) for name in ("parses", "filters", "tables")]
    errors = (
        ErrorTally(
            side=Side.CANDIDATE, kind=ErrorKind.TASK, message="KeyError: 'city'", where="router.py:31", count=12
        ),
        ErrorTally(
            side=Side.BASELINE, kind=ErrorKind.EVALUATOR, message="ValueError: no rows", where=None, count=1,
            evaluator="rows",
        ),
    )  # fmt: skip
    counts = {Side.CANDIDATE: SideCounts(runs=80, errors=12), Side.BASELINE: SideCounts(runs=80, cached=80)}
    report = shown(examples=EXAMPLES, errors=errors, counts=counts, units={"latency": "s"})
    return build(
        suite(failed, quality, *others, latency), reason="rows got worse.", reports=(report,), dirty=True, resumed=1
    )


def failing_in_a_slice() -> BuildReport:
    part = SliceDecision(
        path="metadata.diet",
        value="vegan",
        examples=32,
        tested=True,
        required=False,
        verdict=FAIL,
        reason="9 of the 32 examples with metadata.diet = vegan that were routed rightly no longer are; none went the "
        "other way.",
        comparison=comparison(-0.28, -0.42, -0.15, worse=9, better=0, pairs=32),
    )
    calm = replace(part, value="meat", verdict=PASS, reason=PASSED, comparison=None, tested=False, examples=6)
    unsure = replace(
        part,
        value="vegetarian",
        verdict=INCONCLUSIVE,
        reason="Fits both no change and a drop of up to 18 points.",
        comparison=comparison(-0.03, -0.18, 0.12, worse=3, better=2, pairs=31),
    )
    whole = RuleDecision(
        rule="no_regression", verdict=FAIL, reason="Worse where metadata.diet = vegan, if not overall."
    )
    failed = check("route", FAIL, rules=(whole,), slices=(part, unsure, calm), examples=150)
    return build(
        suite(failed, check("language"), name="router", examples=150),
        reason="router got worse for one kind of question.",
        reports=(shown("router", repetitions=3, dataset="datasets/router.jsonl"),),
    )


def failing_as_decided() -> BuildReport:
    """Fail with reasons that quote each other, as a decision writes them, and be no longer for it."""
    why = "16 examples that passed on v1/assistant.py:answer now fail; none went the other way."
    part = SliceDecision(
        path="metadata.topic", value="journeys", examples=32, tested=True, required=False, verdict=FAIL, reason=why,
        comparison=comparison(-0.5, -0.641, -0.359, worse=16, better=0, pairs=32),
    )  # fmt: skip
    rules = (
        RuleDecision(
            rule="no_regression",
            verdict=FAIL,
            reason=f"Where metadata.topic is journeys (32 examples): {why}",
            next_step="look at the examples of that slice that got worse: `evalgate show`",
        ),
        RuleDecision(rule="at_least", verdict=PASS, reason="0.798 is observed, 0.7 is asked (`mode: point`)."),
    )
    failed = check("sql", FAIL, rules=rules, slices=(part,), regressed=WORSE, improved=BETTER)
    labels = {"candidate_label": "v2/assistant.py:answer", "baseline_label": "v1/assistant.py:answer"}
    reason = f"sql: {rules[0].reason}"
    passed = check("parses", comparison=comparison(0, -0.02, 0.02, worse=0, better=0), reason="None failed twice.")
    return build(
        suite(failed, passed, name="analytics", reason=reason, examples=129),
        reason=f"analytics: {reason}",
        reports=(shown("analytics", examples=EXAMPLES, **labels),),
    )


def undecided() -> BuildReport:
    unsure = check(
        "rows",
        INCONCLUSIVE,
        reason="Fits both no change and a drop of up to 26 points.",
        next_step="to decide: repetitions: 3, or about 60 more examples",
        comparison=comparison(-0.05, -0.26, 0.15, worse=4, better=3, pairs=30),
        missing_could_change="Were every missing answer wrong, this would FAIL.",
        detectable=0.31,
    )
    return build(suite(unsure, check("parses"), examples=30), reason="30 examples are too few to tell.")


def blocked_on_undecided() -> BuildReport:
    report = undecided()
    return replace(report, build=replace(report.build, exit_code=3))


def unmeasurable() -> BuildReport:
    """Measure nothing in one suite, where the provider was down, and pass in another."""
    nothing = check(
        "rows",
        UNMEASURABLE,
        reason="61 of 80 pairs have no answer from the candidate; at most 1 may be missing.",
        next_step="evalgate run --resume",
        candidate_mean=None,
        comparison=None,
        detectable=None,
    )
    down = ErrorTally(
        side=Side.CANDIDATE, kind=ErrorKind.INFRASTRUCTURE, message="HTTP 503: overloaded", where=None, count=61
    )
    return build(
        suite(
            nothing,
            reason="Too many answers are missing to say anything.",
            next_step="evalgate run --resume",
            unmeasurable=Unmeasurable.ERRORS,
        ),
        suite(check("route"), name="router"),
        suite(
            name="empty",
            verdict=UNMEASURABLE,
            examples=0,
            reason="No example of datasets/empty.jsonl was selected: there is nothing to measure with.",
            next_step="evalgate dataset validate datasets/empty.jsonl",
            unmeasurable=Unmeasurable.NOTHING,
            baseline_label=None,
        ),
        reason="Two of three suites could not be measured.",
        reports=(shown(errors=(down,)), shown("router"), shown("empty", baseline_label=None, counts={})),
    )


def unchanged() -> BuildReport:
    same = comparison(0.0, -0.02, 0.02, worse=0, better=0)
    reason = "Nothing changed: all 80 answers scored the same."
    checks = [
        check(name, reason=reason, comparison=same, candidate_mean=0.80, detectable=None) for name in ("rows", "parses")
    ]
    return build(suite(*checks, identical=80), reason=reason)


def zero_tolerance() -> BuildReport:
    rules = (
        RuleDecision(
            rule="zero_tolerance",
            verdict=FAIL,
            reason="q-017 and q-031 failed twice in a row; q-050 did not reproduce.",
            example_ids=("q-017", "q-031"),
            next_step="evalgate show q-017",
        ),
        RuleDecision(rule="at_least", verdict=PASS, reason="98 % observed, 95 % asked for."),
    )
    failed = check(
        "parses", FAIL, rules=rules, candidate_mean=0.975, comparison=None, baseline_mean=None, detectable=None
    )
    return build(
        suite(failed, baseline_label=None),
        reason="2 examples fail that must not.",
        reports=(
            shown(examples=EXAMPLES, baseline_label=None, counts={Side.CANDIDATE: SideCounts(runs=83, cached=3)}),
        ),
    )


def observed() -> BuildReport:
    report = failing_in_a_slice()
    return replace(report, build=replace(report.build, mode="observe", exit_code=0))


def sampled() -> BuildReport:
    report = passing()
    return replace(report, build=replace(report.build, partial="--limit 20"))


def not_gated() -> BuildReport:
    report = failing_in_a_slice()
    return replace(report, build=replace(report.build, gated=False, exit_code=0))


def everywhere(text: str) -> ExampleView:
    """Say the same thing in every place of one example."""
    failure = Failure(kind=ErrorKind.TASK, type=text, message=text, where=text)
    return ExampleView(
        example=Example(id=text, input={text: text}, output={"answer": text}, metadata={text: text}),
        candidate=side(text, score=0, explanation=text, logs=text),
        baseline=side(None, score=None, failure=failure),
    )


def hostile() -> BuildReport:
    """Say every hostile thing in every place that a report takes text from."""
    everything = [text[:300] for text in HOSTILE]
    views = {text: everywhere(text) for text in everything}
    slices = tuple(
        SliceDecision(
            path="metadata.x", value=text, examples=12, tested=True, required=False, verdict=FAIL, reason=text,
            comparison=comparison(-0.2, -0.3, -0.1, worse=5, better=0),
        )
        for text in everything
    )  # fmt: skip
    errors = tuple(
        ErrorTally(side=Side.CANDIDATE, kind=ErrorKind.TASK, message=text, where=text, count=2) for text in everything
    )
    flips = tuple(Flip(example_id=text, baseline=1.0, candidate=0.0) for text in everything)
    failed = check("rows", FAIL, slices=slices, regressed=flips, improved=flips, reason="\n".join(everything))
    label = " ".join(everything)[:3000]
    report = shown(examples=views, errors=errors, candidate_label=label, baseline_label=label)
    return build(suite(failed, reason=label, next_step=label), reason=label, reports=(report,), branch=label)


SCENARIOS: dict[str, Callable[[], BuildReport]] = {
    "passing": passing,
    "failing_one_of_many": failing_one_of_many,
    "failing_in_a_slice": failing_in_a_slice,
    "failing_as_decided": failing_as_decided,
    "undecided": undecided,
    "blocked_on_undecided": blocked_on_undecided,
    "unmeasurable": unmeasurable,
    "unchanged": unchanged,
    "zero_tolerance": zero_tolerance,
    "observed": observed,
    "sampled": sampled,
    "not_gated": not_gated,
}
"""What golden texts exist of, by the name of their files."""
