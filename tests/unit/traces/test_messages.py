"""Messages of every form in which spans have them, as OpenAI's chat protocol writes them."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalgate.traces.messages import (
    input_messages,
    output_messages,
    spoken_answer,
    spoken_request,
    thinking_of,
    tools_of,
)

CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"q": "it"}'}}


def test_what_a_model_thought_is_no_part_of_its_answer():
    attributes = {
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.contents.0.message_content.type": "reasoning",
        "llm.output_messages.0.message.contents.0.message_content.text": "hm",
        "llm.output_messages.0.message.contents.1.message_content.type": "text",
        "llm.output_messages.0.message.contents.1.message_content.text": "there",
    }
    assert output_messages(attributes) == [{"role": "assistant", "content": "there"}]
    assert thinking_of(attributes) == ["hm"]
    parts = [{"type": "reasoning", "content": "hm"}, {"type": "text", "content": "there"}]
    newer = {"gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": parts}])}
    assert output_messages(newer) == [{"role": "assistant", "content": "there"}]
    assert thinking_of(newer) == ["hm"]
    raw = {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "there"}]}
    assert spoken_answer(raw) == [{"role": "assistant", "content": "there"}]
    assert thinking_of({"output.value": json.dumps(raw)}) == ["hm"]


def test_images_and_sounds_are_parts():
    attributes = {
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.contents.0.message_content.text": "what is this?",
        "llm.input_messages.0.message.contents.1.message_content.image.image.url": "https://example.com/a.png",
        "llm.input_messages.0.message.contents.2.message_content.audio.audio.url": "https://example.com/a.mp3",
        "llm.input_messages.0.message.contents.2.message_content.audio.audio.mime_type": "audio/mp3",
    }
    assert input_messages(attributes)[0]["content"] == [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "input_audio", "input_audio": {"data": "https://example.com/a.mp3", "format": "mp3"}},
    ]
    parts = [
        {"type": "blob", "mime_type": "audio/wav", "content": "AAAA"},
        {"type": "uri", "modality": "image", "uri": "https://example.com/a.png"},
    ]
    newer = {"gen_ai.input.messages": json.dumps([{"role": "user", "parts": parts}])}
    assert input_messages(newer)[0]["content"] == [
        {"type": "input_audio", "input_audio": {"data": "data:audio/wav;base64,AAAA", "format": "wav"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ]


def test_what_a_program_said_goes_before_what_a_server_made_of_it():
    """Phoenix writes OpenInference's attributes beside `gen_ai.*`, and leaves out what it does not know."""
    asked = {"role": "assistant", "parts": [{"type": "text", "content": "I look."}], "tool_calls": [CALL]}
    picture = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    parts = [{"type": "text", "text": "this?"}, picture]
    said = {
        "gen_ai.input.messages": json.dumps([{"role": "user", "parts": parts}, asked]),
        "gen_ai.output.messages": json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": ""}]}]),
        "gen_ai.completion.0.function_call.name": "look",
        "gen_ai.completion.0.function_call.arguments": "{}",
        "gen_ai.completion.1.function_call.name": "see",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.1.message.role": "assistant",
        "llm.input_messages.1.message.content": "I look.",
        "llm.output_messages.0.message.role": "assistant",
    }
    assert input_messages(said) == [
        {"role": "user", "content": [{"type": "text", "text": "this?"}, picture]},
        {"role": "assistant", "content": "I look.", "tool_calls": [CALL]},
    ]
    (answer,) = output_messages(said)
    assert (answer["content"], [each["function"]["name"] for each in answer["tool_calls"]]) == (None, ["look", "see"])
    # Where it makes sense of nothing, what the server made is better than nothing.
    made = {key: value for key, value in said.items() if key.startswith("llm.")} | {"gen_ai.input.messages": "[{}]"}
    assert input_messages(made)[1] == {"role": "assistant", "content": "I look."}


def test_messages_of_openai_in_place_of_parts_are_read():
    whole = {"role": "assistant", "content": "", "tool_calls": [CALL], "reasoning_content": "hm"}
    said = {"gen_ai.output.messages": json.dumps([whole])}
    assert output_messages(said) == [{"role": "assistant", "content": None, "tool_calls": [CALL]}]
    assert thinking_of(said) == ["hm"]


def test_parts_go_before_what_python_prints_of_them():
    flat = {"message.role": "user", "message.content": "[{'type': 'text', 'text': 'this?'}]"}
    flat |= {"message.contents.0.message_content.type": "text", "message.contents.0.message_content.text": "this?"}
    read = input_messages({f"llm.input_messages.0.{key}": value for key, value in flat.items()})
    assert read == [{"role": "user", "content": "this?"}]


def test_results_of_several_tools_in_one_message_are_a_message_each():
    parts = [{"type": "tool_call_response", "id": each, "response": {"found": each}} for each in ("c1", "c2")]
    read = input_messages({"gen_ai.input.messages": json.dumps([{"role": "user", "parts": parts}])})
    assert read == [
        {"role": "tool", "content": json.dumps({"found": each}), "tool_call_id": each} for each in ("c1", "c2")
    ]


def test_blocks_as_a_text_are_read_and_a_text_that_looks_like_them_stays():
    blocks = [{"type": "text", "text": "look"}, {"type": "tool_use", "id": "c1", "name": "look", "input": {"q": "it"}}]
    older = {"gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": json.dumps(blocks)}
    assert output_messages(older) == [{"role": "assistant", "content": "look", "tool_calls": [CALL]}]
    rows = '[{"dish": "stew"}]'
    plain = {"gen_ai.completion.0.role": "assistant", "gen_ai.completion.0.content": rows}
    assert output_messages(plain) == [{"role": "assistant", "content": rows}]


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ({"messages": [{"role": "user", "content": "q"}], "system": "s"}, ["system", "user"]),
        ([{"role": "user", "content": "q"}], ["user"]),
        ({"messages": [{"type": "human", "content": "q"}]}, None),
        ({"messages": []}, None),
        ({"question": "q"}, None),
        ("q", None),
        (None, None),
    ],
)
def test_a_request_is_known_by_its_messages(value, read):
    found = spoken_request(value)
    assert (None if found is None else [each["role"] for each in found]) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ({"choices": [{"message": {"role": "assistant", "content": "a"}}]}, "a"),
        ({"role": "assistant", "content": [{"type": "text", "text": "a"}], "stop_reason": "end_turn"}, "a"),
        ([{"role": "assistant", "content": "a"}], "a"),
        ({"messages": [{"role": "assistant", "content": "a"}]}, "a"),
        ({"role": "assistant", "content": [{"type": "refusal", "refusal": "a"}]}, "a"),
    ],
)
def test_an_answer_of_either_protocol_is_a_message(value, read):
    assert spoken_answer(value) == [{"role": "assistant", "content": read}]
    assert spoken_answer({"answer": "a"}) is None
    assert spoken_answer([]) is None


def test_tools_are_declared_in_one_form():
    parameters = {"type": "object"}
    wanted = [{"type": "function", "function": {"name": "look", "description": "d", "parameters": parameters}}]
    anthropic = {"name": "look", "description": "d", "input_schema": parameters}
    assert tools_of({"llm.tools.0.tool.json_schema": json.dumps(anthropic)}) == wanted
    assert tools_of({"llm.tools.0.tool.json_schema": json.dumps(wanted[0])}) == wanted
    assert tools_of({"gen_ai.tool.definitions": json.dumps([{"type": "function", **wanted[0]["function"]}])}) == wanted
    for start, schema in (("llm.tools.0.tool.", "json_schema"), ("llm.tools.0.", "parameters")):
        apart = {"name": "look", "description": "d", schema: json.dumps(parameters)}
        assert tools_of({f"{start}{key}": value for key, value in apart.items()}) == wanted
    assert tools_of({"llm.tools.0.tool.json_schema": "{", "llm.tools.1.tool.json_schema": "{}"}) == []


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "text",
                    "content",
                    "parts",
                    "role",
                    "tool_calls",
                    "function",
                    "id",
                    "source",
                    "name",
                    "messages",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(_values)
def test_whatever_a_program_sent_nothing_breaks(value):
    text = json.dumps(value)
    attributes = {
        "gen_ai.input.messages": text,
        "gen_ai.output.messages": text,
        "gen_ai.system_instructions": text,
        "gen_ai.tool.definitions": text,
        "output.value": text,
    }
    read = [*input_messages(attributes), *output_messages(attributes)]
    read += (spoken_request(value) or []) + (spoken_answer(value) or [])
    assert all(isinstance(each["role"], str) for each in read)
    assert all(isinstance(each, str) for each in thinking_of(attributes))
    assert all(each["type"] == "function" for each in tools_of(attributes))
    older = {"gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": value, "gen_ai.prompt.0.tool_call_id": value}
    assert [each for each in input_messages(older) if "content" not in each] == []
