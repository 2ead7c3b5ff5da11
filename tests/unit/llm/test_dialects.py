"""Each protocol: the request as it is sent, held to the provider's own SDK, and what is made of its answers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import TypeAdapter

from evalgate.llm.answer import answer_of, tool_calls_of
from evalgate.llm.call import Response
from evalgate.llm.chat import chat, read_chat
from evalgate.llm.dialects import DIALECTS, Asked
from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.failures import (
    BadRequest,
    CallFailed,
    ContentFiltered,
    EmptyAnswer,
    Garbled,
    ModelRefused,
    RateLimited,
    Refused,
    ServerFault,
    Unparseable,
)
from evalgate.llm.usage import TokenUsage
from tests.fake_model import Rule

PROTOCOLS = ("responses", "anthropic", "gemini", "bedrock")
ALL = ("chat", *PROTOCOLS)
SCHEMA = {"type": "object", "properties": {"z": {"type": "integer"}, "a": {"enum": ["x"]}}, "required": ["z", "a"]}
FORM = {"type": "json_schema", "json_schema": {"name": "both", "schema": SCHEMA, "strict": True}}
LOOK = {"type": "object", "properties": {"q": {"const": "ü"}}}
TOOL = {"type": "function", "function": {"name": "look", "description": "Looks.", "parameters": LOOK}}
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"q": 1}'}}
ELSEWHERE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
PICTURE = "data:image/png;base64,iVBORw0KGgo="
TALK = [
    {"role": "system", "content": "Be short."},
    {
        "role": "user",
        "content": [{"type": "text", "text": "what?"}, {"type": "image_url", "image_url": {"url": PICTURE}}],
    },
    {"role": "assistant", "content": "I look.", "tool_calls": [CALL, {**CALL, "id": "c2"}]},
    {"role": "tool", "tool_call_id": "c1", "content": "one"},
    {"role": "tool", "tool_call_id": "c2", "content": "two"},
    {"role": "user", "content": "and?"},
]
WHOLE = Asked(
    model="m/1:0",
    messages=TALK,
    tools=[TOOL],
    tool_choice={"type": "function", "function": {"name": "look"}},
    response_format=FORM,
    parameters={"temperature": 0, "top_p": 0.5, "max_tokens": 9},
)


def endpoint(fake, api):
    base = {"gemini": f"{fake.root}/v1beta", "bedrock": fake.root}.get(api, fake.base_url)
    return ModelEndpoint(name="fake", base_url=base, api=api, timeout=5)


def ask(text="hi", **more):
    return {"model": "m", "messages": [{"role": "user", "content": text}], "sample": "r1", **more}


def answered(document: Any, *, status: int = 200, **headers: str) -> Response:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Response(status=status, headers=headers, body=body, latency=0.5)


def test_a_chat_in_the_words_of_the_responses_api():
    from openai.types.responses.response_create_params import ResponseCreateParamsNonStreaming

    written = DIALECTS["responses"].write(WHOLE)
    TypeAdapter(ResponseCreateParamsNonStreaming).validate_python(written.body)
    assert (written.path, written.body) == (
        "/responses",
        {
            "model": "m/1:0",
            "input": [
                {"role": "system", "content": "Be short."},
                {
                    "role": "user",
                    "content": [
                        {"type": "input_text", "text": "what?"},
                        {"type": "input_image", "image_url": PICTURE, "detail": "auto"},
                    ],
                },
                {"role": "assistant", "content": "I look."},
                {"type": "function_call", "call_id": "c1", "name": "look", "arguments": '{"q": 1}'},
                {"type": "function_call", "call_id": "c2", "name": "look", "arguments": '{"q": 1}'},
                {"type": "function_call_output", "call_id": "c1", "output": "one"},
                {"type": "function_call_output", "call_id": "c2", "output": "two"},
                {"role": "user", "content": "and?"},
            ],
            "max_output_tokens": 9,
            "tools": [
                {"type": "function", "strict": False, "name": "look", "description": "Looks.", "parameters": LOOK}
            ],
            "tool_choice": {"type": "function", "name": "look"},
            "text": {"format": {"type": "json_schema", "name": "both", "schema": SCHEMA, "strict": True}},
            "store": False,
            "temperature": 0,
            "top_p": 0.5,
        },
    )


def test_a_chat_in_anthropics_words():
    from anthropic.types.message_create_params import MessageCreateParamsNonStreaming

    written = DIALECTS["anthropic"].write(WHOLE)
    TypeAdapter(MessageCreateParamsNonStreaming).validate_python(written.body)
    assert (written.path, written.headers, written.body) == (
        "/messages",
        {"anthropic-version": "2023-06-01"},
        {
            "model": "m/1:0",
            "max_tokens": 9,
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "what?"},
                        {
                            "type": "image",
                            "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
                        },
                    ],
                },
                {
                    "role": "assistant",
                    "content": [
                        {"type": "text", "text": "I look."},
                        {"type": "tool_use", "id": "c1", "name": "look", "input": {"q": 1}},
                        {"type": "tool_use", "id": "c2", "name": "look", "input": {"q": 1}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {"type": "tool_result", "tool_use_id": "c1", "content": "one"},
                        {"type": "tool_result", "tool_use_id": "c2", "content": "two"},
                        {"type": "text", "text": "and?"},
                    ],
                },
            ],
            "system": "Be short.",
            "tools": [{"name": "look", "description": "Looks.", "input_schema": LOOK}],
            "tool_choice": {"type": "tool", "name": "look"},
            "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
            "temperature": 0,
            "top_p": 0.5,
        },
    )


def test_a_chat_in_geminis_words():
    from google.genai import types

    written = DIALECTS["gemini"].write(WHOLE)
    body: Any = written.body
    for turn in (*body["contents"], body["systemInstruction"]):
        types.Content.model_validate(turn)
    for tool in body["tools"]:
        types.Tool.model_validate(tool)
    types.ToolConfig.model_validate(body["toolConfig"])
    types.GenerationConfig.model_validate(body["generationConfig"])
    assert (written.path, written.body) == (
        "/models/m%2F1%3A0:generateContent",
        {
            "contents": [
                {
                    "role": "user",
                    "parts": [{"text": "what?"}, {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}],
                },
                {
                    "role": "model",
                    "parts": [
                        {"text": "I look."},
                        {"functionCall": {"name": "look", "args": {"q": 1}}},
                        {"functionCall": {"name": "look", "args": {"q": 1}}},
                    ],
                },
                {
                    "role": "user",
                    "parts": [
                        {"functionResponse": {"name": "look", "response": {"result": "one"}}},
                        {"functionResponse": {"name": "look", "response": {"result": "two"}}},
                        {"text": "and?"},
                    ],
                },
            ],
            "systemInstruction": {"parts": [{"text": "Be short."}]},
            "tools": [
                {"functionDeclarations": [{"name": "look", "description": "Looks.", "parametersJsonSchema": LOOK}]}
            ],
            "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["look"]}},
            "generationConfig": {
                "temperature": 0,
                "topP": 0.5,
                "maxOutputTokens": 9,
                "responseMimeType": "application/json",
                "responseJsonSchema": SCHEMA,
            },
        },
    )


def test_a_chat_in_bedrocks_words():
    import botocore.session
    from botocore.validate import ParamValidator

    written = DIALECTS["bedrock"].write(WHOLE)
    service = botocore.session.get_session().get_service_model("bedrock-runtime")
    shape = service.operation_model("Converse").input_shape
    report = ParamValidator().validate({"modelId": "m", **written.body}, shape)
    assert not report.has_errors(), report.generate_report()
    assert (written.path, written.body) == (
        "/model/m%2F1%3A0/converse",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {"text": "what?"},
                        {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}},
                    ],
                },
                {
                    "role": "assistant",
                    "content": [
                        {"text": "I look."},
                        {"toolUse": {"toolUseId": "c1", "name": "look", "input": {"q": 1}}},
                        {"toolUse": {"toolUseId": "c2", "name": "look", "input": {"q": 1}}},
                    ],
                },
                {
                    "role": "user",
                    "content": [
                        {"toolResult": {"toolUseId": "c1", "content": [{"text": "one"}]}},
                        {"toolResult": {"toolUseId": "c2", "content": [{"text": "two"}]}},
                        {"text": "and?"},
                    ],
                },
            ],
            "system": [{"text": "Be short."}],
            "inferenceConfig": {"maxTokens": 9, "temperature": 0, "topP": 0.5},
            "toolConfig": {
                "tools": [{"toolSpec": {"name": "look", "description": "Looks.", "inputSchema": {"json": LOOK}}}],
                "toolChoice": {"tool": {"name": "look"}},
            },
            "outputConfig": {
                "textFormat": {
                    "type": "json_schema",
                    "structure": {"jsonSchema": {"name": "both", "schema": json.dumps(SCHEMA)}},
                }
            },
        },
    )


def test_parameters_of_the_protocols_own_stand_beside_ours_and_replace_none():
    given = {"max_tokens": 9, "generationConfig": {"thinkingConfig": {"thinkingBudget": 0}}}
    asked = Asked(model="m", messages=TALK, parameters=given)
    assert DIALECTS["gemini"].write(asked).body["generationConfig"] == {
        "maxOutputTokens": 9,
        "thinkingConfig": {"thinkingBudget": 0},
    }
    for name in ("contents", "systemInstruction"):
        with pytest.raises(BadRequest, match=f"parameters cannot set {name}, which is set elsewhere"):
            DIALECTS["gemini"].write(Asked(model="m", messages=TALK, parameters={name: "x"}))


@pytest.mark.parametrize(
    ("api", "choice", "sent"),
    [
        ("anthropic", "auto", {"type": "auto"}),
        ("anthropic", "required", {"type": "any"}),
        ("anthropic", "none", {"type": "none"}),
        ("gemini", "auto", {"functionCallingConfig": {"mode": "AUTO"}}),
        ("gemini", "required", {"functionCallingConfig": {"mode": "ANY"}}),
        ("gemini", "none", {"functionCallingConfig": {"mode": "NONE"}}),
        ("responses", "required", "required"),
        ("bedrock", "auto", {"auto": {}}),
        ("bedrock", "required", {"any": {}}),
        ("bedrock", "none", None),
    ],
)
def test_which_tool_is_chosen(api, choice, sent):
    body: Any = DIALECTS[api].write(Asked(model="m", messages=[], tools=[TOOL], tool_choice=choice)).body
    found = {"gemini": body.get("toolConfig"), "bedrock": body.get("toolConfig", {}).get("toolChoice")}
    assert found.get(api, body.get("tool_choice")) == sent


@pytest.mark.parametrize(
    ("api", "more", "says"),
    [
        ("anthropic", {"parameters": {"seed": 1}}, "has no seed"),
        ("bedrock", {"parameters": {"seed": 1}}, "has no seed"),
        ("responses", {"parameters": {"seed": 1}}, "has no seed"),
        ("anthropic", {"response_format": {"type": "json_object"}}, "has no response_format json_object"),
        ("bedrock", {"response_format": {"type": "json_object"}}, "has no response_format json_object"),
        ("bedrock", {"messages": [{"role": "user", "content": [ELSEWHERE]}]}, "data: addresses only"),
        ("gemini", {"messages": [{"role": "assistant", "tool_calls": [{"function": {"arguments": "{"}}]}]}, "not JSON"),
    ],
)
def test_what_a_protocol_cannot_say_is_refused_before_it_is_sent(api, more, says):
    with pytest.raises(BadRequest, match=says):
        DIALECTS[api].write(Asked(model="m", **{"messages": [], **more}))


@pytest.mark.parametrize("api", ALL)
async def test_text_json_and_tool_calls_come_back_in_their_form(fake_model, transport, api):
    at = endpoint(fake_model, api)
    told = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "hi there"}]
    reply = await chat(transport, at, **ask(messages=told))
    assert answer_of(reply, "text") == "hi there"
    assert (reply.finish_reason, reply.message["role"]) == ("stop", "assistant")
    structured = answer_of(await chat(transport, at, **ask(response_format=FORM)), "json")
    assert (list(structured), structured["a"]) == (["z", "a"], "x")
    called = await chat(transport, at, **ask(tools=[TOOL]))
    assert answer_of(called, "tool_calls") == [{"name": "look", "arguments": {"q": "ü"}}]
    assert called.finish_reason == "tool_calls"
    assert tool_calls_of(read_back(called)) == [{"name": "look", "arguments": {"q": "ü"}}]


def read_back(reply):
    """The recorded message, read as a chat completion's."""
    return read_chat(answered({"choices": [{"message": reply.message}]}))


@pytest.mark.parametrize("api", ALL)
async def test_an_answer_goes_back_as_an_earlier_turn(fake_model, transport, api):
    at = endpoint(fake_model, api)
    called = await chat(transport, at, **ask(tools=[TOOL]))
    call = called.message["tool_calls"][0]["id"]
    result = {"role": "tool", "tool_call_id": call, "content": "found it"}
    talk = [{"role": "user", "content": "hi"}, called.message, result]
    fake_model.rules = [Rule(reply="done")]
    assert answer_of(await chat(transport, at, **ask(messages=talk, tools=[TOOL])), "text") == "done"


@pytest.mark.parametrize("api", ALL)
async def test_what_it_took_is_read_whole(fake_model, transport, api):
    details = {"prompt_tokens_details": {"cached_tokens": 8}, "completion_tokens_details": {"reasoning_tokens": 3}}
    fake_model.rules = [Rule(usage={"prompt_tokens": 10, "completion_tokens": 5, **details})]
    reply = await chat(transport, endpoint(fake_model, api), **ask())
    counted = 0 if api in {"anthropic", "bedrock"} else 3
    assert reply.usage == TokenUsage(input_tokens=10, output_tokens=5, cached_tokens=8, reasoning_tokens=counted)


@pytest.mark.parametrize("api", ALL)
@pytest.mark.parametrize(
    ("rule", "raised"),
    [
        (Rule(fault="status", status=429, headers={"retry-after": "900"}), RateLimited),
        (Rule(fault="status", status=500, headers={"retry-after": "900"}), ServerFault),
        (Rule(fault="status", status=529, headers={"retry-after": "900"}), ServerFault),
        (Rule(fault="status", status=424, headers={"retry-after": "900"}), ServerFault),
        (Rule(fault="status", status=400), BadRequest),
        (Rule(fault="status", status=403), Refused),
        (Rule(fault="status", status=400, message="Your credit balance is too low to access this"), Refused),
        (Rule(fault="status", status=400, message="API key not valid. Please pass a valid API key."), Refused),
    ],
)
async def test_every_refusal_is_known_for_what_it_is_with_the_providers_words(fake_model, transport, api, rule, raised):
    fake_model.rules = [rule]
    with pytest.raises(CallFailed) as caught:
        await chat(transport, endpoint(fake_model, api), **ask())
    assert type(caught.value) is raised
    assert f"answered {rule.status}: {rule.message or f'status {rule.status} on demand'}" in caught.value.message


@pytest.mark.parametrize("api", ALL)
@pytest.mark.parametrize("status", [429, 500, 529])
async def test_what_another_attempt_mends_is_mended(fake_model, transport, api, status):
    fake_model.rules = [Rule(times=1, fault="status", status=status, headers={"retry-after": "0"})]
    reply = await chat(transport, endpoint(fake_model, api), **ask())
    assert (answer_of(reply, "text"), fake_model.calls) == ("hi", 2)


@pytest.mark.parametrize(
    ("api", "rule", "raised"),
    [
        (api, rule, raised)
        for rule, raised, apis in [
            (Rule(fault="content_filter"), ContentFiltered, ALL),
            # The others have no word for a refusal: there it is text.
            (Rule(fault="refusal"), ModelRefused, [api for api in ALL if api not in {"gemini", "bedrock"}]),
            (Rule(fault="null_content"), EmptyAnswer, ALL),
            (Rule(reply="{", finish_reason="length"), Unparseable, ALL),
        ]
        for api in apis
    ],
)
async def test_an_answer_that_is_none_is_a_failure_of_its_kind(fake_model, transport, api, rule, raised):
    if rule.fault == "content_filter" and api == "anthropic":
        raised = ModelRefused
    fake_model.rules = [rule]
    reply = await chat(transport, endpoint(fake_model, api), **ask())
    with pytest.raises(raised) as caught:
        answer_of(reply, "json")
    if raised is Unparseable:
        assert "cut off at the token limit" in caught.value.message


async def test_a_blocked_prompt_of_gemini_was_filtered(fake_model, transport):
    fake_model.rules = [Rule(fault="empty_choices")]
    with pytest.raises(ContentFiltered):
        answer_of(await chat(transport, endpoint(fake_model, "gemini"), **ask()), "text")


@pytest.mark.parametrize("api", ALL)
@pytest.mark.parametrize("document", [{}, {"object": "list"}, {"output": "x", "content": "x", "candidates": {}}])
def test_what_is_no_answer_of_the_protocol_is_asked_for_again(api, document):
    with pytest.raises(Garbled, match=f"the answer is no {DIALECTS[api].ANSWER}") as caught:
        read_chat(answered(document), DIALECTS[api])
    assert caught.value.retry


@pytest.mark.parametrize("status", ["in_progress", [], {}, None, 3])
def test_a_response_that_is_still_being_made_is_no_answer(status):
    with pytest.raises(Garbled):
        read_chat(answered({"status": status, "output": []}), DIALECTS["responses"])


@pytest.mark.parametrize("code", ["9" * 5000, "\N{ARABIC-INDIC DIGIT FOUR}29", "200", -429, 4290, True, [], {}])
def test_an_error_whose_code_is_no_status_is_the_servers(code):
    with pytest.raises(ServerFault, match="broken"):
        read_chat(answered({"error": {"code": code, "message": "broken"}}), DIALECTS["chat"])


def test_a_response_that_failed_is_that_failure():
    failed = {"status": "failed", "error": {"code": "rate_limit_exceeded", "message": "slow down"}, "output": []}
    with pytest.raises(RateLimited, match="slow down"):
        read_chat(answered(failed), DIALECTS["responses"])


def test_thoughts_are_no_part_of_the_answer():
    gemini = {"candidates": [{"content": {"parts": [{"text": "hm", "thought": True}, {"text": "yes"}]}}]}
    assert read_chat(answered(gemini), DIALECTS["gemini"]).text == "yes"
    anthropic = {"content": [{"type": "thinking", "thinking": "hm", "text": "hm"}, {"type": "text", "text": "yes"}]}
    assert read_chat(answered(anthropic), DIALECTS["anthropic"]).text == "yes"
    bedrock = {"output": {"message": {"content": [{"reasoningContent": {"text": "hm"}}, {"text": "yes"}]}}}
    assert read_chat(answered(bedrock), DIALECTS["bedrock"]).text == "yes"


def test_google_says_in_the_body_how_long_to_wait():
    error = {"code": 429, "message": "slow", "details": [{"@type": "x"}, {"retryDelay": "34.5s"}]}
    with pytest.raises(RateLimited) as caught:
        read_chat(answered({"error": error}, status=429), DIALECTS["gemini"])
    assert caught.value.retry_after == 34.5
