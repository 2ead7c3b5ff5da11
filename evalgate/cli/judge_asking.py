"""A judge asked about labelled answers by a command: stopped softly, with a line that says how far it is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from evalgate.cli.asking import counting
from evalgate.errors import Interrupted

if TYPE_CHECKING:
    from evalgate.cli.judge_runners import JudgeRunners
    from evalgate.gate.judging import Asked
    from evalgate.golden.labelled import Labelled


def asked(answers: list[Labelled], runners: JudgeRunners, repetitions: int, following: str, *, quiet: bool) -> Asked:
    """Return every verdict. Raises Interrupted where it was stopped, with `following` to begin anew."""
    try:
        found = asyncio.run(_ask(answers, runners, repetitions, (lambda *_: None) if quiet else counting("verdicts")))
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
