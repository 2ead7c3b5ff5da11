"""Copies of datasets never change under whoever reads them, and a damaged one is none."""

import json
import os
import time

import pytest

from evalgate.errors import MeasurementError
from evalgate.golden.reading import read_examples
from evalgate.phoenix.datasets.copies import Copies, Origin, Wanted, members_hash
from evalgate.records import Example

WANTED = Wanted(base_url="http://host", dataset="größe / 1", version="V1", split=None)
ORIGIN = Origin(
    dataset_id="D1", dataset_created_at="2026-01-01", version_created_at="2026-01-02", members="", pulled_at="now"
)
EXAMPLES = [Example(id=str(n), input={"q": n}, output={"a": "ä"}, metadata={}) for n in range(3)]


@pytest.fixture
def copies(tmp_path):
    return Copies(tmp_path / ".evalgate" / "datasets")


def test_a_copy_is_found_again_and_holds_what_was_kept(copies):
    assert copies.find(WANTED) is None
    kept = copies.keep(WANTED, EXAMPLES, ORIGIN)
    assert copies.find(WANTED) == kept
    assert list(read_examples(kept.path)) == EXAMPLES
    assert (kept.path.parent.parent / ".gitignore").exists()


def test_each_server_dataset_version_and_split_has_its_own(copies):
    others = [
        Wanted(base_url=url, dataset=name, version=version, split=split)
        for url, name, version, split in (
            ("http://other", "größe / 1", "V1", None),
            ("http://host", "größe - 1", "V1", None),
            ("http://host", "größe / 1", "V2", None),
            ("http://host", "größe / 1", "V1", "dev"),
        )
    ]
    copies.keep(WANTED, EXAMPLES, ORIGIN)
    assert [copies.find(each) for each in others] == [None] * 4
    assert len({each.key for each in (*others, WANTED)}) == 5


def test_a_reader_keeps_its_file_when_another_copy_takes_the_place(copies):
    first = copies.keep(WANTED, EXAMPLES, ORIGIN)
    second = copies.keep(WANTED, EXAMPLES[:1], ORIGIN)
    assert first.path != second.path
    assert len(list(read_examples(first.path))) == 3
    assert copies.find(WANTED) == second


@pytest.mark.parametrize("damage", ["cut", "edited", "gone", "note", "list", "moved"])
def test_a_copy_that_is_not_what_was_written_is_none(copies, damage):
    kept = copies.keep(WANTED, EXAMPLES, ORIGIN)
    note = kept.path.parent / f"{WANTED.key}.json"
    match damage:
        case "cut":
            kept.path.write_bytes(kept.path.read_bytes()[:-5])
        case "edited":
            kept.path.write_text(kept.path.read_text().replace("ä", "o"))
        case "gone":
            kept.path.unlink()
        case "note":
            note.write_text("{")
        case "list":
            note.write_text("[]")
        case "moved":
            said = json.loads(note.read_text())
            note.write_text(json.dumps({**said, "wanted": {**said["wanted"], "dataset": "another"}}))
    assert copies.find(WANTED) is None
    assert list(read_examples(copies.keep(WANTED, EXAMPLES, ORIGIN).path)) == EXAMPLES


def test_copies_that_nobody_names_go_after_a_month(copies):
    old = copies.keep(WANTED, EXAMPLES, ORIGIN)
    recent = copies.keep(WANTED, EXAMPLES[:2], ORIGIN)
    month_ago = time.time() - 32 * 24 * 3600
    os.utime(old.path, (month_ago, month_ago))
    copies.keep(WANTED, EXAMPLES[:1], ORIGIN)
    assert (old.path.exists(), recent.path.exists()) == (False, True)


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / ".evalgate").write_text("a file")
    with pytest.raises(MeasurementError, match="cannot be written") as caught:
        Copies(tmp_path / ".evalgate" / "datasets").keep(WANTED, EXAMPLES, ORIGIN)
    assert "writable" in (caught.value.next_step or "")


def test_who_is_in_which_split_is_told_apart():
    assert members_hash({"a": ("x",), "b": ()}) == members_hash({"a": ("x",)})
    assert members_hash({"a": ("x",)}) != members_hash({"a": ("y",)})
