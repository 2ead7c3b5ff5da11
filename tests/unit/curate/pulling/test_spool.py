"""What a pull has read so far: counted with its notes, cut back to its last whole page, or begun anew."""

import pytest

from evalgate.curate.candidates import Candidate
from evalgate.curate.pulling.spool import Notes, Spool


def page(spool, first, cursor):
    return spool.add(
        [Candidate(id=str(number), input={}) for number in range(first, first + 2)],
        Notes(asked={"spec": 1}, cursor=cursor, counts={"new": first + 2}),
    )


def test_it_goes_on_after_the_last_whole_page(tmp_path):
    path = tmp_path / "some.candidates.jsonl"
    spool = Spool(path)
    spool.begin(Notes(asked={"spec": 1}, counts={}))
    page(spool, 0, "one")
    kept = page(spool, 2, "two")
    with spool.file.open("ab") as file:
        file.write(b'{"id": "4", "inp')
    assert Spool(path).resume() == kept
    assert [each.id for each in spool.candidates()] == ["0", "1", "2", "3"]
    spool.clear()
    assert Spool(path).resume() is None
    assert list(spool.candidates()) == []


@pytest.mark.parametrize(
    "notes",
    [
        *("", "[]", "{}", '{"more": 1}', "{" * 9, "[" * 100_000),
        '{"asked": {}, "counts": {"new": "x"}}',
        '{"asked": {}, "counts": {"new": 1e400}}',
        '{"asked": "x", "counts": {}}',
        '{"asked": {}, "counts": {}, "cursor": 5}',
    ],
)
def test_notes_that_say_nothing_begin_anew(tmp_path, notes):
    path = tmp_path / "some.candidates.jsonl"
    spool = Spool(path)
    page(spool, 0, "one")
    (tmp_path / ".curate" / "some.candidates.pulling.json").write_text(notes)
    assert spool.resume() is None


def test_a_file_that_is_shorter_than_its_notes_say_begins_anew(tmp_path):
    spool = Spool(tmp_path / "some.candidates.jsonl")
    page(spool, 0, "one")
    spool.file.write_bytes(b"")
    assert spool.resume() is None


def test_a_pull_that_read_all_is_remembered_as_one_that_did_and_a_whole_file_is_no_short_one(tmp_path):
    spool = Spool(tmp_path / "some.candidates.jsonl")
    page(spool, 0, "one")
    kept = spool.resume()
    assert kept is not None
    assert (kept.cursor, kept.done) == ("one", False)
    last = spool.add([], Notes(asked={"spec": 1}, cursor=None, counts={"new": 2}, done=True))
    assert last.done
    assert last.size == kept.size == spool.file.stat().st_size
    assert Spool(tmp_path / "some.candidates.jsonl").resume() == last
