"""Files that people keep: written whole or not at all, and an error about one says what to do about it."""

import subprocess
import sys
from pathlib import Path

import pytest

from evalgate.cli.files import write_file
from evalgate.errors import ConfigurationError

ROOT = Path(__file__).parents[3]


def test_a_file_is_written_in_folders_that_are_made_and_over_what_was_there(tmp_path):
    path = tmp_path / "prompts" / "support.yaml"
    for content in (b"one\n", b"two\r\n"):
        write_file(path, content)
        assert path.read_bytes() == content
    assert [each.name for each in path.parent.iterdir()] == ["support.yaml"]


def test_a_place_that_takes_no_file_is_a_mistake_that_another_name_mends(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(ConfigurationError) as caught:
        write_file(tmp_path / "taken" / "support.yaml", b"")
    assert caught.value.message.startswith(f"cannot write {tmp_path / 'taken' / 'support.yaml'}: ")
    assert caught.value.next_step == "name another file"


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_step_of_curation_whose_result_nobody_can_have_says_what_stays(tmp_path, more):
    (tmp_path / "some.candidates.jsonl").write_text('{"id": "a", "input": {"q": 1}, "state": "new"}\n')
    typed = [sys.executable, "-m", "evalgate", "curate", "sample", "--dataset", "some.jsonl", *more]
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            typed,
            check=False,
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert ended.returncode == 4
    assert "standard output" in ended.stderr
    assert "what was done stays" in ended.stderr
    assert '"chosen"' in (tmp_path / "some.candidates.jsonl").read_text()
