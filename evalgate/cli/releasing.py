"""How `evalgate release` goes: what was begun is finished; else it is measured, decided, written down and moved."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

import click

from evalgate.cli.asking import as_typed
from evalgate.cli.builds import cache_path, journal_path, tree_of
from evalgate.cli.hub import prompts_of
from evalgate.cli.mirroring import mirrored
from evalgate.cli.models import CacheChoice
from evalgate.cli.options import Outputs
from evalgate.cli.places import stored_at
from evalgate.cli.pulling import here
from evalgate.cli.release_asked import committed, decided_config, sign_with
from evalgate.cli.release_tags import Tags
from evalgate.cli.target import is_pull_request, refuse_exposed
from evalgate.cli.watching import watched
from evalgate.decision import decide, exit_code
from evalgate.errors import Interrupted
from evalgate.gate.accepting import found_acceptances
from evalgate.gate.baselines.bases import Bases, Target
from evalgate.gate.evidence.evidence import build_evidence
from evalgate.gate.gather import Source
from evalgate.gate.guard.guard import unguarded
from evalgate.gate.release.against import Known, require_another, shipped
from evalgate.gate.release.building import compared, dated
from evalgate.gate.release.building import releasing as release_build
from evalgate.gate.release.deciding import Asked, body_of, note_age, require_validated
from evalgate.gate.release.moving import planned_prompts, with_experiments
from evalgate.gate.release.signing import Sign
from evalgate.gate.release.verdict import FILE, Body, DecidedConfig, Move, file_bytes, recorded
from evalgate.gate.request import Commit, Request, Wanted, make_request
from evalgate.gate.run import Ended
from evalgate.git.history import Base
from evalgate.git.repository import Repository
from evalgate.journal.releases import ReleaseRow
from evalgate.journal.store import Journal
from evalgate.sqlite_file import make_folder
from evalgate.suite.acceptance import FOLDER
from evalgate.suite.loading import LoadedConfig, load_config
from evalgate.suite.periods import seconds_of
from evalgate.suite.released import released


@dataclass(frozen=True, kw_only=True)
class Releasing:
    """One call of the command, as it was typed."""

    config: Path
    journal: Path | None
    suites: tuple[str, ...]
    against: str | None
    first: bool
    verdict: Path | None
    sign_key: Path | None
    cache: Path | None
    yes: bool
    overrides: Mapping[str, str]
    outputs: Outputs
    environ: Mapping[str, str]

    def run(self) -> int:
        """Release, and return the exit code. Raises as `evalgate run` does."""
        if is_pull_request(self.environ):
            raise click.UsageError("a pull request is not released: run this on a tag, a release or a dispatch")
        make_folder(stored_at(FILE).parent)  # a folder that a cache brought back has nothing yet that git ignores it by
        refuse_exposed(self.environ, self._head.id)
        head, sign, _ = self._head, self._sign, self._by  # what is wrong is said before anything is paid
        with Journal(journal_path(self.journal)) as store:
            tags = Tags(loaded=self._loaded, store=store, environ=self.environ)
            begun = self._begun(store, head)
            if begun is not None and (not begun.finished or tags.in_place(begun)):
                return self._again(begun, tags, sign)
            return self._anew(store, tags, sign, head)

    # what is asked for

    @cached_property
    def _loaded(self) -> LoadedConfig:
        """The config as a release decides by it."""
        loaded = load_config(self.config, environ=self.environ, overrides=self.overrides)
        return replace(loaded, config=released(loaded.config), baseline_tasks={})

    @cached_property
    def _names(self) -> tuple[str, ...]:
        known = self._loaded.config.suites
        return tuple(name for name in known if not self.suites or name in self.suites)

    @cached_property
    def _repository(self) -> Repository:
        return Repository.at(self._loaded.path.absolute().parent, environ=self.environ)

    @cached_property
    def _head(self) -> Commit:
        """What is checked out. Raises ConfigurationError where that is no commit as it stands."""
        return committed(self._repository, self._file)

    @cached_property
    def _asked(self) -> str:
        """What it is compared with, as people say it."""
        return self.against or self._loaded.config.release.tag

    @cached_property
    def _by(self) -> str:
        """Who releases. Raises ConfigurationError where nobody knows."""
        return self.environ.get("GITHUB_ACTOR") or self._repository.author()

    @cached_property
    def _file(self) -> Path:
        return self.verdict or stored_at(FILE)

    @cached_property
    def _sign(self) -> Sign:
        return sign_with(self._loaded.config.release, self.sign_key, self.environ)

    @cached_property
    def _decided_config(self) -> DecidedConfig:
        return decided_config(self._loaded, self._names)

    @cached_property
    def _age(self) -> timedelta:
        """How old what it goes by may be."""
        return timedelta(seconds=seconds_of(self._loaded.config.release.max_age))

    @cached_property
    def _since(self) -> str:
        return (datetime.now(UTC) - self._age).isoformat(timespec="milliseconds")

    # what was begun

    def _begun(self, store: Journal, head: Commit) -> ReleaseRow | None:
        """Return what was decided about this very commit, by the same config, and may still be gone by."""
        for row in store.releases(self._loaded.config.release.tag):
            body = recorded(row.verdict)
            if body is None:
                continue  # of another version: it is decided again
            same = (row.commit, body.config.decided_by) == (head.id, self._decided_config.decided_by)
            fresh = body.releases and body.decided_at >= self._since
            if same and fresh and body.against == self._asked:
                return row
        return None

    def _again(self, row: ReleaseRow, tags: Tags, sign: Sign) -> int:
        """Finish what was decided before; nothing is run."""
        body = Body.model_validate(row.verdict)
        was = "released" if row.finished else "decided"
        then = f"{body.decision.verdict} on {body.decided_at[:16]} UTC, build {row.build}"
        self._tell(f"{body.commit[:7]} was {was} before: {then}; nothing is run")
        return self._finished(body, tags, sign)

    # anew

    def _anew(self, store: Journal, tags: Tags, sign: Sign, head: Commit) -> int:
        known = Known(journal=store, repository=self._repository, tagged=tags.tagged if tags.published else None)
        found = shipped(self._loaded.config, self._names, self.against, known)
        config = compared(self._loaded.config, found, first=self.first)
        using = {name: each for name, each in found.items() if config.suites[name].baseline is not None}
        require_another(using, str(head.id), config.release.tag)
        loaded = here(replace(self._loaded, config=config), self.environ, self.suites)
        with Bases(loaded.path, environ=self.environ, target=Target(), every=True) as bases:
            request = make_request(
                unguarded(loaded),
                Wanted(suites=self.suites),
                store,
                commit=head,
                tree=tree_of(self.environ),
                bases=bases,
                prompts=prompts_of(loaded.path, self.environ),
            )
            request = dated(request, found, self._since)
            if config.release.honour_accepted:
                accepted = found_acceptances(stored_at(FOLDER), request.config, bases, reviewed=True)
                request = replace(request, accepted=accepted)
            if config.release.validated_judges:
                require_validated(request.suites, store, request.config.policy)
            moves = [
                *tags.planned(self._names),
                *asyncio.run(planned_prompts(request.suites, config.release.tag, tags.address)),
            ]
            self._require_asked(moves)
            ended = self._run(request, store, Base(commit=str(head.id), name=head.branch))
            body = self._decided(Source(journal=store, build=ended.build), request, head, moves)
        if not body.releases:
            self._write(body, sign)
            self._tell(f"{body.decision.verdict}: nothing is released, and no tag has moved")
            return body.decision.exit_code
        return self._finished(body, tags, sign)

    def _require_asked(self, moves: list[Move]) -> None:
        """Raise UsageError where tags are to be moved and nobody can be asked whether they may."""
        if moves and not self.yes and not sys.stdin.isatty():
            raise click.UsageError(
                f"a release moves {len(moves)} tag{'' if len(moves) == 1 else 's'} in Phoenix, and nobody can be asked"
                f" here; `{as_typed('--yes')}` does it"
            )

    def _run(self, request: Request, store: Journal, head: Base) -> Ended:
        file = self._loaded.path
        try:
            ended = asyncio.run(
                watched(
                    mirrored(release_build(request, head), request, store, file, self.environ),
                    request,
                    store,
                    self.environ,
                    cache=CacheChoice(path=cache_path(self.cache), days=self._age / timedelta(days=1)),
                    quiet=self.outputs.quiet or self.outputs.as_json,
                    resume=None,
                    file=file,
                )
            )
        except asyncio.CancelledError:
            raise Interrupted("it was stopped at once; what was answered is kept", next_step=as_typed()) from None
        if not ended.complete and ended.halted is None:
            raise Interrupted(f"build {ended.build} was interrupted; what was answered is kept", next_step=as_typed())
        return ended

    def _decided(self, source: Source, request: Request, head: Commit, moves: list[Move]) -> Body:
        """Decide, show it, and write the verdict down before any tag is moved."""
        from evalgate.cli.commenting import commenter
        from evalgate.cli.conclude import conclude

        note_age(source, self._since)
        conclude([source], self.outputs, self.environ, commenter(self.outputs, self.environ, honours=False))
        evidence = build_evidence(source.journal, source.build)
        decision = decide(evidence)
        asked = Asked(
            commit=str(head.id),
            branch=head.branch,
            tag=request.config.release.tag,
            against=self._asked,
            config=self._decided_config,
            policy={
                "policy": request.config.policy.model_dump(mode="json"),
                "release": request.config.release.model_dump(mode="json"),
            },
            by=self._by,
            now=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )
        code = exit_code(decision, evidence.policy)
        body = body_of(source, decision, request.suites, asked, code=code, moves=moves)
        body = with_experiments(body, source.journal)
        source.journal.set_release(_row(body, finished=body.releases and not moves))
        return body

    # the end

    def _finished(self, body: Body, tags: Tags, sign: Sign) -> int:
        """Move what is left to move, and write the verdict; raised errors leave it written as far as it is."""
        self._write(body, sign)
        if not all(move.done for move in body.moves):
            body = tags.move(body, yes=self.yes, say=self._tell, keep=lambda now: self._write(now, sign))
        tags.store.set_release(_row(body, finished=all(move.done for move in body.moves)))
        self._write(body, sign)
        self._tell(f"the verdict is in {self._file}")
        return body.decision.exit_code

    def _write(self, body: Body, sign: Sign) -> None:
        from evalgate.cli.files import write_file

        write_file(self._file, file_bytes(sign(body)))

    def _tell(self, text: str) -> None:
        """Say what happened beside the report, which alone is on standard output."""
        from evalgate.encoding import printable

        click.echo(printable(text), err=True)


def _row(body: Body, *, finished: bool) -> ReleaseRow:
    return ReleaseRow(
        build=body.journal.build,
        tag=body.tag,
        commit=body.commit,
        verdict=body.model_dump(mode="json"),
        finished=finished,
    )
