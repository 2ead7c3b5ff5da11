"""What makes a candidate uncertain, or a failure, and what does not."""

from __future__ import annotations

import pytest

from evalgate.curate.sampling.evidence import failure, uncertainty
from tests.unit.curate.sampling.questions import candidate


def said(*annotations, **more):
    marks = {
        "annotations": [dict(zip(("name", "label", "score", "annotator"), each, strict=True)) for each in annotations]
    }
    return candidate(1, "q", marks=marks, **more)


@pytest.mark.parametrize(
    ("annotations", "weight", "why"),
    [
        ([("c", "correct", None, "LLM"), ("c", "incorrect", None, "HUMAN")], 1.0, "2 who judged c differ"),
        ([("c", "a", None, "LLM"), ("c", "a", None, "LLM"), ("c", "b", None, "LLM")], 2 / 3, "3 who judged c differ"),
        ([("c", None, 0.2, "LLM"), ("c", None, 0.9, "LLM")], 1.0, "scores of c lie on both sides of 0.5"),
        ([("c", None, 0.6, "LLM")], 0.8, "c is 0.6, close to its threshold 0.5"),
        ([("stars", None, 3.2, "LLM")], 0.6, "stars is 3.2, close to its threshold 3"),
    ],
)
def test_judges_that_differ_and_scores_near_the_threshold_are_uncertain(annotations, weight, why):
    found = uncertainty(said(*annotations), {"stars": 3.0})
    assert (found.weight, found.why) == (pytest.approx(weight), why)


@pytest.mark.parametrize(
    "annotations",
    [
        [],
        [("c", "correct", 1.0, "LLM"), ("c", "Correct", 1.0, "LLM")],
        [("c", "correct", None, "LLM"), ("d", "incorrect", None, "LLM")],
        [("c", None, 0.0, "LLM")],
        [("unknown scale", None, 3.0, "LLM")],
        [("c", 7, "0.5", "LLM")],
    ],
)
def test_where_everybody_is_sure_or_nothing_is_known_nothing_is_uncertain(annotations):
    assert uncertainty(said(*annotations), {}) is None


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (candidate(1, "q", source={"status": "ERROR"}), "its span failed"),
        (said(("c", "Incorrect", None, "LLM")), "c is Incorrect"),
        (said(("thumb", None, 0.0, "HUMAN")), "thumb is 0"),
        (said(("stars", "two", 2.0, "LLM")), "stars is two"),
        (
            candidate(1, "q", marks={"from_gate": {"build": 1, "suite": "s", "example": "e7", "likeness": 0.8}}),
            "it asks what e7 does, which got worse",
        ),
    ],
)
def test_a_failed_span_a_bad_label_a_low_score_and_what_a_gate_found_are_failures(made, why):
    assert failure(made, {"stars": 3.0}).why == why


@pytest.mark.parametrize(
    "annotations",
    [[("c", "correct", 1.0, "LLM")], [("toxicity", "no", 0.0, "LLM")], [("stars of 5", None, 2.0, "LLM")], []],
)
def test_what_nobody_called_bad_is_no_failure(annotations):
    assert failure(said(*annotations, source={"status": "OK"}), {}) is None


def test_marks_that_are_none_are_passed_over():
    for marks in ({"annotations": "x"}, {"annotations": [1, {"label": "incorrect"}, {"name": 5}]}, {}):
        assert failure(candidate(1, "q", marks=marks), {}) is None
        assert uncertainty(candidate(1, "q", marks=marks), {}) is None


def test_a_score_at_its_threshold_is_no_failure():
    assert failure(said(("stars", None, 3.0, "LLM")), {"stars": 3.0}) is None
    assert failure(said(("c", None, 0.5, "LLM")), {}) is None
    found = failure(said(("stars", None, 2.9, "LLM")), {"stars": 3.0})
    assert found is not None
    assert found.why == "stars is 2.9"
    assert failure(said(("unknown scale", None, -3.0, "LLM")), {}) is None
