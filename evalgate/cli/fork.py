"""`evalgate fork`: decide again on what the run of a fork reported, in a job that the fork has no hand in."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from evalgate.cli.options import Outputs, config_option, journal_option, output_options

if TYPE_CHECKING:
    from evalgate.cli.commenting import Commenter
    from evalgate.cli.fork_run import Left
    from evalgate.errors import MeasurementError
    from evalgate.gate.forks.reading import ReportedRows
    from evalgate.gate.forks.rebuilding import Origin
    from evalgate.gate.request import Request
    from evalgate.git.history import Base
    from evalgate.github.event import Event
    from evalgate.journal.store import Journal

UNVERIFIED: Final = "reported by the fork's own run, not verified"
COPY: Final = "fork.db"
"""Beside the journal: the copy in which it is decided."""


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option(
    "--artifact",
    default="evalgate-rows",
    show_default=True,
    help="The name under which the fork's run left it, where it is fetched.",
)
@config_option
@journal_option
@output_options
def command(*, file: Path | None, artifact: str, config: Path, journal: Path | None, outputs: Outputs) -> int:
    """Decide again on what the run of a fork reported, without running anything of it.

    The config, the dataset and the evaluators are those that are checked out here. FILE is what `evalgate run --rows
    FILE` wrote there, and the verdict is the exit code. Without FILE, in a workflow for `workflow_run`, it is fetched
    from the run that has ended, the verdict is a comment, and the exit code is 0. Its answers are not verified, and the
    report says so.
    """
    from evalgate.cli.builds import journal_path
    from evalgate.cli.commenting import commenter
    from evalgate.cli.conclude import conclude
    from evalgate.cli.target import read_event, refuse_exposed
    from evalgate.gate.gather import Source
    from evalgate.journal.store import Journal
    from evalgate.journal.transfer import copy_whole

    environ = dict(os.environ)
    refuse_exposed(environ)
    event = read_event(environ)
    left = None if file is not None else asyncio.run(_fetched(environ, artifact))
    speaker = commenter(outputs, environ, event=event if left is None else _of_pull(event, left))
    trusted = journal_path(journal)
    copy = trusted.with_name(COPY)
    copy_whole(trusted, copy)
    with speaker.corrected(), Journal(copy) as store, ExitStack() as opened:
        request, base = _asked(config, store, environ, branch=event.default_branch)
        refuse_exposed(environ, base.commit if base is not None else None)
        reported = _from_file(file, opened) if file is not None else _from_run(left, event)
        origin = _origin(left, base, config)
        build = asyncio.run(_rebuilt(request, reported, origin, store))
        _hold_back(speaker, reported, {suite.name for suite in request.suites})
        code = conclude([Source(journal=store, build=build)], outputs, environ, speaker, unverified=UNVERIFIED)
    return code if left is None else 0


async def _fetched(environ: Mapping[str, str], artifact: str) -> Left:
    from evalgate.cli.fork_run import fetched

    return await fetched(environ, artifact)


def _of_pull(event: Event, left: Left) -> Event:
    """Return the event with the pull request that GitHub names: of a fork, it does not say which."""
    from evalgate.github.event import PullRequest

    pull = left.pull
    return replace(event, pull=PullRequest(number=pull.number, head=pull.head, draft=pull.draft))


def _from_file(file: Path, opened: ExitStack) -> ReportedRows | MeasurementError:
    from evalgate.errors import ConfigurationError
    from evalgate.gate.forks.reading import RowsError, read_rows

    try:
        return read_rows(opened.enter_context(file.open("rb")))
    except RowsError as error:
        return error
    except OSError as error:
        raise ConfigurationError(
            f"cannot read {file}: {error.strerror}", next_step="name the file that `evalgate run --rows FILE` wrote"
        ) from error


def _from_run(left: Left | None, event: Event) -> ReportedRows | MeasurementError:
    from evalgate.gate.forks.reading import RowsError, read_rows
    from evalgate.gate.forks.words import MAINTAINER

    assert left is not None  # noqa: S101 - there is no file then
    if left.refused is not None:
        return left.refused
    if event.default_branch is not None and left.pull.base_branch != event.default_branch:
        return RowsError(
            f"the pull request is not meant for {event.default_branch}, whose definitions decide here",
            next_step=MAINTAINER,
        )
    try:
        return read_rows(io.BytesIO(left.data))
    except RowsError as error:
        return error


def _origin(left: Left | None, base: Base | None, config: Path) -> Origin:
    from evalgate.gate.forks.rebuilding import Origin
    from evalgate.gate.forks.untouched import Touched
    from evalgate.git import Repository

    if left is None:
        return Origin(base=base)
    repository = Repository.find(config.parent)
    touched = None
    if left.files is not None and repository is not None:
        touched = Touched(files=left.files, top=repository.root, config=config)
    return Origin(change=f"pull request {left.pull.number}", head=left.pull.head, base=base, touched=touched)


def _hold_back(speaker: Commenter, reported: ReportedRows | MeasurementError, suites: Collection[str]) -> None:
    """Say nothing new where the fork's run says of every suite that nothing has changed: that is no news, and no pass.

    What a comment says of an earlier commit is put right all the same.
    """
    from evalgate.gate.forks.reading import ReportedRows

    if isinstance(reported, ReportedRows):
        parts = reported.head.suites
        speaker.corrects_alone = parts.keys() >= set(suites) and all(part.unchanged for part in parts.values())


async def _rebuilt(request: Request, reported: ReportedRows | MeasurementError, origin: Origin, store: Journal) -> int:
    from evalgate.gate.forks.rebuilding import rebuild

    return await rebuild(request, reported, origin, store, now=datetime.now(UTC).isoformat(timespec="milliseconds"))


def _asked(
    config: Path, store: Journal, environ: Mapping[str, str], *, branch: str | None
) -> tuple[Request, Base | None]:
    """Return what the checked-out config asks for, and the commit that it is of."""
    from evalgate.cli.builds import head, tree_of
    from evalgate.cli.hub import prompts_of
    from evalgate.cli.pulling import puller
    from evalgate.gate.datasets import with_datasets
    from evalgate.gate.guard.guard import unguarded
    from evalgate.gate.request import Commit, Wanted, make_request
    from evalgate.git.history import Base
    from evalgate.suite.loading import load_config

    loaded = load_config(config, environ=environ, overrides={})
    gate = unguarded(with_datasets(loaded, puller(loaded.path, environ)))
    prompts = prompts_of(loaded.path, environ)
    request = make_request(gate, Wanted(), store, commit=Commit(), tree=tree_of(environ), prompts=prompts)
    here = head(loaded.path, environ)
    return request, None if here.id is None else Base(commit=here.id, name=here.branch or branch)
