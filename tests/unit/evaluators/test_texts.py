"""regex, similarity and length."""

import asyncio
import time

import pytest

from evalgate.errors import ConfigurationError
from tests.unit.evaluators.conftest import subject

RUNAWAY = r"^(?:(?:a|b|ab)*)+$"
HOSTILE = "ab" * 5_000 + "!"


@pytest.mark.parametrize(
    ("config", "output", "score"),
    [
        ({"pattern": r"\bweb\b"}, "the web", 1),
        ({"pattern": r"\bweb\b"}, "the website", 0),
        ({"pattern": "web", "full": True}, "web", 1),
        ({"pattern": "web", "full": True}, "the web", 0),
        ({"pattern": "WEB", "ignore_case": True}, "the web", 1),
        ({"pattern": "w", "path": "a"}, {"a": "web"}, 1),
        ({"pattern": r'"a": 1'}, {"a": 1}, 1),
        ({"pattern": "null"}, None, 0),
    ],
)
async def test_regex(evaluate, config, output, score):
    """A pattern is found anywhere, or fits from end to end."""
    assert (await evaluate({"regex": config}, output)).score == score


async def test_a_pattern_that_runs_away_is_the_evaluators_error_and_blocks_nobody(runner):
    """It gives up after its timeout, and the event loop turns meanwhile."""
    built = runner({"regex": {"pattern": RUNAWAY, "timeout": 0.3}})
    await built.start()
    began = time.monotonic()
    running = asyncio.create_task(built.evaluate(subject(HOSTILE)))
    turns = 0
    while not running.done():
        await asyncio.sleep(0.01)
        turns += 1
    found = running.result()
    assert found.failure.type == "Timeout"
    assert "ran for 0.3 s on 10001 characters" in found.failure.message
    assert time.monotonic() - began < 30
    assert turns > 5


async def test_a_broken_pattern_is_a_configuration_error(runner):
    """It is refused before anything is run."""
    with pytest.raises(ConfigurationError, match="is not a regular expression: missing"):
        await runner({"regex": {"pattern": "("}}).start()


@pytest.mark.parametrize(
    ("method", "one", "other", "score"),
    [
        ("ratio", "abcd", "abcd", 1),
        ("ratio", "abcd", "abxy", 0.5),
        ("token_sort", "web answer", "answer web", 1),
        ("token_set", "web answer", "answer web web", 1),
        ("jaro_winkler", "martha", "marhta", 0.961),
    ],
)
async def test_similarity_is_rapidfuzz_from_0_to_1(evaluate, method, one, other, score):
    """The number itself, without a label."""
    found = await evaluate({"similarity": {"method": method, "path": "a"}}, {"a": other}, {"a": one})
    assert found.score == pytest.approx(score, abs=1e-3)
    assert found.label is None


async def test_similarity_against_a_threshold_passes_or_fails(evaluate):
    """The likeness is in the metadata and in the explanation."""
    config = {"similarity": {"at_least": 0.6, "path": "a"}}
    found = await evaluate(config, "abxy", {"a": "abcd"})
    assert (found.score, found.label, found.metadata) == (0, "fail", {"similarity": 0.5})
    assert found.explanation == "50% alike: expected 'abcd', got 'abxy'"
    assert (await evaluate(config, "abcx", {"a": "abcd"})).label == "pass"


async def test_a_text_too_long_to_compare_is_the_fault_of_its_side(evaluate):
    """The work is bounded: the output scores 0, the dataset gets an error."""
    long = "x" * 50_001
    assert (await evaluate({"similarity": {"path": "a"}}, long, {"a": "x"})).score == 0
    assert (await evaluate({"similarity": {"path": "a"}}, "x", {"a": long})).failure.type == "DatasetFault"


@pytest.mark.parametrize(
    ("config", "output", "score", "explanation"),
    [
        ({}, "äöü", 3, None),
        ({"unit": "words"}, "one two  three", 3, None),
        ({"max": 3}, "four", 0, "4 characters, at most 3 wanted"),
        ({"max": 4}, "four", 1, None),
        ({"min": 5}, "four", 0, "4 characters, at least 5 wanted"),
        ({"min": 1, "max": 2, "unit": "words"}, "a b", 1, None),
    ],
)
async def test_length(evaluate, config, output, score, explanation):
    """Characters or words, as a number or within limits."""
    found = await evaluate({"length": config}, output)
    assert (found.score, found.explanation) == (score, explanation)


async def test_no_output_has_no_length(evaluate):
    """Null within a limit fails; without one there is no worst score, so it is an error."""
    assert (await evaluate({"length": {"max": 5}}, None)).score == 0
    assert (await evaluate("length", None)).failure.type == "NoScore"
