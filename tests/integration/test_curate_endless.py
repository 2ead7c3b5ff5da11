"""Files of curation that are pipes, devices or without end: each step says so at once, with 2, and waits for none."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from evalgate.cli.curate import analyze, clean, drift, export, push, review, sample
from evalgate.cli.curate import label as labelling
from evalgate.curate.pulling.spool import Notes, Spool
from evalgate.curate.scheduling.due import digest_of, read_last
from evalgate.errors import ConfigurationError, EvalgateError
from tests.integration.test_curate_pull import CONFIG

PROPOSED = {"taxonomy": "pipeline_state", "labels": ["GenRecipeArgs"], "model": "fake/m"}
LINE = {
    "id": "a",
    "input": {"q": "?"},
    "output": {"a": "!"},
    "state": "chosen",
    "marks": {"proposed": PROPOSED},
}
STEPS = {
    "clean": (clean.command, ()),
    "sample": (sample.command, ("--size", "1")),
    "review": (review.command, ("--to", "sheet.md")),
    "push": (push.command, ("--yes",)),
    "export": (export.command, ("--to", "out")),
    "drift": (drift.command, ()),
    "analyze": (analyze.command, ()),
    "label": (labelling.command, ("--model", "fake/m")),
}
READ = {
    "some.candidates.jsonl": ("clean", "sample", "review", "push", "drift", "analyze", "label"),
    "some.jsonl": ("clean", "sample", "push", "export", "drift"),
    "some.candidates.reviews.jsonl": ("review", "push"),
    ".curate/some.candidates.key": ("clean",),
    "mine.yaml": ("label", "analyze"),
    "some.guidelines.yaml": ("analyze",),
    "sheet.md": ("read",),
}
MORE = {"mine.yaml": ("--taxonomy", "mine.yaml"), "some.guidelines.yaml": ("--model", "fake/m")}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CURATE_PSEUDONYM_KEY", raising=False)
    (tmp_path / "evalgate.yaml").write_text(f"{CONFIG}endpoints: {{fake: {{base_url: 'http://127.0.0.1:9/v1'}}}}\n")
    (tmp_path / "some.candidates.jsonl").write_text(json.dumps(LINE) + "\n")
    (tmp_path / ".curate").mkdir()
    return tmp_path


def said(step):
    """Do a step in the folder; returns what its one error says."""
    command, more = STEPS[step]
    ended = CliRunner().invoke(command, ["--dataset", "some.jsonl", *more])
    assert isinstance(ended.exception, EvalgateError), (ended.output, ended.exception)
    assert ended.exception.exit_code == 2
    assert ended.exception.next_step
    return str(ended.exception)


@pytest.mark.parametrize("kind", ["pipe", "zero"])
@pytest.mark.parametrize(("name", "step"), [(name, step) for name, steps in READ.items() for step in steps])
def test_no_step_waits_for_what_never_ends(folder, monkeypatch, name, step, kind):
    path = folder / name
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    monkeypatch.setitem(STEPS, "read", (review.command, ("--read", "sheet.md", "--as", "Bo")))
    if name in MORE:
        monkeypatch.setitem(STEPS, step, (STEPS[step][0], (*STEPS[step][1], *MORE[name])))
    found = said(step)
    assert "it is a pipe or a device, and no file" in found
    assert name in found


@pytest.mark.parametrize("name", ["some.candidates.jsonl", "some.jsonl", "some.candidates.reviews.jsonl"])
def test_a_line_without_end_is_named(folder, name):
    with (folder / name).open("ab") as file:
        file.truncate(200_000_000)
    found = said("push")
    assert name in found
    assert "has more than 100 MB" in found


def test_what_a_schedule_reads_is_not_waited_for(folder):
    os.mkfifo(folder / "pipe")
    for read in (digest_of, lambda path: read_last(path, "shop")):
        with pytest.raises(ConfigurationError, match="pipe cannot be read: it is a pipe or a device"):
            read(folder / "pipe")


@pytest.mark.parametrize("kind", ["pipe", "zero", "link"])
def test_what_stands_in_the_place_of_a_pull_s_own_files_is_replaced(folder, kind):
    victim = folder / "victim"
    victim.write_text("of somebody else\n")
    spool = Spool(Path("some.candidates.jsonl"))
    notes = Notes(asked={"spec": "x"}, counts={}, size=0)
    spool.begin(notes)
    for path in (spool.file, *(() if kind == "link" else (spool.file.with_suffix(".json"),))):
        path.unlink()
        if kind == "pipe":
            os.mkfifo(path)
        else:
            path.symlink_to(victim if kind == "link" else "/dev/zero")
    assert spool.resume() is None
    spool.begin(notes)
    assert spool.resume() is not None
    assert victim.read_text() == "of somebody else\n"
