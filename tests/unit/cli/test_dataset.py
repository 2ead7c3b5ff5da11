"""`evalgate dataset`, as typed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evalgate.cli.dataset import command
from evalgate.errors import ConfigurationError, DatasetError, ErrorGroup


def typed(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments], standalone_mode=False)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.jsonl"
    path.write_text('{"id": "a", "input": {"q": "x"}, "split": "dev"}\n{"id": "b", "input": {"q": "y"}}\n')
    return path


def test_a_good_file_is_one_line_with_its_examples_splits_and_version(good):
    result = typed("validate", good)
    assert result.return_value == 0
    line = result.output.removeprefix(str(good))
    assert line.startswith(": 2 examples (dev 1, without a split 1), version ")
    assert line.count("\n") == 1


def test_every_problem_of_every_file_is_raised_with_its_place(good, tmp_path):
    bad, worse = tmp_path / "bad.jsonl", tmp_path / "worse.csv"
    bad.write_text('{"id": "a"}\n{oops\n')
    worse.write_text("id,input.q\n,x\n")
    result = typed("validate", bad, good, worse, tmp_path / "absent.json")
    assert isinstance(result.exception, ErrorGroup)
    assert result.exception.exit_code == 2
    said = str(result.exception)
    assert f"{bad}:1:1: the example has no input" in said
    assert f"{bad}:2:2: not JSON: expecting property name" in said
    assert f"{worse}:2:1: the example has no id" in said
    assert "absent.json does not exist" in said
    assert "2 examples" in result.output


def test_a_file_that_is_missing_is_refused_by_name(tmp_path):
    result = typed("validate", tmp_path / "absent.jsonl")
    assert isinstance(result.exception, DatasetError)


def test_fields_are_given_as_pairs(tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_text('{"key": "a", "query": "x"}\n')
    result = typed("validate", path, "--field", "id=key", "--field", "input.question=query")
    assert "1 example, version" in result.output
    wrong = typed("validate", path, "--field", "id=key")
    assert isinstance(wrong.exception, ConfigurationError)
    assert "--field id=key" in str(wrong.exception)
    assert "HERE=THERE" in str(typed("validate", path, "--field", "id").exception)


def test_a_diff_shows_what_was_added_removed_and_edited(good, tmp_path):
    other = tmp_path / "other.yaml"
    other.write_text('- {id: a, input: {q: "x\\u202E", r: 1}, split: dev}\n- {id: c, input: {}}\n')
    result = typed("diff", good, other)
    assert result.return_value == 0
    lines = result.output.splitlines()
    assert lines[0] == "1 added, 1 removed, 1 edited, 0 unchanged"
    assert lines[1].startswith("version ")
    assert lines[2:] == [
        "- b",
        "+ c",
        "~ a",
        '    input.q: "x" → "x\\u202e"',
        "    input.r: added 1",
    ]


def test_a_diff_as_json_has_everything(good, tmp_path):
    other = tmp_path / "other.json"
    other.write_text(json.dumps([{"id": f"n{n}", "input": {}} for n in range(30)]))
    found = json.loads(typed("diff", good, other, "--json").output)
    assert (len(found["added"]), found["removed"], found["edited"]) == (30, ["a", "b"], [])
    assert "  … and 10 more; --json lists all" in typed("diff", good, other).output


def test_equal_datasets_say_so(good):
    assert typed("diff", good, good).output.splitlines()[0] == "0 added, 0 removed, 0 edited, 2 unchanged"
    assert "on both sides" in typed("diff", good, good).output
