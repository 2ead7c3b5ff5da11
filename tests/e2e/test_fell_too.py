"""A model that drifts under main: the baseline fell too, and that is said before the change is blamed."""

import json

import pytest

from tests.e2e.repository import Repo, without_times

DRIFTING = """\
import pathlib

SHARE = {share}
DRIFT = pathlib.Path({drift!r})

def answer(input):
    share = SHARE + int(DRIFT.read_text())
    return {{"answer": input["q"] * 2 if input["q"] % 100 >= share else -1}}
"""


@pytest.fixture
def repo(tmp_path):
    repo = Repo(tmp_path / "repo").begin()
    repo.drift = tmp_path / "model"
    repo.task = lambda share: repo.write("app.py", DRIFTING.format(share=share, drift=str(repo.drift)))
    repo.drift.write_text("0")
    repo.ship()
    repo.git("checkout", "-q", "-b", "tone")
    repo.task(4)
    repo.commit()
    return repo


def test_main_fell_too(repo):
    """Its answers were stored before the model got worse; the fresh ones show whose doing a drop is."""
    first = json.loads(repo.run("--json").out)
    assert (first["verdict"], first["suites"][0]["notes"][0][:14]) == ("PASS", "No stored runs")

    repo.drift.write_text("20")
    repo.task(3)
    repo.commit()
    same = json.loads(repo.run("--json").out)
    (suite,) = same["suites"]
    assert same["verdict"] == "PASS"
    assert without_times(suite["notes"][0]) == (
        "main@1a2b3c4 fell too: drawn again for this build, the same commit scored 50 points lower in exact_match than"
        " its stored runs of 2026-11-20 (could really be 36 to 64, on 40 examples). Those were lucky, or what answers"
        " or scores has drifted, a model or a service say: that part is no doing of this change."
    )


def test_a_change_is_blamed_for_its_own_part_alone(repo):
    repo.run("--json")
    repo.drift.write_text("12")
    repo.task(40)
    repo.commit()
    ended = repo.run()
    assert ended.code == 1
    said = " ".join(without_times(ended.out).split())
    blamed = said.index("Before you blame this change: its baseline fell too, main@1a2b3c4 by")
    assert blamed < said.index("exact_match", said.index("do not merge") + 60)
    steady = repo.run("--base", "HEAD~1")
    assert "fell too" not in steady.out
