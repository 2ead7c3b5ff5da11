"""The examples of a dataset file, the same from every format."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from evalgate.errors import ErrorGroup
from evalgate.golden.reading import read_examples
from evalgate.golden.validation import validate
from evalgate.golden.versions import dataset_version, example_hash
from evalgate.records import Example

EXAMPLES = [
    {"id": "a", "input": {"question": "what, now?"}, "output": {"answer": "yes\nno"}, "metadata": {"lang": "no"}},
    {"id": "b", "input": {"question": 'ünï "q"'}, "output": None, "split": "test"},
]
CSV = 'id,split,input.question,output.answer,metadata.lang\na,,"what, now?","yes\nno",no\nb,test,"ünï ""q""",,\n'
YAML = """\
examples:
- id: a
  input: {question: "what, now?"}
  output: {answer: "yes\\nno"}
  metadata: {lang: no}
- id: b
  split: test
  input: {question: 'ünï "q"'}
"""


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """One dataset in every format, in different orders."""
    contents = {
        "d.jsonl": "".join(json.dumps(example) + "\n" for example in reversed(EXAMPLES)),
        "list.json": json.dumps(EXAMPLES, indent=2),
        "object.json": json.dumps({"name": "x", "examples": EXAMPLES, "more": [1]}),
        "d.csv": CSV,
        "d.yaml": YAML,
        "bom.jsonl": "\ufeff" + "\r\n".join(json.dumps(example, ensure_ascii=False) for example in EXAMPLES),
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    return {name: tmp_path / name for name in contents}


def test_every_format_gives_the_same_examples_and_version(files):
    expected = {
        "a": Example(
            id="a",
            input={"question": "what, now?"},
            output={"answer": "yes\nno"},
            metadata={"lang": "no"},
        ),
        "b": Example(id="b", input={"question": 'ünï "q"'}, split="test"),
    }
    for path in files.values():
        assert {example.id: example for example in read_examples(path)} == expected, path.name
    versions = {name: validate(path).version for name, path in files.items()}
    assert set(versions.values()) == {dataset_version(expected.values())}


def test_the_version_moves_with_every_part_of_an_example():
    example = Example(id="a", input={"q": 1}, output={"a": 1}, metadata={"m": 1}, split="s")
    others = [
        Example(id="b", input={"q": 1}, output={"a": 1}, metadata={"m": 1}, split="s"),
        Example(id="a", input={"q": 2}, output={"a": 1}, metadata={"m": 1}, split="s"),
        Example(id="a", input={"q": 1}, output=None, metadata={"m": 1}, split="s"),
        Example(id="a", input={"q": 1}, output={"a": 1}, metadata={}, split="s"),
        Example(id="a", input={"q": 1}, output={"a": 1}, metadata={"m": 1}),
    ]
    assert len({example_hash(one) for one in [example, *others]}) == 6
    assert dataset_version([example, others[0]]) == dataset_version([others[0], example])
    assert dataset_version([]) != dataset_version([example])


def test_a_version_is_the_same_for_ever():
    example = Example(id="a", input={"q": "é"}, output={"a": 1.5})
    assert dataset_version([example]) == "0ed1d0d44e5a0078af2d68cc297f592d7ea011f66fee3449ceecf545a1db883c"


def test_only_the_examples_of_a_split_are_read(files):
    assert [example.id for example in read_examples(files["d.yaml"], split="test")] == ["b"]
    assert list(read_examples(files["d.yaml"], split="tset")) == []
    assert validate(files["d.csv"]).splits == {None: 1, "test": 1}


def test_an_output_that_is_empty_is_no_expected_answer(tmp_path):
    """As in Phoenix, which cannot tell the two apart: one dataset has one version in both."""
    path = tmp_path / "d.jsonl"
    path.write_text(
        '{"id": "a", "input": {}, "output": {}}\n{"id": "b", "input": {}, "output": null, "metadata": null}\n'
    )
    assert [(example.output, example.metadata) for example in read_examples(path)] == [(None, {}), (None, {})]


def test_whole_numbers_as_ids_become_text_and_leading_zeros_stay(tmp_path):
    path = tmp_path / "d.yaml"
    path.write_text("- {id: 7, input: {}}\n- {id: 007, input: {}}\n- {id: 2024-01-01, input: {when: 12:30}}\n")
    examples = list(read_examples(path))
    assert [example.id for example in examples] == ["7", "007", "2024-01-01"]
    assert examples[2].input == {"when": "12:30"}
    path = tmp_path / "d.jsonl"
    path.write_text('{"id": 7, "input": {}}\n{"id": "7", "input": {}}\n')
    with pytest.raises(ErrorGroup, match="the id '7' is taken"):
        list(read_examples(path))


def test_fields_bring_things_to_where_evalgate_wants_them(tmp_path):
    path = tmp_path / "d.jsonl"
    path.write_text(
        '{"key": 5, "input": {"query": "q", "context": "c"}, "answer": "a", "tags": {"lang": "en"}, "x": 1}\n'
    )
    fields = {"id": "key", "input.question": "input.query", "output.answer": "answer", "metadata": "tags"}
    assert list(read_examples(path, fields=fields)) == [
        Example(id="5", input={"context": "c", "question": "q"}, output={"answer": "a"}, metadata={"lang": "en"})
    ]
    with pytest.raises(ErrorGroup, match=r"nothing stands at 'query', which `fields` names for input\.question"):
        list(read_examples(path, fields={"id": "key", "input.question": "query"}))


def test_fields_map_csv_columns_too(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text('number,question,input\n1,what?,"{""k"": 3}"\n')
    fields = {"id": "number", "input.question": "question"}
    assert list(read_examples(path, fields=fields)) == [Example(id="1", input={"k": 3, "question": "what?"})]


def test_an_empty_csv_cell_is_nothing_at_all(tmp_path):
    path = tmp_path / "d.csv"
    path.write_text("id,input.q,input.hint,output.answer,metadata.lang,split\n1,x,,,,\n\n,,,,,\n")
    assert list(read_examples(path)) == [Example(id="1", input={"q": "x"})]


SCRIPT = """
import json, resource, sys
from pathlib import Path
from evalgate.golden.validation import validate
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = validate(Path(sys.argv[1]))
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"examples": report.examples, "problems": report.problems.total, "mib": (after - before) / 1024}))
"""


@pytest.mark.parametrize("suffix", ["jsonl", "csv"])
def test_100_000_examples_are_validated_in_flat_memory(tmp_path, suffix):
    path = tmp_path / f"big.{suffix}"
    with path.open("w") as file:
        if suffix == "csv":
            file.write("id,input.question,output.answer\n")
        for number in range(100_000):
            text = f"What is {number} times {number}, and what is it good for? {'words ' * 20}"
            line = f'q-{number},"{text}",{number * number}'
            example = {"id": f"q-{number}", "input": {"question": text}, "output": {"answer": str(number * number)}}
            file.write((line if suffix == "csv" else json.dumps(example)) + "\n")
    done = subprocess.run([sys.executable, "-c", SCRIPT, path], capture_output=True, text=True, check=True)
    result = json.loads(done.stdout)
    assert (result["examples"], result["problems"]) == (100_000, 0)
    assert result["mib"] < 50
