"""latency and tokens."""

import pytest

from evalgate.records import Direction, Usage

USAGE = (Usage(model="a", input_tokens=10, output_tokens=5), Usage(model="b", input_tokens=1, output_tokens=1))


@pytest.mark.parametrize(
    ("config", "score", "explanation"),
    [
        ("latency", 1.5, None),
        ({"latency": {"max": 2}}, 1, None),
        ({"latency": {"max": 1}}, 0, "it took 1.5 s, at most 1 s wanted"),
        ("tokens", 17, None),
        ({"tokens": {"max": 17}}, 1, None),
        ({"tokens": {"max": 16}}, 0, "it used 17 tokens, at most 16 wanted"),
    ],
)
async def test_what_a_run_took(evaluate, config, score, explanation):
    """A number, or yes and no against a limit."""
    found = await evaluate(config, None, latency=1.5, usage=USAGE)
    assert (found.score, found.explanation) == (score, explanation)


async def test_usage_that_nobody_saw_is_not_zero(evaluate):
    """It is an error; a task that called no model used 0 tokens."""
    assert (await evaluate({"tokens": {"max": 5}}, "x", usage=None)).failure.type == "UnknownUsage"
    assert (await evaluate("tokens", "x", usage=())).score == 0


@pytest.mark.parametrize("kind", ["latency", "tokens"])
def test_less_is_better_without_a_limit_and_yes_with_one(runner, kind):
    """The direction and the range follow from the limit."""
    bare, limited = runner(kind).spec, runner({kind: {"max": 3}}).spec
    assert (bare.direction, bare.low, bare.high) == (Direction.MINIMIZE, None, None)
    assert (limited.direction, limited.low, limited.high) == (Direction.MAXIMIZE, 0, 1)
