"""The candidates file: what is written is read again; what is wrong with one is said with its place."""

import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evalgate.curate.candidates import Candidate, State, Step, as_line, read_candidates, rewrite, write_candidates
from evalgate.curate.holding import held
from evalgate.errors import ConfigurationError, ErrorGroup

PULLED = Step(at="2026-01-01T00:00:00+00:00", what="pulled", by="evalgate")
LINE = {"id": "span:1", "input": {"q": 1}, "state": "new"}

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc.é", max_size=3), inner, max_size=3),
    max_leaves=5,
)
objects = st.dictionaries(st.text("abc.é", min_size=1, max_size=3), json_values, max_size=3)


@settings(max_examples=30, deadline=None)
@given(objects, objects, objects, st.sampled_from(list(State)))
def test_what_is_written_is_read_again(tmp_path_factory, content, marks, source, state):
    path = tmp_path_factory.mktemp("candidates") / "some.candidates.jsonl"
    written = [
        Candidate(id="span:1", input=content, output=content or None, marks=marks, source=source, state=state),
        Candidate(id="span:2", input=content, split="regression", history=(PULLED,)),
    ]
    assert write_candidates(path, written) == 2
    assert list(read_candidates(path)) == written


def test_a_file_that_is_not_there_has_none(tmp_path):
    assert list(read_candidates(tmp_path / "none.candidates.jsonl")) == []


def test_a_step_reads_and_writes_the_same_file(tmp_path):
    path = tmp_path / "some.candidates.jsonl"
    write_candidates(path, [Candidate(id=str(number), input={}) for number in range(3)])
    out = Step(at="2026-01-01T00:00:00+00:00", what="out", by="evalgate", why="empty")
    assert rewrite(path, lambda read: (each.moved(State.OUT, out).marked("size", 0) for each in read)) == 3
    first = next(read_candidates(path))
    assert (first.state, first.marks, first.history) == (State.OUT, {"size": 0}, (out,))
    assert first.example.id == "0"


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path):
    path = tmp_path / "some.candidates.jsonl"
    write_candidates(path, [Candidate(id=str(number), input={}) for number in range(3)])
    before = path.read_bytes()

    def fails(read):
        yield next(read)
        raise ConfigurationError("no")

    with pytest.raises(ConfigurationError, match="no"):
        rewrite(path, fails)
    assert path.read_bytes() == before
    assert {each.name for each in tmp_path.iterdir()} == {path.name, ".curate"}
    assert (tmp_path / ".curate" / ".gitignore").read_text() == "*\n"


def test_two_steps_at_once_are_one_after_the_other(tmp_path):
    path = tmp_path / "some.candidates.jsonl"
    with held(path), pytest.raises(ConfigurationError, match="another step is at work"):
        rewrite(path, lambda read: read)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[1]", "a list"),
        ('{"id": "a"', "1:11"),
        (json.dumps({**LINE, "stat": "new"}), r"1:53: unknown key 'stat'"),
        (json.dumps({**LINE, "state": "done"}), r"1:37: state should be one of new, out"),
        (json.dumps({"id": "a", "input": {}}), r"1:1: state should be one of"),
        (json.dumps({**LINE, "input": 1}), r"input should be an object"),
        (json.dumps({**LINE, "marks": [1]}), r"marks should be an object"),
        (json.dumps({**LINE, "history": [{"at": "x", "what": "stolen", "by": "person"}]}), "a step has at, what"),
        (json.dumps({**LINE, "history": {"a": 1}}), "history should be a list"),
        ("<<<<<<< HEAD", "1:1"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path, line, said):
    path = tmp_path / "some.candidates.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(ErrorGroup, match=said):
        list(read_candidates(path))


def test_one_id_twice_is_said_of_the_second(tmp_path):
    path = tmp_path / "some.candidates.jsonl"
    path.write_text(f"{json.dumps(LINE)}\n{json.dumps(LINE)}\n")
    with pytest.raises(ErrorGroup, match=r"2:2: the id 'span:1' is taken: it first stands on line 1"):
        list(read_candidates(path))


def test_half_of_a_character_does_not_get_into_a_file():
    assert as_line(Candidate(id="a", input={"q": "\ud800"})).decode().count("?") == 1


def test_a_large_file_is_put_through_a_step_in_flat_memory(tmp_path):
    path = tmp_path / "some.candidates.jsonl"
    long = {"messages": [{"role": "user", "content": "x" * 5_000}]}
    write_candidates(path, (Candidate(id=str(number), input=long, history=(PULLED,)) for number in range(2_000)))
    tracemalloc.start()
    try:
        assert rewrite(path, lambda read: (each.marked("seen", True) for each in read)) == 2_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3_000_000 < path.stat().st_size


def test_what_no_file_may_hold_is_written_as_something_else(tmp_path):
    path = tmp_path / "some.candidates.jsonl"
    content = {"q": "a\0b\ud800", "\0": 1, "\ufffd": [{"\ud800": "\\u0000"}]}
    write_candidates(path, [Candidate(id="span:1", input=content)])
    assert next(read_candidates(path)).input == {"q": "a\ufffdb?", "\ufffd": [{"?": "\\u0000"}]}


def test_what_a_killed_step_left_is_removed_by_the_next(tmp_path):
    path = tmp_path / "some.candidates.jsonl"
    left, others = tmp_path / f".{path.name}.0123456789ab", tmp_path / ".some.jsonl.0123456789ab"
    for each in (left, others):
        each.write_text("personal")
    with held(path, ".pull"):
        assert left.exists()
    with held(path):
        assert (left.exists(), others.exists()) == (False, True)
