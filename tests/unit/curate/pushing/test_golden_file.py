"""Golden examples put into a dataset file, whose other lines stay as they are."""

import json

import pytest

from evalgate.curate.pushing.golden_file import put, require_writable
from evalgate.errors import ConfigurationError, DatasetError
from evalgate.golden.reading import read_examples
from evalgate.records import Example


def example(identity, number=1):
    return Example(id=identity, input={"n": number}, output=None, metadata={}, split=None)


def test_lines_are_replaced_in_their_place_and_added_at_the_end(tmp_path):
    path = tmp_path / "some.jsonl"
    first = b'\xef\xbb\xbf{"id": "a", "input": {}}\r\n\n'
    path.write_bytes(first + b'{"id": 7,"input":{"n": 1e3}}\n{"id": "c", "input": {}}')
    put(path, [example("new"), example("7", 2)])
    assert path.read_bytes() == (
        first + b'{"id": "7", "input": {"n": 2}}\n{"id": "c", "input": {}}\n{"id": "new", "input": {"n": 1}}\n'
    )
    assert [each.id for each in read_examples(path)] == ["a", "7", "c", "new"]
    before = path.read_bytes()
    put(path, [example("new")])
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [[{"id": "a", "input": {}}], {"of": "shop", "examples": [{"id": "a", "input": {}}]}]
)
def test_a_json_document_keeps_what_else_it_has(tmp_path, content):
    path = tmp_path / "some.json"
    path.write_text(json.dumps(content))
    put(path, [example("a", 2), example("b")])
    assert [(each.id, each.input) for each in read_examples(path)] == [("a", {"n": 2}), ("b", {"n": 1})]
    after = json.loads(path.read_text())
    assert isinstance(after, list) or after["of"] == "shop"


@pytest.mark.parametrize("name", ["new.jsonl", "folder/new.ndjson", "new.json"])
def test_a_file_that_is_not_there_is_made(tmp_path, name):
    put(tmp_path / name, [example("a")])
    assert [each.id for each in read_examples(tmp_path / name)] == ["a"]


def test_other_formats_are_refused_before_anything_is_read(tmp_path):
    with pytest.raises(DatasetError, match=r"\.jsonl, \.ndjson, \.json"):
        require_writable(tmp_path / "some.csv")


@pytest.mark.parametrize("replaced", ["a", "b"])
def test_lines_that_end_with_carriage_returns_alone_lose_nothing(tmp_path, replaced):
    path = tmp_path / "some.jsonl"
    path.write_bytes(b'{"id": "a", "input": {}}\r{"id": "b", "input": {}}')
    with pytest.raises(DatasetError, match="carriage returns"):
        put(path, [example(replaced)])
    put(path, [example("c")])
    assert [each.id for each in read_examples(path)] == ["a", "b", "c"]


def test_what_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot write"):
        put(tmp_path / "file" / "some.jsonl", [example("a")])


def test_an_example_of_a_document_is_replaced_where_it_stands(tmp_path):
    path = tmp_path / "some.json"
    path.write_text(json.dumps([{"id": "a", "input": {"n": 1}}, {"id": "b", "input": {"n": 1}}]))
    put(path, [example("b", 2)])
    assert [(each.id, each.input) for each in read_examples(path)] == [("a", {"n": 1}), ("b", {"n": 2})]
