"""One server of each flavour for a whole session of tests, whichever of its processes asks first.

The process that runs the session holds a lock on a file in the session's folder. Each server has a keeper, a process of
its own that starts it and then waits for that lock: it is had when the session has ended, also when that was killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

REPOSITORY = Path(__file__).parents[2]
FOLDER = "TESTS_OF_PHOENIX"
"""The variable with the session's folder: workers of pytest-xdist inherit it."""
ALIVE = "alive"
FLAVOURS = ("plain", "auth", "postgres", "prefix")
_PATIENCE_S = 900.0
"""Seconds for a server to be ready: installing it takes a minute on a good line."""


@dataclass(frozen=True, kw_only=True)
class PhoenixServer:
    """A server that answers. `api_key` may read and write, and is None where the server asks for none."""

    base_url: str
    api_key: str | None = None
    viewer_key: str | None = None
    """A key that may look and change nothing."""
    data: Path
    """The folder of its data; `server.log` there is what it said."""

    def unique(self, name: str) -> str:
        """Return a name that no other test has on this server."""
        return f"{name}-{secrets.token_hex(4)}"

    @property
    def headers(self) -> dict[str, str]:
        """Return what a request needs to be let in."""
        return {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}


class Session:
    """The servers of one session, held by the process that runs it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="evalgate-test-phoenix-"))
        self.folder.chmod(0o755)  # PostgreSQL runs as another user
        self._lock = os.open(self.folder / ALIVE, os.O_RDWR | os.O_CREAT)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        os.environ[FOLDER] = str(self.folder)

    def end(self) -> None:
        """Let the keepers end their servers, wait for that, and remove what is left."""
        os.close(self._lock)
        os.environ.pop(FOLDER, None)
        until = time.monotonic() + 60
        while list(self.folder.glob("*.keeper")) and time.monotonic() < until:
            time.sleep(0.05)
        shutil.rmtree(self.folder, ignore_errors=True)


def server(flavour: str) -> PhoenixServer:
    """Return the session's server of that flavour, started if this is the first to ask. Raises with what it said."""
    folder = Path(os.environ[FOLDER])
    ready, log = folder / f"{flavour}.json", folder / f"{flavour}.log"
    with FileLock(folder / f"{flavour}.lock"):
        if not ready.exists():
            keeper = _keeper(flavour, folder, log)
            until = time.monotonic() + _PATIENCE_S
            while not ready.exists():
                if keeper.poll() is not None or time.monotonic() > until:
                    keeper.kill()
                    raise RuntimeError(f"no Phoenix server ({flavour}) for the tests:\n{log.read_text()[-4000:]}")
                time.sleep(0.05)
            keeper.returncode = 0  # it outlives this process, which does not wait for it
    return parsed(json.loads(ready.read_text()))


def parsed(found: dict[str, Any]) -> PhoenixServer:
    """Read what a keeper wrote."""
    return PhoenixServer(**{**found, "data": Path(found["data"])})


def _keeper(flavour: str, folder: Path, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.phoenix_server.keeper", flavour, str(folder)],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@contextlib.contextmanager
def kept(folder: Path, flavour: str):
    """Say, for as long as it lasts, that a keeper has something to clean up."""
    mark = folder / f"{flavour}.keeper"
    mark.touch()
    try:
        yield
    finally:
        mark.unlink(missing_ok=True)
