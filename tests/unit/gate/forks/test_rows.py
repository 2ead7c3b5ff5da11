"""The rows' published schema is the models', and says no less than they do of shapes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from evalgate.gate.forks.rows import Head, Row, rows_schema

PAGE = Path(__file__).parents[4] / "docs" / "fork-rows.schema.json"
HEAD = {
    "evalgate_rows": 1,
    "evalgate": "0.1.0",
    "created_at": "2026-11-21T17:13:27.005+00:00",
    "commit": "a" * 40,
    "head": None,
    "complete": True,
    "rows": 1,
    "suites": {"support": {"draws": [{"key": "0" * 16, "candidate": 3, "baseline": 3}], "baseline": True}},
}
ROW = {
    "suite": "support",
    "side": "candidate",
    "example": "e1",
    "content": "0" * 64,
    "sample": "0123456789abcdef-again1",
    "output": {"answer": 1},
    "started_at": "2026-11-21T17:13:27.125+00:00",
    "evaluations": [{"name": "exact_match", "score": 0.0, "label": "fail", "usage": []}],
}


def test_the_published_schema_is_that_of_the_models():
    text = json.dumps(rows_schema(), indent=2) + "\n"
    if os.environ.get("EVALGATE_WRITE_GOLDEN"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text("utf-8") == text


def test_a_head_and_a_row_are_what_the_schema_takes():
    validator = Draft202012Validator(rows_schema())
    for line in (HEAD, ROW):
        validator.validate(line)
    assert Head.model_validate(HEAD).suites["support"].draws[0].candidate == 3
    assert Row.model_validate(ROW).evaluations[0].label == "fail"
    assert not validator.is_valid({**HEAD, "verdict": "PASS"})


@pytest.mark.parametrize("sample", ["r1", "r12", "again1", "0123456789abcdef-1"])
def test_samples_are_named_as_draws_name_them(sample):
    assert Row.model_validate({**ROW, "sample": sample}).sample == sample


@pytest.mark.parametrize("sample", ["", "r0", "r", "x1", "r1\n", "0123-1", "../r1", "r99999"])
def test_no_other_name_is_a_sample(sample):
    with pytest.raises(ValidationError):
        Row.model_validate({**ROW, "sample": sample})
