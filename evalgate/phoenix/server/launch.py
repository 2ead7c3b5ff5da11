"""Starts the server's process on loopback and waits until it answers; says what it said when it does not."""

from __future__ import annotations

import fcntl
import http.client
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from evalgate.errors import ConfigurationError, MeasurementError
from evalgate.phoenix.server.environment import base_environment
from evalgate.phoenix.server.processes import end, lives, started_at

_PROGRAM: Final = Path(__file__).with_name("loopback.py")
HOST: Final = "127.0.0.1"
PORT: Final = 6006
"""Where it listens when nobody says and nobody else does: Phoenix's own default."""
LOG: Final = "server.log"
_LOCK: Final = "server.lock"
_LAST: Final = "server.port"
"""Beside the data: where it listened last, so that links stay good."""
_LEAST: Final = 1024
_READY_S: Final = 180.0
"""Seconds that a start may take: 10 on a machine at rest, several times that on a busy one and after an upgrade."""
_PAUSE_S: Final = 0.1
_SHOWN: Final = 15
"""Lines of a failed start that its error shows."""
_QUIET: Final = {
    "PHOENIX_HOST": HOST,
    "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
    "PHOENIX_TELEMETRY_ENABLED": "false",
    "PHOENIX_LOG_MIGRATIONS": "false",
    "PHOENIX_LOGGING_LEVEL": "warning",
    "PHOENIX_DISCOVER_CONFIG": "false",  # a .env.phoenix above the data says nothing
    # What runs commands on the server's machine, for whoever reaches it, is no part of a record of experiments.
    "PHOENIX_DISABLE_AGENT_ASSISTANT": "true",
    "PHOENIX_ENABLE_MCP_SERVER": "false",
    "PHOENIX_ALLOWED_SANDBOX_PROVIDERS": "NONE",
    "PHOENIX_AGENTS_DISABLE_BASH": "true",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Launched:
    """A server's process and its ports; `started` is the mark of when it started."""

    pid: int
    started: str
    port: int
    grpc_port: int

    @property
    def base_url(self) -> str:
        """Return its address, what PHOENIX_ENDPOINT is set to."""
        return f"http://{HOST}:{self.port}"


def launch(
    python: Path,
    data: Path,
    environ: Mapping[str, str],
    *,
    port: int | None = None,
    settings: Mapping[str, str] | None = None,
    noted: Callable[[Launched], None] = lambda _: None,
) -> Launched:
    """Start a server whose data is in the folder `data`, and return when it answers.

    `port` is where it listens (default: where it did last, else 6006, or any where those are taken), `settings` more of
    Phoenix's own variables, `noted` is told of the process before it is ready, and of another where a port that nobody
    asked for was taken meanwhile. The data is held by a lock that ends with the process. Raises ConfigurationError for
    a port or data that another program has, MeasurementError with the server's own last lines.
    """
    data = data.absolute()
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _held(data) as lock:
        ports = _ports(port, data)

        def start() -> Launched:
            shutil.rmtree(data / "tmp", ignore_errors=True)
            (data / "tmp").mkdir(mode=0o700)
            told = _settings(data, environ, ports) | dict(settings or {})
            pid, mark = _started(python, data, told, lock)
            started = Launched(pid=pid, started=mark, port=ports[0], grpc_port=ports[1])
            try:
                noted(started)
                wait_until_ready(started, data)
            except BaseException:
                end(started.pid, started.started)
                raise
            return started

        try:
            made = start()
        except MeasurementError:
            # A start takes seconds: somebody else may have taken the port meanwhile, another repository's server say.
            if port is not None or all(_is_free(each) for each in ports):
                raise
            ports = free_port(), free_port()
            made = start()
        (data / _LAST).write_text(str(made.port), encoding="ascii")
    return made


def wait_until_ready(server: Launched, data: Path) -> None:
    """Return when the server answers. Raises MeasurementError with its last lines when it ends or takes too long."""
    # Phoenix leaves a file of this name once it has bound its port: another server on that port would answer, too.
    bound = data / "tmp" / ".arize-phoenix" / "pids" / str(server.pid)
    until = time.monotonic() + _READY_S
    while time.monotonic() < until:
        if not lives(server.pid, server.started):
            raise _refused("ended before it was ready", data)
        if bound.exists() and answers(server.port):
            return
        time.sleep(_PAUSE_S)
    raise _refused(f"was not ready within {_READY_S:.0f} s", data)


def answers(port: int) -> bool:
    """Return whether a server on this machine says that it is ready, without any proxy between."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _settings(data: Path, environ: Mapping[str, str], ports: tuple[int, int]) -> dict[str, str]:
    """Return the environment of the server: what any program needs, what is said to it, and no key of the caller's."""
    return {
        **base_environment(environ),
        # By this a runner of GitHub's knows what to end with its job.
        **{name: environ[name] for name in ("RUNNER_TRACKING_ID",) if name in environ},
        **_QUIET,
        "HOME": str(data),
        "TMPDIR": str(data / "tmp"),
        "PHOENIX_WORKING_DIR": str(data),
        "PHOENIX_PORT": str(ports[0]),
        "PHOENIX_GRPC_PORT": str(ports[1]),
    }


def _started(python: Path, data: Path, settings: Mapping[str, str], lock: int) -> tuple[int, str]:
    with (data / LOG).open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 our own command
            [str(python), "-I", "-W", "ignore", str(_PROGRAM), "serve"],
            cwd=data,
            env=dict(settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=[lock],
        )
    process.returncode = 0  # it outlives this command, which waits for it in its own way
    return process.pid, started_at(process.pid) or ""


@contextmanager
def _held(data: Path) -> Iterator[int]:
    """Hold the data by a lock that the server's process inherits. Raises ConfigurationError where another has it."""
    lock = os.open(data / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise ConfigurationError(
            f"another Phoenix server has its data in {data}",
            next_step="evalgate phoenix down in the folder where it was started, or other data with --data",
        ) from error
    try:
        yield lock
    finally:
        os.close(lock)


def check_port(port: int) -> None:
    """Raise ConfigurationError where nothing can listen on `port`."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError as error:
        raise ConfigurationError(
            f"port {port} cannot be listened on: {error.strerror}",
            next_step="evalgate phoenix up without --port takes a free one",
        ) from error


def _is_free(port: int) -> bool:
    try:
        check_port(port)
    except ConfigurationError:
        return False
    return True


def _ports(port: int | None, data: Path) -> tuple[int, int]:
    """Return a port for HTTP and a free one for gRPC. Raises ConfigurationError where `port` is not to be had."""
    if port is not None:
        check_port(port)
        return port, free_port()
    wanted = next((each for each in (_last_port(data), PORT) if each is not None and _is_free(each)), None)
    return wanted or free_port(), free_port()


def _last_port(data: Path) -> int | None:
    with suppress(OSError, ValueError):
        found = int((data / _LAST).read_text(encoding="ascii"))
        return found if _LEAST <= found < 2**16 else None
    return None


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server((HOST, 0)) as listening:
        found: int = listening.getsockname()[1]
        return found


def _refused(what: str, data: Path) -> MeasurementError:
    try:
        lines = (data / LOG).read_text(encoding="utf-8", errors="replace").rstrip().splitlines()
    except OSError:
        lines = []
    shown = "".join(f"\n  | {line}" for line in lines[-_SHOWN:]) or " and printed nothing"
    return MeasurementError(
        f"the Phoenix server {what}{shown}",
        next_step=f"the whole of what it said is in {data / LOG}; evalgate phoenix up --ephemeral starts on new data",
    )
