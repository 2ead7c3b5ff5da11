"""An example as a line for fine-tuning: what it is written with, and why some make none."""

import json
import os
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from pydantic import TypeAdapter

from evalgate.curate.exporting.lines import UnfitError, line_of
from evalgate.curate.exporting.published import _is_published, line_schema, wrong_with
from evalgate.curate.exporting.tokens import tokens_of
from evalgate.records import Example

PAGE = Path(__file__).parents[4] / "docs" / "fine-tuning.schema.json"
SYSTEM = {"role": "system", "content": "Be kind."}
USER = {"role": "user", "content": "Where is my order?"}
TOOLS = [{"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}]
CALL = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"id": 7}'}}
CALLED = {"role": "assistant", "content": None, "tool_calls": [CALL]}
FOUND = {"role": "tool", "content": "on its way", "tool_call_id": "c1"}
ANSWER = {"role": "assistant", "content": "On its way."}


def example(messages, answer=ANSWER, **more):
    return Example(
        id="a",
        input={"messages": messages, **more},
        output=None if answer is None else {"messages": [answer]},
        metadata={},
        split=None,
    )


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [USER],
        [SYSTEM, USER, {**ANSWER, "weight": 0}, USER, ANSWER],
        [USER, {**ANSWER, "weight": 2}],
        [USER, {**ANSWER, "weight": True}],
        [{**USER, "weight": 1}, ANSWER],
        [{**USER, "name": "ann"}, ANSWER],
        [{"role": "poet", "content": "So."}, ANSWER],
        [{"role": "user"}, ANSWER],
        [{"role": "user", "content": None}, ANSWER],
        [{"role": "tool", "content": "found"}, ANSWER],
        [{"role": ["user"], "content": "found"}, ANSWER],
        [USER, {**ANSWER, "more": 1}],
        [USER, CALLED, FOUND, ANSWER],
        [USER, "So."],
        "So.",
    ],
)
@pytest.mark.parametrize("more", [{}, {"tools": TOOLS}, {"tools": []}, {"user": "ann"}])
def test_what_needs_no_look_at_the_schema_is_by_it(messages, more):
    line = {"messages": messages, **more}
    assert _is_published(line) == Draft202012Validator(line_schema()).is_valid(line)


def why(own, form="messages"):
    with pytest.raises(UnfitError) as found:
        line_of(own, form)
    return str(found.value)


def test_the_published_schema_is_the_one_that_is_used():
    text = json.dumps(line_schema(), indent=2) + "\n"
    if os.environ.get("EVALGATE_WRITE_GOLDEN"):
        PAGE.write_text(text, "utf-8")
    assert PAGE.read_text("utf-8") == text
    Draft202012Validator.check_schema(line_schema())


def test_a_conversation_with_tools_is_a_line_whose_last_answer_alone_is_learned():
    thoughtful = {**ANSWER, "reasoning_content": "hm", "audio": None, "name": "bot"}
    own = example([SYSTEM, USER, CALLED, FOUND], thoughtful, tools=TOOLS)
    line = line_of(own, "messages")
    assert line == {
        "messages": [
            SYSTEM,
            USER,
            {"role": "assistant", "tool_calls": [CALL], "weight": 0},
            FOUND,
            {**ANSWER, "name": "bot"},
        ],
        "tools": TOOLS,
    }
    assert Draft202012Validator(line_schema()).is_valid(line)


def test_an_answer_may_be_a_call():
    line = line_of(example([USER], CALLED, tools=TOOLS), "messages")
    assert line["messages"][-1] == {"role": "assistant", "tool_calls": [CALL]}


def test_a_developer_is_the_system_and_an_object_of_ones_own_is_what_the_user_says():
    assert line_of(example([{**SYSTEM, "role": "developer"}, USER]), "messages")["messages"][0] == SYSTEM
    own = Example(id="a", input={"question": "Why?"}, output={"answer": "So.", "score": 1}, metadata={}, split=None)
    assert line_of(own, "messages") == {
        "messages": [
            {"role": "user", "content": "Why?"},
            {"role": "assistant", "content": '{"answer": "So.", "score": 1}'},
        ]
    }


def test_prompt_and_completion_say_one_question_and_its_answer():
    assert line_of(example([SYSTEM, USER]), "completion") == {
        "prompt": "Be kind.\n\nWhere is my order?",
        "completion": "On its way.",
    }
    for own in (example([USER, ANSWER, USER]), example([USER], CALLED, tools=TOOLS)):
        assert why(own, "completion") == "a conversation, which prompt and completion cannot say"


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (example([USER], None), "no expected answer"),
        (example([USER, CALLED, USER], tools=TOOLS), "a call of a tool has no answer"),
        (example([USER, FOUND]), "a tool answers a call that was not made"),
        (example([USER, CALLED, FOUND]), "it calls a tool that is not among its tools"),
        (example([USER], {**ANSWER, "content": ""}), "an answer of the assistant is empty"),
        (example([USER], USER), "the assistant does not have the last word"),
        (example([SYSTEM]), "no user says anything"),
        (example([{"role": "function", "content": "x"}]), "message 1 has a role that fine-tuning does not take"),
        (example([{"role": "user"}]), "a message of the user is not as published"),
        (example([USER], tools=[{"type": "web_search"}]), "its tools are not as published"),
        (
            example(
                [USER],
                {**CALLED, "tool_calls": [{**CALL, "function": {"name": "find", "arguments": "{"}}]},
                tools=TOOLS,
            ),
            "the arguments of a call are no JSON object",
        ),
        (
            example([USER], {**CALLED, "tool_calls": [{**CALL, "function": {"name": "to find", "arguments": "{}"}}]}),
            "a message of the assistant is not as published",
        ),
        (
            example([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": f"span:{'0' * 16}#0"}}]}]),
            "an image or a sound that stayed in its span",
        ),
    ],
)
def test_what_makes_no_line_is_said_why(own, said):
    assert why(own) == said


@pytest.mark.parametrize("content", [1, "x", [], {}, None, {"messages": "x"}])
def test_hostile_messages_are_refused_in_words(content):
    assert wrong_with({"messages": [content]}) == "message 1 has a role that fine-tuning does not take"
    assert wrong_with({"messages": content}) is not None


def test_tokens_are_about_a_quarter_of_the_letters_and_each_that_is_not_ascii():
    assert tokens_of({"messages": [{"role": "user", "content": "12345678"}]}) == 6
    assert (
        tokens_of(
            {"messages": [{"role": "user", "content": "日本"}, {"role": "assistant", "content": "", "weight": 0}]}
        )
        == 10
    )
    assert tokens_of({"prompt": "1234", "completion": "12345"}) == 3


def test_lines_are_what_the_providers_own_types_take():
    """Beside our reading of what is published: the types of its client."""
    messages = TypeAdapter(list[ChatCompletionMessageParam])
    parts = [
        {"type": "text", "text": "This?"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ]
    for own in (
        example([SYSTEM, USER, CALLED, FOUND, ANSWER, USER], ANSWER, tools=TOOLS),
        example([{"role": "user", "content": parts}], CALLED, tools=TOOLS),
        example([USER], {"role": "assistant", "refusal": "No."}),
    ):
        line = line_of(own, "messages")
        messages.validate_python(line["messages"], strict=True)
        TypeAdapter(list[ChatCompletionToolParam]).validate_python(line.get("tools", []), strict=True)
