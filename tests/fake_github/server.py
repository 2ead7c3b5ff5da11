"""The server: tokens, limits, pages, faults, and a record of what was asked."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import random
import re
import threading
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any, Final, Self
from urllib.parse import urlencode

from aiohttp import web

from tests.fake_github.answers import Answer, Answers, Asked, Refused, parsed
from tests.fake_github.faults import AFTER, BEFORE, Fault
from tests.fake_github.shapes import Shapes, error
from tests.fake_github.state import Clock, Repository, Token

_VERSIONS: Final = (None, "2022-11-28", "2026-03-10")
_SECONDARY: Final = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again. "
    "If you reach out to GitHub Support for help, please include the request ID 0000:1111:2222."
)


@dataclass(frozen=True, kw_only=True)
class Request:
    """What came in, and the status that went out; 0 where the connection was cut."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    login: str | None
    status: int


class FakeGitHub:
    """A server at `url`; `base` is where its API begins (`/api/v3` as on GitHub Enterprise Server).

    With `socket` its API is at that path too, as a socket that GitHub's own program is told of (`gh.settings`).
    State is changed from the test's thread at any time. `latency` is the range of seconds that an answer takes, half
    of it before what was asked is done.
    """

    def __init__(self, *, base: str = "", seed: int = 1, socket: str | None = None) -> None:
        self.base = base
        self.socket = socket
        self.clock = Clock()
        self.repositories: dict[str, Repository] = {}
        self.tokens: dict[str, Token] = {}
        self.faults: list[Fault] = []
        self.requests: list[Request] = []
        self.blob_requests: list[dict[str, str]] = []
        """The headers of what came to the store of artifacts, which is another host."""
        self.latency = (0.0, 0.0)
        self.page = 100
        """The most entries of a page, whatever is asked for."""
        self._ids = itertools.count(1001)
        self._chance = random.Random(seed)
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True, name="fake-github")
        self._port = self._blob_port = 0

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def url(self) -> str:
        """Return GITHUB_API_URL."""
        return self.root + self.base

    @property
    def graphql_url(self) -> str:
        """Return GITHUB_GRAPHQL_URL."""
        return self.root + ("/api/graphql" if self.base else "/graphql")

    @property
    def blobs(self) -> str:
        """Return the address that artifacts are downloaded from: another host."""
        return f"http://localhost:{self._blob_port}"

    def repository(self, full_name: str = "acme/support", **more: Any) -> Repository:
        made = Repository(full_name=full_name, id=next(self._ids), clock=self.clock, ids=self._ids, **more)
        self.repositories[full_name.casefold()] = made
        return made

    def job_token(self, *repositories: str, **permissions: str) -> str:
        """Return the token of a job: `job_token("acme/support", pull_requests="write", actions="read")`."""
        return self.token("github-actions[bot]", app="github-actions", repositories=repositories, **permissions)

    def token(
        self, login: str, *, app: str | None = None, repositories: tuple[str, ...] = (), limit: int = 5_000, **may: str
    ) -> str:
        """Return a token of a person, or of the installation of an app."""
        value = f"{'ghs' if app else 'ghp'}_{self._chance.getrandbits(180):045x}"
        made = Token(value=value, login=login, app=app, repositories=repositories, limit=limit)
        made.permissions = dict(may)
        self.tokens[value] = made
        return value

    def environment(self, repository: Repository, token: str | None = None) -> dict[str, str]:
        """Return the variables that a step has of this server."""
        given = {
            "GITHUB_API_URL": self.url,
            "GITHUB_GRAPHQL_URL": self.graphql_url,
            "GITHUB_SERVER_URL": self.root,
            "GITHUB_REPOSITORY": repository.full_name,
            "GITHUB_REPOSITORY_ID": str(repository.id),
        }
        return given if token is None else {**given, "EVALGATE_GITHUB_TOKEN": token}

    def asked(self, method: str | None = None, path: str = "") -> list[Request]:
        """Return the requests of a method whose path has a match of `path`."""
        return [each for each in self.requests if method in (None, each.method) and re.search(path, each.path)]

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(20)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._until_closed())
        finally:
            self._loop.close()

    async def _until_closed(self) -> None:
        api, blobs = web.Application(client_max_size=1 << 22), web.Application()
        api.router.add_route("*", "/{path:.*}", self._handle)
        blobs.router.add_get("/{repository}/{artifact}", self._blob)
        runners = [web.AppRunner(each, access_log=None, shutdown_timeout=0.2) for each in (api, blobs)]
        for runner in runners:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
        if self.socket is not None:
            await web.UnixSite(runners[0], self.socket).start()
        self._port, self._blob_port = (runner.addresses[0][1] for runner in runners)
        self._shapes = Shapes(self.url, self.root)
        self._answers = Answers(self.repositories, self._shapes, self.blobs)
        self._ready.set()
        await self._closing.wait()
        for runner in runners:
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        token, fault = self._token(request), self._fault(request)
        wait = self._chance.uniform(*self.latency) / 2
        await asyncio.sleep(wait)
        if fault is not None and fault.kind in BEFORE:
            response = await self._goes_wrong(request, fault)
        else:
            response = self._answered(request, raw, token, stale=fault is not None and fault.kind == "stale_list")
            if fault is not None:
                response = await self._afterwards(fault, response)
        await asyncio.sleep(wait)
        self._note(request, raw, token, 0 if response is None else response.status)
        if response is not None:
            response.headers["Date"] = formatdate(self.clock.now(), usegmt=True)
        if response is None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return response

    def _answered(self, request: web.Request, raw: bytes, token: Token | None, *, stale: bool) -> web.Response:
        headers: dict[str, str] = {}
        try:
            self._admitted(request, token)
            asked = Asked(
                method=request.method,
                path=self._below(request),
                query=dict(request.query),
                body=parsed(raw),
                token=token,
            )
            if asked.path == "/graphql":
                answer = Answer(value=self._answers.graphql(asked))
            else:
                answer = self._answers.answer(asked)
        except Refused as refused:
            answer = Answer(value=refused.body, status=refused.status, accepted=refused.accepted or {})
        value = answer.value
        if isinstance(value, list):
            value, headers = self._cut(request, answer, stale=stale)
        headers |= answer.headers
        if answer.accepted and token is not None and token.app is not None:
            headers["X-Accepted-GitHub-Permissions"] = "; ".join(f"{k}={v}" for k, v in answer.accepted.items())
        if token is not None:
            headers |= self._rates(limit=token.limit, used=token.used)
        return self._tagged(request, value, answer.status, headers)

    def _tagged(self, request: web.Request, value: Any, status: int, headers: dict[str, str]) -> web.Response:
        if value is None:
            return web.Response(status=status, headers=headers)
        text = json.dumps(value)
        tag = f'"{hashlib.sha256(text.encode()).hexdigest()}"'
        if request.method == "GET" and status == 200:
            headers["ETag"] = tag
            if request.headers.get("If-None-Match") == tag:
                return web.Response(status=304, headers=headers)
        return web.Response(text=text, status=status, headers=headers, content_type="application/json")

    def _admitted(self, request: web.Request, token: Token | None) -> None:
        """Raises Refused for what is turned away before anything is looked at."""
        if not request.headers.get("User-Agent"):
            raise Refused(403, "Request forbidden by administrative rules. Please send a User-Agent header.")
        if request.headers.get("X-GitHub-Api-Version") not in _VERSIONS:
            raise Refused(400, "The API version that was asked for is not supported.")
        if "Authorization" in request.headers and token is None:
            raise Refused(401, "Bad credentials")
        if token is not None and self._below(request) != "/rate_limit":
            token.used += 1
            if token.used > token.limit:
                raise Refused(403, f"API rate limit exceeded for installation ID {len(token.login)}.")

    def _cut(self, request: web.Request, answer: Answer, *, stale: bool) -> tuple[Any, dict[str, str]]:
        """Return one page, and where the others are."""
        entries = answer.value[:-1] if stale else answer.value
        size = min(max(int(request.query.get("per_page", 30)), 1), self.page)
        page = max(int(request.query.get("page", 1)), 1)
        last = max(-(-len(entries) // size), 1)
        places = {"prev": page - 1, "next": page + 1, "last": last, "first": 1}
        there = [name for name in places if (page < last if name in ("next", "last") else page > 1)]
        own = f"{self.root}{request.path}"
        links = [f'<{own}?{urlencode({**request.query, "page": places[name]})}>; rel="{name}"' for name in there]
        part = entries[(page - 1) * size : page * size]
        value = part if answer.key is None else {"total_count": len(entries), answer.key: part}
        return value, {"Link": ", ".join(links)} if links else {}

    def _rates(self, *, limit: int, used: int, reset: float = 3_600.0) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(limit - used, 0)),
            "X-RateLimit-Used": str(used),
            "X-RateLimit-Reset": str(int(self.clock.now() + reset)),
            "X-RateLimit-Resource": "core",
        }

    async def _goes_wrong(self, request: web.Request, fault: Fault) -> web.Response | None:
        match fault.kind:
            case "cut":
                return None
            case "hang":
                await self._closing.wait()
                return None
            case "primary_limit" | "secondary_limit":
                return self._limited(fault)
            case "redirect":
                return web.Response(status=fault.status or 307, headers={"Location": fault.location})
            case "html":
                return web.Response(text="<html><body>Please log in</body></html>", content_type="text/html")
            case "truncated":
                return web.Response(text='[{"id": 1, "body": "half', content_type="application/json")
            case "nested":
                return web.Response(text="[" * 200_000, content_type="application/json")
            case "huge":
                return web.Response(body=b'["' + b"a" * fault.size + b'"]', content_type="application/json")
            case "echo_token":
                said = f"cannot read {request.headers.get('Authorization')}"
                return web.json_response(error(fault.status or 400, said), status=fault.status or 400)
        text = fault.body or json.dumps(error(fault.status, f"status {fault.status} on demand"))
        return web.Response(text=text, status=fault.status, headers=fault.headers, content_type="application/json")

    def _limited(self, fault: Fault) -> web.Response:
        status = fault.status or 403
        if fault.kind == "primary_limit":
            headers = self._rates(limit=5_000, used=5_000, reset=fault.seconds)
            return web.json_response(
                error(status, "API rate limit exceeded for installation ID 1."), status=status, headers=headers
            )
        headers = {"Retry-After": f"{fault.seconds:g}"} if fault.seconds >= 0 else {}
        return web.json_response(error(status, _SECONDARY), status=status, headers=headers)

    async def _afterwards(self, fault: Fault, response: web.Response) -> web.Response | None:
        assert fault.kind in AFTER
        match fault.kind:
            case "slow":
                await asyncio.sleep(fault.seconds)
            case "cut_after":
                return None
            case "status_after":
                return web.json_response(error(fault.status, "Server Error"), status=fault.status)
        return response

    async def _blob(self, request: web.Request) -> web.StreamResponse:
        self.blob_requests.append(dict(request.headers))
        wanted = int(request.match_info["repository"]), int(request.match_info["artifact"])
        for repository in self.repositories.values():
            if repository.id == wanted[0] and "Authorization" not in request.headers:
                content = repository.artifacts[wanted[1]].content
                return web.Response(body=content, content_type="application/zip")
        return web.Response(status=403, text="<Error><Code>AuthenticationFailed</Code></Error>")

    def _fault(self, request: web.Request) -> Fault | None:
        path = self._below(request)
        return next((each for each in self.faults if each.takes(request.method, path)), None)

    def _token(self, request: web.Request) -> Token | None:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        return self.tokens.get(value) if scheme.casefold() in ("bearer", "token") else None

    def _below(self, request: web.Request) -> str:
        """Return the path below the base; what lies beside it is of another server, and not found."""
        path = request.path
        if not self.base:
            return path
        if path == "/api/graphql":
            return "/graphql"
        return path.removeprefix(self.base) if path.startswith(f"{self.base}/") else f"/not-found{path}"

    def _note(self, request: web.Request, raw: bytes, token: Token | None, status: int) -> None:
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            body = raw
        self.requests.append(
            Request(
                method=request.method,
                path=self._below(request),
                query=dict(request.query),
                headers=dict(request.headers),
                body=body,
                login=None if token is None else token.login,
                status=status,
            )
        )
