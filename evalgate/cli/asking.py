"""What a command says beside its result, and how it asks before it writes."""

from __future__ import annotations

import shlex
import sys

import click


def tell(line: str) -> None:
    """Say what takes time, beside the result."""
    from evalgate.encoding import printable

    click.echo(printable(line), err=True)


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
