"""A repository's own server: up once, seen, down, and its passing data gone with it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from evalgate.errors import MeasurementError
from evalgate.phoenix.server import VERSION
from evalgate.phoenix.server.environment import Say, server_python
from evalgate.phoenix.server.launch import Launched, answers, check_port, launch, wait_until_ready
from evalgate.phoenix.server.processes import end, lives
from evalgate.phoenix.server.state import State, forget, read, write
from evalgate.sqlite_file import make_folder

_EPHEMERAL: Final = "evalgate-phoenix-"


def bring_up(
    home: Path, environ: Mapping[str, str], say: Say, *, data: Path | None, port: int | None, ephemeral: bool
) -> tuple[State, bool]:
    """Return the repository's server, and whether it was up already. It answers when this returns.

    `home` is the folder where it is remembered, `.evalgate/phoenix`, and where its data is unless `data` names another
    or `ephemeral` puts it in a new temporary folder. Raises ConfigurationError and MeasurementError.
    """
    with _alone(home, say):
        known = read(home)
        if known is not None and _lives(known):
            wait_until_ready(known.launched, known.data)
            return known, True
        _clear(home, known)
        if port is not None:
            check_port(port)  # before a minute of installing
        python = server_python(environ, say)
        place = Path(tempfile.mkdtemp(prefix=_EPHEMERAL)) if ephemeral else (data or home)

        def note(launched: Launched) -> None:
            write(home, State(launched=launched, data=place.absolute(), ephemeral=ephemeral, version=VERSION))

        say(f"starting the Phoenix server {VERSION}: about ten seconds")
        try:
            launched = launch(python, place, environ, port=port, noted=note)
        except BaseException:
            forget(home)
            if ephemeral:
                shutil.rmtree(place, ignore_errors=True)
            raise
        return State(launched=launched, data=place.absolute(), ephemeral=ephemeral, version=VERSION), False


def take_down(home: Path, say: Say) -> State | None:
    """End the repository's server and return what it was; None where none was up. An ephemeral one's data goes."""
    if not home.is_dir():
        return None
    with _alone(home, say):
        known = read(home)
        if known is None:
            return None
        alive = _lives(known)
        if alive:
            _end(known, say)
        _clear(home, known)
        return known if alive else None


def look(home: Path) -> tuple[State, bool] | None:
    """Return the server that lives and whether it answers; None where none lives."""
    known = read(home)
    if known is None or not _lives(known):
        return None
    return known, answers(known.launched.port)


def _end(known: State, say: Say) -> None:
    try:
        if not end(known.launched.pid, known.launched.started):
            say("it did not end when asked to, and was killed")
    except PermissionError as error:
        raise MeasurementError(
            f"the server (process {known.launched.pid}) is another user's",
            next_step="evalgate phoenix down as the user who started it",
        ) from error


def _lives(state: State) -> bool:
    return lives(state.launched.pid, state.launched.started)


def _clear(home: Path, known: State | None) -> None:
    """Forget a server that is gone, with the data that was to go with it."""
    forget(home)
    # What says that it may be removed is a file: only a folder of ours, where ours are made, is.
    if known is not None and known.ephemeral and known.data.name.startswith(_EPHEMERAL) and not known.data.is_symlink():
        shutil.rmtree(known.data, ignore_errors=True)


@contextmanager
def _alone(home: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Let one command at a time start and end this server; the others wait."""
    from filelock import FileLock, Timeout

    try:
        make_folder(home.parent)
        home.mkdir(exist_ok=True, mode=0o700)
        lock = FileLock(home / "command.lock")
        try:
            lock.acquire(timeout=1)
        except Timeout:
            say("another evalgate phoenix is at work here: waiting for it")
            lock.acquire()
    except OSError as error:
        raise MeasurementError(
            f"{home} cannot be written: {error.strerror}", next_step="make it writable, or move to another folder"
        ) from error
    try:
        yield
    finally:
        lock.release()
