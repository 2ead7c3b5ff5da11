"""What both golden datasets promise: one example per line, unique ids, complete metadata, slices worth testing."""

from __future__ import annotations

import json
from collections import Counter
from itertools import combinations

import pytest
from rapidfuzz import fuzz

SUITES = {
    "analytics": {
        "least": 96,
        "text": "question",
        "input": ["question", "tenant_id", "today"],
        "output": ["sql", "rows"],
        "metadata": {
            "difficulty": {"easy", "medium", "hard"},
            "topic": {"devices", "readings", "journeys", "alerts"},
        },
    },
    "recipes": {
        "least": 180,
        "text": "query",
        "input": ["query"],
        "output": ["route"],
        "metadata": {
            "language": {"en", "es", "de", "fr"},
            "diet": {"none", "vegan", "vegetarian", "gluten_free", "dairy_free", "keto"},
        },
    },
}


@pytest.fixture(params=SUITES)
def suite(request, questions, queries):
    """Return a suite's name, its examples and what they promise."""
    return request.param, {"analytics": questions, "recipes": queries}[request.param], SUITES[request.param]


def test_has_as_many_examples_as_promised(suite):
    """The issue asks for 80 questions and 150 queries; there are more."""
    _, examples, promised = suite
    assert len(examples) >= promised["least"]


def test_every_line_is_one_example_with_its_keys_in_one_order(suite, datasets):
    """A line reads back to the same text, so that a change to one example is a change to one line."""
    name, examples, promised = suite
    lines = (datasets / name / "golden.jsonl").read_text(encoding="utf-8").splitlines()
    for line, example in zip(lines, examples, strict=True):
        assert line == json.dumps(example, ensure_ascii=False)
        assert list(example) == ["id", "input", "output", "metadata"]
        assert list(example["input"]) == promised["input"]
        assert list(example["output"]) == promised["output"]
        assert list(example["metadata"]) == list(promised["metadata"])


def test_ids_are_unique(suite):
    """An id names one example for ever."""
    _, examples, _ = suite
    assert [name for name, times in Counter(example["id"] for example in examples).items() if times > 1] == []


def test_no_two_questions_are_nearly_the_same(suite):
    """Near duplicates would count one skill twice."""
    _, examples, promised = suite
    texts = [example["input"][promised["text"]].casefold() for example in examples]
    assert [pair for pair in combinations(texts, 2) if fuzz.ratio(*pair) >= 95] == []


def test_metadata_has_known_values_and_every_slice_ten_examples(suite):
    """A slice under ten examples would be shown and not tested."""
    _, examples, promised = suite
    for key, values in promised["metadata"].items():
        found = Counter(example["metadata"][key] for example in examples)
        assert set(found) == values
        assert min(found.values()) >= 10, found
