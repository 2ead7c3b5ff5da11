"""What is wrong with a dataset file: all of it, at its line and column."""

import json
from pathlib import Path

import pytest

from evalgate.errors import DatasetError, ErrorGroup
from evalgate.golden.reading import SHOWN, read_examples
from evalgate.golden.validation import validate


def said(tmp_path: Path, content: str | bytes, name: str = "data.jsonl", **options) -> list[str]:
    """Every problem of a file with this content, as line:column: message."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [f"{p.line}:{p.column}: {p.message}" for p in validate(path, **options).problems.first]


GOOD = '{"id": "a", "input": {"q": 1}}\n'


def test_every_problem_of_a_file_is_said_with_its_place(tmp_path):
    lines = [
        '{"id": "a", "input": {"q": 1}}',
        "",
        '{"id": "a", "input": {"q": 2}}',
        '{"id": "b" "input": {}}',
        '{"id": "c", "input": {"q": 1, "q": 2}, "metadata": {"x": NaN}}',
        '{"input": {}}',
        '{"id": "", "input": "text"}',
        '{"id": true}',
        '{"id": "d", "input": {}, "output": "yes", "metadata": [], "split": 3}',
        '{"id": "e", "input": {}, "meta_data": {}, "foo": 1}',
        "[1, 2]",
        '"text"',
        '{"id": "f", "input": {"t": "\\ud800", "n": "\\u0000"}} {}',
        '{"id": "g", "input": {"t": ["ok", "\\ud800"], "\\u0000": 1}}',
        '{"id": "h", "input": {"n": 1e999}}',
        '{"id": "a", "inputs": {}}',
        '{"id": "i\\u001b[2J", "input": {}}',
    ]
    assert said(tmp_path, "\n".join(lines) + "\n") == [
        "3:2: the id 'a' is taken: it first stands on line 1",
        "4:12: not JSON: expecting ',' delimiter",
        "5:31: the key 'q' is here twice",
        "5:58: NaN is not JSON: write null, or leave the key out",
        "6:1: the example has no id: give it one that no other example has",
        "7:2: id is empty",
        '7:12: input should be an object like {"question": "…"}; it is text',
        "8:2: id should be text or a whole number; it is true or false, True",
        '8:1: the example has no input: give it an object like {"question": "…"}',
        '9:26: output should be an object like {"answer": "…"}; it is text',
        '9:43: metadata should be an object like {"lang": "en"}; it is a list',
        "9:59: split should be a name; it is a number, 3",
        "10:26: unknown key 'meta_data': did you mean 'metadata'?",
        "10:43: unknown key 'foo': an example has id, input, output, metadata, split; put it under metadata",
        "11:1: a list: a line of JSONL holds one example; name a file with a list .json",
        "12:1: an example should be an object; it is text",
        "13:23: text holds half a character (the lone surrogate U+D800)",
        "13:38: text holds a null character (U+0000), which databases and terminals do not take",
        "13:54: not JSON: something follows the object; one line holds one example",
        "14:35: text holds half a character (the lone surrogate U+D800)",
        "14:46: in a key: text holds a null character (U+0000), which databases and terminals do not take",
        "15:28: 1e999 is too large for a number",
        "16:13: unknown key 'inputs': did you mean 'input'?",
        '16:1: the example has no input: give it an object like {"question": "…"}',
        "16:2: the id 'a' is taken: it first stands on line 1",
        "17:2: id holds a control character: 'i\\x1b[2J'",
    ]


@pytest.mark.parametrize("name", ["data.jsonl", "data.json", "data.csv", "data.yaml"])
@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_a_file_without_examples_says_so_and_reads_as_nothing(tmp_path, name, content):
    assert said(tmp_path, content, name) == ["1:1: the file has no examples"]
    assert list(read_examples(tmp_path / name)) == []


@pytest.mark.parametrize(
    ("name", "content"), [("d.json", "[]"), ("d.json", '{"examples": []}'), ("d.csv", "id,input.q\n")]
)
def test_a_dataset_with_no_example_in_it_is_empty_too(tmp_path, name, content):
    assert said(tmp_path, content, name) == ["1:1: the file has no examples"]


def test_an_example_nested_100_000_deep_is_refused_in_every_format(tmp_path):
    deep = "[" * 100_000 + "]" * 100_000
    assert said(tmp_path, f'{GOOD}{{"id": "b", "input": {{"q": {deep}}}}}\n') == [
        "2:126: values are nested more than 100 deep"
    ]
    assert said(tmp_path, f'{GOOD}{{"id": "b", "input": {{"q": {"[" * 200}{"]" * 200}}}}}\n') == [
        "2:126: values are nested more than 100 deep"
    ]
    assert said(tmp_path, "[" * 100_000) == ["1:101: values are nested more than 100 deep"]
    assert said(tmp_path, deep, "d.json") == ["1:102: values are nested more than 100 deep"]
    assert said(tmp_path, deep, "d.yaml") == ["1:102: values are nested more than 100 deep"]
    objects = '{"a":' * 100_000
    assert said(tmp_path, objects)[0].endswith("values are nested more than 100 deep")


def test_brackets_in_text_are_no_depth(tmp_path):
    assert said(tmp_path, json.dumps({"id": "a", "input": {"q": "[{" * 500}})) == []
    assert said(tmp_path, json.dumps({"id": "a", "input": {"q": [[i] for i in range(500)]}})) == []


def test_a_number_with_too_many_digits_is_refused(tmp_path):
    assert said(tmp_path, f'{{"id": "a", "input": {{"n": {"9" * 5000}}}}}\n') == [
        "1:1: a whole number has too many digits to be read"
    ]


def test_encodings_are_named(tmp_path):
    assert said(tmp_path, GOOD.encode("utf-16")) == ["1:1: the file is UTF-16: save it as UTF-8"]
    assert said(tmp_path, GOOD.encode("utf-16-le")) == ["1:1: the file is UTF-16: save it as UTF-8"]
    assert said(tmp_path, GOOD.encode("utf-32")) == ["1:1: the file is UTF-32: save it as UTF-8"]
    assert said(tmp_path, "id,input.q\n1,é\n".encode("utf-16"), "d.csv") == [
        "1:1: the file is UTF-16: save it as UTF-8"
    ]
    latin = GOOD.encode() + '{"id": "é", "input": {"q": "é"}}\n'.encode("latin-1")
    assert said(tmp_path, latin) == ["2:9: byte 0xE9 is not UTF-8: save the file as UTF-8"]
    assert said(tmp_path, "id,input.q\n1,é\n".encode("latin-1"), "d.csv") == [
        "2:3: byte 0xE9 is not UTF-8: save the file as UTF-8"
    ]
    assert said(tmp_path, b"- id: '\xe9'\n", "d.yaml") == ["1:8: byte 0xE9 is not UTF-8: save the file as UTF-8"]


def test_null_bytes_are_refused(tmp_path):
    assert said(tmp_path, b'{"id": "a", "input": {"q": "x\x00y"}}\n') == [
        "1:30: not JSON: invalid control character at"
    ]
    assert said(tmp_path, b"id,input.q\n1,x\x00y\n", "d.csv") == [
        "2:3: column input.q: text holds a null character (U+0000), which databases and terminals do not take"
    ]
    assert said(tmp_path, b"- id: 'a\x00'\n", "d.yaml") == [
        "1:9: the character U+0000 is not allowed in YAML: remove it"
    ]


def test_a_last_line_that_is_cut_off_is_called_that(tmp_path):
    assert said(tmp_path, GOOD + '{"id": "b", "input": {"q": "wh') == [
        "2:28: not JSON: unterminated string starting at; this last line is cut off"
    ]
    assert said(tmp_path, GOOD + '{"id": "b", "input":') == [
        "2:21: not JSON: expecting value; this last line is cut off"
    ]
    assert said(tmp_path, GOOD.strip()) == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\r\n\n"])
def test_any_line_end_and_blank_lines_are_fine(tmp_path, end):
    text = end.join([GOOD.strip(), '{"id": "b", "input": {}}', "", ""])
    assert said(tmp_path, text) == []
    assert [e.id for e in read_examples(tmp_path / "data.jsonl")] == ["a", "b"]


def test_json_problems_have_their_line(tmp_path):
    text = """[
  {"id": "a", "input": {}},
  {"id": "a", "input": {},
   "inputt": 3},
  {"input": {"x": 1, "x": 2}},
  oops
]
"""
    assert said(tmp_path, text, "d.json") == [
        "4:4: unknown key 'inputt': did you mean 'input'?",
        "3:4: the id 'a' is taken: it first stands on line 2",
        "5:22: the key 'x' is here twice",
        "5:3: the example has no id: give it one that no other example has",
        "6:3: not JSON: expecting value",
    ]
    shape = "a JSON dataset is a list of examples, or an object with the list under `examples`"
    assert said(tmp_path, "3", "d.json") == [f"1:1: {shape}"]
    assert said(tmp_path, '{"rows": []}', "d.json") == [f"1:1: {shape}"]
    assert said(tmp_path, '{"examples": {}}', "d.json") == [f"1:1: {shape}"]
    assert said(tmp_path, '[{"id": "a", "input": {}},]', "d.json") == ["1:26: not JSON: a comma before ]"]
    assert said(tmp_path, '[{"id": "a", "input": {}}', "d.json") == [
        "1:26: not JSON: the file ends where ',' should be"
    ]
    assert said(tmp_path, "[] x", "d.json") == ["1:4: not JSON: something follows the end of the dataset"]


def test_a_value_that_is_wrong_in_two_ways_is_said_to_be(tmp_path):
    assert said(tmp_path, '[{"id": "a", "input": {"q": NaN 1}}]', "d.json") == [
        "1:29: NaN is not JSON: write null, or leave the key out",
        "1:33: not JSON: expecting ',' delimiter",
    ]


def test_yaml_problems_have_their_line(tmp_path):
    text = """\
- id: a
  input: {q: 1}
- id: a
  input: {q: .nan, q: 2}
  metdata: {}
- {input: 3}
- id: !!python/name:os.system x
  input: {}
"""
    assert said(tmp_path, text, "d.yaml") == [
        "4:20: the key 'q' is here twice; first on line 4",
        "7:7: the tag tag:yaml.org,2002:python/name:os.system is not read: remove it",
        "4:14: nan is not a JSON number",
        "5:3: unknown key 'metdata': did you mean 'metadata'?",
        "3:3: the id 'a' is taken: it first stands on line 1",
        "6:3: the example has no id: give it one that no other example has",
        '6:4: input should be an object like {"question": "…"}; it is a number, 3',
    ]
    assert said(tmp_path, "a: [1\n", "d.yaml")[0].startswith("2:1: not YAML:")


def test_csv_problems_have_their_line(tmp_path):
    text = 'id,input.q,output,split\n1,"two\nlines, yes",{bad},x\n2,a\n1,b,"{""answer"": 1}",\n,c,3,\n,,,\n3,"open\n'
    assert said(tmp_path, text, "d.csv") == [
        "3:13: column output: not JSON: expecting property name enclosed in double quotes",
        "4:1: 2 cells under 4 columns: quote cells that hold commas or line ends",
        "5:1: the id '1' is taken: it first stands on line 2",
        "6:1: the example has no id: give it one that no other example has",
        '6:4: output should be an object like {"answer": "…"}; it is a number, 3',
        "8:1: not CSV: a quoted cell never ends",
    ]
    assert said(tmp_path, "id;input.q\n1;x\n", "d.csv") == ["1:1: the columns are to be separated by commas"]
    assert said(tmp_path, "id,input,input.q,id,a..b\n", "d.csv") == [
        "1:10: the column 'input.q' and 'input' cannot both be columns",
        "1:18: the column 'id' is here twice",
        "1:21: the column name 'a..b' is not a path like input.question",
    ]
    assert said(tmp_path, "id,question\n1,x\n", "d.csv")[0].startswith("2:3: unknown key 'question'")
    assert said(tmp_path, "id,input.q\r1,x\r", "d.csv")[0].startswith("1:1: not CSV: a carriage return")


def test_files_that_cannot_be_read_are_refused_by_name(tmp_path):
    with pytest.raises(DatasetError, match=r"absent\.jsonl does not exist"):
        validate(tmp_path / "absent.jsonl")
    (tmp_path / "d.jsonl").mkdir()
    with pytest.raises(DatasetError, match="cannot be read: Is a directory"):
        validate(tmp_path / "d.jsonl")
    with pytest.raises(DatasetError, match=r"in no known format: \.txt"):
        validate(tmp_path / "d.txt")


def test_reading_stops_yielding_at_the_first_problem_and_raises_all_of_them(tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_text(GOOD + "{}\n" * (SHOWN + 100))
    seen = []
    with pytest.raises(ErrorGroup) as caught:
        seen.extend(example.id for example in read_examples(path))
    assert seen == ["a"]
    assert len(caught.value.errors) == SHOWN + 1
    assert "250 more problems" in str(caught.value.errors[-1])
    assert "evalgate dataset validate" in str(caught.value)


def test_what_a_hostile_file_says_cannot_steer_a_terminal(tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_text('{"id": "a", "input": {}, "\\u001b[2J\\u202e": 1}\n')
    error = validate(path).error()
    assert error is not None
    assert str(error).isprintable() or "\x1b" not in str(error)
    assert "\u202e" not in str(error)
