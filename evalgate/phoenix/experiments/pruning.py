"""Old experiments of changes, which may go: made by evalgate, and nobody's baseline, by no tag and no look-up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from evalgate.phoenix.annotations.runs import people_said
from evalgate.phoenix.connection import Connection
from evalgate.phoenix.datasets.reading import list_datasets
from evalgate.phoenix.experiments.layout_read import LayoutError, read_experiment
from evalgate.phoenix.experiments.sound import moment
from evalgate.phoenix.experiments.writing import RemoteExperiment, list_experiments, tags_of
from evalgate.records import Side

_PULL_REQUEST: Final = "pull request "
_BRANCH: Final = "branch "
"""So begins what a build calls the change that it measures; a branch where no workflow ran it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Old:
    """An experiment of a change that is old. `kept` says why it stays all the same; None: it may go."""

    experiment: RemoteExperiment
    dataset: str
    kept: str | None


async def old_experiments(connection: Connection, before: datetime, *, branches: bool = False) -> AsyncIterator[Old]:
    """Yield the experiments of pull requests that were made before a time, of all datasets. Raises PhoenixError.

    `branches`: those too that were made of a branch where no workflow ran.
    """
    changes = (_PULL_REQUEST, _BRANCH) if branches else (_PULL_REQUEST,)
    async for dataset in list_datasets(connection):
        async for found in list_experiments(connection, dataset.id):
            if _is_of_a_change(found, changes) and _made_at(found) < before:
                yield Old(experiment=found, dataset=dataset.name, kept=await _why_kept(connection, found))


def _is_of_a_change(found: RemoteExperiment, changes: tuple[str, ...]) -> bool:
    """Return whether a change that is called so made it, and no later build can look it up as its baseline."""
    try:
        record = read_experiment(found.metadata)
    except LayoutError:
        return False
    drawn_as_baseline = record.side is Side.BASELINE and not record.stored
    return (record.build.change or "").startswith(changes) and not drawn_as_baseline


async def _why_kept(connection: Connection, found: RemoteExperiment) -> str | None:
    if tags := await tags_of(connection, found.id):
        return f"it is tagged {', '.join(tags)}"
    return "people annotated its runs" if await people_said(connection, found) else None


def _made_at(found: RemoteExperiment) -> datetime:
    """Return when it was made; now where nobody can say: it is not old then."""
    try:
        return moment(found.created_at)
    except ValueError:
        return datetime.now(UTC)
