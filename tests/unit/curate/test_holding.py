"""One step at a time: whoever comes second is told who has the file, and a killed one holds nothing."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys

import pytest

from evalgate.curate.beside import reviews_file
from evalgate.curate.candidates import Candidate, read_candidates, rewrite, write_candidates
from evalgate.curate.holding import held, workplace
from evalgate.errors import ConfigurationError, MeasurementError
from evalgate.whole_file import unwritten

HOLD = """
import pathlib, sys, time
from evalgate.curate.holding import held
with held(pathlib.Path(sys.argv[3]), sys.argv[4]):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Hold the file in another process, as it would be typed; returns the process."""
    held_by = []

    def hold(what=""):
        typed = [sys.executable, "-c", HOLD, "curate", "label", str(tmp_path / "a.jsonl"), what]
        process = subprocess.Popen(typed, stdout=subprocess.PIPE, text=True)
        held_by.append(process)
        assert process.stdout.readline() == "held\n"
        return process

    yield hold
    for each in held_by:
        each.kill()
        each.communicate()


def test_who_has_it_is_named_and_a_killed_one_has_nothing(tmp_path, holder):
    path = tmp_path / "a.jsonl"
    write_candidates(path, [Candidate(id="1", input={})])
    process = holder()
    with pytest.raises(ConfigurationError) as refused:
        rewrite(path, lambda candidates: candidates, seconds=0)
    said = f"another step is at work on {path}: evalgate curate label (process {process.pid}), since 20"
    assert refused.value.message.startswith(said)
    assert refused.value.next_step == "wait until it has ended, and run this again"
    with held(path, ".reviews"):  # another matter
        pass
    process.kill()
    process.wait()
    assert rewrite(path, lambda candidates: candidates, seconds=0) == 1
    assert list((tmp_path / ".curate").glob("*.holder")) == []


def test_a_link_to_a_file_and_the_file_are_one(tmp_path, holder):
    path, link = tmp_path / "a.jsonl", tmp_path / "elsewhere" / "b.jsonl"
    write_candidates(path, [Candidate(id="1", input={})])
    link.parent.mkdir()
    link.symlink_to(path)
    process = holder()
    with pytest.raises(ConfigurationError) as refused:
        rewrite(link, lambda candidates: candidates, seconds=0)
    assert refused.value.message.startswith(f"another step is at work on {link}: evalgate curate label")
    process.kill()
    process.wait()
    with held(link), pytest.raises(ConfigurationError, match="another step is at work"), held(path, seconds=0):
        pass
    # What is kept for a file stays beside the name that it was given by.
    assert workplace(link) == link.parent / ".curate"
    assert reviews_file(link) == link.parent / "b.reviews.jsonl"
    assert sorted(each.name for each in (tmp_path / ".curate").iterdir()) == [".gitignore", "a.jsonl.lock"]


def test_a_link_that_leads_to_itself_is_one_message(tmp_path):
    link = tmp_path / "a.candidates.jsonl"
    link.symlink_to(link)
    with pytest.raises(ConfigurationError, match="Too many levels of symbolic links"):
        rewrite(link, lambda candidates: candidates)


def test_a_step_waits_for_one_that_is_quick(tmp_path, holder):
    path = tmp_path / "a.jsonl"
    write_candidates(path, [Candidate(id="1", input={})])
    process = holder()
    waiting = subprocess.Popen(
        [sys.executable, "-c", HOLD.replace("sys.argv[4])", "seconds=60)"), "curate", "clean", str(path)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        process.kill()
        assert waiting.stdout.readline() == "held\n"
    finally:
        waiting.kill()
        waiting.communicate()
    assert [each.id for each in read_candidates(path)] == ["1"]


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"command": "x"}', "\x00", "[" * 4000, "[" * 100_000, None])
def test_a_note_that_says_nothing_is_left_out(tmp_path, holder, note):
    path = tmp_path / "a.jsonl"
    holder(".asking")
    file = tmp_path / ".curate" / "a.jsonl.asking.holder"
    file.unlink()
    if note is not None:
        file.write_text(note)
    with pytest.raises(ConfigurationError) as refused, held(path, ".asking", seconds=0):
        pass
    assert refused.value.message == f"another step is at work on {path}"


def test_a_note_that_somebody_else_wrote_does_nothing_to_a_terminal(tmp_path, holder):
    path = tmp_path / "a.jsonl"
    holder()
    said = {"command": "\x1b[2J" + "x" * 1000, "process": "\n\n1", "since": "\r\n"}
    (tmp_path / ".curate" / "a.jsonl.holder").write_text(json.dumps(said))
    with pytest.raises(ConfigurationError) as refused, held(path, seconds=0):
        pass
    assert "\x1b" not in refused.value.message
    assert "\r" not in refused.value.message
    assert "\n" not in refused.value.message
    assert len(refused.value.message) < 400


def test_a_note_or_a_rule_for_git_that_leads_elsewhere_is_written_here(tmp_path):
    path, elsewhere, folder = tmp_path / "a.jsonl", tmp_path / "elsewhere", tmp_path / ".curate"
    elsewhere.write_text("of somebody else")
    folder.mkdir()
    (folder / "a.jsonl.holder").symlink_to(elsewhere)
    (folder / ".gitignore").symlink_to(tmp_path / "nowhere")
    with held(path):
        assert not (folder / "a.jsonl.holder").is_symlink()
    assert elsewhere.read_text() == "of somebody else"
    assert not (tmp_path / "nowhere").exists()
    assert (folder / ".gitignore").read_text() == "*\n"
    assert not (folder / ".gitignore").is_symlink()


def test_a_note_that_is_a_pipe_is_not_waited_for(tmp_path, holder):
    path = tmp_path / "a.jsonl"
    process = holder()
    note = tmp_path / ".curate" / "a.jsonl.holder"
    note.unlink()
    os.mkfifo(note)
    with pytest.raises(ConfigurationError) as refused, held(path, seconds=0):
        pass
    assert refused.value.message == f"another step is at work on {path}"
    process.kill()
    process.wait()
    with held(path):
        assert note.is_file()


def test_what_git_is_to_ignore_is_said_again_where_a_full_disk_left_nothing_of_it(tmp_path):
    folder = tmp_path / ".curate"
    folder.mkdir()
    (folder / ".gitignore").touch()
    assert workplace(tmp_path / "a.jsonl") == folder
    assert (folder / ".gitignore").read_text() == "*\n"
    (folder / ".gitignore").write_text("*.key\n")  # somebody's own
    workplace(tmp_path / "a.jsonl")
    assert (folder / ".gitignore").read_text() == "*.key\n"


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (errno.ENOSPC, MeasurementError),
        (errno.EDQUOT, MeasurementError),
        (errno.EFBIG, MeasurementError),
        (errno.EACCES, ConfigurationError),
    ],
)
def test_a_disk_without_room_is_nobody_s_mistake(number, kind):
    found = unwritten("cannot write x", OSError(number, os.strerror(number)), "name another")
    assert type(found) is kind
    assert found.message == f"cannot write x: {os.strerror(number)}"
    assert (found.next_step == "name another") == (kind is ConfigurationError)
