"""What was expected of the decision before it was built, beside what it does: a section of the measured page.

The expectations come from simulations of the method in general, 20,000 builds a figure (8,000 of scores that are no
pass/fail), with worlds of their own. Where a figure here is of another world or another rule, the reason stands beside.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

SIZES = (20, 30, 50, 100, 200, 500)
TOLERATED = 2.5
"""Standard errors of the difference. Of forty figures that agree, half of one is further apart."""


@dataclass(frozen=True, kw_only=True)
class Expected:
    """One line: what was expected, in per cent, by number of examples, and the cells that measure it."""

    what: str
    group: str
    row: str
    expected: Mapping[int, float]
    verdict: str = "FAIL"
    builds: int = 20_000
    why: str
    """Why it may be different: what is not the same."""


def _sizes(*figures: float | None) -> dict[int, float]:
    return {n: figure for n, figure in zip(SIZES, figures, strict=False) if figure is not None}


ONE, FLOW, OTHER, SEVERAL = "one pass/fail check", "screen, then confirm", "other scores", "several comparisons"
TAKEN = "what answers take"
_MARGIN = (
    "Both the screen and the confirmation may let it pass, each at its own 5 % or less; the expectation was of the"
    " screen alone."
)
_FLIPS = "It lies between this row and the one with 5 % of flips: fewer answers flipped by themselves there."
_INDEPENDENT = (
    "A confirmation's draws are its own, so that at most 5 % of the builds confirmed can fail. At 2.3 passes over the"
    " dataset, which was expected too, about one build in five is confirmed, and more than 1 % is out of reach."
)
_LUCKIEST = (
    "At most 5 % of the builds confirmed can fail, and fewer than half are confirmed (below): the luckiest of ten"
    " means of three runs over five checks is less lucky than what was expected, where nearly all must have been."
)
_TIES = (
    "The expectation spends half of the ties (mid-p) everywhere; clusters do so here only where ties are rare, and a"
    " FAIL also needs the interval below zero. Twenty examples are four clusters, too few to fail at all."
)
LINES = (
    Expected(
        what="false alarms, pass/fail, at the most flips there can be",
        group=ONE,
        row="unchanged: pass rate 50 %, flips 50 %",
        expected=_sizes(4.4, 4.7, 5.0, 4.9, 5.1, 5.2),
        why="The expectation is the worst of six settings, so it leans up.",
    ),
    Expected(
        what="a drop of 10 points, pass rate 80 %, stable examples",
        group=ONE,
        row="drop of 10 points: pass rate 80 %, flips 5 %",
        expected={30: 31, 50: 52, 100: 83},
        why="It lies between this row and the one with 10 % of flips: its stable examples were not quite still.",
    ),
    Expected(
        what="false alarms, [0, 1] scores with many zeros",
        group=OTHER,
        row="[0, 1] with many zeros, unchanged",
        expected=_sizes(4.8, None, None, None, None, 5.1),
        builds=8_000,
        why="",
    ),
    Expected(
        what="false alarms, clusters",
        group=OTHER,
        row="clusters of 5, unchanged",
        expected=_sizes(6.0, None, None, None, None, 5.3),
        builds=8_000,
        why=_TIES,
    ),
    Expected(
        what="false alarms, errors in 10 % of answers counted on both sides",
        group=OTHER,
        row="errors in 10 % of answers, both sides",
        expected={100: 4.7},
        why="The expectation left the errors out on both sides.",
    ),
    Expected(
        what="false alarms, 25 tests",
        group=SEVERAL,
        row="25 checks in 4 slices each, unchanged",
        expected={50: 4.1},
        why="Here each of 25 checks has four slices too: 125 columns.",
    ),
    Expected(
        what="one of 25 down by 15 points",
        group=SEVERAL,
        row="25 checks in 4 slices each, one down 15 points",
        expected={50: 39.5},
        why="Here each of 25 checks has four slices too, which may catch it.",
    ),
    Expected(
        what="latency up by 30 %, power",
        group=TAKEN,
        row="up 30 %, 1 % allowed, σ 0.4",
        expected={50: 94},
        builds=8_000,
        why="A FAIL here also needs the whole interval beyond the 1 % that is allowed.",
    ),
    Expected(
        what="the flow, five checks, unchanged: FAIL",
        group=FLOW,
        row="five checks, unchanged",
        expected={50: 2.5, 100: 1.9},
        why=_INDEPENDENT,
    ),
    Expected(
        what="the flow, five checks, luckiest tenth of baselines: FAIL",
        group=FLOW,
        row="five checks, luckiest of ten",
        expected={50: 4.4, 100: 5.2},
        why=_LUCKIEST,
    ),
    Expected(
        what="the flow, five checks, one down 10 points: FAIL",
        group=FLOW,
        row="five checks, one down 10 points",
        expected={50: 42, 100: 80},
        why=_FLIPS,
    ),
    Expected(
        what="the flow, five checks, one down 15 points: FAIL",
        group=FLOW,
        row="five checks, one down 15 points",
        expected={50: 83, 100: 99},
        why=_FLIPS,
    ),
    Expected(
        what="the flow, true drop of the margin: PASS (false)",
        group=FLOW,
        row="drop of 10 points (the margin: PASS is false)",
        expected={50: 4.5, 100: 4.5},
        verdict="PASS",
        why=_MARGIN,
    ),
    Expected(
        what="the same against the unluckiest baseline of ten: PASS (false)",
        group=FLOW,
        row="drop of 10 points, unluckiest of ten",
        expected={50: 4.5, 100: 4.5},
        verdict="PASS",
        why=_MARGIN,
    ),
)


def comparison(found: Mapping[str, dict]) -> str:
    """Return the table: what was expected, what was measured, how far apart in standard errors, and why."""
    rows = [
        "| what | n | expected, % | measured, % | standard errors apart | |",
        "|---|---|---|---|---|---|",
    ]
    agree = total = 0
    told_once: set[str] = set()
    for line in LINES:
        for n, figure in line.expected.items():
            one = found.get(f"{line.group} | {line.row} | n={n}")
            if one is None:
                continue
            share, builds = one["counts"].get(line.verdict, 0) / one["repetitions"], one["repetitions"]
            errors = apart(figure / 100, line.builds, share, builds)
            same = abs(errors) <= TOLERATED
            agree, total = agree + same, total + 1
            figures = f"{figure:g} | {100 * share:.1f} ± {100 * math.sqrt(share * (1 - share) / builds):.1f}"
            told = (
                "agrees" if same else "differs, likewise" if line.why in told_once else f"differs. {line.why}".strip()
            )
            told_once |= set() if same else {line.why}
            rows.append(f"| {line.what} | {n} | {figures} | {f'{errors:+.1f}'.replace('-', '−')} | {told} |")
    head = (
        f"{agree} of {total} agree within {TOLERATED:g} standard errors of their difference. The others are not luck,"
        " and their reasons stand beside them: another simulated world, or a rule that is stricter as it was built."
    )
    return f"{head}\n\n" + "\n".join(rows)


def apart(expected: float, expected_builds: int, share: float, builds: int) -> float:
    """Return how many standard errors of their difference the two shares are apart."""
    pooled = (expected * expected_builds + share * builds) / (expected_builds + builds)
    error = math.sqrt(pooled * (1 - pooled) * (1 / expected_builds + 1 / builds))
    return (share - expected) / error if error else 0.0
