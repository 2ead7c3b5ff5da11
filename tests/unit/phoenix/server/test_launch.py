"""Where a server listens: where it did before, and elsewhere when somebody takes its port while it starts."""

import os
import signal
import socket
import sys
import time

import pytest

from evalgate.errors import MeasurementError
from evalgate.phoenix.server import launch as launching
from evalgate.phoenix.server.launch import free_port, launch

SERVER = f"""#!{sys.executable}
import http.server, os, pathlib, sys, time
time.sleep(0.5)
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
made = http.server.HTTPServer(("127.0.0.1", int(os.environ["PHOENIX_PORT"])), Ready)
bound = pathlib.Path(os.environ["TMPDIR"], ".arize-phoenix", "pids", str(os.getpid()))
bound.parent.mkdir(parents=True)
bound.touch()
made.serve_forever()
"""


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Start a small server in the place of Phoenix's, whose default port is a free one; all are ended."""
    program = tmp_path / "python"
    program.write_text(SERVER)
    program.chmod(0o755)
    monkeypatch.setattr(launching, "PORT", free_port())
    started = []

    def begin(**options):
        started.append(launch(program, tmp_path / "data", os.environ, **options))
        return started[-1]

    yield begin
    for each in started:
        stop(each)


def stop(server):
    """End a server and return once its data and its port are free."""
    try:
        os.kill(server.pid, signal.SIGKILL)
        while os.waitpid(server.pid, os.WNOHANG)[0] == 0:
            time.sleep(0.01)
    except (ProcessLookupError, ChildProcessError):
        pass


def test_it_listens_where_it_did_before(start, tmp_path):
    """Links in reports and an address that was exported stay good; what cannot be a port is not believed."""
    first = start()
    assert first.port == launching.PORT
    stop(first)
    moved = start(port=free_port())
    stop(moved)
    again = start()
    assert again.port == moved.port
    stop(again)
    for wrong in ("80", "65536", "no"):
        (tmp_path / "data" / "server.port").write_text(wrong)
        once_more = start()
        assert once_more.port == launching.PORT
        stop(once_more)


def test_a_port_that_is_taken_while_it_starts_is_left_to_the_other(start):
    """So two repositories may begin at once. A port that was asked for is not given up for another one."""
    seen, others = [], []

    def take(launched):
        seen.append(launched.port)
        if len(seen) % 2:
            others.append(socket.create_server(("127.0.0.1", launched.port)))

    made = start(noted=take)
    assert seen[0] == launching.PORT
    assert made.port == seen[1] != seen[0]
    stop(made)
    with pytest.raises(MeasurementError, match="ended before it was ready"):
        start(port=free_port(), noted=take)
    for other in others:
        other.close()
