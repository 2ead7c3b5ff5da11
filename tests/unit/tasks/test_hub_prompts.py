"""What a version of a prompt in Phoenix sends is what Phoenix's own client makes of it, or it is refused."""

from __future__ import annotations

import json

import pytest

from evalgate.errors import CandidateError
from evalgate.llm.dialects import DIALECTS, Asked
from evalgate.records import Example
from evalgate.suite.hub_prompt import HubPrompt, content_of
from evalgate.suite.hub_request import left_out, overrides
from evalgate.suite.tasks import PromptTask
from evalgate.suite.template import TemplateProblem
from evalgate.tasks.prompt_hub import hub_source

VALUES = {"question": 'Why {x} "ü" \\1?\n', "lang": "de"}
SCHEMA = {
    "type": "json_schema",
    "json_schema": {"name": "answer", "schema": {"type": "object", "properties": {"b": {}, "a": {}}}, "strict": True},
}
FUNCTION = {"name": "find", "description": "Looks.", "parameters": {"type": "object", "properties": {"q": {}}}}
FIND = {"type": "function", "function": FUNCTION}
CALL = {"type": "function", "name": "find", "arguments": '{"q": "x"}'}
TALK = [
    {"role": "user", "content": "{{question}}"},
    {"role": "ai", "content": [{"type": "tool_call", "tool_call_id": "c1", "tool_call": CALL}]},
    {
        "role": "tool",
        "content": [
            {"type": "tool_result", "tool_call_id": "c1", "tool_result": {"ü": ["{{lang}}", 1]}},
            {"type": "tool_result", "tool_call_id": "c2", "tool_result": "plain {{lang}}"},
        ],
    },
]


def user(content, role="user"):
    return {"role": role, "content": content}


def version(messages, *, provider="OPENAI", form="MUSTACHE", parameters=None, kind=None, **more) -> dict:
    kind = kind or provider.lower()
    return {
        "model_provider": provider,
        "model_name": "small",
        "template": {"type": "chat", "messages": messages},
        "template_type": "CHAT",
        "template_format": form,
        "invocation_parameters": {"type": kind, kind: parameters or {}},
        **more,
    }


def task_for(variables, **settings) -> PromptTask:
    mapped = {name: f"input.{name}" for name in variables}
    return PromptTask.model_validate({"prompt": {"phoenix": "p"}, "model": "e/small", "variables": mapped, **settings})


def sent(told: dict, *, api="chat", variables=(), values=VALUES, **settings) -> dict:
    """Return the body that goes out for a version."""
    prompt = HubPrompt(name="p", number=3, id="x", content=content_of(told))
    source = hub_source(task_for(variables, **settings), prompt, api)
    example = Example(id="e", input=dict(values), output={"a": 1}, metadata={})
    asked = Asked(
        model="small",
        messages=source.messages(example),
        tools=source.tools,
        tool_choice=source.tool_choice,
        response_format=source.response_format,
        parameters=source.parameters,
    )
    return json.loads(json.dumps(DIALECTS[api].write(asked).body))


def formatted(told: dict, variables) -> dict:
    """Return the body that Phoenix's client would have an SDK send."""
    from phoenix.client.types.prompts import PromptVersion

    made = dict(PromptVersion._loads(told).format(variables={name: VALUES[name] for name in variables}))
    extra = made.pop("extra_body", {})
    return json.loads(json.dumps({**made, **extra}))


OPENAI = {
    "one variable": (version([user("Q: {{ question }}")]), ["question"]),
    "several, and twice": (version([user("{{lang}}{{question}} {{ lang }}")]), ["question", "lang"]),
    "escaped": (version([user(r"\{{question}} {{lang}}")]), ["lang"]),
    "braces of JSON": (version([user('{"a": {{lang}}, "b": {"c": {}}}')]), ["lang"]),
    "no format": (version([user("{{question}} {lang}")], form="NONE"), []),
    "f-string": (version([user("{question} {{kept}} {lang}")], form="F_STRING"), ["question", "lang"]),
    "roles": (
        version([user("S {{lang}}", "system"), user("D", "developer"), user("A", "model"), user("B", "assistant")]),
        ["lang"],
    ),
    "parts": (
        version([user([{"type": "text", "text": "one {{lang}}"}, {"type": "text", "text": "two"}])]),
        ["lang"],
    ),
    "one part": (version([user([{"type": "text", "text": "{{lang}}"}], "system")]), ["lang"]),
    "calls and results": (version(TALK), ["question"]),
    "results of one call": (
        version(
            [
                {
                    "role": "tool",
                    "content": [
                        {"type": "tool_result", "tool_call_id": "c", "tool_result": None},
                        {"type": "tool_result", "tool_call_id": "c", "tool_result": True},
                    ],
                }
            ]
        ),
        [],
    ),
    "text beside a call": (
        version(
            [
                {
                    "role": "assistant",
                    "content": [
                        {"type": "text", "text": "{{lang}}"},
                        {"type": "tool_call", "tool_call_id": "c", "tool_call": CALL},
                    ],
                }
            ]
        ),
        ["lang"],
    ),
    "tools": (
        version(
            [user("x")],
            tools={"type": "tools", "tools": [FIND, {"type": "raw", "raw": {"type": "web_search"}}]},
        ),
        [],
    ),
    **{
        f"choice {choice['type']}": (
            version([user("x")], tools={"type": "tools", "tools": [FIND], "tool_choice": choice}),
            [],
        )
        for choice in (
            {"type": "none"},
            {"type": "zero_or_more"},
            {"type": "one_or_more"},
            {"type": "specific_function", "function_name": "find"},
        )
    },
    "the form of the answer": (version([user("x")], response_format=SCHEMA), []),
    "parameters": (
        version(
            [user("x")],
            parameters={
                "temperature": 0.7,
                "max_tokens": 100,
                "top_p": 0.5,
                "seed": 4,
                "presence_penalty": 0.1,
                "frequency_penalty": 0.2,
                "stop": ["x"],
                "reasoning_effort": "low",
                "extra_body": {"top_k": 3},
            },
        ),
        [],
    ),
    "the other limit": (version([user("x")], parameters={"max_completion_tokens": 5}), []),
    "parallel calls": (
        version([user("x")], tools={"type": "tools", "tools": [FIND], "disable_parallel_tool_calls": True}),
        [],
    ),
    **{
        provider: (version([user("{{lang}}")], provider=provider, kind=kind, parameters={"temperature": 1.5}), ["lang"])
        for provider, kind in {
            "AZURE_OPENAI": None,
            "DEEPSEEK": None,
            "XAI": None,
            "OLLAMA": None,
            "GROQ": None,
            "TOGETHER": None,
            "MINIMAX": "openai",
            "META": None,
        }.items()
    },
}


@pytest.mark.parametrize("name", OPENAI)
def test_a_chat_completion_is_what_phoenix_makes_of_it(name):
    told, variables = OPENAI[name]
    assert sent(told, variables=variables) == formatted(told, variables)


ANTHROPIC = {
    "plain": version(
        [user("Be kind.", "system"), user("{{lang}}")], provider="ANTHROPIC", parameters={"max_tokens": 9}
    ),
    "a system message in parts": version(
        [user([{"type": "text", "text": "Speak {{lang}}."}], "system"), user("x")],
        provider="ANTHROPIC",
        parameters={"max_tokens": 9, "temperature": 0.2, "top_p": 0.3, "stop_sequences": ["x"]},
    ),
    "thinking": version(
        [user("{{lang}}")],
        provider="ANTHROPIC",
        parameters={
            "max_tokens": 2000,
            "thinking": {"type": "enabled", "budget_tokens": 1024},
            "output_config": {"effort": "low"},
        },
    ),
    "tools": version(
        [user("{{lang}}")],
        provider="ANTHROPIC",
        parameters={"max_tokens": 9},
        tools={"type": "tools", "tools": [FIND], "tool_choice": {"type": "one_or_more"}},
    ),
    "a call and its result": version(
        [
            user("{{lang}}"),
            *TALK[1:2],
            {"role": "tool", "content": TALK[2]["content"][:1]},
        ],
        provider="ANTHROPIC",
        parameters={"max_tokens": 9},
    ),
}


@pytest.mark.parametrize("name", ANTHROPIC)
def test_a_message_of_anthropic_is_what_phoenix_makes_of_it(name):
    told = ANTHROPIC[name]
    assert sent(told, api="anthropic", variables=["lang"]) == formatted(told, ["lang"])


def test_a_call_of_gemini_is_what_phoenix_makes_of_it():
    from phoenix.client.types.prompts import PromptVersion

    told = version(
        [user("Speak {{lang}}.", "system"), user("{{question}}")],
        provider="GOOGLE",
        parameters={
            "temperature": 0.5,
            "max_output_tokens": 7,
            "top_k": 3,
            "stop_sequences": ["x"],
            "thinking_config": {"thinking_budget": 12, "include_thoughts": True},
        },
        response_format=SCHEMA,
    )
    variables = {"lang": "de", "question": "Why?"}
    made = dict(PromptVersion._loads(told).format(variables=variables))
    config = made["config"].model_dump(mode="json", by_alias=True, exclude_none=True)
    system = config.pop("systemInstruction")
    body = sent(told, api="gemini", variables=["lang", "question"], values=variables)
    assert body["contents"] == [each.model_dump(mode="json", exclude_none=True) for each in made["messages"]]
    assert body["systemInstruction"]["parts"] == [{"text": system}]
    assert body["generationConfig"] == config


def test_what_an_example_holds_is_never_a_template():
    told = version([user("{{question}} / {{lang}}")])
    body = sent(told, variables=["question", "lang"], values={"question": "{{lang}}", "lang": "{{question}}"})
    assert body["messages"][0]["content"] == "{{lang}} / {{question}}"


def test_values_that_are_no_text_show_as_json():
    body = sent(version([user("{{lang}}")]), variables=["lang"], values={"lang": {"a": [True, None, "ü"]}})
    assert body["messages"][0]["content"] == '{"a": [true, null, "ü"]}'


REFUSED = {
    "no messages": (version([]), "it has no messages"),
    "empty messages": (version([user("  "), user("")]), "its messages are empty"),
    "a text alone": (
        {**version([]), "template": {"type": "string", "template": "{{x}}"}, "template_type": "STR"},
        "not chat messages",
    ),
    "a role": (version([user("x", "critic")]), "messages.0: a message of the role 'critic'"),
    "a picture": (
        version([user([{"type": "image", "image": {"url": "data:x"}}])]),
        "messages.0.content.0: content of the type 'image' in a user message",
    ),
    "a section": (version([user("{{#items}}x{{/items}}")]), "{{#items}} is filled by Phoenix's playground"),
    "a path": (version([user("{{user.name}}")]), "{{user.name}} is filled by"),
    "raw": (version([user("{{{lang}}}")]), "{{{lang}}} is filled by"),
    "an attribute": (version([user("{lang.__class__}")], form="F_STRING"), "more than a variable's name"),
    "a wide field": (version([user("{lang:>1000000000}")], form="F_STRING"), "more than a variable's name"),
    "a place": (version([user("{}")], form="F_STRING"), "more than a variable's name"),
    "a brace": (version([user("{lang")], form="F_STRING"), "not a template of the format F_STRING"),
    "a format": (version([user("x")], form="JINJA"), "its template format is 'JINJA'"),
    "a result of nothing": (version([user("x", "tool")]), "does not say which call it answers"),
    "a text among results": (version([user([{"type": "text", "text": "x"}], "tool")]), "of the type 'text'"),
    "an unfilled system message": (
        version([user("{{lang}}", "system"), user("x")], provider="ANTHROPIC", parameters={"max_tokens": 1}),
        "unfilled",
    ),
    "a developer": (version([user("x", "developer")], provider="ANTHROPIC"), "no role developer"),
    "a form for anthropic": (version([user("x")], provider="ANTHROPIC", response_format=SCHEMA), "leaves out"),
    "calls for google": (version(TALK, provider="GOOGLE"), "cannot be written for GOOGLE"),
    "another form": (version([user("x")], response_format={"type": "json_object"}), "that is no json_schema"),
    "another choice": (
        version([user("x")], tools={"type": "tools", "tools": [FIND], "tool_choice": {"type": "odd"}}),
        "a tool_choice 'odd'",
    ),
    "another tool": (version([user("x")], tools={"type": "tools", "tools": [{"type": "odd"}]}), "of the type 'odd'"),
    "a body of its own": (
        version([user("x")], parameters={"extra_body": {"messages": [], "model": "large"}}),
        "sets messages, model in its extra_body",
    ),
    "words of another protocol": (
        version([user("x")], provider="ANTHROPIC", parameters={"max_tokens": 1, "thinking": {"type": "adaptive"}}),
        "sets thinking as ANTHROPIC takes it, and its endpoint speaks chat",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_sent_exactly_is_refused_before_anything_is_paid(name):
    told, said = REFUSED[name]
    with pytest.raises(CandidateError) as caught:
        sent(told)
    assert said in caught.value.message
    assert "p version 3" in caught.value.message
    assert caught.value.next_step


def test_a_variable_without_a_mapping_is_refused_with_the_words_to_add():
    with pytest.raises(CandidateError) as caught:
        sent(version([user("{{question}} {{lang}} {{tone}}")]), variables=["lang"])
    assert caught.value.message == "p version 3 has variables that nothing is put in for: question, tone"
    assert caught.value.next_step == (
        "say what they are in the task: variables: {question: input.question, tone: input.tone}"
    )


def test_a_mapping_that_nothing_uses_is_refused():
    with pytest.raises(CandidateError, match=r"has no variable lang, which `variables` maps: it has none \(MUSTACHE\)"):
        sent(version([user("Speak {lang}.")]), variables=["lang"])


def test_an_example_without_a_value_is_the_tasks_error():
    with pytest.raises(TemplateProblem, match=r"example 'e' has nothing at lang = input.lang, for p version 3"):
        sent(version([user("{{lang}}")]), variables=["lang"], values={})


def test_the_task_overrides_the_hub_and_it_is_said():
    told = version([user("x")], parameters={"temperature": 0.7, "max_completion_tokens": 100, "stop": ["a"]})
    settings = {"temperature": 0, "max_tokens": 50, "parameters": {"stop": ["b"], "logprobs": True}}
    body = sent(told, **settings)
    assert body == {
        "model": "small",
        "messages": [{"role": "user", "content": "x"}],
        "temperature": 0,
        "max_tokens": 50,
        "stop": ["b"],
        "logprobs": True,
    }
    prompt = HubPrompt(name="p", number=3, id="x", content=content_of({**told, "model_name": "large"}))
    assert list(overrides(prompt, task_for((), **settings))) == [
        "the model e/small instead of the hub's large",
        "temperature 0 instead of the hub's 0.7",
        "max_tokens 50 instead of the hub's 100",
        'stop ["b"] instead of the hub\'s ["a"]',
        "logprobs true, which the hub does not set",
    ]


def test_what_phoenix_leaves_out_is_left_out_and_said():
    told = OPENAI["parallel calls"][0]
    prompt = HubPrompt(name="p", number=3, id="x", content=content_of(told))
    assert list(left_out(prompt)) == ["disable_parallel_tool_calls"]


def test_parameters_that_all_protocols_have_go_to_an_endpoint_of_any():
    told = version([user("x")], parameters={"temperature": 0.5, "max_completion_tokens": 9})
    assert sent(told, api="anthropic")["max_tokens"] == 9
    assert sent(told, api="gemini")["generationConfig"] == {"temperature": 0.5, "maxOutputTokens": 9}
    told = version([user("x")], provider="AWS", parameters={"max_tokens": 5, "stop_sequences": ["z"]})
    assert sent(told, api="bedrock")["inferenceConfig"] == {"maxTokens": 5, "stopSequences": ["z"]}
