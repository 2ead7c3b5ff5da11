"""The terminal of a person who reviews: keys, lines, and an editor, whatever becomes of it."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import click

_EDITORS: Final = ("sensible-editor", "nano", "vim", "vi", "notepad")


class Screen:
    """A real terminal. `on_error` writes to standard error, where standard output is somebody's JSON."""

    def __init__(self, environ: Mapping[str, str], *, on_error: bool) -> None:
        self._environ = environ
        self._on_error = on_error

    def show(self, text: str) -> None:
        """Write text."""
        # An encoding that cannot take a letter is no reason to end a review.
        stream = sys.stderr if self._on_error else sys.stdout
        encoding = stream.encoding or "ascii"
        click.echo(text.encode(encoding, "backslashreplace").decode(encoding), nl=False, err=self._on_error)

    def key(self) -> str:
        """Return the next key. Raises KeyboardInterrupt for Ctrl-C, EOFError for Ctrl-D and a terminal that is gone."""
        try:
            return click.getchar()
        except OSError as error:
            raise EOFError from error

    def line(self, question: str) -> str:
        """Return what was typed, empty after Ctrl-C or Ctrl-D."""
        self.show(question)
        try:
            typed = sys.stdin.readline()
        except (KeyboardInterrupt, UnicodeDecodeError):
            self.show("\n")
            return ""
        except OSError as error:
            raise EOFError from error
        return typed.encode("utf-8", "replace").decode("utf-8").strip()

    def edit(self, file: Path) -> str:
        """Let the person's editor have a file, and return why that failed; empty where it did not."""
        command = self._editor()
        if not command:
            return "there is no editor: set EDITOR"
        # Ctrl-C in an editor is the editor's. A function rather than SIG_IGN, which the editor would inherit.
        before = signal.signal(signal.SIGINT, lambda *_: None)
        try:
            code = subprocess.call([*command, str(file)])  # noqa: S603  # the person's own editor
        except OSError as error:
            return f"the editor {shlex.join(command)} could not be started: {error.strerror}"
        finally:
            signal.signal(signal.SIGINT, before)
        if code == 0:
            return ""
        how = f"was ended by signal {-code}" if code < 0 else f"ended with {code}"
        return f"the editor {shlex.join(command)} {how}"

    def _editor(self) -> list[str]:
        said = self._environ.get("VISUAL") or self._environ.get("EDITOR")
        if said:
            try:
                return shlex.split(said)
            except ValueError:
                return [said]
        return next(([found] for each in _EDITORS if (found := shutil.which(each))), [])


def is_terminal(*, on_error: bool) -> bool:
    """Return whether a person can be asked here."""
    stream = sys.stderr if on_error else sys.stdout
    return sys.stdin is not None and sys.stdin.isatty() and stream is not None and stream.isatty()


def reviewer(named: str | None, folder: Path) -> str:
    """Return who reviews: as was said, or as git knows who commits here. Raises UsageError where nobody says."""
    from evalgate.errors import ConfigurationError
    from evalgate.git.repository import Repository

    if named is not None:
        name = " ".join(named.split())
        if not name:
            raise click.UsageError("--as names nobody")
        return name
    there = next(each for each in (folder, *folder.absolute().parents) if each.is_dir())
    try:
        repository = Repository.find(there, environ=os.environ)
        return repository.author() if repository is not None else _unknown()
    except ConfigurationError:
        return _unknown()


def _unknown() -> str:
    raise click.UsageError("nobody is named who decides, and git knows nobody here: add --as 'Your Name'")
