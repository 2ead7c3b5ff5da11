"""A prompt goes from a file to Phoenix and back as the same prompt; what one of them cannot say is refused."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from evalgate.suite.hub_prompt import HubPrompt, content_of
from evalgate.suite.prompt import PromptFile
from evalgate.suite.prompt_exchange import settings_of, to_file, to_hub
from evalgate.suite.template import TemplateProblem, compile_tree, render_tree
from evalgate.yaml_source import parse_yaml
from evalgate.yaml_writing import as_yaml

TOOL = {"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}
CALL = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"q": 1}'}}
FORM = {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}}}
FILE = {
    "messages": [
        {"role": "system", "content": "Be kind.\nBe brief.\n"},
        {"role": "user", "content": "{{ question }} {x} } {{tone}}"},
        {"role": "user", "content": [{"type": "text", "text": "a {{ x }}"}, {"type": "text", "text": "b"}]},
        {"role": "assistant", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "found"},
        {"role": "assistant", "content": "so", "tool_calls": [CALL]},
    ],
    "tools": [TOOL, {"type": "web_search"}],
    "tool_choice": {"type": "function", "function": {"name": "find"}},
    "response_format": FORM,
}


def hub(said: dict, **more) -> HubPrompt:
    version = {"model_provider": "OPENAI", "model_name": "m", "template_format": "MUSTACHE", **said, **more}
    return HubPrompt(name="p", number=2, id="x", content=content_of(version))


def spoken(text: str, form: str = "MUSTACHE") -> HubPrompt:
    said = {"template": {"type": "chat", "messages": [{"role": "user", "content": text}]}, "template_format": form}
    return hub(said)


def test_a_file_comes_back_as_it_was():
    back = to_file(hub(to_hub(PromptFile.model_validate(FILE))))
    assert back == {
        **FILE,
        "messages": [
            *FILE["messages"][:1],
            {**FILE["messages"][1], "content": "{{ question }} {x} } {{ tone }}"},
            *FILE["messages"][2:],
        ],
    }
    again = to_file(hub(to_hub(PromptFile.model_validate(back))))
    assert again == back


@pytest.mark.parametrize("choice", ["none", "auto", "required"])
def test_every_choice_of_tools_has_its_word(choice):
    said = {"messages": FILE["messages"][:1], "tools": [TOOL], "tool_choice": choice}
    assert to_file(hub(to_hub(PromptFile.model_validate(said)))) == said


TEXTS = st.lists(
    st.one_of(
        st.sampled_from(["{{ a }}", "{{b}}", "{", "}", "{{", "{%", "{#", "\n", "\\", "{% raw %}"]),
        st.text("ab {}%#", max_size=4),
    )
).map("".join)


@given(TEXTS)
@example("{{{a}} }")
@example("{ {{a}}\n")
@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_of_phoenix_is_a_template_that_gives_the_same_or_is_refused(text):
    values = {"a": "{{b}}", "b": "<&>"}
    prompt = spoken(text)
    try:
        content = to_file(prompt)["messages"][0]["content"]
    except TemplateProblem:
        return
    from evalgate.suite.hub_messages import read_messages

    assert [{"role": "user", "content": render_tree(compile_tree(content), values)}] == read_messages(prompt).fill(
        values
    )


@given(TEXTS)
@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_any_file_in_phoenix_gives_the_same_or_is_refused(text):
    values = {"a": "{{b}}", "b": "<&>"}
    try:
        prompt = hub(to_hub(PromptFile.model_validate({"messages": [{"role": "user", "content": text}]})))
        from evalgate.suite.hub_messages import read_messages

        filled = read_messages(prompt).fill(values)
        expected = render_tree(compile_tree(text), values)
    except TemplateProblem:
        return
    assert filled == [{"role": "user", "content": expected}]


def test_an_f_string_becomes_a_template():
    said = to_file(spoken("{question} {{kept}} {{{lang}}}", "F_STRING"))
    assert render_tree(compile_tree(said["messages"][0]["content"]), {"question": "Q", "lang": "de"}) == "Q {kept} {de}"


@pytest.mark.parametrize(
    ("said", "place", "message"),
    [
        ({"messages": [{"replay": "input.messages"}]}, ("messages", 0, "replay"), "cannot replay"),
        (
            {"messages": [{"role": "user", "content": "{{ a | upper }}"}]},
            ("messages", 0, "content"),
            "nothing else of a",
        ),
        (
            {"messages": [{"role": "user", "content": "{% if a %}x{% endif %}"}]},
            ("messages", 0, "content"),
            "nothing else",
        ),
        ({"messages": [{"role": "user", "content": "{{ input.a }}"}]}, ("messages", 0, "content"), "playground"),
        ({"messages": [{"role": "user", "name": "n", "content": "x"}]}, ("messages", 0, "name"), "has no name"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
            ("messages", 0, "content", 0),
            "no pictures",
        ),
        (
            {"messages": [{"role": "tool", "tool_call_id": "c", "content": "{{ a }}"}]},
            ("messages", 0),
            "names its call, and is one text",
        ),
        (
            {"messages": [{"role": "user", "content": "x"}], "response_format": {"type": "json_object"}},
            ("response_format",),
            "it takes json_schema",
        ),
    ],
)
def test_what_phoenix_cannot_say_is_refused_at_its_place(said, place, message):
    with pytest.raises(TemplateProblem) as caught:
        to_hub(PromptFile.model_validate(said))
    assert caught.value.place == place
    assert message in caught.value.message


def test_the_model_and_its_parameters_are_the_tasks():
    said = to_hub(PromptFile.model_validate({"messages": [{"role": "user", "content": "x"}]}))
    prompt = hub(said, invocation_parameters={"type": "openai", "openai": {"temperature": 0.5}})
    assert settings_of(prompt) == {"model": "openai/m", "parameters": {"temperature": 0.5}}


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.text(max_size=8)
    | st.sampled_from(["no", "1e3", "0x1", "on: x", "a\n b\n", "- x"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab: #", min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(JSON)
@example("\n\x85")
@example(["\n\x85 \u2028", {"a": "x\n\x9fy\ufeff"}])
@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_written_is_read_back(value):
    assert parse_yaml(as_yaml({"value": value})) == {"value": value}


def test_lines_of_text_are_written_as_lines():
    assert as_yaml({"content": "Be kind.\nBe brief.\n", "role": "system"}) == (
        "content: |\n  Be kind.\n  Be brief.\nrole: system\n"
    )
