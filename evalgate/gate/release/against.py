"""What a release is compared with: what the tag means today, by what Phoenix, the journal or git knows of it.

Wherever a commit is known, that commit is compared with, as any other baseline is: its stored runs where they are young
enough, else its task run anew. An experiment of which no commit is known is compared with as it is stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from evalgate.errors import BaselineError, ConfigurationError
from evalgate.gate.release.verdict import recorded
from evalgate.git.history import commit_of
from evalgate.git.repository import Repository
from evalgate.journal.store import Journal
from evalgate.phoenix.connection import Connection
from evalgate.phoenix.datasets.reading import look_up_dataset
from evalgate.phoenix.experiments.reading import record_of
from evalgate.phoenix.experiments.records import ExperimentRecord
from evalgate.phoenix.experiments.tags import tagged
from evalgate.phoenix.experiments.writing import get_experiment
from evalgate.records import Side
from evalgate.suite.baselines import BaselineKind, BaselineRef, read_baseline
from evalgate.suite.config import Config
from evalgate.suite.phoenix import PhoenixSettings

_VERSIONS: Final = ("v[0-9]*", "[0-9]*")
"""How tags of releases are called."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tagged:
    """An experiment in Phoenix that has a tag: its id, and what it mirrors."""

    experiment: str
    record: ExperimentRecord

    @property
    def commit(self) -> str | None:
        """Return the commit that it measured; None where that had changes that nobody committed, or nobody says."""
        if self.record.side is Side.BASELINE:
            return self.record.commit
        return None if self.record.build.dirty else self.record.build.commit


async def tagged_in(connection: Connection, dataset: str, tag: str) -> Tagged | None:
    """Return which experiment of the dataset of that name has a tag; None where none has.

    Raises BaselineError for one that evalgate did not make, or that is not whole, and PhoenixError.
    """
    found = await look_up_dataset(connection, dataset)
    experiment = None if found is None else await tagged(connection, found.id, tag)
    remote = None if experiment is None else await get_experiment(connection, experiment)
    return None if remote is None else Tagged(experiment=remote.id, record=record_of(remote))


LookUp = Callable[[str, str], Tagged | None]
"""Takes a suite and a tag; returns what has the tag in Phoenix. Raises MeasurementError where that cannot be asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shipped:
    """What one suite is compared with: a baseline as a config says it, its commit where it is one, and how it is known.

    `baseline` is None where nothing was ever released.
    """

    baseline: str | None
    commit: str | None
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """Where it is looked for what is shipped. `tagged` is None where nothing is published in Phoenix."""

    journal: Journal
    repository: Repository
    tagged: LookUp | None


def tag_names(config: Config) -> dict[str, str]:
    """Return, by suite, the tag of its experiments: several suites on one dataset have one each, as tags move there."""
    places = {name: place_of(config, name) for name in config.suites}
    shared = {place for place in places.values() if [*places.values()].count(place) > 1}
    tag = config.release.tag
    return {name: f"{tag}-{_as_tag(name)}" if place in shared else tag for name, place in places.items()}


def place_of(config: Config, name: str) -> tuple[str | None, str]:
    """Return the server and the dataset of a suite's experiments."""
    ref = config.suites[name].dataset
    settings = config.phoenix or PhoenixSettings()
    return ref.server, ref.phoenix or settings.dataset.replace("{suite}", name)


def _as_tag(name: str) -> str:
    return re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_")


def shipped(config: Config, names: Sequence[str], asked: str | None, known: Known) -> dict[str, Shipped]:
    """Return what each suite is compared with, by its name. `asked` is a ref, or what `baseline:` may say.

    Without it, or where it is the tag that releases move, that is what was released last, as Phoenix, the journal or
    git knows it. Raises ConfigurationError for what means nothing, BaselineError for a commit that is not there, and
    MeasurementError where Phoenix cannot be asked.
    """
    if asked is None or asked == config.release.tag:
        return {name: _last(config, name, known) for name in names}
    if ":" not in asked:
        commit = _of_commit(known.repository, asked, asked)
        return dict.fromkeys(names, commit)
    try:
        ref = read_baseline(asked)
    except ValueError as error:
        raise ConfigurationError(str(error), next_step=f"evalgate release --against {config.release.tag}") from None
    return {name: _named(ref, asked, name, known) for name in names}


def _named(ref: BaselineRef, asked: str, suite: str, known: Known) -> Shipped:
    if ref.kind is BaselineKind.MERGE_BASE:
        raise ConfigurationError(
            "a release is compared with what is shipped, and no merge base is that",
            next_step="name a tag, a branch or a commit: --against git:v1.2",
        )
    if ref.kind is BaselineKind.GIT and ref.name is not None:
        return _of_commit(known.repository, ref.name, ref.name)
    if ref.kind is BaselineKind.PHOENIX_TAG and ref.name is not None and known.tagged is not None:
        found = known.tagged(suite, ref.name)
        if found is not None:
            return _of_experiment(known.repository, found, ref.name)
    return Shipped(baseline=asked, commit=None, words=asked)


def _last(config: Config, suite: str, known: Known) -> Shipped:
    """Return what was released last of a suite."""
    tag = config.release.tag
    if known.tagged is not None:
        name = tag_names(config)[suite]
        found = known.tagged(suite, name)
        if found is not None:
            return _of_experiment(known.repository, found, name)
    for row in known.journal.releases(tag):
        body = recorded(row.verdict)
        of_suite = body is not None and body.releases and any(each.name == suite for each in body.suites)
        if row.finished and of_suite:
            return _of_commit(known.repository, row.commit, f"the last release, of build {row.build}")
    try:
        return _of_commit(known.repository, tag, tag)
    except BaselineError:
        pass  # git has nothing of that name either
    version = known.repository.latest_tag(_VERSIONS)
    if version is not None:
        return _of_commit(known.repository, version, version)
    return Shipped(baseline=None, commit=None, words="nothing was released before")


def _of_experiment(repository: Repository, found: Tagged, tag: str) -> Shipped:
    """Return an experiment's commit where this repository has it; else the experiment as it is."""
    if found.commit is not None:
        try:
            commit = commit_of(repository, found.commit).commit
        except BaselineError:
            pass  # of another repository, or rewritten: what was measured is still there
        else:
            return Shipped(baseline=f"git:{commit}", commit=commit, words=f"{commit[:7]}, which has the tag {tag}")
    return Shipped(
        baseline=f"experiment:{found.experiment}",
        commit=None,
        words=f"the experiment {found.experiment}, which has the tag {tag} and whose commit is not in this repository",
    )


def _of_commit(repository: Repository, ref: str, name: str) -> Shipped:
    """Return the commit of a ref. Raises BaselineError where there is none."""
    try:
        commit = commit_of(repository, ref).commit
    except BaselineError as error:
        other = f"git fetch origin {ref}, or name another: evalgate release --against git:<tag or commit>"
        raise BaselineError(error.message, next_step=other) from error
    return Shipped(baseline=f"git:{commit}", commit=commit, words=f"{commit[:7]} ({name})")


def require_another(found: Mapping[str, Shipped], head: str, tag: str) -> None:
    """Raise ConfigurationError where what is checked out is what is shipped already: it is compared with itself."""
    same = [name for name, each in found.items() if each.commit == head]
    if same:
        raise ConfigurationError(
            f"suite {same[0]}: {head[:7]} is what has the tag {tag} already, so there is nothing to compare it with",
            next_step="check out what is to be released, or name what came before it: --against git:<tag or commit>",
        )
