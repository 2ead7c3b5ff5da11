"""What a command says beside its result, how far it is among that, and how it asks before it writes."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable
from typing import Final, TypeVar

import click

T = TypeVar("T")
_EVERY_S: Final = 10.0
"""Seconds between lines that say how far a command is, where they cannot take each other's place."""


def tell(line: str) -> None:
    """Say what takes time, beside the result."""
    from evalgate.encoding import printable

    click.echo(printable(line), err=True)


def now_and_then(words: Callable[[T], str], *, seconds: float = 2.0) -> Callable[[T], None]:
    """Return what tells how far something is, in these `words` and not more often than every so many seconds."""
    told = time.monotonic()

    def hear(far: T) -> None:
        nonlocal told
        if time.monotonic() - told >= seconds:
            told = time.monotonic()
            tell(words(far))

    return hear


def counting(what: str) -> Callable[[int, int], None]:
    """Return what tells how many of how many are done: a line that lives on a terminal, one now and then elsewhere.

    What all of them came to is the result's to say.
    """
    live = sys.stderr.isatty()
    last = time.monotonic()

    def hear(done: int, of: int) -> None:
        nonlocal last
        ended = done == of
        if (ended and not live) or (not ended and time.monotonic() - last < (0.1 if live else _EVERY_S)):
            return
        last = time.monotonic()
        line = f"{done:,} of {of:,} {what}"
        click.echo(f"\r{line}" if live else line, nl=not live, err=True)
        if ended:
            click.echo("\r\x1b[K", nl=False, err=True)

    return hear


def agreed(question: str, *, yes: bool) -> bool:
    """Return whether to go on: said beforehand, or asked. Raises UsageError where nobody can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise click.UsageError(f"nothing was written: nobody can be asked here; `{as_typed('--yes')}` does it")
    if click.confirm(question, err=True):
        return True
    tell("nothing was written")
    return False


def as_typed(*more: str) -> str:
    """Return the command that was typed, and more: without its --server or --expect it would be another one."""
    from evalgate.encoding import printable

    return printable(shlex.join(("evalgate", *sys.argv[1:], *more)))
