"""Builds with checks of cost, tokens and latency, decided for real."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from evalgate.decision import decide
from evalgate.decision.evidence import SuiteEvidence
from evalgate.records import Example, Side
from evalgate.report.model import BuildReport, ExampleView, SideCounts, SideView
from tests.unit.decision import builds as evidence
from tests.unit.decision.builds import UNKNOWN, Earlier, check, flips, taken
from tests.unit.report import builds

LANG = "metadata.lang"
SIZE = 60
LANGUAGES = tuple(("de", "en", "fr")[at % 3] for at in range(SIZE))
UNITS = {"cost": "$", "tokens": "tokens", "latency": "s"}


def amounts(scale: float) -> list[float]:
    return [scale * (1 + (7 * at) % 10 / 10) for at in range(SIZE)]


def varied(values: Sequence[float], factor: float = 1.0, size: float = 0.1) -> list[float]:
    return [value * factor * math.exp(size * math.sin(2.3 * at + at * at)) for at, value in enumerate(values)]


def report(suite: SuiteEvidence) -> BuildReport:
    """What the gate would make of a suite."""
    decision = decide(evidence.build(suite))
    (decided,) = decision.suites
    named = {flip.example_id for one in decided.checks for flip in (*one.regressed, *one.improved)}
    named |= {name for one in decided.checks for rule in one.rules for name in rule.example_ids}
    examples = {
        name: ExampleView(
            example=Example(id=name, input={"question": f"How is {name}?"}),
            candidate=SideView(output="Fine."),
            baseline=SideView(output="Fine."),
        )
        for name in sorted(named)
    }
    counts = {side: SideCounts(runs=SIZE) for side in Side}
    shown = builds.shown(suite.name, examples=examples, units=UNITS, counts=counts, baseline_label="main")
    made = builds.build(builds.suite(builds.check("none")), reason="", reports=(builds.shown(),))
    codes = {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 0, "UNMEASURABLE": 4}
    info = replace(made.build, exit_code=codes[decision.verdict])
    return BuildReport(decision=decision, build=info, suites=(shown,))


def dearer() -> BuildReport:
    """Cost fails, overall and in a language; a few answers carry a rise in tokens; latency is shown only."""
    cost, tokens, seconds = amounts(0.001), amounts(400), amounts(0.9)
    carried = varied(tokens, size=0.05)
    carried[11] *= 40
    quality = check(*flips(SIZE, 1, 1), rules={"no_regression": {"rule_out_drop": 0.15}})
    return report(
        evidence.suite(
            quality,
            taken(varied(cost, 1.24), cost, rules={"no_regression": {"slices": [LANG]}, "at_most": 0.002}),
            taken(carried, tokens, name="tokens", rules={"no_regression": {"allow_increase": 0.2}}),
            taken(varied(seconds, 0.95, 0.4), seconds, name="latency", rules={"report_only": True}),
            slices={LANG: LANGUAGES},
        )
    )


def cheaper() -> BuildReport:
    """Cost is down by what is asked, tokens rise within what is allowed, latency does not."""
    cost, tokens, seconds = amounts(0.01), amounts(400), amounts(0.9)
    return report(
        evidence.suite(
            check(*flips(SIZE, 1, 1), rules={"no_regression": {"rule_out_drop": 0.15}}),
            taken(varied(cost, 0.6), cost, rules={"improves": 0.3}),
            taken(varied(tokens, 1.03, 0.04), tokens, name="tokens"),
            taken(varied(seconds), seconds, name="latency"),
        )
    )


def unknown() -> BuildReport:
    """Nobody knows the cost; the baseline's latency is of another build."""
    seconds = amounts(0.9)
    return report(
        evidence.suite(
            check(*flips(SIZE, 0, 0)),
            taken([UNKNOWN] * SIZE, amounts(0.001)),
            taken(seconds, [Earlier(one) for one in seconds], name="latency"),
        )
    )


SCENARIOS: dict[str, Callable[[], BuildReport]] = {"dearer": dearer, "cheaper": cheaper, "unknown_cost": unknown}
