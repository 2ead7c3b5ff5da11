"""A person at a terminal, scripted: a real pseudo-terminal, read until it waits, then a key as a finger presses it."""

from __future__ import annotations

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Self

_PATIENCE_S = 120.0
COLUMNS, ROWS = 100, 60


class Sitting:
    """A program on a terminal of its own. `screen` is what it showed since the last key."""

    def __init__(self, command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> None:
        self._terminal, self._line = os.openpty()
        fcntl.ioctl(self._line, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self._program = subprocess.Popen(
            command,
            cwd=folder,
            env={**environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS)},
            stdin=self._line,
            stdout=self._line,
            stderr=self._line,
            start_new_session=True,
        )
        self.screen = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._program.poll() is None:
            self._program.kill()
            self._program.wait()
        os.close(self._line)
        os.close(self._terminal)

    def waits(self, prompt: str) -> bool:
        """Return whether it has shown `prompt` and waits for a key; False once it has ended."""
        return self._until(lambda: prompt in self.screen and not termios.tcgetattr(self._line)[3] & termios.ICANON)

    def asks(self, question: str) -> None:
        """Wait until it has asked for a line."""
        assert self._until(lambda: question in self.screen), self.screen

    def press(self, keys: str) -> None:
        """Press keys; what was on the screen is forgotten."""
        self.screen = ""
        os.write(self._terminal, keys.encode())

    def kill(self) -> None:
        """Kill it as with -9."""
        self._program.kill()
        self._program.wait()

    def code(self) -> int:
        """Return its exit code once it has ended."""
        assert not self._until(lambda: False)
        return self._program.wait()

    def _until(self, there: Callable[[], bool]) -> bool:
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            ended = self._program.poll() is not None
            if self._read(0.0 if ended else 0.02):
                continue
            if ended:
                return False
            if there():
                return True
        raise AssertionError(f"it neither waits nor ends:\n{self.screen[-2000:]}")

    def _read(self, seconds: float) -> bool:
        """Read what it shows within some seconds; return whether that was anything."""
        ready, _, _ = select.select([self._terminal], [], [], seconds)
        if not ready:
            return False
        self.screen += os.read(self._terminal, 65_536).decode("utf-8", "replace")
        return True


def without_colours(screen: str) -> str:
    """Return what was on a screen as text."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen).replace("\r\n", "\n")
