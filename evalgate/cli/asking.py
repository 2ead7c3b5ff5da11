"""A change that is shown before it is made, and asked about."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator, Sequence

import click

from evalgate.encoding import printable


def differences(before: Sequence[str], after: Sequence[str], one: str, other: str) -> Iterator[str]:
    """Yield where two texts differ, line by line as a patch says it, safe for a terminal."""
    return map(printable, difflib.unified_diff(before, after, one, other, lineterm=""))


def ask(question: str, *, yes: bool) -> None:
    """Ask, unless it was answered before. Raises UsageError where nobody can answer, Abort where the answer is no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("nobody is here to be asked: look at what is shown, then say --yes")
    click.confirm(question, abort=True)
