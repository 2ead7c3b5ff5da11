"""Runs on their way to Phoenix: a few posters, fed no faster than they write, that give way to the build."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from evalgate.gate.mirror.records import run_record
from evalgate.gate.mirror.target import Target
from evalgate.journal.mirrors import RecordedRun, SentRun
from evalgate.journal.store import Journal
from evalgate.phoenix.connection import PhoenixError
from evalgate.phoenix.experiments.layout import evaluation_bodies, run_body, run_digest, showable
from evalgate.phoenix.experiments.writing import post_evaluations, post_run

POSTERS: Final = 3
"""A server writes no faster for more of them."""
_BUSY_S: Final = 0.004
"""A loop that takes longer to come round has other things to do than to mirror."""
_GIVE_WAY: Final = 8
"""So many times as long as it took to come round, a poster waits."""
_IN_A_ROW: Final = 5
"""So many runs refused one after the other: not the runs are wrong."""
_HOPELESS: Final = (401, 403, 404)


@dataclass(slots=True)
class Tally:
    """What came of posting: runs sent, runs refused, and by experiment those whose example its dataset lacks."""

    sent: int = 0
    lacking: Counter[int] = field(default_factory=Counter)
    refused: int = 0
    obstacle: PhoenixError | None = None
    stopped: bool = False
    """The rest would fail as well."""

    def failed(self, error: PhoenixError) -> None:
        """Count a run that could not be written."""
        self.refused += 1
        self.obstacle = error
        self._in_a_row += 1
        if error.status is None or error.status in _HOPELESS or self._in_a_row >= _IN_A_ROW:
            self.stopped = True

    def succeeded(self) -> None:
        """Count a run that was written."""
        self.sent += 1
        self._in_a_row = 0

    _in_a_row: int = 0


class Posting:
    """Writes runs. What is there already, as it is, is left alone; what is written is in the journal when it is."""

    def __init__(self, journal: Journal, seconds: Callable[[], float], *, polite: bool) -> None:
        self.tally = Tally()
        self._journal, self._seconds, self._polite = journal, seconds, polite
        self._queue: asyncio.Queue[tuple[Target, RecordedRun]] = asyncio.Queue(maxsize=POSTERS)
        self._bug: Exception | None = None
        self._numbers: dict[tuple[int, str], int] = {}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Start the posters; on the way out everything that was put is written, unless it cannot be."""
        posters = [asyncio.create_task(self._post()) for _ in range(POSTERS)]
        try:
            yield
            await self._queue.join()
        finally:
            for poster in posters:
                poster.cancel()
            await asyncio.gather(*posters, return_exceptions=True)
        if self._bug is not None:
            raise self._bug

    async def put(self, target: Target, run: RecordedRun) -> None:
        """Take a run that is not there yet, waiting for room."""
        if not self.tally.stopped:
            await self._queue.put((target, run))

    async def _post(self) -> None:
        while True:
            target, run = await self._queue.get()
            try:
                if not self.tally.stopped:
                    await self._write(target, run)
            except Exception as error:  # noqa: BLE001  # raised where the posters end: whoever puts runs would wait for ever
                self._bug, self.tally.stopped = error, True
            finally:
                self._queue.task_done()

    async def _write(self, target: Target, run: RecordedRun) -> None:
        record, withhold = run_record(run), target.mirror.withheld
        digest = run_digest(record, withhold=withhold)
        known = self._journal.sent(target.row.id, run.example_id, run.sample)
        if known is not None and known.digest == digest:
            return
        node = target.ground.nodes.get(str(showable(run.example_id)))
        if node is None:
            self.tally.lacking[target.row.id] += 1
            return
        number = self._number(target, run.sample)
        try:
            await self._give_way()
            body = run_body(record, node=node, repetition=number, withhold=withhold)
            remote = await post_run(target.connection, target.remote.id, body)
            for said in evaluation_bodies(
                record, target.row.specs, run_id=remote, uid=target.mirror.uid, withhold=withhold
            ):
                await self._give_way()
                await post_evaluations(target.connection, [said])
        except PhoenixError as error:
            self.tally.failed(error)
            return
        sent = SentRun(example_id=run.example_id, sample=run.sample, remote=remote, digest=digest)
        self._journal.add_sent(target.row.id, [sent])
        self.tally.succeeded()

    def _number(self, target: Target, sample: str) -> int:
        if (target.row.id, sample) not in self._numbers:
            for name, number in self._journal.numbered_samples(target.row.id, (sample,)).items():
                self._numbers[target.row.id, name] = number
        return self._numbers[target.row.id, sample]

    async def _give_way(self) -> None:
        """Wait while the loop is busy with the build: a mirror that lags costs nothing."""
        if not self._polite:
            return
        began = self._seconds()
        await asyncio.sleep(0)
        late = self._seconds() - began
        if late > _BUSY_S:
            await asyncio.sleep(min(late * _GIVE_WAY, 2.0))
