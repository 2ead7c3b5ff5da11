"""What a change edits, told from two datasets and two configs."""

import json

import pytest

from evalgate.gate.guard.differences import (
    ExampleChanges,
    Source,
    alike,
    compare_examples,
    known_examples,
    of_examples,
    of_shared,
)
from evalgate.gate.guard.guard import _paired
from evalgate.suite.config import Config, DatasetRef


def row(name, *, q=1, answer=1, split="test", **metadata):
    return {"id": name, "input": {"q": q}, "output": {"answer": answer}, "metadata": metadata, "split": split}


@pytest.fixture
def source(tmp_path):
    def write(name, rows, **ref):
        (tmp_path / name).mkdir(exist_ok=True)
        text = "".join(json.dumps(each) + "\n" for each in rows)
        (tmp_path / name / "golden.jsonl").write_text(text)
        return Source(root=tmp_path / name, ref=DatasetRef(file="golden.jsonl", **ref))

    return write


def compared(base, own):
    return compare_examples(base, known_examples(base), own)


def test_every_way_in_which_examples_differ(source):
    base = source("base", [row(name) for name in "abcdefg"] + [row("old", split="old")], split="test")
    own = source(
        "own",
        [
            row("a"),
            row("b", q=2),
            row("c", answer=2),
            row("d", lang="de"),
            row("e", q=2, answer=2),
            row("f", split="old"),
            row("old", split="test"),
            row("new"),
            row("other", split="old"),
        ],
        split="test",
    )
    found = compared(base, own)
    assert found == ExampleChanges(
        added=("new",),
        removed=("f", "g"),
        edited={"b": ("input",), "c": ("output",), "d": ("metadata",), "e": ("input", "output")},
        beyond=1,
    )
    (told,) = of_examples("s", found)
    assert told.message == (
        "the golden dataset: 2 answers changed (c, e), 2 inputs changed (b, e), metadata of 1 changed (d), 2 examples"
        " removed (f, g), 1 example added (new), 1 of other splits taken in"
    )


def test_what_is_of_a_split_that_the_base_does_not_run_is_not_added(source):
    base = source("base", [row("a")], split="test")
    own = source("own", [row("a"), row("b", split="easy")])
    assert compared(base, own) == ExampleChanges()


def test_where_the_base_runs_nothing_the_first_examples_are_the_changes_own(source):
    base, own = source("base", [row("a")], split="none"), source("own", [row("a")])
    assert compared(base, own).first


def test_equal_files_are_alike_only_where_they_are_read_alike(source):
    base, own = source("base", [row("a")]), source("own", [row("a")])
    assert alike(base, own)
    assert not alike(base, source("own", [row("a")], split="test"))
    assert not alike(base, source("own", [row("b")]))


def config(**suites):
    plain = {"evaluators": ["json_valid"], "checks": {"json_valid": {"at_least": 1}}}
    return Config.model_validate(
        {
            "suites": {
                name: {**plain, "dataset": dataset, "task": {"command": command}}
                for name, (dataset, command) in suites.items()
            }
        }
    )


def test_a_suite_is_known_again_by_its_task_before_its_dataset():
    base = config(kept=("k", "k"), one=("d", "one"), two=("d", "two"), gone=("g", "g"))
    own = config(kept=("x", "x"), second=("d", "two"), first=("other", "one"), third=("n", "n"))
    assert _paired(base, own) == {"kept": "kept", "one": "first", "two": "second", "gone": None}


def test_what_belongs_to_no_suite_is_compared_key_by_key():
    base = config(s=("d", "c"))
    own = base.model_copy(update={"prices": {}, "policy": base.policy.model_copy(update={"alpha": 0.1})})
    assert [each.message for each in of_shared(base, own)] == ["policy.alpha: 0.05 → 0.1"]
