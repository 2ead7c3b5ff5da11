"""`evalgate fork`: decide again on what the run of a fork reported, in a job that the fork has no hand in."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from evalgate.cli.options import Outputs, config_option, journal_option, output_options

if TYPE_CHECKING:
    from evalgate.gate.forks.reading import ReportedRows, RowsError
    from evalgate.gate.forks.rebuilding import Origin
    from evalgate.gate.request import Request
    from evalgate.journal.store import Journal

UNVERIFIED: Final = "reported by the fork's own run, not verified"
COPY: Final = "fork.db"
"""Beside the journal: the copy in which it is decided."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@config_option
@journal_option
@output_options
def command(*, file: Path | None, config: Path, journal: Path | None, outputs: Outputs) -> int:
    """Decide again on what the run of a fork reported, without running anything of it.

    The config, the dataset and the evaluators are those that are checked out here. FILE is what `evalgate run --rows
    FILE` wrote there; without it, in a workflow for `workflow_run`, it is fetched from the run that triggered it. Its
    answers are not verified, and the report says so.
    """
    from evalgate.cli.builds import journal_path
    from evalgate.cli.conclude import conclude
    from evalgate.gate.gather import Source
    from evalgate.journal.store import Journal
    from evalgate.journal.transfer import copy_whole

    environ = dict(os.environ)
    if file is None:
        raise click.UsageError("name the file that `evalgate run --rows FILE` wrote")
    trusted = journal_path(journal)
    copy = trusted.with_name(COPY)
    copy_whole(trusted, copy)
    with Journal(copy) as store:
        request, origin = _asked(config, store, environ)
        build = asyncio.run(_rebuilt(file, request, origin, store))
        return conclude([Source(journal=store, build=build)], outputs, environ, unverified=UNVERIFIED)


async def _rebuilt(file: Path, request: Request, origin: Origin, store: Journal) -> int:
    from evalgate.gate.forks.reading import RowsError, read_rows
    from evalgate.gate.forks.rebuilding import rebuild

    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    reported: ReportedRows | RowsError
    with file.open("rb") as opened:
        try:
            reported = read_rows(opened)
        except RowsError as error:
            reported = error
        return await rebuild(request, reported, origin, store, now=now)


def _asked(config: Path, store: Journal, environ: Mapping[str, str]) -> tuple[Request, Origin]:
    """Return what the checked-out config asks for, and where it stands."""
    from evalgate.cli.builds import head, tree_of
    from evalgate.cli.hub import prompts_of
    from evalgate.cli.pulling import puller
    from evalgate.gate.datasets import with_datasets
    from evalgate.gate.forks.rebuilding import Origin
    from evalgate.gate.guard.guard import unguarded
    from evalgate.gate.request import Commit, Wanted, make_request
    from evalgate.git.history import Base
    from evalgate.suite.loading import load_config

    loaded = load_config(config, environ=environ, overrides={})
    gate = unguarded(with_datasets(loaded, puller(loaded.path, environ)))
    prompts = prompts_of(loaded.path, environ)
    request = make_request(gate, Wanted(), store, commit=Commit(), tree=tree_of(environ), prompts=prompts)
    here = head(loaded.path, environ)
    base = None if here.id is None else Base(commit=here.id, name=here.branch)
    return request, Origin(base=base)
