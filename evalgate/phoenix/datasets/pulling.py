"""One version of a dataset brought here: kept as a copy, which does while Phoenix is away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from evalgate.encoding import printable
from evalgate.errors import DatasetError
from evalgate.phoenix.address import Address
from evalgate.phoenix.connection import Connection, PhoenixError, connect
from evalgate.phoenix.datasets.copies import Copies, Copy, Origin, Wanted, members_hash
from evalgate.phoenix.datasets.reading import LATEST, find_dataset, find_version, golden_examples, read_version
from evalgate.phoenix.datasets.records import Dataset, Version
from evalgate.phoenix.datasets.splits import memberships


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What is to be brought here. `version` is an id, or `latest` or None for the newest."""

    dataset: str
    version: str | None = None
    split: str | None = None

    @property
    def pinned(self) -> bool:
        """Return whether it is one version for ever."""
        return self.version not in (None, LATEST)


@dataclass(frozen=True, kw_only=True, slots=True)
class Pulled:
    """A version that is here: its copy, and its id."""

    path: Path
    version: str


async def pull(address: Address, asked: Asked, copies: Copies, say: Callable[[str], None]) -> Pulled:
    """Return the copy of a version; one that is as the server has it now is not fetched again.

    A pinned version that was pulled before is used with a word to `say` where the server is away: the version is what
    it was, and only who is in which split may have changed. Raises PhoenixError and, for what is wrong with the
    dataset, DatasetError and ErrorGroup.
    """
    try:
        async with connect(address) as connection:
            return await _pulled(connection, asked, copies, say)
    except PhoenixError as error:
        if not error.passing:
            raise
        kept = copies.find(_wanted(address, asked, asked.version or LATEST)) if asked.pinned else None
        if kept is None:
            raise _away(error, asked) from None
        say(printable(f"{error.message}; the copy of {asked.dataset} of {kept.origin.pulled_at} is used"))
        return Pulled(path=kept.path, version=str(asked.version))


async def _pulled(connection: Connection, asked: Asked, copies: Copies, say: Callable[[str], None]) -> Pulled:
    dataset = await find_dataset(connection, asked.dataset)
    version = await find_version(connection, dataset, asked.version)
    wanted = _wanted(connection.address, asked, version.id)
    kept = copies.find(wanted)
    if kept is not None and asked.pinned:
        _require_same(kept, dataset, version, connection.address)
    if kept is not None and _is_of(kept, dataset, version):
        if kept.origin.members == members_hash(await memberships(connection, dataset, version)):
            return Pulled(path=kept.path, version=version.id)
        say(printable(f"who is in which split of {dataset.name} has changed in Phoenix since it was pulled"))
    say(printable(f"pulling {dataset.name} from {connection.address.shown}"))
    stored = await read_version(connection, dataset, version)
    examples = golden_examples(dataset.name, stored, split=asked.split)
    several = sum(len(each.splits) > 1 for each in stored)
    if several:
        of = f"in {asked.split} where it is in that, else in " if asked.split is not None else "in "
        say(
            printable(
                f"{several:,} examples of {dataset.name} are in several splits: each counts {of}the first by name"
            )
        )
    origin = Origin(
        dataset_id=dataset.id,
        dataset_created_at=dataset.created_at,
        version_created_at=version.created_at,
        members=members_hash({each.node_id: each.splits for each in stored}),
        pulled_at=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    return Pulled(path=copies.keep(wanted, examples, origin).path, version=version.id)


def _wanted(address: Address, asked: Asked, version: str) -> Wanted:
    return Wanted(base_url=address.base_url, dataset=asked.dataset, version=version, split=asked.split)


def _is_of(copy: Copy, dataset: Dataset, version: Version) -> bool:
    known = copy.origin
    same = (known.dataset_id, known.dataset_created_at, known.version_created_at)
    return same == (dataset.id, dataset.created_at, version.created_at)


def _require_same(copy: Copy, dataset: Dataset, version: Version, address: Address) -> None:
    """Raise DatasetError where a pinned id is another version's by now: ids of what was deleted are used again."""
    if _is_of(copy, dataset, version):
        return
    raise DatasetError(
        printable(
            f"version {version.id} of {dataset.name} is not what it was when it was pinned: {address.shown} has"
            f" made the dataset anew (then of {copy.origin.version_created_at}, now of {version.created_at})"
        ),
        next_step="look at what it holds now, then `evalgate dataset pin`",
    )


def _away(error: PhoenixError, asked: Asked) -> PhoenixError:
    if asked.pinned:
        step = f"{error.next_step or 'try again'}; version {asked.version} was never pulled here"
    else:
        step = f"{error.next_step or 'try again'}; a version that is pinned and was pulled needs no server"
    return PhoenixError(error.message, status=error.status, next_step=step)
