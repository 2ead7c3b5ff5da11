"""Broken twins of reference answers: never the answer itself, and of every kind that can be."""

from evalgate.golden.twins import KINDS, twins
from evalgate.records import Example


def example(output, identity="a"):
    return Example(id=identity, input={"q": 1}, output=output)


def made(output, *others):
    return {twin.kind: twin.output for twin in twins(example(output), [example(other, "b") for other in others])}


def test_each_twin_is_broken_in_its_own_way():
    found = made({"answer": "14 days", "n": 2, "tags": ["x"], "ok": True, "deep": {"a": 1.5}}, {"answer": "no"})
    assert found == {
        "another example's": {"answer": "no"},
        "empty": {"answer": "", "n": None, "tags": [], "ok": None, "deep": {"a": None}},
        "cut in half": {"answer": "14", "n": 2, "tags": [""], "ok": True, "deep": {"a": 1.5}},
        "numbers changed": {"answer": "47 days", "n": 5, "tags": ["x"], "ok": True, "deep": {"a": 4.5}},
        "garbled": '{"answer": "14 days", "n": 2, "tags": ',
    }
    assert set(found) == set(KINDS)


def test_a_way_that_changes_nothing_has_no_twin():
    """Text without digits, and a dataset of equal answers."""
    assert set(made({"answer": "yes"}, {"answer": "yes"}, None)) == {"empty", "cut in half", "garbled"}
    assert made(None) == {}
    assert {} not in made({"answer": ""}).values()
