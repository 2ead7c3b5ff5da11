"""One connection to GitHub's REST API: bounded in time and size, patient with its limits, and silent on the token."""

from __future__ import annotations

import asyncio
import json
import random
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import evalgate
from evalgate.encoding import printable
from evalgate.github.access import Access
from evalgate.github.errors import GitHubError
from evalgate.github.limits import asked_to_wait
from evalgate.suite.addresses import is_loopback
from evalgate.unpacking import ACCEPTED, unpacked_body

if TYPE_CHECKING:
    import httpx

SECONDS: Final = 60.0
"""How long all that one connection does may take."""
_VERSION: Final = "2022-11-28"
"""The version of the API that GitHub and every maintained GitHub Enterprise Server speak."""
_TIMEOUT: Final = 10.0
_TRIES: Final = 5
_BACKOFF: Final = 0.5
_REDIRECTS: Final = 3
_LARGEST: Final = 64 * 1024**2
"""Bytes of one answer: a page of a hundred comments of the greatest size is half of it."""
_QUOTED: Final = 300
_PAGES: Final = 100


class Client:
    """Asks for one repository. Made by `connect`; everything it raises for GitHub's part is a GitHubError.

    `doing` says in each call what it is for, in the words that go before ": api.github.com answered …"; `needs` is
    the permission of a job that it takes (`pull-requests: write`).
    """

    def __init__(self, access: Access, http: httpx.AsyncClient, *, seconds: float) -> None:
        self.access = access
        self._http = http
        self._until = asyncio.get_running_loop().time() + seconds

    @property
    def left(self) -> float:
        """Return how many seconds are left; none or fewer where the time is up."""
        return self._until - asyncio.get_running_loop().time()

    async def get(self, path: str, *, doing: str, needs: str, query: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON at a path below the repository (`pulls/7`, "" for itself). Raises GitHubError."""
        response = await self._patient("GET", self._place(path), doing, needs, query=query)
        return self._json(response, doing)

    async def pages(
        self, path: str, *, doing: str, needs: str, key: str | None = None, query: Mapping[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Return every entry of a list, over all its pages; `key` names the list where a page is an object."""
        place = self._place(path)
        asked: Mapping[str, Any] = {**(query or {}), "per_page": 100}
        entries: list[dict[str, Any]] = []
        for _ in range(_PAGES):
            response = await self._patient("GET", place, doing, needs, query=asked)
            page = self._json(response, doing)
            part = page.get(key) if key is not None and isinstance(page, dict) else page
            if not isinstance(part, list) or not all(isinstance(each, dict) for each in part):
                raise self._unusable(doing, "a list was expected")
            entries += part
            following, asked = _next(response), {}
            if following is None:
                return entries
            if not self._is_here(following):
                raise self._unusable(doing, "its next page is on another host")
            place = following
        raise self._unusable(doing, f"a list of more than {_PAGES} pages")

    async def send(
        self, method: str, path: str, *, doing: str, needs: str, body: Mapping[str, Any] | None = None
    ) -> Any:
        """Change something, and return the JSON of the answer, None for an empty one.

        It is asked once: a write that had no answer may have been done, so the caller looks before the next one.
        """
        response = await self._once(method, self._place(path), doing, needs, body=body)
        return self._json(response, doing) if response.content else None

    async def viewer(self, *, doing: str) -> str:
        """Return the login whose token this is: `github-actions[bot]` for a job's own.

        GraphQL says it for tokens of every kind; REST does for those of people only.
        """
        body = {"query": "query { viewer { login } }"}
        response = await self._patient("POST", self.access.graphql_url, doing, "contents: read", body=body)
        said = self._json(response, doing)
        try:
            login = said["data"]["viewer"]["login"]
        except (KeyError, TypeError):
            login = None
        if not isinstance(login, str) or not login:
            raise self._unusable(doing, "it does not say whose token this is")
        return login

    async def download(self, path: str, *, doing: str, needs: str, most: int) -> bytes:
        """Return a file of at most `most` bytes that GitHub keeps on another host, which never sees the token."""
        response = await self._patient("GET", self._place(path), doing, needs, follow=False)
        if not response.has_redirect_location:
            return response.content
        there = urlsplit(response.headers["location"])
        if there.scheme != "https" and not is_loopback(there.hostname or ""):
            raise self._unusable(doing, "it sends to an address that is not https")
        bare = self._http.build_request("GET", response.headers["location"])
        del bare.headers["Authorization"]
        answer = await self._bounded(bare, doing, most=most, seconds=self.left)
        if answer.status_code != 200:
            raise GitHubError(f"{doing}: the store of artifacts answered {answer.status_code}", status=200)
        return answer.content

    def _place(self, path: str) -> str:
        base = f"{self.access.api_url}/repos/{self.access.repository}"
        return f"{base}/{path}" if path else base

    def _is_here(self, place: str) -> bool:
        try:
            return urlsplit(place)[:2] == urlsplit(self.access.api_url)[:2]
        except ValueError:
            return False

    async def _patient(self, method: str, place: str, doing: str, needs: str, **more: Any) -> httpx.Response:
        """Ask, and ask again while the failure may pass, the time lasts, and GitHub does not ask for more of it."""
        for attempt in range(_TRIES):
            try:
                return await self._once(method, place, doing, needs, **more)
            except GitHubError as error:
                wait = backoff(attempt) if error.wait is None else error.wait
                if not error.passing or attempt == _TRIES - 1 or wait >= self.left:
                    raise
            await asyncio.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    async def _once(
        self,
        method: str,
        place: str,
        doing: str,
        needs: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        follow: bool = True,
    ) -> httpx.Response:
        """Return an answer that is no refusal. Redirects within the host are followed, verbatim."""
        for _ in range(_REDIRECTS + 1):
            content = None if body is None else json.dumps(body).encode()  # ASCII: whatever a text holds can be sent
            request = self._http.build_request(method, place, params=query or None, content=content)
            response = await self._bounded(request, doing, most=_LARGEST)
            if not response.has_redirect_location or not follow:
                break
            place, query = str(response.url.join(response.headers["location"])), None
            if not self._is_here(place):
                raise self._unusable(doing, f"it redirects to {urlsplit(place).netloc}, where the token does not go")
        if response.is_success or (response.has_redirect_location and not follow):
            return response
        raise self._refused(doing, needs, response, writes=method != "GET")

    async def _bounded(
        self, request: httpx.Request, doing: str, *, most: int, seconds: float = 2 * _TIMEOUT
    ) -> httpx.Response:
        """Return an answer of at most `most` bytes, within the time."""
        import httpx

        host = self.access.host
        try:
            async with asyncio.timeout(max(min(self.left, seconds), 0.0)):
                streamed = await self._http.send(request, stream=True)
                try:
                    packed = streamed.headers.get("content-encoding", "")
                    content = await unpacked_body(streamed.aiter_raw(), packed, most=most)
                finally:
                    await streamed.aclose()
        except (TimeoutError, httpx.TimeoutException):
            following = "look at githubstatus.com, and run the job again"
            raise GitHubError(f"{doing}: {host} did not answer in time", next_step=following) from None
        except httpx.TransportError as error:
            said = self._quoted(str(error)) or type(error).__name__
            following = "check the runner's network and proxy, and run the job again"
            raise GitHubError(f"{doing}: {host} was not reached: {said}", next_step=following) from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise self._unusable(doing, str(error)) from None
        kept = {name: value for name, value in streamed.headers.items() if name not in _OF_THE_WAY}
        return httpx.Response(streamed.status_code, headers=kept, content=content, request=request)

    def _json(self, response: httpx.Response, doing: str) -> Any:
        try:
            return response.json()
        except (ValueError, RecursionError):  # JSON may be nested without an end
            raise self._unusable(doing, "it is not JSON") from None

    def _unusable(self, doing: str, why: str) -> GitHubError:
        message = f"{doing}: {self.access.host} gave no usable answer: {self._quoted(why)}"
        return GitHubError(message, status=200, next_step="check that GITHUB_API_URL is GitHub's API, and no proxy's")

    def _refused(self, doing: str, needs: str, response: httpx.Response, *, writes: bool) -> GitHubError:
        status, said = response.status_code, self._quoted(_message(response))
        wait = asked_to_wait(status, response.headers, said)
        what = "refused the token (401)" if status == 401 else f"answered {status}"
        message = f"{doing}: {self.access.host} {what}" + (f": {said}" if said else "")
        if wait is not None:
            message += f"; it asks to be left alone for {wait:.0f} s"
        following = _following(status, said, needs, limited=wait is not None, writes=writes)
        return GitHubError(message, status=status, wait=wait, next_step=following)

    def _quoted(self, text: str) -> str:
        """Return what a server said, on one line, short, and without the token that it may repeat."""
        text = printable(" ".join(text.replace(self.access.token, "***").split()))
        return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"


_OF_THE_WAY: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers of a body that is unpacked by now."""


def _following(status: int, said: str, needs: str, *, limited: bool, writes: bool) -> str | None:
    if limited:
        return "run the job again later; nothing that was measured is lost"
    fork = "; the token of a fork's pull request can never write: see docs/github.md on forks" if writes else ""
    match status:
        case 401:
            return "give the step a token that is still good: its input `token`, by default the job's own"
        case 403 if "not accessible" in said:
            return f"give the job `{needs}` under `permissions:`{fork}"
        case 404:
            return f"check that it exists, and give the job `{needs}` under `permissions:`"
        case 400 | 422:
            return None
    return "look at githubstatus.com, and run the job again" if status >= 500 else None


def _message(response: httpx.Response) -> str:
    """Return what an error says of itself: its message, and those of the fields that it names."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return ""  # a page of a proxy, or nothing
    if not isinstance(body, dict):
        return ""
    errors = body.get("errors")
    listed = errors if isinstance(errors, list) else []
    more = [each.get("message") if isinstance(each, dict) else each for each in listed]
    return ": ".join(str(each) for each in (body.get("message"), *more) if each)


def _next(response: httpx.Response) -> str | None:
    try:
        place = response.links.get("next", {}).get("url")
    except (ValueError, KeyError):
        return None
    return place if isinstance(place, str) else None


def backoff(attempt: int, *, chance: Callable[[], float] = random.random) -> float:
    """Return the seconds before an attempt after the first, longer each time, and never those of another job."""
    return float(_BACKOFF * 2**attempt * (0.5 + chance()))


def segment(text: str) -> str:
    """Return a name as one segment of a path."""
    return quote(text, safe="")


@asynccontextmanager
async def connect(access: Access, *, seconds: float = SECONDS) -> AsyncIterator[Client]:
    """Yield a connection for `seconds`; nothing is asked yet."""
    import httpx

    headers = {
        "Accept": "application/vnd.github+json",
        "Accept-Encoding": ACCEPTED,
        "Authorization": f"Bearer {access.token}",
        "Content-Type": "application/json",
        "User-Agent": f"evalgate/{evalgate.__version__}",
        "X-GitHub-Api-Version": _VERSION,
    }
    outside = not is_loopback(urlsplit(access.api_url).hostname or "")
    async with httpx.AsyncClient(
        headers=headers, timeout=_TIMEOUT, verify=ssl.create_default_context(), trust_env=outside
    ) as http:
        yield Client(access, http, seconds=seconds)
