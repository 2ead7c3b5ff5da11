"""Comparisons of several to render, decided as they are."""

from __future__ import annotations

import numpy as np

from evalgate.decision.contest import LeftOut
from evalgate.decision.contest_results import ContestResult
from evalgate.decision.several import compare_several
from tests.unit.decision.contests import contender, contest, passing, spent, suite

_JSON = passing(120, 120)


def models() -> ContestResult:
    """Four models: one wins, one is behind, one is cheap, one could be behind by luck."""
    few = [0.0] * 3 + [1.0] * 117
    return compare_several(
        contest(
            suite(
                contender(
                    "gpt-4.1", spent(120, cost=0.0021, tokens=610, seconds=1.4), right=passing(96, 120), json=_JSON
                ),
                contender(
                    "large", spent(120, cost=0.0134, tokens=655, seconds=3.1), right=passing(112, 120), json=_JSON
                ),
                contender("mini", spent(120, cost=0.00042, tokens=598, seconds=0.6), right=passing(84, 120), json=few),
                contender("old", spent(120, cost=0.0031, tokens=700, seconds=2.2), right=passing(95, 120), json=_JSON),
                metric="right",
            )
        )
    )


def undecided() -> ContestResult:
    """Two prompts of which nobody counted the cost, with notes and somebody left out."""
    chosen = passing(30, 40)
    other = [1.0] * 31 + [0.0] * 9
    other[0] = 0.0
    left = (
        LeftOut(name="build 9", reason="Build 9 was interrupted: a part of it says nothing of the whole."),
        LeftOut(name="build 12", suite="support", reason="It has no suite support."),
    )
    unknown = spent(40, cost=None, tokens=None, seconds=0.02, errors=2)
    return compare_several(
        contest(
            suite(
                contender("a", unknown, right=chosen),
                contender("b", unknown, right=other),
                notes=("b answered more often: of each example, the first answer of each is compared.",),
            ),
            left_out=left,
        )
    )


def two_suites() -> ContestResult:
    """A suite with a score without a range, and one that is clustered and repeated."""
    rng = np.random.default_rng(2)
    specs = {"latency": {"low": None, "high": None, "direction": "minimize"}}
    timed = suite(
        contender("v1", spent(30), latency=rng.uniform(1.0, 2.0, 30).round(3).tolist()),
        contender("v2", spent(30, cost=0.0, tokens=0), latency=rng.uniform(0.5, 1.0, 30).round(3).tolist()),
        name="speed",
        specs=specs,
        units={"latency": "s"},
    )
    drawn = [[[float(x) for x in row] for row in rng.random((30, 3)) < rate] for rate in (0.5, 0.6)]
    talks = suite(
        contender("v1", spent(90), right=drawn[0]),
        contender("v2", spent(90, cost=0.0), right=drawn[1]),
        name="talks",
        dataset="talks",
        clusters=[f"talk {index // 3}" for index in range(30)],
    )
    return compare_several(contest(timed, talks))


def many(number: int = 30) -> ContestResult:
    """A contest of thirty with long names."""
    rng = np.random.default_rng(5)
    names = [f"prompts/answer-{index:02d}.yaml on provider/a-rather-long-model-name-{index}" for index in range(number)]
    return compare_several(
        contest(
            suite(
                *(
                    contender(
                        name,
                        spent(60, cost=0.0001 * (index + 1), seconds=0.1 * (index + 1)),
                        right=(rng.random(60) < 0.6 + 0.01 * index).astype(float).tolist(),
                    )
                    for index, name in enumerate(names)
                )
            )
        )
    )


SCENARIOS = {"models": models, "undecided": undecided, "two_suites": two_suites, "many": many}
