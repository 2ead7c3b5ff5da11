"""`evalgate baseline`: what changes are compared with, set and shown, and where that has moved."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalgate.cli.options import cache_option, config_option, journal_option, overrides, quiet_option, set_option
from evalgate.errors import BaselineError, ConfigurationError, Interrupted, MeasurementError

if TYPE_CHECKING:
    from evalgate.cli.models import CacheChoice
    from evalgate.gate.baselines.bases import Bases
    from evalgate.gate.baselines.storing import BaselineBuild, Setter
    from evalgate.gate.request import Request
    from evalgate.git.history import Base
    from evalgate.git.repository import Repository
    from evalgate.journal.store import Journal
    from evalgate.suite.loading import LoadedConfig

_suites = click.option("--suite", "suites", multiple=True, metavar="NAME", help="Only this suite; may be repeated.")
_json = click.option("--json", "as_json", is_flag=True, help="Print it as JSON, in place of text.")


@click.group()
def command() -> None:
    """Show and set what changes are compared with, and where that has moved."""


@command.command("set", short_help="Store runs of a commit, for changes to be compared with.")
@click.argument("what", required=False, metavar="[COMMIT|BUILD]")
@config_option
@journal_option
@_suites
@cache_option
@set_option
@quiet_option
def setting(
    *,
    what: str | None,
    config: Path,
    journal: Path | None,
    suites: tuple[str, ...],
    cache: Path | None,
    assignments: tuple[str, ...],
    quiet: bool,
) -> int:
    """Run the task of a commit as often as a comparison wants, and store that for changes to be compared with.

    COMMIT is a branch, a tag or a commit, by default the one that is checked out; BUILD the id of a build, and means
    the commit that it measured. What is stored of it already is not run again.
    """
    from evalgate.cli.builds import cache_path, journal_path
    from evalgate.cli.files import say
    from evalgate.cli.models import CacheChoice
    from evalgate.gate.baselines.bases import Bases, Target
    from evalgate.gate.baselines.storing import Setter
    from evalgate.git.repository import Repository
    from evalgate.journal.store import Journal
    from evalgate.suite.loading import load_config

    environ = dict(os.environ)
    loaded = load_config(config, environ=environ, overrides=overrides(assignments))
    repository = Repository.at(loaded.path.absolute().parent, environ=environ)
    setter = Setter(name=repository.author(), how="set")
    choice = CacheChoice(path=cache_path(cache))
    with Journal(journal_path(journal)) as kept:
        base = _base(what, kept, repository)
        target = Target(ref=base.name, commit=base.commit)
        with Bases(loaded.path, environ=environ, target=target, every=True) as bases:
            request = _request(_of_commits(loaded), suites, environ, bases)
            stored = _stored(request, setter, kept, loaded.path, environ, cache=choice, quiet=quiet)
        if not stored.complete:
            raise MeasurementError("it was stopped before the end, and no baseline is set", next_step="set it again")
        for each in request.suites:
            times = request.config.policy.confirm_repetitions
            made = stored.made[each.name]
            now = f"{made:,} made now" if made else "all of them known before"
            say(f"{base.label} is stored: {times} runs of each of {each.count:,} examples of {each.name}, {now}.\n")
    return 0


def _of_commits(loaded: LoadedConfig) -> LoadedConfig:
    """Return the config with the suites alone whose baseline is set by commits."""
    merged = {
        name: suite.model_copy(update={"baseline": "merge-base"})
        for name, suite in loaded.config.suites.items()
        if (ref := suite.baseline_ref) is not None and ref.is_set
    }
    return replace(loaded, config=loaded.config.model_copy(update={"suites": merged}), baseline_tasks={})


def _request(loaded: LoadedConfig, names: tuple[str, ...], environ: Mapping[str, str], bases: Bases) -> Request:
    """Return what is run of the named suites (no names: all of the config): the commit's side alone."""
    from evalgate.cli.declared import declared_suites
    from evalgate.gate.baselines.storing import of_commit
    from evalgate.gate.request import Request

    asked = names or tuple(loaded.config.suites)
    prepared = of_commit(declared_suites(loaded, asked, environ, bases=bases))
    config = loaded.config.model_copy(update={"suites": {each.name: each.suite for each in prepared}})
    return Request(config=config, config_file=loaded.path.name, suites=prepared)


def _stored(
    request: Request,
    setter: Setter,
    journal: Journal,
    file: Path,
    environ: Mapping[str, str],
    *,
    cache: CacheChoice,
    quiet: bool,
) -> BaselineBuild:
    """Run what is asked for with its progress shown, and store it. Raises Interrupted where it was stopped at once."""
    from evalgate.cli.mirroring import mirrored
    from evalgate.cli.watching import watched
    from evalgate.gate.baselines.storing import store

    work = mirrored(lambda effects: store(request, effects, setter), request, journal, file, environ)
    try:
        return asyncio.run(watched(work, request, journal, environ, cache=cache, quiet=quiet, resume=None, file=file))
    except asyncio.CancelledError:
        raise Interrupted("it was stopped at once, and no baseline is set", next_step="set it again") from None


def _base(what: str | None, journal: Journal, repository: Repository) -> Base:
    """Return the commit that is meant: that of a build, one by its name, or (None) the one that is checked out."""
    from evalgate.cli.builds import number_of
    from evalgate.git.history import Base, commit_of

    known = {build.id for build in journal.builds()}
    number = None if what is None else number_of(what)
    if number is not None and number in known:
        build = journal.build(number)
        if build.dirty or build.commit is None:
            raise ConfigurationError(
                f"build {number} measured changes that nobody committed, so no commit is what it measured",
                next_step="commit them, then evalgate baseline set",
            )
        return Base(commit=build.commit, name=build.branch)
    if what is not None and what not in ("HEAD", "@"):
        try:
            return commit_of(repository, what)
        except BaselineError as error:
            raise ConfigurationError(
                f"there is no build, branch, tag or commit {what!r}, here or at the remote",
                next_step="evalgate journal list shows builds, git branch --all branches",
            ) from error
    head = repository.head()
    if head is None:
        raise ConfigurationError(
            f"nothing is committed yet in {repository.root}: no commit can be a baseline",
            next_step="commit what you ship today, then evalgate baseline set",
        )
    return Base(commit=head, name=repository.branch())


@command.command("show", short_help="Say what each suite would be compared with, and what is stored of it.")
@config_option
@journal_option
@_suites
@click.option("--base", metavar="REF", help="As evalgate run would compare with this branch, tag or commit.")
@set_option
@_json
def showing(
    *,
    config: Path,
    journal: Path | None,
    suites: tuple[str, ...],
    base: str | None,
    assignments: tuple[str, ...],
    as_json: bool,
) -> int:
    """Say what each suite would be compared with now, and what is stored of it. Nothing is run."""
    from evalgate import __version__
    from evalgate.cli.builds import journal_path
    from evalgate.cli.conclude import this_console
    from evalgate.cli.declared import declared_suites
    from evalgate.cli.elsewhere import phoenix_baselines
    from evalgate.cli.files import say
    from evalgate.cli.target import target_of
    from evalgate.cli.workflow import guarded
    from evalgate.gate.baselines.bases import Bases
    from evalgate.gate.baselines.elsewhere import Looking, tagged
    from evalgate.gate.baselines.shown import shown_baselines
    from evalgate.journal.store import Journal
    from evalgate.report.baselines import render_shown, render_shown_json
    from evalgate.suite.loading import load_config

    environ = dict(os.environ)
    loaded = load_config(config, environ=environ, overrides=overrides(assignments))
    with (
        Journal(journal_path(journal)) as store,
        Bases(loaded.path, environ=environ, target=target_of(environ, base), every=True) as bases,
    ):
        prepared = declared_suites(loaded, suites, environ, bases=bases)
        looking = Looking(
            config=loaded.config,
            journal=store,
            opened=phoenix_baselines(loaded.config.phoenix, loaded.path, environ),
            say=partial(click.echo, err=True),
        )
        there = asyncio.run(tagged(prepared, looking))
        found = shown_baselines(prepared, loaded.config.policy, store, there)
    if as_json:
        say(render_shown_json(found, __version__))
    else:
        say(guarded(render_shown(found, this_console(environ)), environ))
    return 0


@command.command("history", short_help="List the baselines that were set, and whether they drift down.")
@journal_option
@_json
def history(*, journal: Path | None, as_json: bool) -> int:
    """List the baselines that were set: when, by whom, of which commit, with what verdict and what was accepted.

    Warns where the latest fails against the first of the last 20, though each step passed or was accepted.
    """
    from evalgate import __version__
    from evalgate.cli.builds import journal_path
    from evalgate.cli.conclude import this_console
    from evalgate.cli.files import say
    from evalgate.cli.workflow import guarded
    from evalgate.gate.baselines.drift import drift
    from evalgate.gate.baselines.shown import set_baselines
    from evalgate.journal.store import Journal
    from evalgate.report.baselines import render_history, render_history_json

    environ = dict(os.environ)
    with Journal(journal_path(journal), create=False) as store:
        found, drifts = set_baselines(store), drift(store)
    if as_json:
        say(render_history_json(found, drifts, __version__))
    else:
        say(guarded(render_history(found, drifts, this_console(environ)), environ))
    return 0
