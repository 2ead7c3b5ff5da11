"""`python -m tests.phoenix_server.keeper FLAVOUR FOLDER`: run one server until FOLDER's session has ended."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import sys
import threading
from dataclasses import asdict
from pathlib import Path

from tests.phoenix_server.flavours import running
from tests.phoenix_server.session import ALIVE, kept


def main() -> None:
    """Start it, write where it is, wait, end it."""
    flavour, folder = sys.argv[1], Path(sys.argv[2])
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    threading.Thread(target=_wait, args=(folder / ALIVE, over), daemon=True).start()
    with kept(folder, flavour), running(flavour, folder) as server:
        values = {**asdict(server), "data": str(server.data)}
        unfinished = folder / f"{flavour}.unfinished"
        unfinished.write_text(json.dumps(values))
        unfinished.replace(folder / f"{flavour}.json")
        over.wait()
    if not list(folder.glob("*.keeper")):  # the last one sweeps: a session that was killed does not
        shutil.rmtree(folder, ignore_errors=True)


def _wait(alive: Path, over: threading.Event) -> None:
    lock = os.open(alive, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)  # the session holds it for as long as it lives
    over.set()


if __name__ == "__main__":
    main()
