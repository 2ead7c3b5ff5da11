"""Where the programs that a suite names are: the argv of a command, and of the Python host."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from evalgate.errors import CandidateError

HOST: Final = Path(__file__).with_name("host.py")
"""The one file that runs under the user's interpreter."""


def host_argv(interpreter: str, *, root: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the argv of a Python host under `interpreter`, a name on PATH or a path relative to `root`.

    `environ` is the environment whose PATH counts. Raises CandidateError naming what was tried.
    """
    tried = [interpreter, "python3"] if interpreter == "python" else [interpreter]
    for name in tried:
        if found := find_program(name, root=root, environ=environ):
            return (found, str(HOST))
    raise CandidateError(
        f"no Python interpreter: {' and '.join(tried)} cannot be found {_where(interpreter, root)}",
        next_step="name one that exists with `interpreter`, such as .venv/bin/python",
    )


def command_argv(command: str | Sequence[str], *, root: Path, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the argv of a command, its program found on PATH or relative to `root`. Raises CandidateError."""
    try:
        words = shlex.split(command) if isinstance(command, str) else list(command)
    except ValueError as error:
        raise CandidateError(
            f"the command {command!r} cannot be read: {error}", next_step="correct its quotes"
        ) from None
    if not words:
        raise CandidateError("the command is empty", next_step="write the program and its arguments after `command:`")
    found = find_program(words[0], root=root, environ=environ)
    if found is None:
        raise CandidateError(
            f"the program {words[0]} cannot be found {_where(words[0], root)}",
            next_step="correct `command`, install the program, or let `setup` make it",
        )
    return (found, *words[1:])


def find_program(name: str, *, root: Path, environ: Mapping[str, str]) -> str | None:
    """Return the full path of an executable, or None. A name with a slash is relative to `root`, another is on PATH."""
    if _is_path(name):
        return shutil.which(os.path.abspath(root / name))  # noqa: PTH100 - a virtual environment's link must stay one
    return shutil.which(name, path=environ.get("PATH", os.defpath))


def _is_path(name: str) -> bool:
    return "/" in name or (os.sep != "/" and os.sep in name)


def _where(name: str, root: Path) -> str:
    return f"in {root}" if _is_path(name) else "on PATH"
