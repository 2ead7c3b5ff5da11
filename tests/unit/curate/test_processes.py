"""A stream that several processes work on: its order, its end, what goes wrong in one, and what stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from itertools import count, islice
from pathlib import Path

import pytest

from evalgate.curate.processes import processors, worked
from evalgate.errors import ConfigurationError, MeasurementError

MANY = """\
import sys, time
from functools import partial
from itertools import count
from evalgate.curate.processes import worked
from tests.unit.curate.test_processes import named
for each in worked(partial(named, "x"), count(), processes=2):
    print(each[0], flush=True)
"""


def doubled():
    return lambda number: number * 2


def named(name):
    def call(number):
        print("a word that nobody asked for")
        return os.getpid(), f"{name}{number}"

    return call


def stumbling(at):
    def call(number):
        if number == at:
            raise ConfigurationError(f"{number} is no good", next_step="take another")
        return number

    return call


def missing():
    raise ConfigurationError("a package is missing", next_step="install it")


def dying():
    return lambda number: os.kill(os.getpid(), signal.SIGKILL) if number == 70 else number


def big():
    return lambda text: text * 2


@pytest.mark.parametrize("size", [0, 1, 19, 20, 21, 40, 500])
def test_what_comes_out_is_in_the_order_of_what_went_in(size):
    assert list(worked(doubled, range(size), processes=2)) == [2 * number for number in range(size)]


def test_several_processes_do_it_and_what_they_print_is_nobodys():
    found = list(worked(partial(named, "x"), range(100), processes=2))
    assert [name for _, name in found] == [f"x{number}" for number in range(100)]
    assert len({process for process, _ in found} - {os.getpid()}) == 2


def test_it_is_a_stream_and_one_that_is_left_leaves_no_process():
    stream = worked(partial(named, "x"), count(), processes=2)
    found = list(islice(stream, 100))
    stream.close()
    for process in {each for each, _ in found}:
        assert not Path(f"/proc/{process}").exists()


def test_what_is_larger_than_a_pipe_stops_nobody():
    texts = [f"{number}" * 200_000 for number in range(50)]
    assert list(worked(big, texts, processes=2)) == [each * 2 for each in texts]


def test_what_goes_wrong_is_told_where_it_was_begun():
    stream = worked(partial(stumbling, 25), range(100), processes=2)
    with pytest.raises(ConfigurationError, match="25 is no good") as told:
        list(stream)
    assert told.value.next_step == "take another"
    with pytest.raises(ConfigurationError, match="a package is missing"):
        list(worked(missing, range(3), processes=2))


def test_a_process_that_ends_is_told():
    with pytest.raises(MeasurementError, match=r"ended by itself \(code -9\)"):
        list(worked(dying, range(200), processes=2))


def test_a_ctrl_c_is_told_to_the_one_that_started_them_alone():
    """A terminal sends it to all of them; what it means is said where the step was begun."""
    stream = worked(partial(named, "x"), range(400), processes=2)
    found = [next(stream) for _ in range(40)]  # of both: each has begun
    for process in {each for each, _ in found}:
        os.kill(process, signal.SIGINT)
    assert [name for _, name in (*found, *stream)] == [f"x{number}" for number in range(400)]


def test_what_is_killed_leaves_no_process():
    started = subprocess.Popen([sys.executable, "-c", MANY], stdout=subprocess.PIPE, text=True)
    processes = {int(started.stdout.readline()) for _ in range(60)}
    started.kill()
    started.communicate()
    until = time.monotonic() + 30
    while any(_runs(each) for each in processes):
        assert time.monotonic() < until
        time.sleep(0.05)


def _runs(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_there_is_one_at_least():
    assert 1 <= processors() <= 4
