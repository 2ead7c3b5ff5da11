"""A server that belongs to one test, which may kill it and start it again on the same port and data."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from evalgate.phoenix.server.environment import server_python
from evalgate.phoenix.server.launch import Launched, free_port, launch
from evalgate.phoenix.server.processes import end, lives
from tests.phoenix_server.session import ALIVE, FOLDER, REPOSITORY, PhoenixServer

_WATCH = """
import fcntl, os, sys
from evalgate.phoenix.server.processes import end
fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_EX)
end(int(sys.argv[2]), sys.argv[3])
"""


class OwnServer:
    """`start` it (ten seconds), `kill` it as with -9, or `stop` it; `server` says where it is."""

    def __init__(self, data: Path) -> None:
        self.port = free_port()
        self.server = PhoenixServer(base_url=f"http://127.0.0.1:{self.port}", data=data)
        self._launched: Launched | None = None
        self._watch: subprocess.Popen[bytes] | None = None

    def start(self) -> PhoenixServer:
        """Start it, where it was before and on what it had; it answers when this returns."""
        python = server_python(os.environ, print)
        self._launched = launch(python, self.server.data, os.environ, port=self.port, noted=self._watched)
        return self.server

    def kill(self) -> None:
        """Kill it, without a word to it, and return when it is gone."""
        assert self._launched is not None
        os.kill(self._launched.pid, signal.SIGKILL)
        while lives(self._launched.pid, self._launched.started):
            time.sleep(0.01)

    def stop(self) -> None:
        """End it if it is up."""
        if self._launched is not None:
            end(self._launched.pid, self._launched.started)
        self._unwatched()

    def _watched(self, launched: Launched) -> None:
        """End it with the session, also where that is killed."""
        self._unwatched()
        alive = Path(os.environ[FOLDER]) / ALIVE
        command = [sys.executable, "-c", _WATCH, str(alive), str(launched.pid), launched.started]
        environ = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        self._watch = subprocess.Popen(command, env=environ, start_new_session=True)

    def _unwatched(self) -> None:
        if self._watch is not None:
            self._watch.kill()
            self._watch.wait()
            self._watch = None
