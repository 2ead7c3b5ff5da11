"""Killed for real while a baseline is set, or while a suspicion is confirmed: what was drawn decides, and is kept."""

import json
import re
import signal
import time

import pytest

from tests.e2e.project import start
from tests.e2e.repository import Repo, processes_in

SLOW = "\nimport time\nquick = answer\n\ndef answer(input):\n    time.sleep(0.02)\n    return quick(input)\n"


@pytest.fixture
def repo(tmp_path):
    """A repository whose task takes a while, and a change of it that breaks 20 of 40 examples."""
    repo = Repo(tmp_path / "repo").begin()
    repo.git("config", "user.name", "Jo Doe")
    repo.git("config", "user.email", "jo@example.com")
    repo.ship(share=5)
    repo.task(5, SLOW)
    repo.commit("slowly")
    return repo


def changed(repo):
    repo.git("checkout", "-q", "-b", "change")
    repo.task(25, SLOW)
    repo.commit("worse")


def killed(repo, *arguments, after):
    """Kill a command once its task was asked so often, with all that it started; return the calls until then."""
    cache = repo.folder.parent / "cache"
    process = start(repo.folder, *arguments, XDG_CACHE_HOME=str(cache))
    deadline = time.monotonic() + 60
    while sum(len(path.read_text().splitlines()) for path in repo.counted.iterdir()) < after:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    while processes_in(cache) or processes_in(repo.folder):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return sum(repo.calls().values())


def test_a_baseline_whose_setting_was_killed_is_set_by_what_is_left(repo):
    before = [killed(repo, "baseline", "set", after=after) for after in (15, 40)]
    assert "No baseline was set yet" in repo.evalgate("baseline", "history").out
    ended = repo.evalgate("baseline", "set")
    assert ended.code == 0, ended.text
    rest = sum(repo.calls().values())
    # One call for each kill was in flight.
    assert 120 <= sum(before) + rest <= 122
    assert f"3 runs of each of 40 examples of doubling, {rest} made now" in ended.out
    changed(repo)
    assert "Screened with 40 runs, compared with the stored 3 runs" in " ".join(repo.run().out.split())


@pytest.mark.parametrize(
    ("after", "again"), [(20, ("run", "--resume")), (90, ("run",)), (230, ("run", "--resume")), (230, ("run",))]
)
def test_a_confirmation_that_was_killed_is_drawn_once(repo, again, after):
    """In the screen, and early and late in what confirms it; gone on with, or begun anew by the same command."""
    assert repo.evalgate("baseline", "set").code == 0
    repo.calls()
    changed(repo)
    before = killed(repo, "run", after=after)
    ended = repo.evalgate(*again, "--json")
    assert ended.code == 1, ended.err
    rest = sum(repo.calls().values())
    # The screen, then both sides three times; one call for each worker was in flight.
    assert 280 <= before + rest <= 282
    (suite,) = json.loads(ended.out)["suites"]
    assert re.match(r"Screened with 40 runs, compared with .*; confirmed with 240 more\.", suite["notes"][0])
    once_more = repo.evalgate("run", "--json")
    assert (once_more.code, repo.calls()) == (1, {})
    assert json.loads(once_more.out)["suites"][0]["checks"] == suite["checks"]
