"""Examples that differ between equal runs, as entries of a quarantine file that somebody has to fill in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from evalgate.decision.study import CheckNoise, Flaky, Study, SuiteNoise
from evalgate.report.noise import scores_of

_MOST: Final = 10
"""Entries of one suite: a model that wavers everywhere is no matter of single examples."""
_ODD: Final = 2
"""So many runs at least that say otherwise than the others: one odd run of five is ordinary."""


def render_proposal(study: Study, study_id: int) -> str:
    """Return YAML to paste. Without owners and last days: it is refused until somebody has filled them in."""
    lines = [
        f"# Proposed by noise study {study_id}: examples that differ between equal runs, those nearest to a toss first."
    ]
    lines.append(
        "# Nothing is set aside by itself: fill in an owner, a last day, and why, or mend the example instead."
    )
    for suite in study.suites:
        found = list(_proposed(suite))
        lines += [
            "",
            f"# {json.dumps(suite.name)}" + ("" if found else ": nothing to propose"),
            *(["examples:"] if found else []),
        ]
        for check, flaky in found:
            why = f"{scores_of(flaky, check)} in equal runs (noise study {study_id})"
            lines += [
                f"  - id: {json.dumps(flaky.example_id)}",
                f"    check: {json.dumps(check.name)}",
                '    owner: ""',
                f"    reason: {json.dumps(why)}",
                '    expires: ""',
            ]
    return "\n".join(lines) + "\n"


def _proposed(suite: SuiteNoise) -> Iterator[tuple[CheckNoise, Flaky]]:
    found = [(check, flaky) for check in suite.checks for flaky in check.flaky if _wavers(flaky)]
    yield from found[:_MOST]


def _wavers(flaky: Flaky) -> bool:
    """Return whether more than one odd run differs from what most runs scored."""
    times = [count for _, count in flaky.scores]
    return sum(times) - max(times) >= _ODD
