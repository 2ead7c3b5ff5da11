"""The reviews file: appended and never changed, read with the place of what is wrong, merged by git."""

import json
import os
import subprocess

import pytest
from filelock import FileLock

from evalgate.curate.beside import reviews_file
from evalgate.curate.candidates import write_candidates
from evalgate.curate.holding import workplace
from evalgate.curate.reviewing import reviews as module
from evalgate.curate.reviewing.reviews import append_reviews, as_line, read_reviews
from evalgate.errors import ConfigurationError, DatasetError, ErrorGroup, MeasurementError
from tests.unit.curate.reviewing.making import candidate, review

ONE = candidate()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "some.candidates.jsonl"


def test_what_is_appended_is_read_in_its_order(path):
    made = [review(ONE), review(ONE, "rejected", who="bob ☃", reason="x\ny", settles=True, via="file")]
    assert read_reviews(path) == {}
    assert not append_reviews(path, made[:1])
    assert not (path.parent / ".gitattributes").exists()
    before = reviews_file(path).read_bytes()
    assert not append_reviews(path, [*made[1:], review(candidate("span:2"), answer="another")])
    assert reviews_file(path).read_bytes().startswith(before)
    found = read_reviews(path)
    assert found[ONE.id] == tuple(made)
    assert found["span:2"][0].output == {"messages": [{"role": "assistant", "content": "another"}]}


def test_a_line_that_was_never_finished_makes_room(path):
    append_reviews(path, [review(ONE)])
    whole = reviews_file(path).read_bytes()
    reviews_file(path).write_bytes(whole + as_line(review(candidate("span:2")))[:40])
    assert set(read_reviews(path)) == {ONE.id}
    append_reviews(path, [review(candidate("span:3"))])
    assert set(read_reviews(path)) == {ONE.id, "span:3"}
    assert reviews_file(path).read_bytes().startswith(whole)


def test_a_line_that_lacks_nothing_but_its_end_counts(path):
    reviews_file(path).write_bytes(as_line(review(ONE)).rstrip(b"\n"))
    assert set(read_reviews(path)) == {ONE.id}
    append_reviews(path, [review(candidate("span:3"))])
    assert set(read_reviews(path)) == {ONE.id, "span:3"}


@pytest.mark.parametrize(
    ("line", "place", "message"),
    [
        ("<<<<<<< HEAD", "2:1", "not JSON"),
        ("[1]", "2:1", "a list"),
        ('{"id": "x", "mine": 1}', "2:13", "unknown key 'mine'"),
        ('{"id": 1}', "2:1", "at should be a text"),
        ('{"id": "x", "who": " ", "at": "1", "decision": "accepted", "seen": "1"}', "2:13", "who should be a text"),
        (json.dumps({**json.loads(as_line(review(ONE))), "decision": "maybe"}), "2:", "decision should be one of"),
        (json.dumps({**json.loads(as_line(review(ONE))), "answer": "edited"}), "2:", "has an output"),
        (json.dumps({**json.loads(as_line(review(ONE))), "output": [1]}), "2:", "output should be an object"),
        (json.dumps({**json.loads(as_line(review(ONE))), "settles": "yes"}), "2:", "settles should be true or false"),
        (json.dumps({**json.loads(as_line(review(ONE))), "reason": 3}), "2:", "reason and via should be texts"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(path, line, place, message):
    good = as_line(review(ONE)).decode()
    reviews_file(path).write_text(f"{good}{line}\n{good}")
    with pytest.raises(ErrorGroup) as error:
        read_reviews(path)
    assert f"some.candidates.reviews.jsonl:{place}" in str(error.value)
    assert message in str(error.value)


def test_many_problems_are_counted_and_bytes_that_are_no_text_named(path):
    reviews_file(path).write_text("x\n" * 30)
    with pytest.raises(ErrorGroup, match="20 more problems"):
        read_reviews(path)
    reviews_file(path).write_bytes(b"\xff\n")
    with pytest.raises(ErrorGroup, match="not UTF-8"):
        read_reviews(path)


def test_a_file_that_cannot_be_read_or_written_is_named(path):
    reviews_file(path).mkdir()
    with pytest.raises(DatasetError, match="cannot be read"):
        read_reviews(path)
    with pytest.raises(ConfigurationError, match="nothing more was decided"):
        append_reviews(path, [review(ONE)])


def test_a_full_disk_leaves_what_was_there(path, monkeypatch):
    append_reviews(path, [review(ONE)])
    before = reviews_file(path).read_bytes()
    real = os.write

    def full(file, data):
        if len(data) < 50:
            raise OSError(28, "No space left on device")
        return real(file, data[: len(data) // 2])

    monkeypatch.setattr(module.os, "write", full)
    with pytest.raises(MeasurementError, match="No space left") as told:
        append_reviews(path, [review(ONE, "rejected", reason="x")])
    assert told.value.next_step == "make room, and go on"
    assert reviews_file(path).read_bytes() == before


def test_who_writes_at_the_same_time_is_waited_for_and_then_named(path, monkeypatch):
    monkeypatch.setattr(module, "WAIT_S", 0.1)
    with FileLock(workplace(path) / f"{path.name}.reviews.lock"), pytest.raises(ConfigurationError, match="at work"):
        append_reviews(path, [review(ONE)])


def test_git_merges_what_two_people_decided(path):
    folder = path.parent

    def git(*arguments):
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
        subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    (folder / ".gitattributes").write_text("*.png binary")
    write_candidates(path, [ONE])
    assert append_reviews(path, [review(ONE)])
    git("add", "-A")
    git("commit", "-qm", "first")
    git("checkout", "-qb", "bob")
    append_reviews(path, [review(candidate("span:2"), who="bob")])
    git("commit", "-qam", "bob")
    git("checkout", "-q", "main")
    append_reviews(path, [review(candidate("span:3"), who="ann")])
    git("commit", "-qam", "ann")
    git("merge", "-q", "bob", "-m", "both")
    assert set(read_reviews(path)) == {"span:1", "span:2", "span:3"}
    lines = (folder / ".gitattributes").read_text().splitlines()
    assert lines == ["*.png binary", "*.candidates.reviews.jsonl merge=union"]
