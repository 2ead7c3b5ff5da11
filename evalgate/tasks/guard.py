"""Runs one program in a process group of its own, and ends that group when its standard input closes.

Stdlib only, run as a file: `python -I guard.py GRACE PROGRAM [ARGUMENT …]`. The other end of its standard input is held
by evalgate, so the kernel closes it however evalgate ends, kill -9 included: a server and whatever it started never
outlive the run. Exits with the program's status (128 + n where signal n ended it, 127 where it cannot be started).
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time


def end_group(child: subprocess.Popen[bytes], grace: float) -> None:
    """Ask the whole group to stop; after `grace` seconds, or once its leader is gone, kill what is left."""
    send(child.pid, signal.SIGTERM)
    deadline = time.monotonic() + grace
    while time.monotonic() < deadline and child.poll() is None:
        time.sleep(0.02)
    send(child.pid, signal.SIGKILL)


def send(group: int, number: signal.Signals) -> None:
    """Signal a group that may be gone already."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return


def watch(child: subprocess.Popen[bytes], grace: float) -> None:
    """Wait until standard input closes, then end the group."""
    while os.read(0, 4096):
        continue
    end_group(child, grace)


def main() -> int:
    """Start the program, watch over it, return its status."""
    grace, command = float(sys.argv[1]), sys.argv[2:]
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)  # noqa: S603 - the suite's own
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
        return 127
    # Only a closed standard input ends the guard before its program. After the start: ignored signals are inherited.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=watch, args=(child, grace), daemon=True).start()
    status = child.wait()
    send(child.pid, signal.SIGKILL)
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
