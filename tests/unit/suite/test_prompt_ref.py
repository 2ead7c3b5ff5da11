"""A prompt in Phoenix is named in a few ways, each of which means one thing."""

import pytest
from pydantic import ValidationError

from evalgate.errors import ErrorGroup
from evalgate.suite.hub_prompt import HubPrompt, content_of, recorded_id
from evalgate.suite.loading import load_config
from evalgate.suite.prompt_ref import PromptRef, read_prompt_ref
from evalgate.suite.reprompt import reprompted

HUB = HubPrompt(name="support-answer", number=13, id="UHJvbXB0OjEz", content={"model_name": "small"})
CONFIG = """\
suites:
  support:
    dataset: golden.jsonl
    task: {prompt: PROMPT, model: openai/small}
    evaluators: [exact_match]
    checks: {exact_match: {at_least: 0.5}}
endpoints: {openai: {base_url: "http://127.0.0.1:9/v1"}}
"""


def ref(**said) -> PromptRef:
    return PromptRef.model_validate({"phoenix": "support-answer", **said})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("phoenix:support-answer", {}),
        ("phoenix:support-answer@13", {"version": 13}),
        ("phoenix:support-answer@UHJvbXB0VmVyc2lvbjo0", {"version": "UHJvbXB0VmVyc2lvbjo0"}),
        ("phoenix:support-answer@UHJvbXB0VmVyc2lvbjox==", {"version": "UHJvbXB0VmVyc2lvbjox=="}),
        ("phoenix:support-answer@latest", {"version": "latest"}),
        ("phoenix:support-answer:production", {"tag": "production"}),
    ],
)
def test_one_line_names_a_version(text, said):
    assert read_prompt_ref(text) == ref(**said)


def test_a_file_is_no_prompt_in_phoenix():
    assert read_prompt_ref("prompts/support.yaml") is None


@pytest.mark.parametrize(
    "text", ["phoenix:", "phoenix:Up", "phoenix:a/../b", "phoenix:a b", "phoenix:a@", "phoenix:a:B", "phoenix:a\n"]
)
def test_what_names_no_prompt_is_refused_with_how_to_write_it(text):
    with pytest.raises(ValueError, match="names no prompt: write phoenix:NAME"):
        read_prompt_ref(text)


@pytest.mark.parametrize(
    ("said", "which", "pinned"),
    [
        ({}, "the latest version", False),
        ({"version": "latest"}, "the latest version", False),
        ({"tag": "production"}, "tag production", False),
        ({"version": 13}, "version 13", True),
        ({"version": "13"}, "version 13", True),
        ({"version": HUB.id}, f"version {HUB.id}", True),
    ],
)
def test_a_tag_and_the_latest_version_move(said, which, pinned):
    found = ref(**said)
    assert (found.which, found.pinned) == (which, pinned)
    assert found.shown == f"support-answer {which}"
    pulled = found.pulled(HUB)
    assert (pulled.which, pulled.pinned, pulled.shown) == (which if not pinned else "version 13", pinned, HUB.shown)
    assert pulled.model_dump(exclude_none=True) == {"phoenix": "support-answer", "version": 13}


def test_what_was_not_looked_up_is_not_known():
    with pytest.raises(ValueError, match="was not looked up"):
        _ = ref().hub


def test_the_record_of_a_build_says_which_version_it_was():
    assert ref(tag="production").pulled(HUB).key == "prompt support-answer (tag production)"
    assert ref(version=13, server="eu").pulled(HUB).key == "prompt support-answer at eu"
    assert recorded_id(HUB.record) == HUB.id
    assert recorded_id("0" * 64) is None


def test_versions_that_say_the_same_have_one_digest():
    told = {"model_name": "m", "template": {"type": "chat"}, "tools": None, "id": "x", "description": "d"}
    one = HubPrompt(name="p", number=1, id="x", content=content_of(told))
    two = HubPrompt(name="p", number=2, id="y", content=content_of({**told, "description": "other", "metadata": {}}))
    assert one.digest == two.digest
    assert one != two


@pytest.fixture
def load(tmp_path):
    (tmp_path / "golden.jsonl").write_text("")

    def loaded(prompt: str, more: str = ""):
        (tmp_path / "evalgate.yaml").write_text(CONFIG.replace("PROMPT", prompt) + more)
        return load_config(tmp_path / "evalgate.yaml", environ={}, overrides={})

    return loaded


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("{phoenix: Support}", "suites.support.task.prompt.phoenix should be text that matches"),
        ("{phoenix: a, version: 0}", "suites.support.task.prompt.version should be above 0; it is 0"),
        ("{phoenix: a, version: 1, tag: b}", "`version` and `tag` both say which version it is: leave one out"),
        ("{phoenix: a, tag: A}", "should be lower case letters, digits, - and _ only; it is 'A'"),
        ("{phoenix: a, vesion: 1}", "unknown key `vesion`: did you mean `version`?"),
        ("{version: 1}", "suites.support.task.prompt needs `phoenix`"),
        ("{phoenix: a, server: eu}", "the server `eu` is not in `phoenix.servers`"),
        ("3", "suites.support.task.prompt should be text; it is a number: write it in quotes"),
    ],
)
def test_what_is_wrong_in_the_config_is_said_at_its_place(load, prompt, said):
    with pytest.raises(ErrorGroup) as caught:
        load(prompt)
    assert said in str(caught.value)
    assert "evalgate.yaml:4:" in str(caught.value)


def test_a_model_is_needed_for_a_file_alone(load, tmp_path):
    (tmp_path / "p.yaml").write_text("messages: []")
    loaded = load("{phoenix: a}", "")
    task = loaded.config.suites["support"].task.model_copy(update={"model": None})
    assert task.model_validate({"prompt": {"phoenix": "a"}}).model is None
    with pytest.raises(ValidationError, match="a task with a prompt file needs `model`"):
        task.model_validate({"prompt": "p.yaml"})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("7", {"version": 7}),
        ("support=7", {"version": 7}),
        ("support=staging", {"tag": "staging"}),
        ("AbC=", {"version": "AbC="}),
    ],
)
def test_another_version_is_tried_against_what_the_config_says(load, given, said):
    loaded, touched = reprompted(load("{phoenix: a, tag: production}"), [given], ())
    suite = loaded.config.suites["support"]
    assert touched == ("support",)
    assert suite.task.ref == PromptRef.model_validate({"phoenix": "a", **said})
    assert loaded.baseline_tasks["support"].ref == PromptRef.model_validate({"phoenix": "a", "tag": "production"})
    assert suite.baseline.task["prompt"] == {"phoenix": "a", "tag": "production"}
    assert suite.baseline_task["model"] == "openai/small"
