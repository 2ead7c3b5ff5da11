"""`evalgate noise`: the baseline against itself, several times over, and what that says of the gate."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalgate.cli.options import (
    config_option,
    journal_option,
    overrides,
    quiet_option,
    set_option,
    suites_option,
    typed_again,
)
from evalgate.errors import ConfigurationError, Interrupted, JournalError, MeasurementError

if TYPE_CHECKING:
    from evalgate.decision.study import Study
    from evalgate.gate.noise import Studied
    from evalgate.gate.request import Request
    from evalgate.gate.world import World
    from evalgate.journal.store import Journal

_FEWEST, _MOST = 2, 200


@click.command()
@config_option
@journal_option
@suites_option
@click.option(
    "--runs",
    type=click.IntRange(min=_FEWEST, max=_MOST),
    metavar="K",
    help="How many times the whole dataset is run.  [default: 5]",
)
@click.option("--resume", is_flag=True, help="Go on with the latest study that was interrupted.")
@click.option("--show", is_flag=True, help="Show the latest finished study again, without running anything.")
@click.option("--quarantine", is_flag=True, help="With --show: print flaky examples as entries of a quarantine file.")
@set_option
@quiet_option
@click.option("--json", "as_json", is_flag=True, help="Print the study as JSON, in place of text.")
def command(
    *,
    config: Path,
    journal: Path | None,
    suites: tuple[str, ...],
    runs: int | None,
    resume: bool,
    show: bool,
    quarantine: bool,
    assignments: tuple[str, ...],
    quiet: bool,
    as_json: bool,
) -> int:
    """Run the baseline against itself, to learn how much scores vary when nothing changes.

    Each suite's baseline task answers its whole dataset several times, with answers of its own; a suite whose baseline
    is a stored build, or nothing, runs its own task as it stands. What is found is stored: `evalgate plan` and every
    report go by it while the task, the dataset and the evaluators stay what they are.
    """
    from evalgate.cli.builds import head, journal_path, tree_of
    from evalgate.cli.hub import prompts_of, recorded_prompts
    from evalgate.cli.pulling import here
    from evalgate.cli.target import target_of
    from evalgate.gate.baselines.bases import Bases
    from evalgate.gate.noise import RUNS, resumable_study, study_request
    from evalgate.journal.store import Journal
    from evalgate.suite.loading import load_config

    _refuse_together(
        resume=resume and bool(suites or runs),
        show=show and bool(suites or runs or resume),
        quarantine=quarantine and not show,
    )
    environ = dict(os.environ)
    if show:
        return _shown_again(journal_path(journal), environ, quarantine=quarantine, as_json=as_json)
    loaded = load_config(config, environ=environ, overrides=overrides(assignments))
    with (
        Journal(journal_path(journal)) as store,
        Bases(loaded.path, environ=environ, target=target_of(environ, None)) as bases,
    ):
        unfinished = resumable_study(store) if resume else None
        recorded = store.build(unfinished).config if unfinished is not None else {}
        names = tuple(recorded.get("suites", suites))
        loaded = here(loaded, environ, names, kept=recorded)
        request = study_request(
            loaded,
            names,
            commit=head(loaded.path, environ),
            tree=tree_of(environ),
            bases=bases,
            prompts=prompts_of(loaded.path, environ, kept=recorded_prompts(store, unfinished)),
        )
        again = typed_again("noise", config, journal, "--resume")
        study_id, found = _studied(
            request, store, environ, runs=runs or RUNS, resume=unfinished, quiet=quiet or as_json, again=again
        )
        return _conclude(store, study_id, found, environ, as_json=as_json)


def _refuse_together(*, resume: bool, show: bool, quarantine: bool) -> None:
    """Raise UsageError for flags that say two things."""
    if resume:
        raise click.UsageError("--resume goes on with the suites and runs that the study has: leave the others out")
    if show:
        raise click.UsageError("--show shows a study as it was made: leave --suite, --runs and --resume out")
    if quarantine:
        raise click.UsageError("--quarantine proposes what a finished study found: evalgate noise --show --quarantine")


def _shown_again(path: Path, environ: Mapping[str, str], *, quarantine: bool, as_json: bool) -> int:
    """Print the latest finished study of a journal, or what it proposes to quarantine; nothing is run."""
    from evalgate.decision.noise import study
    from evalgate.gate.evidence.noise import study_evidence
    from evalgate.gate.noise import finished_study
    from evalgate.journal.store import Journal

    if not path.exists():
        raise ConfigurationError(f"there is no journal at {path}", next_step="evalgate noise")
    with Journal(path, create=False) as store:
        latest = finished_study(store)
        found = study(study_evidence(store, latest))
        return _propose(latest, found) if quarantine else _conclude(store, latest, found, environ, as_json=as_json)


def _propose(study_id: int, found: Study) -> int:
    """Print entries for a quarantine file; nothing is written."""
    from evalgate.cli.files import say
    from evalgate.report.proposal import render_proposal

    say(render_proposal(found, study_id))
    return 0


def _conclude(store: Journal, study_id: int, found: Study, environ: Mapping[str, str], *, as_json: bool) -> int:
    """Print what a study found; 4 where some check of it could not be measured."""
    from evalgate.cli.conclude import this_console
    from evalgate.cli.files import say
    from evalgate.cli.workflow import guarded
    from evalgate.gate.evidence.noise import study_info
    from evalgate.report.noise import render_noise
    from evalgate.report.noise_json import render_noise_json

    info = study_info(store.build(study_id))
    if as_json:
        say(render_noise_json(found, info))
    else:
        say(guarded(render_noise(found, info, this_console(environ)), environ))
    return 4 if found.obstacles else 0


def _studied(
    request: Request,
    store: Journal,
    environ: Mapping[str, str],
    *,
    runs: int,
    resume: int | None,
    quiet: bool,
    again: str,
) -> tuple[int, Study]:
    """Run the study with its progress shown, and return its id and what it found; `again` is the command that goes on.

    Raises Interrupted where it was stopped before the end.
    """
    from evalgate.cli.builds import cache_path
    from evalgate.cli.models import CacheChoice
    from evalgate.cli.watching import watched
    from evalgate.gate.noise import run_study

    async def work(effects: World) -> Studied:
        ended = await run_study(request, effects, runs=runs, resume=resume)
        if (halted := effects.halted()) is not None:
            step = halted.next_step.replace("evalgate run --resume", "evalgate noise --resume")
            raise MeasurementError(halted.message, next_step=step)
        return ended

    fresh = CacheChoice(path=cache_path(None), fresh=True)
    try:
        ended = asyncio.run(watched(work, request, store, environ, cache=fresh, quiet=quiet, resume=resume))
    except JournalError as error:
        step = (error.next_step or "").replace("evalgate run --resume", again)
        raise JournalError(error.message, next_step=step) from error
    except asyncio.CancelledError:
        raise Interrupted("the study was stopped at once; what was answered is kept", next_step=again) from None
    if ended.found is None:
        raise Interrupted(f"noise study {ended.id} was interrupted; what was answered is kept", next_step=again)
    return ended.id, ended.found
