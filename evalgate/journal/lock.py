"""One writer per build: a lock that the operating system drops when its process dies, however it dies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evalgate.errors import ConfigurationError, JournalError


@contextmanager
def writing(journal: Path, build_id: int) -> Iterator[None]:
    """Hold a build for writing. Raises ConfigurationError when another process holds it."""
    from filelock import FileLock, Timeout

    lock = FileLock(_lock_file(journal, build_id), blocking=False)
    try:
        lock.acquire()
    except Timeout as error:
        raise ConfigurationError(
            f"build {build_id} is being written by another process",
            next_step="wait for it to end; without --resume, evalgate run starts a build of its own",
        ) from error
    except OSError as error:
        raise JournalError(
            f"cannot lock build {build_id} beside {journal}: {error.strerror}",
            next_step="give a writable place with --journal",
        ) from error
    try:
        yield
    finally:
        lock.release()
        _lock_file(journal, build_id).unlink(missing_ok=True)


def held(journal: Path, build_id: int) -> bool:
    """Return whether some process is writing the build now."""
    if not _lock_file(journal, build_id).exists():
        return False
    try:
        with writing(journal, build_id):
            return False
    except ConfigurationError:
        return True


def _lock_file(journal: Path, build_id: int) -> Path:
    return journal.with_name(f"{journal.name}.build-{build_id}.lock")
