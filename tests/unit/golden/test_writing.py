"""What is written is read back as it was."""

import pytest

from evalgate.golden.reading import read_examples
from evalgate.golden.versions import dataset_version
from evalgate.golden.writing import WRITTEN, as_text
from evalgate.records import Example

EXAMPLES = [
    Example(
        id="größe \u2028 1", input={"q": "a\nb\u0085\r", "n": 1.0, "m": 1e22}, output={"a": [None, {}]}, metadata={}
    ),
    Example(id="2", input={}, output=None, metadata={"x": {"y": []}}, split="dev"),
]


@pytest.mark.parametrize("suffix", WRITTEN)
def test_examples_come_back_as_they_were(tmp_path, suffix):
    path = tmp_path / f"golden{suffix}"
    path.write_bytes(as_text(EXAMPLES, suffix).encode())
    assert list(read_examples(path)) == EXAMPLES
    assert dataset_version(read_examples(path)) == dataset_version(EXAMPLES)


def test_what_is_not_there_is_not_written():
    assert as_text(EXAMPLES[1:], ".jsonl") == '{"id": "2", "input": {}, "metadata": {"x": {"y": []}}, "split": "dev"}\n'


def test_what_is_no_json_is_not_written_either():
    with pytest.raises(ValueError, match="JSON"):
        as_text([Example(id="a", input={"x": float("nan")}, output=None, metadata={})], ".json")
