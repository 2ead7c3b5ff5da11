"""Where builds are stored, and which of them a command means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from evalgate.errors import ConfigurationError
from evalgate.gate.gather import Source
from evalgate.gate.run import Commit
from evalgate.git import Repository
from evalgate.journal.store import Journal


def journal_path(given: Path | None) -> Path:
    """Return the journal that a command means: the one given, else the repository's, else this folder's."""
    if given is not None:
        return given
    repository = Repository.find(Path())
    return (repository.root if repository else Path()) / ".evalgate" / "journal.db"


def chosen(journal: Journal, build: int | None, *, unfinished: bool = False) -> int:
    """Return `build`, or the latest that is complete (with `unfinished`, the latest of all).

    Raises ConfigurationError when there is none.
    """
    if build is not None:
        return journal.build(build).id
    for row in journal.builds():
        if row.complete or unfinished:
            return row.id
    raise ConfigurationError(f"{journal.path} holds no complete build", next_step="evalgate run")


@contextmanager
def opened(builds: Sequence[str], journal: Path | None) -> Iterator[list[Source]]:
    """Open what `builds` name: ids of the repository's journal, or files that hold one build each; none: the latest."""
    with ExitStack() as stack:
        yield [_source(name, journal, stack) for name in (builds or ("",))]


def _source(name: str, journal: Path | None, stack: ExitStack) -> Source:
    is_file = bool(name) and not name.isdigit()
    store = stack.enter_context(Journal(Path(name) if is_file else journal_path(journal), create=False))
    return Source(journal=store, build=chosen(store, int(name) if name.isdigit() else None, unfinished=True))


def head(config: Path) -> Commit:
    """Return where the repository of a config stands; nothing outside of one."""
    repository = Repository.find(config.parent)
    if repository is None:
        return Commit()
    return Commit(id=repository.head(), branch=repository.branch(), dirty=repository.is_dirty())


def files_under(root: Path) -> Sequence[str]:
    """List the files that a whole tree's fingerprint covers: what git tracks or does not ignore, else all there is."""
    repository = Repository.find(root)
    if repository is not None:
        return repository.files(root)
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file())
