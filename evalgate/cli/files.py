"""Writing what was asked for, with one message where that cannot be."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import click

from evalgate.errors import MeasurementError

_COLUMNS: Final = re.compile(" {2,}")


def say_done(found: object, lines: Iterable[str], *, as_json: bool) -> None:
    """Print what a step came to, for people, or as JSON. Raises MeasurementError as `say` does."""
    text = json.dumps(found, indent=2) if as_json else shown_here("\n".join(lines))
    say(f"{text}\n", kept="what was done stays", following="make room; the same again does what is left")


def shown_here(text: str) -> str:
    """Return lines that a terminal shows as they are; on one that is too narrow they break between words.

    A command that comes next stays whole: it is copied.
    """
    from evalgate.report.console import cells, wrapped
    from evalgate.report.escaping import shown

    safe = shown(text, lines=True)
    if sys.stdout is None or not sys.stdout.isatty():
        return safe
    width = shutil.get_terminal_size().columns
    lines: list[str] = []
    for line in safe.split("\n"):
        if cells(line) <= width or "next: " in line:
            lines.append(line)
            continue
        indent = line[: len(line) - len(line.lstrip())]
        # Columns stay apart: what is shown has none of these.
        glued = _COLUMNS.sub(lambda gap: "\ue000" * len(gap[0]), line[len(indent) :])
        lines += (
            each.replace("\ue000", " ") for each in wrapped(glued, width=width, indent=indent, hanging=f"{indent}  ")
        )
    return "\n".join(lines)


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
    """Write a file that a person keeps, whole or not at all.

    Raises ConfigurationError, MeasurementError where the disk has no room.
    """
    from evalgate.whole_file import unwritten, write_whole

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, content)
    except OSError as error:
        raise unwritten(f"cannot write {path}", error, "name another file") from error


def write(path: Path, text: str, *, append: bool = False) -> None:
    """Write or append to a report; the verdict is recorded by then. Raises as `write_file` does."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if append else "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        from evalgate.whole_file import unwritten

        doing = f"what was decided is recorded; cannot write {path}"
        raise unwritten(doing, error, "evalgate decide", again="make room, then evalgate decide") from error
