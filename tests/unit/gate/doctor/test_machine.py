"""Places, room and the clock, as a doctor sees them."""

import shutil
from types import SimpleNamespace

import pytest

from evalgate.gate.doctor.findings import State, exit_code, ok, problem, warning
from evalgate.gate.doctor.machine import clock_findings, place_findings


@pytest.mark.parametrize(
    ("dates", "signs", "state"),
    [
        ([1000.0], False, State.OK),
        ([1055.0, 5000.0], False, State.OK),  # one service is wrong, not this machine
        ([1100.0], False, State.WARNING),
        ([1400.0], False, State.WARNING),
        ([1400.0], True, State.PROBLEM),
        ([600.0], True, State.PROBLEM),
    ],
)
def test_the_clock_is_held_to_the_service_that_is_nearest(dates, signs, state):
    (found,) = clock_findings(dates, 1000.0, signs=signs)
    assert found.state is state
    assert (found.next_step is None) == (state is State.OK)


def test_nothing_is_said_of_a_clock_that_nobody_told():
    assert list(clock_findings([], 1000.0, signs=True)) == []


def test_a_place_that_is_not_there_yet_is_made_by_the_run(tmp_path):
    found = {each.about: each for each in place_findings([("journal", tmp_path / "a" / "b" / "journal.db")])}
    assert found["journal"].state is State.OK
    assert "made by the run" in found["journal"].message
    assert "disk" in found
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("free", "state", "said"),
    [
        (2 * 1024**3, State.OK, "2.0 GB free"),
        (1024**3 - 1, State.WARNING, "1024.0 MB are left at "),
        (49 * 1024**2, State.PROBLEM, "49.0 MB are left at "),
    ],
)
def test_the_room_is_said_where_there_is_least(tmp_path, monkeypatch, free, state, said):
    (tmp_path / "full").mkdir()
    (tmp_path / "empty").mkdir()
    rooms = {tmp_path / "full": free, tmp_path / "empty": 9 * 1024**3}
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=rooms[folder]))
    places = [("cache", tmp_path / "empty" / "cache.db"), ("journal", tmp_path / "full" / "journal.db")]
    disk = {each.about: each for each in place_findings(places)}["disk"]
    assert (disk.state, disk.message.startswith(said)) == (state, True)
    assert exit_code([disk]) == (4 if state is State.PROBLEM else 0)


def test_what_is_wrong_with_the_config_comes_before_a_service():
    """As in a run, which asks no service before its config is right; warnings end nothing."""
    away, wrong, fine = problem("a", "m", None, service=True), problem("b", "m", None), ok("c", "m")
    assert exit_code([fine, warning("d", "m", None)]) == 0
    assert exit_code([fine, away]) == 4
    assert exit_code([away, wrong, fine]) == 2
