"""MatchesRegex and PrecisionRecallFScore of phoenix-evals."""

import pytest

from tests.unit.evaluators.test_texts import HOSTILE, RUNAWAY


@pytest.mark.parametrize(
    ("config", "output", "score", "explanation"),
    [
        ({"pattern": r"https?://\S+"}, "see http://a.b", 1, r"There are 1 matches for the regex: https?://\S+"),
        ({"pattern": "x"}, "see", 0, "No substrings matched the regex pattern x"),
        ({"pattern": "x", "include_explanation": False}, "x", 1, None),
        ({"pattern": "x", "path": "a"}, {"a": "x"}, 1, "There are 1 matches for the regex: x"),
        ({"pattern": "x"}, {"a": "x"}, 0, "the output is not text: {'a': 'x'}"),
    ],
)
async def test_matches_regex_says_what_phoenix_evals_says(evaluate, config, output, score, explanation):
    """Its score and its explanation."""
    found = await evaluate({"MatchesRegex": config}, output)
    assert (found.score, found.explanation) == (score, explanation)


async def test_matches_regex_cannot_run_for_ever(evaluate):
    """The library's own `re` could."""
    found = await evaluate({"MatchesRegex": {"pattern": RUNAWAY, "timeout": 0.1}}, HOSTILE)
    assert found.failure.type == "Timeout"


@pytest.mark.parametrize(
    ("config", "score"),
    [
        ({}, 0.6),
        ({"score": "precision"}, 0.5556),
        ({"score": "recall"}, 0.6667),
        ({"average": "micro"}, 0.75),
        ({"positive_label": "cat", "score": "precision"}, 0.6667),
        ({"beta": 2, "positive_label": "cat"}, 0.9091),
    ],
)
async def test_precision_recall_f_score_gives_one_of_the_three(evaluate, config, score):
    """All three are in the metadata."""
    found = await evaluate(
        {"PrecisionRecallFScore": {"path": "labels", **config}},
        {"labels": ["cat", "cat", "cat", "bird"]},
        {"labels": ["cat", "dog", "cat", "bird"]},
    )
    assert found.score == pytest.approx(score, abs=1e-4)
    assert set(found.metadata) == {"precision", "recall", "f_score"}
    assert found.explanation.startswith("precision 0.")


@pytest.mark.parametrize(
    ("output", "explanation"),
    [
        (["a"], "the output has 1 labels, expected 2"),
        ("a", "the output is no list of labels: 'a'"),
        ([["a"], 1], "the output is no list of labels: [['a'], 1]"),
        ([True, False], "the output is no list of labels: [True, False]"),
    ],
)
async def test_labels_that_do_not_fit_are_the_tasks_fault(evaluate, output, explanation):
    """They score 0."""
    found = await evaluate({"PrecisionRecallFScore": {"path": "a"}}, {"a": output}, {"a": ["x", "y"]})
    assert (found.score, found.explanation) == (0, explanation)


@pytest.mark.parametrize("expected", [[], "x", [None]])
async def test_expected_labels_that_are_none_are_the_datasets_fault(evaluate, expected):
    """They are an error."""
    assert (await evaluate({"PrecisionRecallFScore": {"path": "a"}}, ["x"], {"a": expected})).failure is not None


async def test_a_bare_list_meets_a_named_one_by_the_mapping(evaluate):
    """A path is for both sides; the mapping is for one."""
    config = {"PrecisionRecallFScore": {}, "input_mapping": {"expected": "expected.labels"}}
    assert (await evaluate(config, ["a", "b"], {"labels": ["a", "b"]})).score == 1
