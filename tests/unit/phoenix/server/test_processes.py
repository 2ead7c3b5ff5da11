"""A process is ended only if it is the one that was started."""

import subprocess
import sys
import time

from evalgate.phoenix.server import processes
from evalgate.phoenix.server.processes import end, lives, started_at


def sleeping(program="import time; print(flush=True); time.sleep(60)"):
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    process.stdout.readline()
    return process


def test_a_process_lives_from_its_start_to_its_end():
    with sleeping() as process:
        mark = started_at(process.pid)
        assert mark
        assert lives(process.pid, mark)
        assert end(process.pid, mark)
        assert started_at(process.pid) is None  # ended, though nobody has waited for it yet
    assert not lives(process.pid, mark)
    assert end(process.pid, mark)


def test_another_process_of_the_same_number_is_left_alone():
    with sleeping() as process:
        assert end(process.pid, "1")
        assert process.poll() is None
        process.kill()


def test_no_number_stands_for_several_processes():
    assert [started_at(pid) for pid in (0, -1, 2**31)] == [None, None, None]


def test_one_that_does_not_listen_is_killed(monkeypatch):
    monkeypatch.setattr(processes, "PATIENCE_S", 0.3)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    with sleeping(deaf) as process:
        began = time.monotonic()
        assert not end(process.pid, started_at(process.pid))
        assert time.monotonic() - began < 5
        assert process.wait(5) == -9
