"""Builds decided for real, one for each thing that can happen: what people read of them is kept as whole texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from evalgate.decision import decide, exit_code
from evalgate.decision.evidence import BuildEvidence, CheckEvidence, Labels, Redraw, StoredRuns, SuiteEvidence
from evalgate.decision.results import BuildDecision, SuiteDecision
from evalgate.records import Evaluation, Example, Side
from evalgate.report.model import BuildInfo, BuildReport, ExampleView, SideCounts, SideView, SuiteReport
from tests.unit.decision.builds import ERROR, build, check, flips, suite

MAIN = "main@1a2b3c4"
STORED = StoredRuns(repetitions=3, of=MAIN, date="2026-11-20")
TOPICS = ("billing", "delivery", "returns", "warranty")


def split(n: int, worse: int, better: int, *, seed: int = 0, passing: float = 0.85) -> tuple[list[float], list[float]]:
    """(candidate, baseline) of n pass/fail examples with these many changes, in no order."""
    candidate, baseline = flips(n, worse, better, passing=round(passing * n) - worse)
    order = np.random.default_rng(seed).permutation(n)
    return [candidate[i] for i in order], [baseline[i] for i in order]


def drawn(n: int, *, seed: int, repetitions: int, flaky: float = 0.3) -> list[list[float]]:
    """Pass/fail answers of an unchanged process: some examples are never sure."""
    chance = np.where(np.random.default_rng(n).random(n) < flaky, 0.7, 0.99)
    given = np.random.default_rng(seed).random((n, repetitions)) < chance[:, None]
    return [[float(value) for value in line] for line in given]


def ratings(n: int, *, seed: int, worse: float = 0.0) -> list[float]:
    """Whole ratings from 1 to 5."""
    given = np.random.default_rng(seed).normal(3.8 - worse, 0.9, n)
    return [float(value) for value in np.clip(np.rint(given), 1, 5)]


def one_among_many() -> BuildEvidence:
    calm = [check(*split(120, 2, 2, seed=index), name=f"check-{index:02}") for index in range(11)]
    return build(suite(check(*split(120, 15, 1), name="cites-policy"), *calm, label="main"))


def several() -> BuildEvidence:
    return build(
        suite(
            check(*split(100, 19, 2, seed=1), name="correct"),
            check(*split(100, 23, 4, seed=2), name="grounded"),
            check(*split(100, 1, 2, seed=3), name="parses"),
            check(*split(100, 3, 3, seed=4), name="polite"),
        )
    )


def slice_only() -> BuildEvidence:
    """German answers broke; the others make up for it."""
    languages = ["de"] * 40 + ["en"] * 80 + ["fr"] * 34 + ["it"] * 6
    german, rest = split(40, 13, 0, seed=5), split(120, 2, 9, seed=6)
    sides = [of + more for of, more in zip(german, rest, strict=True)]
    sliced = check(*sides, name="route", rules={"no_regression": {"slices": ["metadata.lang"]}})
    return build(suite(sliced, slices={"metadata.lang": languages}))


def required_slice() -> BuildEvidence:
    """All is well but in a slice of which that must be shown."""
    languages = ["de"] * 12 + ["en"] * 148
    rules = {"no_regression": {"slices": [{"path": "metadata.lang", "required": True}]}}
    sides = (value + more for value, more in zip(split(12, 1, 1), split(148, 2, 2), strict=True))
    return build(suite(check(*sides, name="route", rules=rules), slices={"metadata.lang": languages}))


def identical() -> BuildEvidence:
    checks = [check(*split(80, 0, 0, seed=seed), name=name) for seed, name in enumerate(("correct", "parses"))]
    return build(suite(*checks, identical=True))


def all_inconclusive() -> BuildEvidence:
    names = ("correct", "grounded", "polite")
    checks = [check(*split(30, 4, 2 + index, seed=index), name=name) for index, name in enumerate(names)]
    return build(suite(*checks))


def far_too_few() -> BuildEvidence:
    return build(suite(check(*flips(12, 0, 0), name="correct"), check(*flips(12, 1, 1), name="parses")))


def too_few_clusters() -> BuildEvidence:
    talks = [f"talk-{index // 15}" for index in range(180)]
    return build(suite(check(*split(180, 5, 4), name="correct"), clusters=talks))


def missing_decides() -> BuildEvidence:
    """One answer of sixty is missing, and it is the one that counts."""
    candidate, baseline = split(60, 3, 2, seed=9)
    place = next(index for index, pair in enumerate(zip(candidate, baseline, strict=True)) if pair == (1.0, 1.0))
    candidate = [None if index == place else value for index, value in enumerate(candidate)]
    return build(suite(check(candidate, baseline, name="correct"), check(*split(60, 0, 0), name="parses")))


def too_much_missing() -> BuildEvidence:
    candidate, baseline = split(60, 3, 2, seed=9)
    return build(suite(check([None] * 7 + candidate[7:], baseline, name="correct")))


def improvement() -> BuildEvidence:
    rules = {"improves": 0.02, "no_regression": {}}
    return build(
        suite(
            check(*split(150, 3, 24, passing=0.6), name="correct", rules=rules),
            check(*split(150, 2, 2, seed=2), name="polite", rules={"equivalent": 0.05}),
        )
    )


def no_improvement() -> BuildEvidence:
    return build(suite(check(*split(150, 9, 8), name="correct", rules={"improves": 0.10})))


def perhaps_better() -> BuildEvidence:
    return build(suite(check(*split(40, 3, 6), name="correct", rules={"improves": 0.02})))


def threshold_missed() -> BuildEvidence:
    candidate, _ = split(80, 0, 0, passing=0.85)
    evidence = {"threshold": 0.90, "mode": "evidence"}
    slow = [0.4 + 0.01 * (index % 40) for index in range(80)]
    return build(
        suite(
            check(candidate, name="correct", rules={"at_least": 0.90}),
            check(candidate, name="grounded", rules={"at_least": evidence}),
            check(slow, name="latency", rules={"at_most": 0.5}, low=None, high=None, direction="minimize"),
            label=None,
        )
    )


def zero_tolerance(*, again: float) -> BuildEvidence:
    candidate = [1.0] * 80
    candidate[17] = candidate[31] = 0.0
    redraws = {f"e{index:05d}": Redraw(candidate=again, baseline=1.0) for index in (17, 31)}
    rules = {"zero_tolerance": {}}
    return build(suite(check(candidate, [1.0] * 80, name="no-secrets", rules=rules, redraws=redraws)))


def leans() -> BuildEvidence:
    """Below zero for certain where it were alone; ordinary among 25."""
    calm = [check(*split(100, 5, 5, seed=index), name=f"check-{index:02}") for index in range(24)]
    return build(suite(check(*split(100, 7, 1), name="cites-policy"), *calm))


def passed_at_the_screen() -> BuildEvidence:
    sides = drawn(120, seed=3, repetitions=1), drawn(120, seed=4, repetitions=3)
    return build(replace(suite(check(*sides, name="correct"), label=f"{MAIN}, stored"), screen=STORED))


def passed_after_confirmation() -> BuildEvidence:
    sides = drawn(120, seed=5, repetitions=3), drawn(120, seed=6, repetitions=3)
    return build(suite(check(*sides, name="correct"), label=MAIN))


def shown_only() -> BuildEvidence:
    """Labels, ratings and lengths that decide nothing, beside a check that passes."""
    rng = np.random.default_rng(8)
    before, after = rng.normal(420, 110, 120).round(), rng.normal(520, 140, 120).round()
    topic = check(*split(120, 6, 5, seed=3), name="topic")
    counts = (("billing", 31, 44), ("returns", 40, 38), ("delivery", 28, 30), ("other", 21, 8))
    return build(
        suite(
            check(*split(120, 2, 3, seed=1), name="correct"),
            check(ratings(120, seed=4, worse=0.5), ratings(120, seed=5), name="tone", low=1.0, high=5.0, rules=SHOWN),
            check(
                after.tolist(), before.tolist(), name="length", low=None, high=None, scale=500.0, rules=SHOWN,
                direction="minimize",
            ),
            replace(topic, labels=Labels(counts=counts, other_names=2, others=(0, 3))),
        )
    )  # fmt: skip


SHOWN: Mapping[str, object] = {"report_only": True}


def little_of_the_range() -> BuildEvidence:
    rng = np.random.default_rng(7)
    before = 0.86 + 0.06 * rng.random(90)
    after = before + rng.normal(0.0005, 0.004, 90)
    return build(suite(check(after.round(4).tolist(), before.round(4).tolist(), name="similarity")))


def errors() -> BuildEvidence:
    candidate, baseline = split(80, 0, 1)
    return build(suite(check([ERROR] * 12 + candidate[12:], baseline, name="correct")))


def certain_but_small() -> BuildEvidence:
    rules = {"no_regression": {"ignore_drop_under": 0.05}}
    return build(suite(check(*split(300, 9, 0), name="correct", rules=rules)))


SCENARIOS: Mapping[str, Callable[[], BuildEvidence]] = {
    "one_among_many": one_among_many,
    "several": several,
    "slice_only": slice_only,
    "required_slice": required_slice,
    "identical": identical,
    "all_inconclusive": all_inconclusive,
    "far_too_few": far_too_few,
    "too_few_clusters": too_few_clusters,
    "missing_decides": missing_decides,
    "too_much_missing": too_much_missing,
    "improvement": improvement,
    "no_improvement": no_improvement,
    "perhaps_better": perhaps_better,
    "threshold_missed": threshold_missed,
    "zero_tolerance_reproduced": lambda: zero_tolerance(again=0.0),
    "zero_tolerance_gone": lambda: zero_tolerance(again=1.0),
    "leans": leans,
    "passed_at_the_screen": passed_at_the_screen,
    "passed_after_confirmation": passed_after_confirmation,
    "shown_only": shown_only,
    "little_of_the_range": little_of_the_range,
    "errors": errors,
    "certain_but_small": certain_but_small,
}
"""What golden texts exist of, by the name of their files."""


def report(evidence: BuildEvidence) -> BuildReport:
    """Decide, and put beside it what a gate would: the build, the runs, and the examples that are named."""
    decision = decide(evidence)
    info = build_info(decision, evidence, number=12, seconds=41.0)
    suites = [_shown(of, decided) for of, decided in zip(evidence.suites, decision.suites, strict=True)]
    return BuildReport(decision=decision, build=info, suites=tuple(suites))


def build_info(
    decision: BuildDecision, evidence: BuildEvidence, *, number: int, seconds: float, change: str | None = None
) -> BuildInfo:
    """Return what a gate knows of the build itself."""
    return BuildInfo(
        id=number,
        created_at="2026-11-21T02:00:00+00:00",
        commit="9f8e7d6c5b4a39281706f5e4d3c2b1a098765432",
        branch="shorter-prompt",
        dirty=False,
        config_file="evalgate.yaml",
        evalgate_version="0.1.0",
        seconds=seconds,
        exit_code=exit_code(decision, evidence.policy),
        mode=evidence.policy.mode,
        change=change,
    )


def _shown(of: SuiteEvidence, decided: SuiteDecision) -> SuiteReport:
    sides = {Side.CANDIDATE: of.checks[0].candidate, Side.BASELINE: of.checks[0].baseline}
    return SuiteReport(
        name=of.name,
        dataset=f"datasets/{of.name}.jsonl",
        dataset_version="3f2a9c01",
        repetitions=of.checks[0].candidate.values.shape[1],
        candidate_label="work tree",
        baseline_label=of.baseline_label,
        counts={side: SideCounts(runs=scores.values.size) for side, scores in sides.items() if scores is not None},
        examples={name: _example(name, of) for name in _named(decided)},
        units={"latency": "s", "length": "characters"},
    )


def _named(decided: SuiteDecision) -> Sequence[str]:
    flipped = [flip.example_id for each in decided.checks for flip in (*each.regressed, *each.improved)]
    return [
        *dict.fromkeys([*flipped, *(name for each in decided.checks for of in each.rules for name in of.example_ids)])
    ]


def _example(name: str, of: SuiteEvidence) -> ExampleView:
    place = of.example_ids.index(name)
    metadata = {path.partition(".")[2]: values[place] for path, values in of.slices.items()}
    topic = TOPICS[place % len(TOPICS)]

    def side(which: str, text: str) -> SideView:
        given = [Evaluation(name=each.name, score=_first(each, which, place)) for each in of.checks]
        return SideView(output=text, evaluations=tuple(given), latency=0.4)

    question = {"question": f"What is the rule for {topic}, number {place}?"}
    answer = f"Our rule {place} for {topic} is in section {place % 9 + 1}."
    return ExampleView(
        example=Example(id=name, input=question, output={"answer": answer}, metadata=metadata),
        candidate=side("candidate", f"Our rule for {topic} is in section {place % 9 + 1}."),
        baseline=None if of.baseline_label is None else side("baseline", answer),
    )


def _first(of: CheckEvidence, which: str, place: int) -> float | None:
    scores = getattr(of, which)
    value = None if scores is None else float(scores.values[place, 0])
    return None if value is None or np.isnan(value) else value
