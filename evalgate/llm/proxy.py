"""The loopback proxy: programs call it as if it were their model's endpoint, and their calls go the way of all others.

Each program has an address of its own, whose token says which it is; which run, and so which sample, a call belongs to
is known by what the program holds at that moment. Its answers are cached, counted, limited and replayed as ours are,
and no key ever reaches it. Streams are passed on when they are whole: one that was cut is asked for again.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from evalgate.llm.cache import MEANINGFUL, MEANINGFUL_PREFIX
from evalgate.llm.call import Request, Response, Sender
from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.failures import CallFailed, NotCached, Stopped
from evalgate.llm.mounts import address_of, surroundings
from evalgate.llm.relay import error_body, read_whole, rejects_usage, with_usage, without_usage
from evalgate.llm.tab import Tab, on_tab, show, tab_beside
from evalgate.records import ErrorKind, TaskOutcome, Usage
from evalgate.trace_ids import trace_of

if TYPE_CHECKING:
    from aiohttp import web

Key = tuple[str, str]
"""A run as a program knows it: the example's id and the sample."""

RUN_HEADER: Final = "x-evalgate-run"
"""With the example's id: whose call it is, from a program that holds several runs at once."""
_PASSED_ON: Final = frozenset(
    {"content-type", "accept", "openai-beta", "openai-organization", "openai-project", *MEANINGFUL}
)
_PASSED_BACK: Final = ("content-type", "x-amzn-errortype")
_LONGEST_BODY: Final = 64 * 1024 * 1024


@dataclass(kw_only=True, slots=True)
class _Held:
    """One run at work, and what became of its calls."""

    tab: Tab
    trace: str | None = None
    failure: CallFailed | None = None
    shared: bool = False


@dataclass(kw_only=True, slots=True, eq=False)
class Door:
    """One program's way to its endpoint.

    `environment` is what the program must see, `defaults` what it sees where its own does not say otherwise.
    """

    endpoint: ModelEndpoint
    token: str = field(repr=False)
    environment: Mapping[str, str]
    defaults: Mapping[str, str] = field(default_factory=dict)
    held: dict[Key, _Held] = field(default_factory=dict)
    stray: Tab = field(default_factory=Tab)
    """Calls of which nobody can say for which of several runs they were, until one of these ends."""
    sample: str = "start"
    """That of the runs which it holds, or held last; before the first one a name of its own."""
    closed: bool = False

    def enter(self, key: Key, trace: str | None) -> None:
        """The program begins a run, which was given the `traceparent` that its calls may bring along."""
        self.sample = key[1]
        self.held[key] = _Held(tab=tab_beside(key[0]), trace=trace_of(trace))

    def settle(self, key: Key, outcome: TaskOutcome) -> TaskOutcome:
        """The run ended: return its outcome with what its calls took, and with their failure where that is its cause.

        A call that evalgate refused (the budget is spent, a replay lacks it) says nothing about the task, whatever the
        program made of it; one that the endpoint failed explains a failed run.
        """
        held = self.held.pop(key, None)
        if held is None:
            return outcome
        show(held.tab.made)
        failure = held.failure
        refused = isinstance(failure, Stopped | NotCached)
        if failure is not None and failure.kind is ErrorKind.INFRASTRUCTURE and (refused or outcome.failure):
            outcome = replace(outcome, output=None, failure=failure.failure())
        if outcome.usage is None and (held.shared or held.tab.calls):
            outcome = replace(outcome, usage=self._together(held) if held.shared else held.tab.usage())
        return outcome

    def _together(self, held: _Held) -> tuple[Usage, ...] | None:
        """Return what this run and those beside it took, which is one of theirs to tell; None where nobody said."""
        own = held.tab.usage()
        if own is None:
            return None
        stray, self.stray = self.stray.usage(), Tab()
        if stray is None:
            return None
        told_by_another = Usage(model=self.endpoint.name, input_tokens=0, output_tokens=0, cost=0.0, calls=0)
        return tuple(replace(part, shared=True) for part in (*own, *stray) or (told_by_another,))

    def close(self) -> None:
        """Let nobody in any more: the program is gone."""
        self.closed = True

    def runs_of(self, headers: Mapping[str, str]) -> list[_Held]:
        """Return the runs that a call may belong to: one, where the program holds one or says which."""
        named, trace = headers.get(RUN_HEADER), trace_of(headers.get("traceparent"))
        for found in (
            [held for (example, _), held in self.held.items() if example == named],
            [held for held in self.held.values() if trace is not None and held.trace == trace],
        ):
            if found:
                return found
        return list(self.held.values())


class Proxy:
    """One server on a free loopback port, started when the first program needs it."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._doors: dict[str, Door] = {}
        self._runner: web.AppRunner | None = None
        self._port = 0

    async def start(self) -> None:
        """Listen. May be called again."""
        if self._runner is not None:
            return
        from aiohttp import web

        app = web.Application(client_max_size=_LONGEST_BODY)
        app.router.add_route("*", "/{token}/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self._port = self._runner.addresses[0][1]

    def open(self, endpoint: ModelEndpoint) -> Door:
        """Return a new program's way to `endpoint`. The proxy must have been started."""
        token = secrets.token_hex(16)
        self._doors = {name: door for name, door in self._doors.items() if not door.closed}
        address = f"http://127.0.0.1:{self._port}/{token}"
        seen = surroundings(endpoint, address)
        self._doors[token] = Door(endpoint=endpoint, token=token, environment=seen.environment, defaults=seen.defaults)
        return self._doors[token]

    async def close(self) -> None:
        """Stop listening. May be called twice."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    async def _answer(self, asked: web.Request) -> web.Response:
        from aiohttp import web

        door = self._doors.get(asked.match_info["token"])
        if door is None or door.closed:
            return web.Response(status=404, body=error_body("evalgate knows no such address", "not_found"))
        body = await asked.read()
        runs = door.runs_of(asked.headers)
        if len(runs) > 1:
            for run in runs:
                run.shared = True  # nobody can say which of them this call was for
        with on_tab(runs[0].tab if len(runs) == 1 else door.stray):
            response = await self._relayed(door, asked, body, runs)
        headers = {name: response.headers[name] for name in _PASSED_BACK if name in response.headers}
        headers.setdefault("content-type", "application/json")
        if not response.good:
            # What can be tried again was: a client that tried once more would wait for nothing.
            headers["x-should-retry"] = "false"
        return web.Response(status=response.status, body=response.body, headers=headers)

    async def _relayed(self, door: Door, asked: web.Request, body: bytes, runs: list[_Held]) -> Response:
        request = _request(door, asked, body)
        refused: Response | None = None

        def read(response: Response) -> Response:
            nonlocal refused
            refused = None if response.good else response
            return read_whole(response)

        counted = with_usage(body, request.url.partition("?")[0])
        try:
            if counted is not None:
                try:
                    return without_usage(await self._sender.send(replace(request, body=counted), read))
                except CallFailed as failure:
                    if not rejects_usage(failure):
                        raise
            return await self._sender.send(request, read)
        except CallFailed as failure:
            for run in runs:
                run.failure = failure
            return _failed(failure, refused, door.endpoint)


def _request(door: Door, asked: web.Request, body: bytes) -> Request:
    # As it came: what is encoded in it (the colon of a model's name) is part of what is signed.
    path = asked.rel_url.raw_path.split("/", 2)[2]
    url, model = address_of(door.endpoint, path, asked.rel_url.raw_query_string, body)
    return Request(
        endpoint=door.endpoint,
        url=url,
        sample=door.sample,
        model=model,
        timeout=door.endpoint.timeout,
        body=body,
        method=asked.method,
        headers={name.lower(): value for name, value in asked.headers.items() if _passes(name.lower())},
    )


def _passes(name: str) -> bool:
    return name in _PASSED_ON or name.startswith(MEANINGFUL_PREFIX)


def _failed(failure: CallFailed, refused: Response | None, endpoint: ModelEndpoint) -> Response:
    """Return a failure as the program's client reads it: the endpoint's own words, where it said any."""
    if refused is not None and refused.status == failure.status:
        return replace(refused, body=endpoint.redact(refused.body.decode("utf-8", "replace")).encode())
    return Response(
        status=failure.status if failure.status and failure.status >= 400 else 503,
        headers={"content-type": "application/json"},
        body=error_body(failure.message, failure.type),
        latency=0.0,
    )
