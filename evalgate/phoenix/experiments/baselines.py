"""Baselines that are experiments in Phoenix: named by a tag or an id, or found by what answered."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from evalgate.canonical import content_hash
from evalgate.encoding import printable
from evalgate.errors import BaselineError
from evalgate.phoenix.connection import Connection
from evalgate.phoenix.datasets.reading import get_dataset, golden_examples, look_up_dataset, read_version
from evalgate.phoenix.datasets.records import Version
from evalgate.phoenix.experiments.layout import NAME
from evalgate.phoenix.experiments.reading import read_runs, record_of
from evalgate.phoenix.experiments.records import ExperimentRecord, RunRecord
from evalgate.phoenix.experiments.tags import NoTagsError, tagged
from evalgate.phoenix.experiments.writing import RemoteExperiment, get_experiment, list_experiments
from evalgate.records import JsonObject
from evalgate.suite.baselines import PROMOTED, BaselineKind, BaselineRef

_ID: Final = re.compile(r"[A-Za-z0-9+=_-]{1,200}")
_LOOKED_AT: Final = 2_000
"""Experiments of a dataset, the newest ones: older ones are as good as gone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """One experiment that mirrors what evalgate measured. Its record is verified, its runs are as they are read."""

    record: ExperimentRecord
    remote: RemoteExperiment
    connection: Connection

    @property
    def place(self) -> str:
        """Return the address of its server."""
        return self.connection.address.base_url

    async def bodies(self) -> Mapping[str, JsonObject]:
        """Return what the examples of its dataset's version say, by their hash. Raises PhoenixError."""
        dataset = await get_dataset(self.connection, self.remote.dataset)
        version = Version(id=self.remote.dataset_version, created_at="")
        examples = golden_examples(dataset.name, await read_version(self.connection, dataset, version))
        found = [
            {"input": each.input, "output": each.output, "metadata": each.metadata, "split": each.split}
            for each in examples
        ]
        return {content_hash(body): body for body in found}

    def runs(self) -> AsyncIterator[RunRecord]:
        """Yield its runs. Raises BaselineError where they are not what was written, and PhoenixError."""
        return read_runs(self.connection, self.remote, self.record)


class PhoenixBaselines:
    """The experiments of one server."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def shown(self) -> str:
        """Return what people know the server by."""
        return self._connection.address.shown

    async def named(self, ref: BaselineRef, dataset: str) -> Kept:
        """Return the experiment that a baseline names, by its id or by a tag of the dataset of that name.

        Raises BaselineError where there is none, or nothing can be compared with it, and PhoenixError.
        """
        name = ref.name or ""
        if ref.kind is BaselineKind.EXPERIMENT:
            return await self.by_id(name)
        of = await self._dataset(dataset)
        found = None if of is None else await tagged(self._connection, of, name)
        if found is None:
            raise BaselineError(
                f"no experiment of the dataset {printable(dataset)} has the tag {printable(name)} in {self.shown}",
                next_step="store a baseline, which moves the tag `baseline` to it: evalgate baseline set",
            )
        return await self.by_id(found)

    async def by_id(self, experiment: str) -> Kept:
        """Return an experiment by its id, also as it stands in addresses (`%3D`). Raises as `named` does."""
        experiment = unquote(experiment)
        remote = await get_experiment(self._connection, experiment) if _ID.fullmatch(experiment) else None
        if remote is None:
            raise BaselineError(
                f"{self.shown} has no experiment {printable(experiment)}",
                next_step="name one that it has: its id is at the end of the address of its page",
            )
        return self._kept(remote)

    async def told_of(self, tag: str, dataset: str) -> str:
        """Return which experiment of a dataset has a tag, as words, with its page. Raises PhoenixError."""
        address = self._connection.address
        found = await self._dataset(dataset)
        held = None if found is None else await tagged(self._connection, found, tag)
        remote = None if held is None else await get_experiment(self._connection, held)
        if remote is None:
            following = "; evalgate baseline set moves it" if tag == PROMOTED else ""
            return f"no experiment of {printable(dataset)} has the tag {printable(tag)}{following}"
        page = address.page("datasets", remote.dataset, "experiments", remote.id)
        return f"the tag {printable(tag)} is on {printable(remote.name)} ({remote.created_at[:10]}): {page}"

    async def matching(self, dataset: str, wanted: Callable[[ExperimentRecord], bool]) -> AsyncIterator[Kept]:
        """Yield the experiments of a dataset that mirror what is wanted. Raises PhoenixError.

        The one with the tag `baseline` comes first, then those that drew all that they hold, the newest first, then
        those that drew what others lacked. Others of the dataset, and what cannot be compared with, are passed over.
        """
        found = await self._dataset(dataset)
        if found is None:
            return
        first = await self._first(found, wanted)
        if first is not None:
            yield first
        left, fillings = _LOOKED_AT, []
        async for remote in list_experiments(self._connection, found):
            kept = self._if_wanted(remote, wanted)
            if kept is not None and (first is None or remote.id != first.remote.id):
                if kept.record.stored:
                    fillings.append(kept)
                else:
                    yield kept
            left -= 1
            if not left:
                break
        for kept in fillings:
            yield kept

    async def _first(self, dataset: str, wanted: Callable[[ExperimentRecord], bool]) -> Kept | None:
        """Return the experiment that changes are compared with, where it is wanted: no other need be looked at."""
        with suppress(NoTagsError):
            experiment = await tagged(self._connection, dataset, PROMOTED)
            remote = None if experiment is None else await get_experiment(self._connection, experiment)
            if remote is not None:
                return self._if_wanted(remote, wanted)
        return None

    def _if_wanted(self, remote: RemoteExperiment, wanted: Callable[[ExperimentRecord], bool]) -> Kept | None:
        if remote.metadata.get(NAME) is None:
            return None
        try:
            kept = self._kept(remote)
        except BaselineError:
            return None
        return kept if wanted(kept.record) else None

    async def _dataset(self, name: str) -> str | None:
        """Return the id of the dataset of a name, None where there is none."""
        found = await look_up_dataset(self._connection, name)
        return None if found is None else found.id

    def _kept(self, remote: RemoteExperiment) -> Kept:
        return Kept(record=record_of(remote), remote=remote, connection=self._connection)
