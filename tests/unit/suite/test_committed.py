"""One suite of another commit's config: its task, and as much of the rest as can be read."""

import pytest

from evalgate.errors import ConfigurationError, ErrorGroup
from evalgate.suite.committed import read_committed
from evalgate.suite.tasks import PromptTask, PythonTask

GOOD = """\
suites:
  support:
    root: app
    dataset: absent.jsonl
    task: {prompt: prompt.yaml, model: main/small}
    evaluators: [json_valid]
    checks: {json_valid: {at_least: 1}}
  other: {of: another version}
endpoints:
  main: {base_url: "https://api.example.com/v1"}
  old: {of: another version}
unknown: 3
"""


@pytest.fixture
def config(tmp_path):
    def write(text):
        path = tmp_path / "evalgate.yaml"
        path.write_text(text)
        return path

    return write


def test_only_the_suites_own_part_has_to_be_readable(config):
    """The rest may be of another version, and the dataset need not be there."""
    read = read_committed(config(GOOD), "support", shown="evalgate.yaml of main@1a2b3c4")
    assert read is not None
    assert isinstance(read.task, PromptTask)
    assert (read.root, list(read.endpoints)) == ("app", ["main"])
    assert read.whole is not None


def test_a_suite_with_checks_of_another_version_still_has_a_task(config):
    text = GOOD.replace("{at_least: 1}", "{a_rule_that_is_gone: 1}").replace(
        "prompt: prompt.yaml, model: main/small", "python: a.py:b"
    )
    read = read_committed(config(text), "support", shown="it")
    assert read is not None
    assert isinstance(read.task, PythonTask)
    assert read.whole is None


def test_a_suite_that_is_not_there_is_none(config):
    assert read_committed(config(GOOD), "absent", shown="it") is None
    assert read_committed(config("suites: 3\n"), "support", shown="it") is None


def test_a_task_that_cannot_be_read_is_said_with_its_place_and_commit(config):
    text = GOOD.replace("model: main/small", "modell: main/small")
    with pytest.raises(ErrorGroup) as caught:
        read_committed(config(text), "support", shown="evalgate.yaml of main@1a2b3c4")
    assert [str(error) for error in caught.value.errors] == [
        "evalgate.yaml of main@1a2b3c4:5:33: unknown key `modell`: did you mean `model`?",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "it:2:1: "),
        ("", "it: the file is empty"),
        ("a: \udce4", "it:1:4: "),
    ],
)
def test_a_file_that_is_no_config_is_said(config, tmp_path, text, said):
    path = config("")
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigurationError) as caught:
        read_committed(path, "support", shown="it")
    assert str(caught.value).startswith(said)
