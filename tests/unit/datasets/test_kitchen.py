"""The kitchen suite: what its labels say is so, and its recorded verdicts are all that a replay needs."""

from __future__ import annotations

import json
import re
import runpy

import pytest

from evalgate.golden.labelled import read_labelled
from tests.e2e.project import Project

SETS = {"correctness.labels.jsonl": ("correct", "incorrect"), "tone.labels.jsonl": ("friendly", "curt")}


@pytest.fixture(scope="module")
def kitchen(datasets):
    """Return where the suite is."""
    return datasets / "kitchen"


@pytest.fixture(scope="module")
def examples(kitchen):
    """Return the golden examples by id."""
    return {each["id"]: each for each in map(json.loads, (kitchen / "golden.jsonl").read_text("utf-8").splitlines())}


@pytest.mark.parametrize(("name", "labels"), SETS.items())
def test_every_label_is_of_an_answer_that_a_version_gives(kitchen, examples, name, labels):
    """To an example of the dataset, with its expected answer; both sides of it."""
    versions = {v: runpy.run_path(str(kitchen / v / "kitchen.py"))["answer"] for v in ("v1", "v2")}
    found = read_labelled(kitchen / name, labels, following="")
    for each in found:
        golden, version = examples[each.example.id], each.id.rpartition("-")[2]
        assert each.outcome.output == versions[version](golden["input"])
        assert (each.example.input, each.example.output) == (golden["input"], golden["output"])
    both = {each.example.id for each in found}
    assert len(found) == 2 * len(both) == 48
    assert {label for each in found for label in each.labels} == set(labels)


def test_an_answer_is_labelled_correct_where_it_gives_what_is_expected(kitchen):
    """Every number of the expected answer, or its words."""
    for each in read_labelled(kitchen / "correctness.labels.jsonl", SETS["correctness.labels.jsonl"], following=""):
        expected, answer = each.example.output["answer"], each.outcome.output["answer"]
        numbers = re.findall(r"\d+", expected)
        right = set(numbers) <= set(re.findall(r"\d+", answer)) if numbers else expected in answer
        assert each.label == ("correct" if right else "incorrect"), each.id


@pytest.fixture
def evalgate(datasets, tmp_path):
    """Run a command of the demo from its recorded verdicts, with a journal of its own."""
    project = Project(datasets.parent)
    flags = ["--config", "datasets/judged.yaml", "--replay", "--cache", "datasets/kitchen/verdicts.db"]
    return lambda *arguments: project.evalgate(*arguments, *flags, "--journal", str(tmp_path / "journal.db"), "--quiet")


def test_the_demo_replays_whole_and_says_what_the_page_says(evalgate, kitchen):
    """Record it anew (python -m tests.fake_model.record_demo) where a judge's prompt has changed."""
    before = (kitchen / "verdicts.db").read_bytes()
    for judge in ("correctness", "tone"):
        ended = evalgate("judge", "validate", f"datasets/kitchen/{judge}.labels.jsonl", "--judge", judge)
        assert ended.code == 0, ended.text
        assert ended.out.startswith(f"{judge}  TRUSTED\n")
        assert ", no new call" in " ".join(ended.out.split())
    ended = evalgate("run")
    assert ended.code == 1, ended.text
    said = " ".join(ended.out.split())
    assert "Where metadata.topic is temperatures (12 examples): 11 examples that passed on" in said
    assert "People labelled the answers of both sides to 24 of these examples." in said
    assert "warning" not in said
    assert (kitchen / "verdicts.db").read_bytes() == before
