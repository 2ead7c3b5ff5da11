"""The mirror of a build in Phoenix: written beside the run, behind the journal, and made whole when the run has ended.

It reads the journal like anybody else. What it could not write is known there, and `evalgate phoenix sync` makes up for
it; a verdict never waits for it and never depends on it, unless `phoenix.required` asks for that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Final

from evalgate.decision.results import SuiteDecision
from evalgate.errors import ConfigurationError
from evalgate.gate.evidence.config import recorded_config
from evalgate.gate.mirror.changes import annotate
from evalgate.gate.mirror.posting import Posting, Tally
from evalgate.gate.mirror.promoting import promote
from evalgate.gate.mirror.records import (
    decided,
    description,
    experiment_record,
    shown_metadata,
    sync_step,
)
from evalgate.gate.mirror.target import Opening, Target
from evalgate.gate.mirror.traces import RunTraces
from evalgate.journal.builds import ExperimentRow
from evalgate.journal.lock import writing
from evalgate.journal.mirrors import RecordedRun
from evalgate.journal.store import Journal
from evalgate.phoenix.address import Address
from evalgate.phoenix.connection import Connection, PhoenixError, connect
from evalgate.phoenix.experiments.layout import experiment_metadata
from evalgate.phoenix.experiments.writing import delete_experiment, update_experiment
from evalgate.records import Side
from evalgate.suite.phoenix import PhoenixSettings
from evalgate.traces.store import TraceStore

_LOOK_AGAIN_S: Final = 0.25
_LONGEST_WAIT_S: Final = 30.0
_PATIENCE_S: Final = 45.0
"""So long the end of a run waits for a server that takes nothing."""
_SAID_EVERY_S: Final = 5.0
_UNSCORED: Final = 2000
"""So many runs are looked at again until they are scored; others wait for the end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MirrorEffects:
    """What mirroring may do. `address` finds a server by its name. Raises ConfigurationError where nothing says it."""

    journal: Journal
    settings: PhoenixSettings
    address: Callable[[str | None], Address]
    say: Callable[[str], None]
    seconds: Callable[[], float]
    new_uid: Callable[[], str]
    traces: TraceStore | None = None
    """Where it is kept how the runs of a build come about that goes on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mirrored:
    """How far a build is in Phoenix: its runs, those that are there, and why not all are, if they are not."""

    runs: int
    sent: int
    ended: bool
    obstacle: str | None = None


class Mirror:
    """Mirrors one build."""

    def __init__(self, effects: MirrorEffects) -> None:
        self._effects = effects
        self._journal = effects.journal
        self._traces = RunTraces(effects.journal, effects.traces)
        self._opening = Opening(journal=effects.journal, settings=effects.settings, new_uid=effects.new_uid)

    @asynccontextmanager
    async def beside(self) -> AsyncIterator[Callable[[int], None]]:
        """Give what hears which build has begun; from then on its runs are mirrored as they are recorded."""
        following: list[asyncio.Task[None]] = []

        def begun(build_id: int) -> None:
            self._register(build_id)
            self._reopen(build_id)
            following.append(asyncio.create_task(self._follow(build_id)))

        try:
            yield begun
        finally:
            for task in following:
                task.cancel()
            for result in await asyncio.gather(*following, return_exceptions=True):
                if isinstance(result, Exception):
                    raise result

    async def finish(self, build_id: int, *, stop: asyncio.Event | None = None, again: bool = False) -> Mirrored:
        """Write what is left, and say there what the build was found to be.

        `again` looks whether what was written before is still there. Whatever goes wrong with a server is written down,
        not raised. `stop` ends it early.
        """
        self._register(build_id)
        try:
            async with AsyncExitStack() as stack:
                stack.enter_context(writing(self._journal.path, build_id))
                work = asyncio.create_task(self._finish(build_id, stack, again=again))
                await self._patiently(build_id, work, stop)
        except (PhoenixError, ConfigurationError) as error:
            self._obstructed(build_id, error.message)
            return replace(self._settled(build_id), obstacle=error.message)
        return self._settled(build_id)

    def _register(self, build_id: int) -> None:
        """Write down what is to be mirrored, before any server is asked: what was begun is known for ever."""
        for row in self._rows(build_id):
            try:
                server = self._effects.address(self._server(row)).base_url
            except ConfigurationError as error:
                mirror = self._opening.begun(row, "")
                self._journal.set_mirror(replace(mirror, obstacle=error.message))
            else:
                self._opening.begun(row, server)

    def _reopen(self, build_id: int) -> None:
        """What was mirrored whole of a build that is gone on with is so no more."""
        for mirror in self._journal.mirrors(build_id):
            if mirror.ended:
                self._journal.set_mirror(replace(mirror, ended=False))

    def _rows(self, build_id: int) -> list[ExperimentRow]:
        skipped = {note.suite for note in self._journal.notes(build_id) if note.unchanged}
        return [row for row in self._journal.experiments(build_id) if row.suite not in skipped]

    def _server(self, row: ExperimentRow) -> str | None:
        return recorded_config(self._journal.build(row.build)).suites[row.suite].dataset.server

    def ending(self, build_id: int) -> None:
        """Write that the mirror is lacking before the build counts as complete: killed anywhere, that is known."""
        self._settled(build_id)

    # beside the run

    async def _follow(self, build_id: int) -> None:
        """Mirror what is recorded, until this is cancelled; while a server is away, try again now and then."""
        wait = 1.0
        while True:
            try:
                async with AsyncExitStack() as stack:
                    targets = await self._open(build_id, stack)
                    tally = await self._tail(targets)
                obstacle = tally.obstacle
            except PhoenixError as error:
                obstacle = error
            except ConfigurationError:
                return  # it is written down, and said in the end
            if obstacle is not None and not obstacle.passing:
                return
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT_S)

    async def _tail(self, targets: list[Target]) -> Tally:
        """Mirror runs as soon as they are scored, until a server fails."""
        posting = Posting(self._journal, self._effects.seconds, polite=True)
        cursors = dict.fromkeys((target.row.id for target in targets), 0)
        unscored: dict[tuple[int, str, str], Target] = {}
        async with posting.open():
            while not posting.tally.stopped:
                for (experiment, *of), target in [*unscored.items()]:
                    run = self._journal.recorded_run(experiment, *of)
                    if run is not None and _is_scored(target, run):
                        del unscored[experiment, run.example_id, run.sample]
                        await posting.put(target, run)
                for target in targets:
                    for run in self._journal.recorded_runs(target.row.id, cursors[target.row.id]):
                        cursors[target.row.id] = run.rowid
                        if _is_scored(target, run):
                            await posting.put(target, run)
                        elif len(unscored) < _UNSCORED:
                            unscored[target.row.id, run.example_id, run.sample] = target
                await asyncio.sleep(_LOOK_AGAIN_S)
        return posting.tally

    # in the end

    async def _finish(self, build_id: int, stack: AsyncExitStack, *, again: bool) -> None:
        targets = await self._open(build_id, stack, again=again)
        posting = Posting(self._journal, self._effects.seconds, polite=False)
        async with posting.open():
            for target in targets:
                for run in self._journal.recorded_runs(target.row.id):
                    await posting.put(target, run)
        if posting.tally.obstacle is not None:
            raise posting.tally.obstacle
        for target in targets:
            await self._traces.send(target)
        # What holds a baseline's runs alone has no verdict.
        stores = self._journal.build(build_id).stores
        suites = {} if stores else {suite.name: suite for suite in decided(self._journal, build_id).suites}
        for target in targets:
            await self._end(target, suites.get(target.row.suite), posting.tally.lacking[target.row.id])

    async def _end(self, target: Target, found: SuiteDecision | None, lacking: int) -> None:
        row, journal = target.row, self._journal
        runs, sent = journal.sent_count(row.id)
        if not runs:
            await delete_experiment(target.connection, target.remote.id)
        else:
            if found is not None:
                await annotate(journal, target, found)
            record = experiment_record(journal, row, target.mirror, ended=found, over=True)
            await update_experiment(
                target.connection,
                target.remote,
                description=description(journal.build(row.build), row, found, sent),
                metadata=experiment_metadata(record, shown_metadata(journal, row, ended=found)),
            )
        if runs and journal.build(row.build).stores:
            await promote(journal, target, self._effects.say)
        journal.set_mirror(replace(target.mirror, ended=True, lacking=lacking, obstacle=None))

    async def _patiently(self, build_id: int, work: asyncio.Task[None], stop: asyncio.Event | None) -> None:
        """Wait for `work` as long as it comes forward, and say how far it is."""
        effects, at = self._effects, self._counted(build_id)
        if at.sent < at.runs:
            stores = self._journal.build(build_id).stores
            found = "stored" if stores else decided(self._journal, build_id).verdict.value
            effects.say(f"{found}; mirroring it in Phoenix: {at.runs - at.sent:,} of {at.runs:,} runs are left")
        sent = -1
        moved = said = effects.seconds()
        try:
            while not work.done():
                await asyncio.wait({work}, timeout=_LOOK_AGAIN_S)
                now, at = effects.seconds(), self._counted(build_id)
                if at.sent != sent:
                    sent, moved = at.sent, now
                if now - said > _SAID_EVERY_S:
                    there = f"{at.sent:,} of {at.runs:,} runs are there"
                    if at.sent == at.runs:
                        there = f"all {at.runs:,} runs are there, traces and what was decided follow"
                    effects.say(f"mirroring in Phoenix: {there}")
                    said = now
                if (stop is not None and stop.is_set()) or now - moved > _PATIENCE_S:
                    why = "it was stopped" if stop is not None and stop.is_set() else "the server takes nothing"
                    raise PhoenixError(f"the build could not be mirrored in Phoenix: {why}")
            await work
        finally:
            work.cancel()
            with suppress(asyncio.CancelledError, PhoenixError, ConfigurationError):
                await work

    async def _open(self, build_id: int, stack: AsyncExitStack, *, again: bool = False) -> list[Target]:
        """Return every target of a build that is not all there, over one connection for each server.

        `again`: also what is all there, as far as is known. Raises PhoenixError.
        """
        connections: dict[str | None, Connection] = {}
        targets = []
        for row in self._rows(build_id):
            mirror = self._journal.mirror(row.id)
            if mirror is not None and mirror.ended and not again:
                continue
            name = self._server(row)
            if name not in connections:
                connections[name] = await stack.enter_async_context(connect(self._effects.address(name)))
            targets.append(await self._opening.open(row, connections[name]))
        return targets

    def _counted(self, build_id: int) -> Mirrored:
        rows = self._rows(build_id)
        counts = [self._journal.sent_count(row.id) for row in rows]
        mirrors = [self._journal.mirror(row.id) for row in rows]
        obstacle = next((mirror.obstacle for mirror in mirrors if mirror is not None and mirror.obstacle), None)
        return Mirrored(
            runs=sum(runs for runs, _ in counts),
            sent=sum(sent for _, sent in counts),
            ended=all(mirror is not None and mirror.ended for mirror in mirrors),
            obstacle=obstacle,
        )

    def _obstructed(self, build_id: int, message: str) -> None:
        for row in self._rows(build_id):
            mirror = self._journal.mirror(row.id)
            if mirror is not None and not mirror.ended:
                self._journal.set_mirror(replace(mirror, obstacle=message))

    def _settled(self, build_id: int) -> Mirrored:
        """Write against each suite that it is not all there, where that is required; or take it back."""
        step = sync_step(build_id)
        for suite in {row.suite for row in self._rows(build_id)}:
            mirrors = [self._journal.mirror(row.id) for row in self._rows(build_id) if row.suite == suite]
            missing = next((mirror for mirror in mirrors if mirror is None or not mirror.ended), None)
            message = None
            if missing is not None and self._effects.settings.required:
                why = f": {missing.obstacle}" if missing.obstacle else ""
                message = f"Phoenix does not have all of it, which `phoenix.required` asks for{why}."
            self._journal.settle_problem(build_id, suite, step, message)
        return self._counted(build_id)


def _is_scored(target: Target, run: RecordedRun) -> bool:
    """Return whether nothing more will be said of a run; judges of pairs come last."""
    candidate = target.row.side is Side.CANDIDATE
    specs = [spec for spec in target.row.specs if candidate or not spec.pairwise]
    return run.outcome.failure is not None or len(run.evaluations) >= len(specs)
