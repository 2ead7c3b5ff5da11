"""A judge asked about labelled answers by a command: stopped softly, with a line that says how far it is."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from evalgate.errors import Interrupted

if TYPE_CHECKING:
    from evalgate.cli.compose import JudgeRunners
    from evalgate.gate.judging import Asked
    from evalgate.golden.labelled import Labelled


def asked(answers: list[Labelled], runners: JudgeRunners, repetitions: int, following: str, *, quiet: bool) -> Asked:
    """Return every verdict. Raises Interrupted where it was stopped, with `following` to begin anew."""
    try:
        found = asyncio.run(_ask(answers, runners, repetitions, _teller(quiet=quiet)))
    except asyncio.CancelledError:
        found = None
    if found is None:
        raise Interrupted("the judge was stopped; nothing was stored", next_step=following)
    return found


async def _ask(
    answers: list[Labelled], runners: JudgeRunners, repetitions: int, tell: Callable[[int, int], None]
) -> Asked | None:
    from evalgate.cli.signals import soft_stop
    from evalgate.engine.ports import PairRunner
    from evalgate.gate.judging import ask

    stop = asyncio.Event()
    with soft_stop(stop):
        async with runners.started(stop.set) as (runner, *told_in_reverse):
            reverse = next((each for each in told_in_reverse if not isinstance(each, PairRunner)), None)
            return await ask(answers, runner, reverse, draws=repetitions, stop=stop, tell=tell)


def _teller(*, quiet: bool) -> Callable[[int, int], None]:
    """Return what says how far it is: a line that lives on a terminal, one now and then elsewhere."""
    if quiet:
        return lambda done, of: None  # noqa: ARG005 - nobody listens
    live = sys.stderr.isatty()
    last = time.monotonic()

    def tell(done: int, of: int) -> None:
        nonlocal last
        if done < of and time.monotonic() - last < (0.1 if live else 10.0):
            return
        last = time.monotonic()
        click.echo(f"\r{done:,} of {of:,} verdicts" if live else f"{done:,} of {of:,} verdicts", nl=not live, err=True)
        if live and done == of:
            click.echo("\r\x1b[K", nl=False, err=True)

    return tell
