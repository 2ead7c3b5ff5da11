"""Where one side of one suite is mirrored: its experiment in Phoenix, made once, found again, and verified."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from evalgate.gate.evidence.config import recorded_config
from evalgate.gate.mirror.records import description, experiment_name, experiment_record, shown_metadata
from evalgate.journal.builds import ExperimentRow
from evalgate.journal.mirrors import MirrorRow
from evalgate.journal.store import Journal
from evalgate.phoenix.connection import Connection, PhoenixError
from evalgate.phoenix.datasets.mirrors import Ground, mirrored_ground, pinned_ground, version_ground
from evalgate.phoenix.experiments.layout import experiment_metadata
from evalgate.phoenix.experiments.writing import (
    NewExperiment,
    RemoteExperiment,
    create_experiment,
    find_experiment,
    get_experiment,
)
from evalgate.suite.phoenix import PhoenixSettings


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One side of one suite and the experiment that mirrors it."""

    row: ExperimentRow
    mirror: MirrorRow
    ground: Ground
    remote: RemoteExperiment
    connection: Connection


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """What an experiment is opened with."""

    journal: Journal
    settings: PhoenixSettings
    new_uid: Callable[[], str]

    def begun(self, row: ExperimentRow, server: str) -> MirrorRow:
        """Return the mirror of an experiment, written down before anything is made: what was begun is known for ever.

        `server` is its address, empty where nobody knows it; one server may have several.
        """
        known = self.journal.mirror(row.id)
        if known is not None and known.withheld == self._withhold:
            return known
        return self._anew(row.id, server)

    async def open(self, row: ExperimentRow, connection: Connection) -> Target:
        """Return the target of an experiment, made where there is none. Raises PhoenixError."""
        server = connection.address.base_url
        mirror = self.begun(row, server)
        remote = await self._again(connection, mirror) if mirror.dataset is not None else None
        if remote is None and (mirror.remote is not None or mirror.server != server):
            # It was deleted there, or this is another server; another experiment may have its id.
            mirror = self._anew(row.id, server)
        ground = await self._ground(connection, row, mirror if remote is not None else None)
        if remote is None:
            remote = await self._make(connection, row, mirror, ground)
        mirror = replace(
            mirror,
            server=server,
            dataset=remote.dataset,
            dataset_version=ground.version,
            remote=remote.id,
            remote_created_at=remote.created_at,
            project=remote.project,
        )
        self.journal.set_mirror(mirror)
        return Target(row=row, mirror=mirror, ground=ground, remote=remote, connection=connection)

    async def _again(self, connection: Connection, mirror: MirrorRow) -> RemoteExperiment | None:
        """Return the experiment that was made before; None where it is gone, or its id is another's by now."""
        if mirror.remote is None:
            # It was asked for, and the answer never came: it may be there.
            try:
                return await find_experiment(connection, str(mirror.dataset), mirror.uid)
            except PhoenixError as error:
                if error.status == 404:
                    return None
                raise
        found = await get_experiment(connection, mirror.remote)
        if found is None or found.uid != mirror.uid or found.created_at != mirror.remote_created_at:
            return None
        return found

    def _anew(self, experiment: int, server: str) -> MirrorRow:
        fresh = MirrorRow(experiment=experiment, uid=self.new_uid(), server=server, withheld=self._withhold)
        self.journal.set_mirror(fresh)
        return fresh

    @property
    def _withhold(self) -> bool:
        return self.settings.content == "hashed"

    async def _ground(self, connection: Connection, row: ExperimentRow, known: MirrorRow | None) -> Ground:
        if known is not None and known.dataset is not None and known.dataset_version is not None:
            return await version_ground(connection, known.dataset, known.dataset_version)
        ref = recorded_config(self.journal.build(row.build)).suites[row.suite].dataset
        if ref.phoenix is not None:
            return await pinned_ground(connection, ref.phoenix, str(ref.version))
        return await mirrored_ground(
            connection,
            self.settings.dataset.replace("{suite}", row.suite),
            [*self.journal.examples(row.build, row.suite)],
            of=ref.shown,
            withhold=self._withhold,
        )

    async def _make(
        self, connection: Connection, row: ExperimentRow, mirror: MirrorRow, ground: Ground
    ) -> RemoteExperiment:
        build = self.journal.build(row.build)
        self.journal.set_mirror(replace(mirror, dataset=ground.dataset, dataset_version=ground.version))
        return await create_experiment(
            connection,
            NewExperiment(
                dataset=ground.dataset,
                version=ground.version,
                name=experiment_name(build, row),
                description=description(build, row, None, 0),
                metadata=experiment_metadata(
                    experiment_record(self.journal, row, mirror), shown_metadata(self.journal, row)
                ),
                repetitions=row.repetitions,
            ),
        )
