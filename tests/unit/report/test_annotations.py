"""Annotations: one line per check that needs somebody."""

from __future__ import annotations

import pytest

from evalgate.errors import ConfigurationError, JournalError, Location
from evalgate.report.annotations import error_annotation, render_annotations
from tests.unit.report import builds


@pytest.mark.parametrize(
    ("name", "starts"),
    [
        ("passing", []),
        ("unchanged", []),
        ("sampled", []),
        ("failing_in_a_slice", ["::error title=evalgate FAIL%3A router/route::Worse where"]),
        ("observed", ["::warning title=evalgate FAIL%3A router/route::Worse where"]),
        ("not_gated", ["::warning title=evalgate FAIL%3A router/route::Worse where"]),
        ("undecided", ["::warning title=evalgate INCONCLUSIVE%3A sql/rows::Fits both"]),
        ("blocked_on_undecided", ["::error title=evalgate INCONCLUSIVE%3A sql/rows::Fits both"]),
        (
            "unmeasurable",
            [
                "::error title=evalgate UNMEASURABLE%3A sql/rows::61 of 80",
                "::error title=evalgate UNMEASURABLE%3A empty::No example",
            ],
        ),
    ],
)
def test_what_needs_somebody_is_said_as_loud_as_it_blocks(name: str, starts: list[str]) -> None:
    lines = render_annotations(builds.SCENARIOS[name]())
    assert len(lines) == len(starts)
    assert all(line.startswith(start) for line, start in zip(lines, starts, strict=True))


def test_hostile_reasons_stay_on_one_line_and_short() -> None:
    lines = render_annotations(builds.hostile())
    assert len(lines) == 1
    assert len(lines[0].splitlines()) == 1
    assert len(lines[0]) < 2_000


def test_an_error_before_any_verdict_points_at_its_place() -> None:
    error = ConfigurationError(
        "unknown key 'chekcs', did you mean checks?",
        location=Location(file="evals/a,b.yaml", line=4, column=3),
        next_step="rename it",
    )
    assert error_annotation(error) == (
        "::error title=evalgate%3A no verdict,file=evals/a%2Cb.yaml,line=4,col=3::"
        "unknown key 'chekcs', did you mean checks?%0Anext: rename it"
    )
    assert (
        error_annotation(JournalError("the disk is full")) == "::error title=evalgate%3A no verdict::the disk is full"
    )
