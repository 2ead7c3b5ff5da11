"""`evalgate curate export`: files beside each other, what is said of them, and what is refused."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from evalgate.cli.curate.export import command
from evalgate.curate.candidates import Candidate, State, write_candidates
from evalgate.curate.reviewing.reviews import Review, append_reviews
from evalgate.curate.reviewing.standing import seen_of
from evalgate.errors import EvalgateError
from tests.unit.curate.exporting.test_dividing import TOPICS


def conversation(question, answer="Yes."):
    return {
        "input": {"messages": [{"role": "user", "content": question}]},
        "output": {"messages": [{"role": "assistant", "content": answer}]},
    }


@pytest.fixture
def export(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = [
        {"id": str(n), **conversation(topic), "split": "regression" if n == 0 else "train"}
        for n, topic in enumerate(TOPICS)
    ]
    (tmp_path / "some.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))

    def run(*arguments, code=0):
        ended = CliRunner().invoke(command, ["--dataset", "some.jsonl", "--to", "out", *arguments])
        if isinstance(ended.exception, EvalgateError):
            assert ended.exception.exit_code == code, ended.exception
            return str(ended.exception)
        assert ended.exit_code == code, ended.output
        return ended.output

    return run


def questions(path):
    return {json.loads(line)["messages"][0]["content"] for line in path.read_text().splitlines()}


def test_the_files_are_written_with_a_report_and_the_same_again_is_the_same(export, tmp_path):
    said = export("--holdout", "0.15")
    assert "out/train.jsonl: 10 lines, about" in said
    assert "out/holdout.jsonl: 2 lines" in said
    assert "a model that is trained on it is not judged by it any more" in said
    files = {each.name: each.read_bytes() for each in (tmp_path / "out").iterdir()}
    train, holdout = (questions(tmp_path / "out" / name) for name in ("train.jsonl", "holdout.jsonl"))
    assert (train | holdout, train & holdout) == (set(TOPICS), set())
    report = json.loads(files["export.json"])
    assert (report["train"]["lines"], report["holdout"]["lines"], report["groups"]) == (10, 2, 12)
    assert json.loads(export("--holdout", "0.15", "--json")) == report
    assert {each.name: each.read_bytes() for each in (tmp_path / "out").iterdir()} == files


def test_what_init_made_up_is_not_learned(export, tmp_path):
    file = tmp_path / "some.jsonl"
    file.write_text(file.read_text().replace('"id"', '"metadata": {"made_up_by": "evalgate init"}, "id"', 1))
    said = export("--holdout", "0", "--at-least", "1")
    assert "1 example of some.jsonl is made up by evalgate init and does not count here: delete it" in said
    assert questions(tmp_path / "out" / "train.jsonl") == set(TOPICS[1:])


def test_a_split_is_exported_without_what_is_near_the_others(export, tmp_path):
    near = {"id": "near", **conversation(f"{TOPICS[0]} Thanks!"), "split": "train"}
    with (tmp_path / "some.jsonl").open("a") as file:
        file.write(json.dumps(near) + "\n")
    report = json.loads(export("--split", "train", "--holdout", "0", "--json"))
    assert report["left"] == {"nearly the same as an example that is kept back": 1}
    assert questions(tmp_path / "out" / "train.jsonl") == set(TOPICS[1:])
    assert (tmp_path / "out" / "holdout.jsonl").read_text() == ""


def test_accepted_candidates_are_exported_that_are_far_from_what_is_golden(export, tmp_path):
    (tmp_path / "some.jsonl").write_text(json.dumps({"id": "g", **conversation(TOPICS[0])}) + "\n")
    asked = [f"{topic} Thanks!" for topic in TOPICS] + ["Is it true?"]
    made = [Candidate(id=f"span:{n:016x}", state=State.CHOSEN, **conversation(each)) for n, each in enumerate(asked)]
    path = tmp_path / "some.candidates.jsonl"
    write_candidates(path, made)
    when = "2026-01-06T09:00:00+00:00"
    accepted = [Review(id=each.id, who="ann", at=when, decision="accepted", seen=seen_of(each)) for each in made[:-1]]
    append_reviews(path, accepted)
    said = export("--candidates", "--holdout", "0")
    assert "out/train.jsonl: 11 lines" in said
    assert "left of 12: 1 nearly the same as an example that is kept back" in said
    assert "judged" not in said


def test_what_cannot_be_is_said_and_nothing_is_written(export, tmp_path):
    assert "5 of 12 examples are left to train on" in export("--holdout", "0.6", code=2)
    said = export("--split", "nightly", code=2)
    assert said.endswith("no example of the split nightly\n  next: name a split that it has: regression, train")
    assert "some.candidates.jsonl is not there" in export("--candidates", code=2)
    write_candidates(tmp_path / "some.candidates.jsonl", [Candidate(id="span:1", input={"question": "q"})])
    assert "no accepted candidate" in export("--candidates", code=2)
    assert "leave one out" in export("--candidates", "--split", "train", code=2)
    (tmp_path / "some.jsonl").unlink()
    assert "evalgate curate push --dataset some.jsonl" in export(code=2)
    assert not (tmp_path / "out").exists()
