"""A server that evalgate starts for one side: a free loopback port, ready before the first run, gone after the last."""

from __future__ import annotations

import asyncio
import shlex
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from evalgate.errors import CandidateError
from evalgate.llm.call import Request, Response, Sender
from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.failures import CallFailed
from evalgate.suite.tasks import Serve
from evalgate.workers.logs import LogTail

GRACE: Final = 5.0
"""Seconds between asking a server to stop and killing it."""
SETTLING: Final = 0.5
"""Seconds that the end of a process may take to be noticed after its connections broke."""
ONE_CONNECTION_EACH: Final = {"connection": "close"}
"""A server that closes an idle connection just as it is used again would look as if it had failed a run."""
_GUARD: Final = Path(__file__).with_name("guard.py")
_FIRST_POLL: Final = 0.02
_LONGEST_POLL: Final = 0.5


class _Output(asyncio.SubprocessProtocol):
    """What the server prints, and when it ends."""

    def __init__(self) -> None:
        self.exited = asyncio.Event()
        self.drained = asyncio.Event()
        self.printed = LogTail()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.printed.add(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 1:
            self.drained.set()

    def process_exited(self) -> None:
        self.exited.set()


class Server:
    """One server process. `environment` is complete: it gets that, PORT, and nothing else, whenever it is started."""

    def __init__(self, serve: Serve, *, root: Path, environment: Mapping[str, str], transport: Sender) -> None:
        self._serve = serve
        self._root = root
        self.environment = environment
        self._transport = transport
        self._process: asyncio.SubprocessTransport | None = None
        self._output: _Output | None = None
        self._starting = asyncio.Lock()
        self.port = 0

    @property
    def alive(self) -> bool:
        """Return whether the process has been started and has not ended."""
        return self._output is not None and not self._output.exited.is_set()

    @property
    def printed(self) -> int:
        """Return how many bytes it has printed: a mark for `logs`."""
        return self._output.printed.seen if self._output else 0

    def logs(self, mark: int = 0) -> str:
        """Return what it printed since `mark`, the tail of it."""
        return self._output.printed.since(mark).strip() if self._output else ""

    async def ensure(self) -> None:
        """Start it unless it runs, and wait until it is ready. Raises CandidateError with what it printed last."""
        async with self._starting:
            if self.alive:
                return
            await self.stop()
            try:
                await self._start()
                await self._until_ready()
            except BaseException:
                await self.stop()
                raise

    async def settle(self) -> None:
        """After a broken connection: wait a moment for the end of the process, and for its last words."""
        if self._output is None:
            return
        try:
            async with asyncio.timeout(SETTLING):
                await self._output.exited.wait()
                await self._output.drained.wait()
        except TimeoutError:
            pass  # it lives on, or something that it started keeps the pipe open

    async def stop(self) -> None:
        """End it and all that it started: politely, then by signal. May be called twice."""
        process, self._process = self._process, None
        if process is None or self._output is None:
            return
        try:
            lifeline = process.get_pipe_transport(0)
            if lifeline is not None:
                lifeline.close()
            async with asyncio.timeout(GRACE + 2.0):
                await self._output.exited.wait()
        except TimeoutError:
            process.kill()
        finally:
            process.close()

    async def _start(self) -> None:
        self.port = _free_port()
        try:
            words = shlex.split(self._serve.command)
        except ValueError as error:
            raise self._failed(f"cannot be read as a command: {error}") from None
        if not words:
            raise self._failed("is empty")
        command = [word.replace("{port}", str(self.port)) for word in words]
        try:
            self._process, self._output = await asyncio.get_running_loop().subprocess_exec(
                _Output,
                *(sys.executable, "-I", "-S", str(_GUARD), str(GRACE), *command),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                cwd=self._root,
                env={**self.environment, "PORT": str(self.port)},
                start_new_session=True,
            )
        except OSError as error:
            raise self._failed(f"could not be started: {error.strerror}") from None

    async def _until_ready(self) -> None:
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._serve.ready_timeout
        pause = _FIRST_POLL
        last = "nothing"
        while clock() < deadline:
            answer = await self._probe(min(5.0, deadline - clock()))
            await self._refuse_dead()
            if isinstance(answer, Response) and answer.good:
                return
            last = f"status {answer.status}" if isinstance(answer, Response) else answer.message
            await asyncio.sleep(min(pause, max(0.0, deadline - clock())))
            pause = min(_LONGEST_POLL, pause * 1.5)
        raise self._failed(
            f"was not ready within {self._serve.ready_timeout:g} s: GET {self._serve.ready} gave {last}", shown=True
        )

    async def _probe(self, seconds: float) -> Response | CallFailed:
        endpoint = ModelEndpoint(name="readiness", base_url=f"http://127.0.0.1:{self.port}")
        path = self._serve.ready if self._serve.ready.startswith("/") else f"/{self._serve.ready}"
        url = f"http://127.0.0.1:{self.port}{path}"
        request = Request(
            endpoint=endpoint,
            url=url,
            sample="",
            timeout=seconds,
            method="GET",
            headers=ONE_CONNECTION_EACH,
            retries=False,
        )
        try:
            return await self._transport.send(request, lambda response: response)
        except CallFailed as failed:
            return failed

    async def _refuse_dead(self) -> None:
        """Raise CandidateError when the process has ended: whoever answers on the port then is not it."""
        if self.alive or self._output is None or self._process is None:
            return
        await self.settle()
        raise self._failed(f"ended with status {self._process.get_returncode()} before it was ready", shown=True)

    def _failed(self, what: str, *, shown: bool = False) -> CandidateError:
        printed = self.logs()[-2_000:] if shown else ""
        tail = f"; it printed last:\n{printed}" if printed else "; it printed nothing" if shown else ""
        return CandidateError(
            f"the server of http.serve ({self._serve.command}) {what}{tail}",
            next_step=f"run it by hand in {self._root.name or '.'}/ with PORT set, or correct http.serve in the config",
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
