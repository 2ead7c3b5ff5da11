"""A person at a real terminal: keys are pressed in a pty, and what is on the screen is what a terminal shows."""

from __future__ import annotations

import os
import re
import signal
import sys
import termios
import time
from collections.abc import Mapping
from pathlib import Path

import pexpect
import pyte

REPOSITORY = Path(__file__).parents[1]
ROWS = 60
_PATIENCE_S = 120.0
KEYS = "q quit"
"""The end of the line that names the keys."""
_SGR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Person:
    """Reviews one dataset in a terminal of their own. `shown` is what was seen since the last key."""

    def __init__(
        self, dataset: str | Path, *arguments: str, folder: Path, env: Mapping[str, str], name: str, columns: int
    ) -> None:
        command = ["-m", "evalgate", "curate", "review", "--dataset", str(dataset), "--as", name, *arguments]
        self.columns = columns
        self.said = self.shown = ""
        self._child = pexpect.spawn(
            sys.executable,
            command,
            cwd=str(folder),
            dimensions=(ROWS, columns),
            encoding="utf-8",
            codec_errors="replace",
            timeout=_PATIENCE_S,
            env=dict(env),
        )

    def sees(self, *texts: str) -> Person:
        """Wait until each of these was written, in their order, after what was seen before."""
        for text in texts:
            try:
                self._child.expect_exact(text)
            except (pexpect.TIMEOUT, pexpect.EOF):
                raise AssertionError(f"{text!r} is not on the screen:\n{self._child.before}") from None
            self._take(self._child.before + self._child.after)
        return self

    def waits(self) -> bool:
        """Wait for the line that names the keys; return False where the command ended instead."""
        if self._child.expect_exact([f"{KEYS}\x1b[0m\r\n", pexpect.EOF]) == 1:
            self._take(self._child.before)
            return False
        self._take(self._child.before + self._child.after)
        self._listens()
        return True

    def presses(self, key: str) -> Person:
        """Wait for the line that names the keys, and press one."""
        self.sees(KEYS)
        self._listens()
        return self.sends(key)

    def sends(self, text: str) -> Person:
        """Send this, whatever is on the screen."""
        self.shown = ""
        self._child.send(text)
        return self

    def gets(self, sent: signal.Signals) -> Person:
        """Wait for the line that names the keys, and get a signal from elsewhere."""
        self.sees(KEYS)
        self._listens()
        self.shown = ""
        self._child.kill(sent)
        return self

    def types(self, line: str) -> Person:
        """Type a line where one is asked for."""
        return self.sends(f"{line}\r")

    def ends(self, code: int = 0) -> str:
        """Wait until the command has ended, and return all that was written."""
        self._child.expect(pexpect.EOF)
        self._take(self._child.before)
        self._child.close()
        assert self._child.exitstatus == code, (self._child.exitstatus, self._child.signalstatus, self.said)
        return self.said

    def is_killed(self) -> None:
        """End as a machine that loses its power does."""
        self._child.kill(9)
        self._child.wait()

    @property
    def screen(self) -> pyte.Screen:
        """Return what a terminal shows of what was written so far."""
        screen = pyte.Screen(self.columns, ROWS)
        pyte.Stream(screen).feed(self.said)
        return screen

    def _listens(self) -> None:
        """Wait until the terminal gives single keys: what is pressed before goes the way of what nobody waits for."""
        until = time.monotonic() + _PATIENCE_S
        while termios.tcgetattr(self._child.child_fd)[3] & termios.ICANON:
            assert time.monotonic() < until, "it names its keys, and waits for none"
            time.sleep(0.01)

    def _take(self, text: str) -> None:
        self.said += text
        self.shown += text


def person(dataset: Path, *arguments: str, name: str = "ann", columns: int = 80, **environ: str) -> Person:
    """Return somebody at a terminal in a dataset's folder, in an environment that has nothing but what is said."""
    own = {
        "PATH": os.environ["PATH"],
        "HOME": str(dataset.parent),
        "LANG": "C.UTF-8",
        "TERM": "xterm",
        "PYTHONPATH": str(REPOSITORY),
        **environ,
    }
    return Person(dataset, *arguments, folder=dataset.parent, env=own, name=name, columns=columns)


def without_colours(text: str) -> str:
    """Return what was written to a terminal as text."""
    return _SGR.sub("", text).replace("\r\n", "\n")


def editor(folder: Path, program: str) -> str:
    """Return an editor that is a Python program over `path`, the file that is edited."""
    file = folder / "editor.py"
    file.write_text(f"import os, signal, sys\nfrom pathlib import Path\npath = Path(sys.argv[1])\n{program}\n")
    return f"{sys.executable} {file}"
