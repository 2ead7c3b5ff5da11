"""Passes a request on to a server as it came, and its answer back."""

from __future__ import annotations

import io

import aiohttp
from aiohttp import web
from yarl import URL

_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "host", "content-length"}
_OWN = _HOP | {"accept-encoding"}


async def forward(session: aiohttp.ClientSession, request: web.Request, target: str, body: bytes) -> web.Response:
    """Return the answer of `target`, an address with its path and query, to this request.

    The body is to be as it came: a runner that takes in requests says `auto_decompress=False`.
    """
    headers = [(name, value) for name, value in request.headers.items() if name.lower() not in _OWN]
    headers.append(("accept-encoding", "identity"))  # a body can be read, and cut
    data = io.BytesIO(body) if body else body  # bytes of a megabyte and more are warned of
    async with session.request(
        request.method, URL(target, encoded=True), data=data, headers=headers, allow_redirects=False
    ) as answer:
        content = await answer.read()
        returned = [(name, value) for name, value in answer.headers.items() if name.lower() not in _HOP]
        response = web.Response(status=answer.status, body=content)
        response.headers.clear()
        response.headers.extend(returned)
        return response


def plain_session() -> aiohttp.ClientSession:
    """Return a client that leaves bodies as they are and takes its time. Make it inside the loop."""
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    return aiohttp.ClientSession(
        connector=connector,
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=300),
        cookie_jar=aiohttp.DummyCookieJar(),
    )
