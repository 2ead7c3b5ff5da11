"""Where builds are stored, and which of them a command means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evalgate.cli.places import stored_at
from evalgate.errors import ConfigurationError

if TYPE_CHECKING:
    from evalgate.gate.gather import Source
    from evalgate.gate.prepare import Tree
    from evalgate.gate.request import Commit
    from evalgate.journal.store import Journal

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
def opened(builds: Sequence[str], journal: Path | None) -> Iterator[list[Source]]:
    """Open what `builds` name: ids of the repository's journal, or files that hold one build each; none: the latest."""
    with ExitStack() as stack:
        yield [_source(name, journal, stack) for name in (builds or ("",))]


def _source(name: str, journal: Path | None, stack: ExitStack) -> Source:
    from evalgate.gate.gather import Source
    from evalgate.journal.store import Journal

    number = number_of(name)
    is_file = bool(name) and number is None
    store = stack.enter_context(Journal(Path(name) if is_file else journal_path(journal), create=False))
    return Source(journal=store, build=chosen(store, number, unfinished=True, trials=is_file))


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
