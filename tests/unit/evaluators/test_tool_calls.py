"""tool_calls."""

import json

import pytest


def openai(name, **arguments):
    """Return a call in OpenAI's shape."""
    return {"id": "1", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}


def plain(name, **arguments):
    """Return a call in the plain shape."""
    return {"name": name, "arguments": arguments}


FIND, READ, SEND = plain("find", q="x", n=2), plain("read", id=1), plain("send")


@pytest.mark.parametrize(
    ("config", "made", "explanation"),
    [
        ({}, [FIND, READ], None),
        ({}, [openai("find", n=2.0, q="x"), openai("read", id=1)], None),
        ({}, [READ, FIND], "call 1: expected 'find', got 'read'"),
        ({}, [FIND], "call 2, 'read', was not made: 1 call of 2"),
        ({}, [], "call 1, 'find', was not made: 0 calls of 2"),
        ({}, None, "call 1, 'find', was not made: 0 calls of 2"),
        ({}, [FIND, READ, SEND], "call 3, 'send', was not expected"),
        ({}, [plain("find", q="y", n=2), READ], "call 1: argument q of 'find': expected 'x', got 'y'"),
        ({}, [plain("find", q="x"), READ], "call 1: argument n of 'find': expected 2, got nothing"),
        ({}, [FIND, {"name": "read", "arguments": "{"}], "call 2: the arguments of 'read' are not JSON"),
        ({"arguments": False}, [plain("find"), {"name": "read", "arguments": "{"}], None),
        ({"order": "any"}, [READ, FIND], None),
        ({"order": "any"}, [READ], "expected call 1, 'find', was not made"),
        (
            {"order": "any"},
            [READ, plain("find", q="y", n=2)],
            "expected call 1, 'find', was not made: argument q of 'find': expected 'x', got 'y'",
        ),
        ({"order": "any"}, [READ, SEND, FIND], "'send' was not expected"),
        ({"order": "any", "extra": True}, [READ, SEND, FIND], None),
        ({"order": "any"}, [FIND, FIND, READ], "'find' was not expected"),
        ({"extra": True}, [SEND, FIND, SEND, READ, SEND], None),
        ({"extra": True}, [READ, FIND], "call 2, 'read', was not made after call 2"),
        ({"extra": True}, [SEND], "call 1, 'find', was not made among 1 call"),
    ],
)
async def test_calls_are_compared_by_name_arguments_and_order(evaluate, config, made, explanation):
    """The explanation says which call differs, and how."""
    found = await evaluate({"tool_calls": config}, "answer", {"tool_calls": [FIND, READ]}, tool_calls=made)
    assert (found.explanation, found.label) == (explanation, "fail" if explanation else "pass")


@pytest.mark.parametrize("output", [[openai("send")], {"tool_calls": [openai("send")]}, '[{"name": "send"}]'])
async def test_calls_may_be_the_output_itself(evaluate, output):
    """As a prompt task with tool calls as its output gives them."""
    assert (await evaluate("tool_calls", output, {"tool_calls": [SEND]})).score == 1


async def test_no_call_can_be_what_is_expected(evaluate):
    """An example in which no tool should be used."""
    assert (await evaluate("tool_calls", "just text", {"tool_calls": []})).score == 1
    assert (await evaluate("tool_calls", "text", {"tool_calls": []}, tool_calls=[SEND])).score == 0


@pytest.mark.parametrize("made", [{"a": 1}, "find", [1], [{"arguments": {}}], [SEND] * 1_001])
async def test_calls_that_cannot_be_read_are_the_tasks_fault(evaluate, made):
    """They score 0, however many there are."""
    found = await evaluate("tool_calls", None, {"tool_calls": [SEND]}, tool_calls=made)
    assert (found.score, found.failure) == (0, None)


@pytest.mark.parametrize("wanted", [{"a": 1}, [1], [{"name": "send", "arguments": "{"}]])
async def test_expected_calls_that_cannot_be_read_are_the_datasets_fault(evaluate, wanted):
    """They are an error that names the example."""
    found = await evaluate("tool_calls", None, {"tool_calls": wanted}, tool_calls=[SEND])
    assert (found.failure.type, found.failure.message[:12]) == ("DatasetFault", "example 'e1'")


async def test_calls_are_found_where_the_mapping_says(evaluate):
    """On either side."""
    config = {"tool_calls": {}, "input_mapping": {"tool_calls": "steps.0.calls", "expected": "metadata.calls"}}
    found = await evaluate(config, 1, None, steps=[{"calls": [SEND]}], example={"metadata": {"calls": [SEND]}})
    assert found.score == 1
