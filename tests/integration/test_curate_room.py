"""A disk without room: every step that writes ends with 4 and one line, and what was there is as it was."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from evalgate.curate.candidates import read_candidates
from evalgate.curate.reviewing.reviews import Review, append_reviews
from evalgate.curate.reviewing.standing import seen_of
from evalgate.curate.reviewing.states import settle_states
from tests.integration.test_curate_pull import CONFIG

ROOM = 20
"""Bytes that a file may have: as EFBIG, which is what a quota or a full disk says in another number."""
LAST = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from evalgate.curate.scheduling.due import Last, write_last
from evalgate.errors import MeasurementError
now = datetime.now(UTC)
try:
    write_last(Path(sys.argv[1]), "shop", Last(began=now, until=now))
except MeasurementError as error:
    sys.exit(f"{error.exit_code} {error}")
"""


def small():
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, resource.RLIM_INFINITY))


def run(folder, *typed):
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONDONTWRITEBYTECODE": "1"}
    env.pop("CURATE_PSEUDONYM_KEY", None)
    return subprocess.run(
        [sys.executable, *typed],
        check=False,
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=small,
    )


@pytest.fixture
def folder(tmp_path):
    """Candidates, two of them accepted, and a dataset with enough to export."""

    def line(name, state):
        said = [{"role": "user", "content": f"What of {name}?"}]
        output = {"messages": [{"role": "assistant", "content": f"This of {name}."}]}
        more = {"metadata": {"lang": "en"}, "state": state}
        marks = {"proposed": {"taxonomy": "pipeline_state", "labels": ["GenRecipeArgs"], "model": "fake/m"}}
        return {"id": name, "input": {"messages": said}, "output": output, "marks": marks, **more}

    file = tmp_path / "some.candidates.jsonl"
    file.write_text("".join(f"{json.dumps(line(name, 'new' if name == 'e' else 'chosen'))}\n" for name in "abcde"))
    (tmp_path / "evalgate.yaml").write_text(CONFIG)
    when = "2026-01-06T09:00:00+00:00"
    first, second, *_ = read_candidates(file)
    append_reviews(
        file,
        [Review(id=each.id, who="Bo", at=when, decision="accepted", seen=seen_of(each)) for each in (first, second)],
    )
    settle_states(file)
    golden = [
        {key: each for key, each in line(str(n), "").items() if key in ("id", "input", "output")} for n in range(40)
    ]
    (tmp_path / "some.jsonl").write_text("".join(f"{json.dumps(each)}\n" for each in golden))
    return tmp_path


def kept(folder):
    left = {each.name: each.read_bytes() for each in folder.iterdir() if each.is_file()}
    work = folder / ".curate"
    return left, sorted(each.name for each in work.iterdir() if each.suffix not in (".lock", ".holder"))


@pytest.mark.parametrize(
    "typed",
    [
        ("clean", "--write"),
        ("sample", "--size", "9"),
        ("review", "--to", "sheet.md"),
        ("review", "--to", "sheet.csv"),
        ("review", "--accept-where", "metadata.lang=en"),
        ("push", "--yes"),
        ("export", "--to", "out"),
        ("analyze",),
    ],
    ids=" ".join,
)
def test_a_step_that_has_no_room_ends_with_4(folder, typed):
    before = kept(folder)
    ended = run(folder, "-m", "evalgate", "curate", typed[0], "--dataset", "some.jsonl", *typed[1:])
    assert ended.returncode == 4, ended.stdout + ended.stderr
    told = ended.stderr.splitlines()
    assert any("File too large" in each for each in told), told
    assert told[-1].startswith("  next: make room, "), told
    assert "Traceback" not in ended.stderr
    assert kept(folder) == before


def test_the_last_time_that_cannot_be_remembered_is_no_mistake_either(folder):
    ended = run(folder, "-c", LAST, "some.state.json")
    assert ended.stderr.startswith("4 cannot write some.state.json: File too large\n  next: make room, ")
    assert not (folder / "some.state.json").exists()
