"""How `evalgate run` goes on once its config is read: what is asked for, measured to its end, and told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from evalgate.cli.builds import head, journal_path, tree_of
from evalgate.cli.commenting import Commenter
from evalgate.cli.conclude import conclude
from evalgate.cli.hub import copies, prompts_of, recorded_prompts, with_versions
from evalgate.cli.mirroring import mirrored
from evalgate.cli.models import CacheChoice
from evalgate.cli.options import Outputs
from evalgate.cli.places import stored_at
from evalgate.cli.pulling import puller
from evalgate.cli.record import FOLDER as RECORDED
from evalgate.cli.record import record
from evalgate.cli.target import change_of, gate_of, is_outside, is_reviewed, pushed_branch, refuse_exposed, target_of
from evalgate.cli.watching import watched
from evalgate.errors import Interrupted
from evalgate.gate.accepting import found_acceptances, with_label
from evalgate.gate.baselines.bases import Bases
from evalgate.gate.baselines.storing import run_pushed
from evalgate.gate.gather import Source
from evalgate.gate.guard.guard import Decides, Gate
from evalgate.gate.hub_prompts import tried
from evalgate.gate.request import Request, Wanted, make_request
from evalgate.gate.resume import resumable
from evalgate.gate.run import Ended, run_build
from evalgate.gate.world import World
from evalgate.git.history import Base
from evalgate.journal.store import Journal
from evalgate.suite.acceptance import FOLDER
from evalgate.suite.loading import LoadedConfig


@dataclass(frozen=True, kw_only=True)
class Running:
    """One call of the command, as it was typed. `again` is the command that goes on with it."""

    loaded: LoadedConfig
    typed: Wanted
    versions: tuple[str, ...]
    resume: bool
    every: bool
    base: str | None
    as_pull_request: bool
    journal: Path | None
    choice: CacheChoice
    laid_over: Mapping[str, str]
    environ: Mapping[str, str]
    outputs: Outputs
    speaker: Commenter
    again: str

    def done(self) -> int:
        """Measure what is asked for and tell what came of it; the exit code."""
        environ, pushed = self.environ, pushed_branch(self.environ)
        every, target = self.every or pushed is not None, target_of(environ, self.base)
        with (
            Journal(journal_path(self.journal)) as store,
            Bases(self.loaded.path, environ=environ, target=target, every=every) as bases,
        ):
            build = resumable(store) if self.resume else None
            gate, suites, pushed = self._gate(store, bases, build, pushed)
            if gate.decides is not Decides.LOCAL:
                bases.refuse_tracked(store.path, self.choice.path, *copies())
                bases.refuse_links(
                    *self.outputs.files, *([store.path.parent / RECORDED] if self.typed.together else [])
                )
            request = self._request(gate, replace(self.typed, suites=suites, resume=build), store, bases)
            ended = _to_its_end(self._measuring(request, gate, store, pushed, build), self.again)
            if self.typed.together:
                return record(store, ended, self.outputs, environ)
            source, change = Source(journal=store, build=ended.build), target if self.as_pull_request else None
            return conclude([source], self.outputs, environ, self.speaker, change=change)

    def _gate(
        self, store: Journal, bases: Bases, build: int | None, pushed: str | None
    ) -> tuple[Gate, tuple[str, ...], str | None]:
        """Return what decides, the suites, and the branch that was pushed, if its head is to be stored."""
        recorded = store.build(build).config if build is not None else {}
        asked = tuple(recorded.get("suites", self.typed.suites))
        pull = puller(self.loaded.path, self.environ, kept=recorded)
        gate = gate_of(
            self.loaded,
            bases,
            self.environ,
            self.laid_over,
            pull,
            as_pull_request=self.as_pull_request,
            names=asked,
        )
        return with_versions(gate, self.versions, self.typed.suites, asked=asked, pushed=pushed)

    def _request(self, gate: Gate, wanted: Wanted, store: Journal, bases: Bases) -> Request:
        """Return what is to be measured, and of which change."""
        prompts = prompts_of(self.loaded.path, self.environ, kept=recorded_prompts(store, wanted.resume))
        commit = head(self.loaded.path, self.environ)
        refuse_exposed(self.environ, commit.id)
        tree = tree_of(self.environ)
        request = make_request(gate, wanted, store, commit=commit, tree=tree, bases=bases, prompts=prompts)
        labelled_by, tries = self.speaker.labels.accepted_by, bool(self.versions)
        return _reviewed(request, self.environ, bases, labelled_by=labelled_by, tries=tries)

    def _measuring(
        self, request: Request, gate: Gate, store: Journal, pushed: str | None, build: int | None
    ) -> Coroutine[Any, Any, Ended]:
        """Return the work, shown while it is done and mirrored in Phoenix after."""
        file, environ = self.loaded.path, self.environ
        return watched(
            mirrored(_work(request, pushed, environ, resume=build), request, store, file, environ),
            request,
            store,
            environ,
            cache=self.choice.where(gate.asked_endpoints(), environ, outside=is_outside(environ)),
            quiet=self.outputs.quiet or self.outputs.as_json,
            resume=build,
            file=file,
            beside=self.speaker.beside,
        )


def _reviewed(
    request: Request, environ: Mapping[str, str], bases: Bases, *, labelled_by: str | None, tries: bool
) -> Request:
    """Return the request with which change it measures, what of that somebody accepted, and which prompts it tries."""
    files = found_acceptances(stored_at(FOLDER), request.config, bases, reviewed=is_reviewed(environ))
    accepted = with_label(files, request.config, labelled_by)
    return replace(
        request,
        change=change_of(environ, request.commit, request.suites),
        accepted=accepted,
        purpose=tried(request.suites, request.config.release.tag) if tries else None,
    )


def _to_its_end(measuring: Coroutine[Any, Any, Ended], again: str) -> Ended:
    """Return how a build ended. Raises Interrupted for one that was stopped from outside, softly or at once."""
    try:
        ended = asyncio.run(measuring)
    except asyncio.CancelledError:
        # The second signal: nobody waits for the runs in flight. Let through, it would exit 1, which means FAIL.
        raise Interrupted("the run was stopped at once; what was answered is kept", next_step=again) from None
    if not ended.complete and ended.halted is None:
        raise Interrupted(f"build {ended.build} was interrupted; what was answered is kept", next_step=again)
    return ended


def _work(
    request: Request, pushed: str | None, environ: Mapping[str, str], *, resume: int | None
) -> Callable[[World], Awaitable[Ended]]:
    """Return what is to be done: a build; for a push to the default branch, what is checked out stored before it."""
    commit = request.commit
    if pushed is None or resume is not None or request.partial or commit.id is None:
        return lambda effects: run_build(request, effects, resume=resume)
    if commit.dirty:
        click.echo("The work tree has changes that nobody committed: it is compared, and no baseline.", err=True)
        return lambda effects: run_build(request, effects)
    head, who = Base(commit=commit.id, name=pushed), environ.get("GITHUB_ACTOR") or "a workflow"
    return lambda effects: run_pushed(request, effects, head, who)
