"""Running what `evalgate compare` is asked to try, through the ordinary run: a build of its own for each."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from evalgate.cli.builds import head, tree_of
from evalgate.cli.hub import prompts_of
from evalgate.cli.models import CacheChoice
from evalgate.cli.watching import supervised
from evalgate.errors import Interrupted, MeasurementError
from evalgate.gate.guard.guard import unguarded
from evalgate.gate.request import Request, Wanted, make_request
from evalgate.gate.trying import made_already
from evalgate.journal.store import Journal
from evalgate.suite.loading import LoadedConfig
from evalgate.suite.retask import TaskChange, retasked

_STEP: Final = "the same command again: it goes on where it stopped, if the task declares its `inputs`"


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """One task to be tried: what it is called, and the request that runs it."""

    name: str
    request: Request


def prepared(
    tries: Mapping[str, TaskChange],
    loaded: LoadedConfig,
    suites: tuple[str, ...],
    store: Journal,
    environ: Mapping[str, str],
) -> list[Trial]:
    """Return every trial read and hashed, before any is started. Raises ConfigurationError for what cannot be run."""
    commit, tree, prompts = head(loaded.path, environ), tree_of(environ), prompts_of(loaded.path, environ)
    return [
        Trial(
            name=name,
            request=replace(
                make_request(
                    unguarded(retasked(loaded, change, suites)),
                    Wanted(suites=suites),
                    store,
                    commit=commit,
                    tree=tree,
                    prompts=prompts,
                ),
                trial=name,
                family=None,
            ),
        )
        for name, change in tries.items()
    ]


def run_trials(
    trials: list[Trial], store: Journal, environ: Mapping[str, str], *, cache: CacheChoice, quiet: bool
) -> dict[str, int]:
    """Run each and return its build. What is recorded already is used unless `cache` asks for fresh answers.

    What was interrupted goes on.

    Raises Interrupted where a signal stopped it.
    """
    builds: dict[str, int] = {}
    for number, trial in enumerate(trials, start=1):
        made = made_already(trial.request, store)
        if made is not None and made.complete and cache.fresh:
            made = None
        if made is not None and made.complete:
            _say(f"{trial.name} ({number} of {len(trials)}): recorded already, build {made.build}", quiet=quiet)
            builds[trial.name] = made.build
            continue
        _say(f"{trial.name} ({number} of {len(trials)}): running", quiet=quiet)
        try:
            ended = asyncio.run(
                supervised(
                    trial.request,
                    store,
                    environ,
                    cache=cache,
                    quiet=quiet,
                    resume=made.build if made else None,
                )
            )
        except asyncio.CancelledError:
            raise _interrupted(trial.name) from None
        if ended.halted is not None:
            step = ended.halted.next_step if cache.replay else _STEP
            raise MeasurementError(f"{trial.name}: {ended.halted.message}", next_step=step)
        if not ended.complete:
            raise _interrupted(trial.name)
        builds[trial.name] = ended.build
    return builds


def _interrupted(name: str) -> Interrupted:
    return Interrupted(
        f"{name} was interrupted; what was answered is kept",
        next_step=_STEP,
    )


def _say(text: str, *, quiet: bool) -> None:
    if not quiet:
        sys.stderr.write(f"{text}\n")
