"""Baselines that are kept elsewhere than in the journal, brought here before a build begins.

What a suite names is fetched into a journal of its own, as an exported build would be. Stored runs of a base commit
that the journal does not have, on a fresh machine all of them, are looked for by what answers and written into it: from
there on they are found, made comparable and decided with as if they had been drawn here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from evalgate.encoding import printable
from evalgate.errors import BaselineError, EvalgateError
from evalgate.gate.baselines.found import contents_of, find_stored, stored_repetitions
from evalgate.gate.baselines.importing import Kept, import_alone, import_baseline
from evalgate.gate.prepared import PreparedSide, PreparedSuite
from evalgate.journal.builds import NoteRow
from evalgate.journal.rows import body_hash, example_body
from evalgate.journal.store import Journal
from evalgate.phoenix.experiments.records import ExperimentRecord
from evalgate.records import Side
from evalgate.suite.baselines import PROMOTED, BaselineKind, BaselineRef
from evalgate.suite.config import Config
from evalgate.suite.phoenix import PhoenixSettings

_MOST = 20
"""Experiments that one suite takes runs from."""


class BaselineStore(Protocol):
    """A place where baselines are kept beside the journal. What it cannot give it says as a MeasurementError."""

    @property
    def shown(self) -> str:
        """What people know it by."""
        ...

    async def named(self, ref: BaselineRef, dataset: str) -> Kept:
        """Return what a baseline names, among what was measured on the dataset of that name."""
        ...

    async def told_of(self, tag: str, dataset: str) -> str:
        """Return what has a tag, among what was measured on the dataset of that name, as words."""
        ...

    async def by_id(self, experiment: str) -> Kept:
        """Return what has this id."""
        ...

    def matching(self, dataset: str, wanted: Callable[[ExperimentRecord], bool]) -> AsyncIterator[Kept]:
        """Yield what is wanted of what was measured on the dataset of that name, the latest first."""
        ...


Opened = Callable[[str | None], AbstractAsyncContextManager[BaselineStore]]
"""Opens the store of a name, None for the one without. Raises ConfigurationError where it cannot be asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """What a suite's `baseline` names, as a journal of one build; or why it could not be had."""

    path: Path | None = None
    error: EvalgateError | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Looking:
    """How other places are asked, under which config, and for which journal. `say` shows one line."""

    config: Config
    journal: Journal
    opened: Opened
    say: Callable[[str], None]

    def dataset(self, suite: PreparedSuite) -> tuple[str | None, str]:
        """Return the server and the name of the dataset that a suite's experiments stand on there."""
        ref = suite.suite.dataset
        settings = self.config.phoenix or PhoenixSettings()
        return ref.server, ref.phoenix or settings.dataset.replace("{suite}", suite.name)


async def fetch_named(suites: Iterable[PreparedSuite], looking: Looking, folder: Path) -> dict[str, Fetched]:
    """Fetch the experiments that suites' `baseline` names, each into a file of `folder`; others are left out."""
    found = {}
    for number, suite in enumerate(suites):
        ref = suite.suite.baseline_ref
        if ref is None or not ref.in_phoenix or suite.problem is not None:
            continue
        server, dataset = looking.dataset(suite)
        path = folder / f"{number}.db"
        try:
            async with looking.opened(server) as store:
                looking.say(f"{suite.name}: reading {suite.suite.baseline} from {store.shown}")
                await _fetch(await store.named(ref, dataset), suite, path)
            found[suite.name] = Fetched(path=path)
        except EvalgateError as error:
            found[suite.name] = Fetched(error=error)
    return found


async def _fetch(kept: Kept, suite: PreparedSuite, path: Path) -> None:
    if kept.record.suite != suite.name:
        raise BaselineError(
            f"{suite.suite.baseline} is of the suite {printable(kept.record.suite)}, not of {suite.name}",
            next_step=f"name an experiment of the suite {suite.name}",
        )
    with Journal(path) as journal:
        await import_alone(journal, kept)


async def fetch_experiment(store: BaselineStore, experiment: str, path: Path) -> tuple[int, Side]:
    """Fetch an experiment by its id into a journal at `path`; return its build there, and the side that it is.

    Raises MeasurementError, also where its suite clusters examples and what they say is not known any more.
    """
    kept = await store.by_id(experiment)
    record = kept.record
    bodies = await kept.bodies() if record.build.config.get("suites", {}).get(record.suite, {}).get("cluster") else {}
    with Journal(path) as journal:
        build = await import_alone(journal, kept, bodies.get)
        unknown = bodies and any(digest not in bodies for _, digest in journal.example_hashes(build, record.suite))
    if unknown:
        raise BaselineError(
            f"the examples of the experiment {printable(experiment)} are in clusters, and its dataset does not say them"
            " as they were measured",
            next_step="compare the build in the journal that measured it: evalgate journal list",
        )
    return build, record.side


async def tagged(suites: Iterable[PreparedSuite], looking: Looking) -> dict[str, str]:
    """Return what has the tag that a suite's `baseline` names, else the one that is moved, by suite, as words."""
    found = {}
    for suite in suites:
        ref = suite.suite.baseline_ref
        if looking.config.phoenix is None and (ref is None or not ref.in_phoenix):
            continue
        tag = ref.name if ref is not None and ref.kind is BaselineKind.PHOENIX_TAG else PROMOTED
        server, dataset = looking.dataset(suite)
        try:
            async with looking.opened(server) as store:
                found[suite.name] = await store.told_of(tag or PROMOTED, dataset)
        except EvalgateError as error:
            found[suite.name] = f"not asked: {error.message}"
    return found


async def bring_in(suites: Iterable[PreparedSuite], looking: Looking) -> list[NoteRow]:
    """Write stored runs of base commits into the journal that it lacks and another place has.

    Returns what is to be said where that place could not be asked: then the runs are made, as without it.
    """
    notes = []
    for suite in suites if looking.config.phoenix is not None else ():
        side = next((each for each in suite.sides if each.side is Side.BASELINE), None)
        if side is None or suite.base is None or suite.problem is not None or suite.unchanged is not None:
            continue
        try:
            await _bring_in(suite, side, looking)
        except EvalgateError as error:
            words = f"Stored runs of {side.label} were not looked for in Phoenix: {error.message}."
            looking.say(f"{suite.name}: {words}")
            notes.append(NoteRow(suite=suite.name, message=words))
    return notes


async def _bring_in(suite: PreparedSuite, side: PreparedSide, looking: Looking) -> None:
    journal, policy, task = looking.journal, looking.config.policy, side.fingerprint.digest
    repetitions = stored_repetitions(suite, policy)
    contents = contents_of(suite)

    def is_whole() -> bool:
        found = find_stored(journal, suite, task, contents, policy)
        return found is not None and not found.lacking

    def wanted(record: ExperimentRecord) -> bool:
        return _could_serve(record, task, repetitions or 1) and not journal.knows_mirrored(record.uid)

    if repetitions is None or is_whole():
        return
    server, dataset = looking.dataset(suite)
    bodies = {body_hash(body): body for body in map(example_body, suite.examples())}
    async with looking.opened(server) as store:
        looking.say(f"{suite.name}: looking for stored runs of {side.label} in {store.shown}")
        taken = 0
        async for kept in store.matching(dataset, wanted):
            try:
                await import_baseline(journal, kept, bodies.get)
            except BaselineError as error:
                looking.say(f"{suite.name}: {error.message}")
                continue
            taken += 1
            found = f"{printable(kept.record.label)} of {printable(kept.record.build.created_at[:10])}"
            looking.say(f"{suite.name}: found there, and taken over: {kept.record.runs:,} runs of {found}")
            if taken == _MOST or is_whole():
                return


def _could_serve(record: ExperimentRecord, task: str, repetitions: int) -> bool:
    """Return whether an experiment may hold stored runs: a baseline's own draws, or what it drew beside copies."""
    return (
        record.side is Side.BASELINE
        and record.commit is not None
        and record.task == task
        and (record.stored or any(draw.baseline >= repetitions for draw in record.draws))
    )
