"""Prompt files: what they may hold, and where an error in them is."""

from __future__ import annotations

from pathlib import Path

import pytest

from evalgate.errors import CandidateError
from evalgate.suite.prompt import Message, Replay, load_prompt

WHOLE = """\
messages:
  - role: system
    content: |
      You answer questions.
      Be brief, {{ name }}.
  - replay: input.messages
  - role: user
    content:
      - {type: text, text: "Q: {{ question }}"}
      - {type: image_url, image_url: {url: "{{ input.image }}"}}
tools:
  - type: function
    function: {name: search, parameters: {type: object, properties: {q: {type: string}}}}
tool_choice: auto
response_format: {type: json_object}
"""


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "p.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refused(folder: Path, text: str | bytes) -> CandidateError:
    written(folder, text)
    with pytest.raises(CandidateError) as caught:
        load_prompt(folder, "p.yaml")
    return caught.value


def test_a_whole_prompt_file_is_read(tmp_path):
    written(tmp_path, WHOLE)
    prompt = load_prompt(tmp_path, "p.yaml").prompt
    system, replay, user = prompt.messages
    assert isinstance(system, Message)
    assert isinstance(replay, Replay)
    assert isinstance(user, Message)
    assert (system.role, replay.replay) == ("system", "input.messages")
    assert isinstance(user.content, tuple)
    assert user.content[0] == {"type": "text", "text": "Q: {{ question }}"}
    assert prompt.tools[0]["function"]["name"] == "search"
    assert (prompt.tool_choice, prompt.response_format) == ("auto", {"type": "json_object"})


def test_a_byte_order_mark_and_umlauts_are_fine(tmp_path):
    written(tmp_path, "\ufeffmessages: [{role: user, content: Grüße}]")
    assert load_prompt(tmp_path, "p.yaml").prompt.messages[0].content == "Grüße"


@pytest.mark.parametrize(
    ("path", "line", "where"),
    [
        (("messages", 0, "content"), 2, "p.yaml:5"),
        (("messages", 0, "content"), 1, "p.yaml:4"),
        (("messages", 2, "content", 0, "text"), 1, "p.yaml:9:28"),
        (("messages", 1, "replay"), 1, "p.yaml:6:13"),
        ((), 1, "p.yaml:1:1"),
    ],
)
def test_every_place_in_it_can_be_named(tmp_path, path, line, where):
    written(tmp_path, WHOLE)
    assert str(load_prompt(tmp_path, "p.yaml").place(path, line)) == where


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("messages:\n - role: user\n   content: x\n   contnet: x", "p.yaml:4:4", "did you mean `content`?"),
        ("mesages: []\nmessages: [{role: user, content: x}]", "p.yaml:1:1", "did you mean `messages`?"),
        ("tools: []", "p.yaml:1:1", "the file needs `messages`"),
        ("messages: []", "p.yaml:1:1", "messages is empty"),
        ("messages: [{role: usr, content: x}]", "p.yaml:1:19", "messages[0].role should be 'system', 'developer', "),
        ("messages: [{role: user}]", "p.yaml:1:12", "a message needs content"),
        ("messages: [{role: user, content: 5}]", "p.yaml:1:34", "messages[0].content should be text; it is a number"),
        ("messages: [{replay: 'a..b'}]", "p.yaml:1:21", "is not a path"),
        ("messages: [{role: user, content: x}]\ntool_choice: auto", "p.yaml:1:1", "tool_choice needs tools"),
        ("messages: [{role: user, content: x, role: system}]", "p.yaml:1:37", "the key 'role' is here twice; first on"),
        ("messages: [\n  {role: user", "p.yaml:3:1", "not YAML"),
        ("- a\n- b", "p.yaml:1:1", "the file should be a mapping; it is a list"),
        ("", "p.yaml", "the prompt file is empty"),
        (b"messages: \xff", "p.yaml:1:11", "byte 0xFF is not UTF-8: save the file as UTF-8"),
        ("messages: [{role: user, content: x}]".encode("utf-16"), "p.yaml:1:1", "the file is UTF-16"),
        ("messages: !!python/object:os.system {}", "p.yaml:1:11", "is not read: remove it"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_at_its_place_with_a_next_step(tmp_path, text, where, says):
    error = refused(tmp_path, text)
    shown = str(error)
    assert shown.startswith(f"{where}:")
    assert says in shown
    assert error.next_step
    assert error.exit_code == 2


def test_all_problems_are_told_at_once(tmp_path):
    shown = str(refused(tmp_path, "messages:\n  - {role: usr, content: x}\n  - {role: user, content: x, x: 1}\n"))
    assert "2 problems" in shown
    assert "p.yaml:2:12" in shown
    assert "p.yaml:3:30" in shown


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CandidateError, match=r"the prompt file nowhere\.yaml does not exist"):
        load_prompt(tmp_path, "nowhere.yaml")


def test_a_folder_is_no_prompt_file(tmp_path):
    (tmp_path / "d.yaml").mkdir()
    with pytest.raises(CandidateError, match="cannot be read"):
        load_prompt(tmp_path, "d.yaml")


def test_plain_words_are_text_and_aliases_cannot_grow_it_without_bound(tmp_path):
    """A prompt file is read like the config and like datasets."""
    written(tmp_path, "messages: [{role: user, content: no}]")
    assert load_prompt(tmp_path, "p.yaml").prompt.messages[0].content == "no"
    lines = ["messages: [{role: user, content: x}]", "a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "aliases add more than" in str(refused(tmp_path, "\n".join(lines)))
