"""HTTP tasks: one POST per run with a body made from the example, to an endpoint or to a server of the task's own."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from evalgate.errors import CandidateError, ConfigurationError
from evalgate.jsontext import strict_json
from evalgate.llm.call import Request, Response, Sender
from evalgate.llm.endpoint import ModelEndpoint, checked_url
from evalgate.llm.failures import (
    CallFailed,
    Garbled,
    RateLimited,
    ServerFault,
    TaskFault,
    TimedOut,
    TooLarge,
    Unparseable,
    Unreachable,
)
from evalgate.llm.retry import requested_delay
from evalgate.paths import MISSING, resolve
from evalgate.records import ErrorKind, Example, Failure, Json, TaskOutcome
from evalgate.suite.tasks import HttpTask
from evalgate.suite.template import TemplateProblem, Tree, compile_tree, dotted, example_variables, render_tree
from evalgate.tasks.served import ONE_CONNECTION_EACH, Server
from evalgate.tasks.trace import new_traceparent
from evalgate.tasks.turns import Turns
from evalgate.tasks.ways_out import Doorway, SpanDoorway, WaysOut
from evalgate.workers.door import Door
from evalgate.workers.protocol import PROTOCOL, outcome_of
from evalgate.workers.setup import run_setup

_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_FRAMING: Final = frozenset({"content-length", "transfer-encoding", "connection"})
_BUSY: Final = frozenset({429, 502, 503, 504})
_SHORTEST_SECRET: Final = 4


class AnsweredBadly(TaskFault):
    """The endpoint answered with a status that is not a 2xx."""

    type = "http_status"


class HttpTaskRunner:
    """Runs one HTTP task. The transport is the caller's to close.

    `environ` is what the task may see, complete and filtered: a server of its own gets that and PORT. Without a server
    of its own, an endpoint that cannot be reached or is busy (429, 502, 503, 504) is infrastructure, after retries;
    with one, everything that the server does wrong is the task's. `log` is told of slow steps, a line each. An answer
    that is the object of `evalgate.Result` (`{"evalgate": 1, "output": …}`) may bring context, messages and usage.
    """

    queue = None

    def __init__(
        self,
        task: HttpTask,
        *,
        root: Path,
        environ: Mapping[str, str],
        transport: Sender,
        log: Callable[[str], None] = lambda _: None,
        doorway: Doorway | None = None,
        declared: Callable[[TaskOutcome], TaskOutcome] = lambda outcome: outcome,
        spans: SpanDoorway | None = None,
    ) -> None:
        self._task = task
        self._root = root
        self._log = log
        self._environ = environ
        self._transport = transport
        self._doorway = doorway
        self._declared = declared
        self._ways = WaysOut(doorway, spans, declared)
        self._door: Door | None = None
        self._turns = Turns()
        serve = task.http.serve
        self._server = Server(serve, root=root, environment=environ, transport=transport) if serve else None
        self.concurrency = task.per_worker if task.http.serve else task.workers * task.per_worker
        self._headers: dict[str, str] = {}
        self._secrets: tuple[str, ...] = ()
        self._body: Tree = None

    async def start(self) -> None:
        """Check what is declared, run the setup, and start the server, if it is ours. Raises CandidateError."""
        self._headers, self._secrets = _headers(self._task, self._environ)
        try:
            self._body = compile_tree(self._task.http.body, typed=True, place=("body",))
        except TemplateProblem as problem:
            raise CandidateError(
                f"http.{dotted(problem.place)} is not a template: {problem.message}",
                next_step="repair it in the config",
            ) from None
        self._check_url()
        if self._server is not None:
            self._door = (await self._ways.ready(self._environ, flushes=False))()
            self._server.environment = {**self._door.defaults, **self._environ, **self._door.environment}
        if self._task.setup is not None:
            await run_setup(self._task.setup, self._root, self._environ, self._log)
        if self._server is not None:
            await self._server.ensure()

    async def run(self, example: Example, sample: str) -> TaskOutcome:
        """POST one example; whatever goes wrong is the outcome's failure."""
        if self._door is None:
            return self._declared(await self._run(example, sample))
        trace = new_traceparent()
        async with self._turns.of(sample) if self._doorway is not None else nullcontext():
            self._door.enter((example.id, sample), trace)
            outcome = TaskOutcome()
            try:
                outcome = await self._run(example, sample, trace)
            finally:
                outcome = self._door.settle((example.id, sample), outcome)
        return await self._ways.completed(trace, outcome)

    async def _run(self, example: Example, sample: str, trace: str | None = None) -> TaskOutcome:
        began = asyncio.get_running_loop().time()
        mark = self._server.printed if self._server else 0
        try:
            if self._server is not None and not self._server.alive:
                mark = 0
                await self._server.ensure()
            body = self._filled(example)
            document, latency = await self._transport.send(self._request(body, sample, trace), self._read)
            outcome = self._outcome(document, latency)
        except TemplateProblem as problem:
            message = f"example {example.id!r}: http.{dotted(problem.place)}: {problem.message}"
            outcome = TaskOutcome(failure=Failure(kind=ErrorKind.TASK, type="template", message=message))
        except CandidateError as error:
            outcome = TaskOutcome(failure=Failure(kind=ErrorKind.TASK, type="server_ended", message=error.message))
        except CallFailed as failed:
            elapsed = asyncio.get_running_loop().time() - began
            outcome = TaskOutcome(failure=self._blamed(failed), latency=elapsed)
            if self._server is not None and isinstance(failed, Unreachable | Garbled):
                await self._server.settle()
        return replace(outcome, logs=self._server.logs(mark)) if self._server else outcome

    async def close(self) -> None:
        """Stop the server, if there is one. May be called twice."""
        if self._server is not None:
            await self._server.stop()
        if self._door is not None:
            self._door.close()

    def _check_url(self) -> None:
        url = self._task.http.url
        if self._task.http.serve is not None:
            if url is not None and not url.startswith("/"):
                raise CandidateError(
                    f"http.url {url!r} with http.serve must be a path of that server",
                    next_step="write the path alone, like /answer, or remove http.serve",
                )
            return
        if url is None:
            raise CandidateError("an http task needs http.url or http.serve", next_step="write one of them")
        try:
            checked_url(url, what="http.url")
        except ConfigurationError as error:
            raise CandidateError(error.message, next_step=error.next_step) from None

    def _filled(self, example: Example) -> Json:
        if self._task.http.body is None:
            return example.input
        variables, _ = example_variables(example, {})
        return render_tree(self._body, variables)

    def _request(self, body: Json, sample: str, trace: str | None) -> Request:
        url = self._task.http.url or "/"
        name, address = url, url
        if self._server is not None:
            name, address = "the server", f"http://127.0.0.1:{self._server.port}{url}"
        endpoint = ModelEndpoint(
            name=name, base_url=address, concurrency=self.concurrency, secrets=self._secrets, headers=self._headers
        )
        return Request(
            endpoint=endpoint,
            url=address,
            sample=sample,
            timeout=self._task.timeout,
            body=json.dumps(body, allow_nan=False, separators=(",", ":")).encode("ascii"),
            headers=self._framing(trace),
            retries=self._server is None,
        )

    def _framing(self, trace: str | None) -> dict[str, str]:
        traced = {} if trace is None else {"traceparent": trace}
        return traced if self._server is None else {**ONE_CONNECTION_EACH, **traced}

    def _read(self, response: Response) -> tuple[Json, float]:
        if not response.good:
            raise _failure_of(response)
        try:
            return strict_json(response.body), response.latency
        except ValueError as error:
            raise Unparseable(f"the answer is not JSON ({error}): {response.excerpt(160)}") from None

    def _outcome(self, document: Json, latency: float) -> TaskOutcome:
        path = self._task.http.output
        if path is None and isinstance(document, Mapping) and document.get("evalgate") == PROTOCOL:
            return outcome_of(document, latency=latency, logs="")
        found: Any = document if path is None else resolve(path, document)
        if found is not MISSING:
            return TaskOutcome(output=found, latency=latency)
        keys = ", ".join(map(repr, list(document)[:8])) if isinstance(document, Mapping) else ""
        message = f"the answer has nothing at {path}; it is {f'an object with {keys}' if keys else _kind(document)}"
        return TaskOutcome(
            failure=Failure(kind=ErrorKind.TASK, type="missing_output", message=message), latency=latency
        )

    def _blamed(self, failed: CallFailed) -> Failure:
        failure = failed.failure()
        own = self._server is not None or isinstance(failed, TimedOut | TooLarge)
        return replace(failure, kind=ErrorKind.TASK) if own else failure


def _failure_of(response: Response) -> CallFailed:
    message = f"answered {response.status}: {response.excerpt() or 'nothing'}"
    if response.status not in _BUSY:
        return AnsweredBadly(message, status=response.status)
    kind = RateLimited if response.status == 429 else ServerFault
    return kind(message, status=response.status, retry=True, retry_after=requested_delay(response.headers))


def _kind(value: Json) -> str:
    names = {dict: "an empty object", list: "a list", str: "text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")


def _headers(task: HttpTask, environ: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the headers with their variables filled in, and the values that must not be shown."""
    headers = {"content-type": "application/json", "accept": "application/json"}
    secrets: list[str] = []
    for name, template in task.http.headers.items():
        if not _NAME.fullmatch(name) or name.lower() in _FRAMING:
            raise CandidateError(f"http.headers cannot set {name!r}", next_step="remove it from http.headers")
        value, used = _header(name, template, task, environ)
        if not value.isprintable():
            raise CandidateError(
                f"the header {name!r} would have characters that no header can carry",
                next_step="keep it, and the variables in it, on one line",
            )
        secrets.extend(each for each in used if len(each) >= _SHORTEST_SECRET)
        headers[name.lower()] = value
    return headers, tuple(secrets)


def _header(name: str, template: str, task: HttpTask, environ: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Return a header's value and what of it came from the environment."""
    values = {variable: _allowed(variable, name, task, environ) for variable in _VARIABLE.findall(template)}
    return _VARIABLE.sub(lambda match: values[match.group(1)], template), tuple(values.values())


def _allowed(variable: str, header: str, task: HttpTask, environ: Mapping[str, str]) -> str:
    if not any(fnmatchcase(variable, pattern) for pattern in task.env):
        raise CandidateError(
            f"the header {header!r} uses ${{{variable}}}, which the task may not see",
            next_step=f"list it: env: [{variable}]",
        )
    value = environ.get(variable, "").strip()
    if not value:
        raise CandidateError(
            f"the header {header!r} uses ${{{variable}}}, and that environment variable is not set",
            next_step=f"set {variable}",
        )
    return value
