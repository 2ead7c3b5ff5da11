"""Where builds are stored, and which of them a command means."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evalgate.cli.places import stored_at
from evalgate.errors import ConfigurationError, MeasurementError

if TYPE_CHECKING:
    from evalgate.gate.gather import Source
    from evalgate.gate.prepare import Tree
    from evalgate.gate.request import Commit
    from evalgate.journal.store import Journal

LATEST: Final = "latest"
"""The latest build, where one has to be named."""
ANOTHER_BUILD: Final = "name another one: --from-gate BUILD, its id, a file of it, or latest"
"""What can be done where a build has nothing for `--from-gate`."""
_DIGITS: Final = 19
"""Of the first number that SQLite gives no row."""


def journal_path(given: Path | None) -> Path:
    """Return the journal that a command means: the one given, else the repository's, else this folder's."""
    return given or stored_at("journal.db")


def cache_path(given: Path | None) -> Path:
    """Return the response cache that a command means: the one given, else the repository's, else this folder's."""
    return given or stored_at("cache.db")


def number_of(text: str) -> int | None:
    """Return the build's number that `text` is; None where it is none, or larger than any build's."""
    return int(text) if text.isdecimal() and len(text) < _DIGITS else None


def chosen(journal: Journal, build: int | None, *, unfinished: bool = False, trials: bool = False) -> int:
    """Return `build`, or the latest that is complete (with `unfinished`, the latest of all).

    What `evalgate compare` tried is no latest build, unless with `trials`.

    Raises ConfigurationError when there is none.
    """
    if build is not None:
        row = journal.build(build)
        if row.study_runs is not None:
            raise ConfigurationError(
                f"{build} is a noise study, not a build: it has no verdict", next_step="evalgate noise --show"
            )
        if row.stores:
            raise ConfigurationError(
                f"{build} holds the runs of a baseline alone: it has no verdict", next_step="evalgate baseline history"
            )
        return row.id
    for row in journal.builds(trials=trials):
        if row.complete or unfinished:
            return row.id
    raise ConfigurationError(f"{journal.path} holds no complete build", next_step="evalgate run")


@contextmanager
def opened(
    builds: Sequence[str], journal: Path | None, expected: Collection[str] = (), *, unfinished: bool = True
) -> Iterator[list[Source]]:
    """Open what `builds` name: ids of the repository's journal, files that hold one build each, or folders of such.

    No names: the latest, with `unfinished` also one that is not complete. Raises MeasurementError where there is no
    file in any folder; `expected` names the suites that should be there.
    """
    named = list(_named(builds)) if builds else [""]
    if not named:
        lacking = f"the suites {', '.join(expected)} are" if expected else "nothing is"
        raise MeasurementError(
            f"there is no journal (*.db) in {', '.join(builds)}: {lacking} not measured",
            next_step="look at the jobs that record them: `evalgate run --record-only` says where its journal is",
        )
    with ExitStack() as stack:
        yield [_source(name, journal, stack, unfinished=unfinished) for name in named]


@contextmanager
def opened_one(build: str | None, journal: Path | None, *, unfinished: bool = True) -> Iterator[Source]:
    """Open one build: its id, a file or a folder that holds no other; None and `latest` are the latest.

    Raises as `opened` does, and ConfigurationError for a folder that holds several.
    """
    with opened([] if build in (None, LATEST) else [str(build)], journal, unfinished=unfinished) as sources:
        if len(sources) > 1:
            raise ConfigurationError(f"{build} holds {len(sources):,} builds", next_step="name one of its files")
        yield sources[0]


def _named(builds: Sequence[str]) -> Iterator[str]:
    """Yield each build that is named, the files of a folder in their order; no link is followed."""
    for name in builds:
        if number_of(name) is None and Path(name).is_dir():
            for folder, _, files in sorted(os.walk(name)):
                yield from (str(Path(folder, file)) for file in sorted(files) if file.endswith(".db"))
        else:
            yield name


def _source(name: str, journal: Path | None, stack: ExitStack, *, unfinished: bool) -> Source:
    from evalgate.gate.gather import Source, read_from
    from evalgate.journal.store import Journal

    number = number_of(name)
    if name and number is None:
        store = stack.enter_context(Journal(_copied(Path(name), stack), create=False))
        with read_from([name]):
            return Source(journal=store, build=chosen(store, None, unfinished=True, trials=True), file=name)
    store = stack.enter_context(Journal(journal_path(journal), create=False))
    return Source(journal=store, build=chosen(store, number, unfinished=unfinished))


def _copied(file: Path, stack: ExitStack) -> Path:
    """Return a copy of a journal that came from elsewhere, to be read in its place; it goes with the stack."""
    from tempfile import TemporaryDirectory

    from evalgate.journal.foreign import copy_foreign

    copy = Path(stack.enter_context(TemporaryDirectory(prefix="evalgate-"))) / (file.name or "journal.db")
    copy_foreign(file, copy)
    return copy


def head(config: Path, environ: Mapping[str, str]) -> Commit:
    """Return where the repository of a config stands; nothing outside of one."""
    from evalgate.gate.request import Commit
    from evalgate.git.repository import Repository

    repository = Repository.find(config.parent, environ=environ)
    if repository is None:
        return Commit()
    return Commit(id=repository.head(), branch=repository.branch(), dirty=repository.is_dirty())


def tree_of(environ: Mapping[str, str]) -> Tree:
    """Return what lists the files of a tree: those that git knows or does not ignore; without git, all there are."""
    from evalgate.git.repository import Repository

    def files(root: Path) -> Sequence[str]:
        repository = Repository.find(root, environ=environ)
        if repository is not None:
            return repository.files(root)
        return [entry.name for entry in root.iterdir()]

    return files
