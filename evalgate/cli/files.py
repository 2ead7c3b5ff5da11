"""Writing what was asked for, with one message where that cannot be."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from evalgate.errors import ConfigurationError, MeasurementError


def say_done(found: object, lines: Iterable[str], *, as_json: bool) -> None:
    """Print what a step came to, for people, or as JSON. Raises MeasurementError as `say` does."""
    from evalgate.encoding import printable

    text = json.dumps(found, indent=2) if as_json else printable("\n".join(lines))
    say(f"{text}\n", kept="what was done stays", following="make room; the same again does what is left")


def say(text: str, *, kept: str = "what was decided is recorded", following: str = "evalgate decide") -> None:
    """Print a result. Raises MeasurementError where standard output takes nothing, a full disk behind it say.

    A reader who left after the first lines (`| head -1`) had what he wanted: the exit code stays the result's.
    """
    try:
        click.echo(text, nl=False)
    except OSError as error:
        # What is still buffered would fail again at exit, with a code of Python's own.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise MeasurementError(
                f"cannot write to standard output: {error.strerror}; {kept}", next_step=following
            ) from error


def write_file(path: Path, content: bytes) -> None:
    """Write a file that a person keeps, whole or not at all. Raises ConfigurationError."""
    from evalgate.whole_file import write_whole

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise ConfigurationError(f"cannot write {path}: {error.strerror}", next_step="name another file") from error


def write(path: Path, text: str, *, append: bool = False) -> None:
    """Write or append to a report. Raises ConfigurationError; the verdict is recorded by then."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if append else "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise ConfigurationError(
            f"cannot write {path}: {error.strerror}; what was decided is recorded", next_step="evalgate decide"
        ) from error
