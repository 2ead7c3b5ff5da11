"""A reverse proxy as in front of a hosted Phoenix: the server is below a path, and nothing of it is anywhere else.

Phoenix Cloud's addresses are such (https://app.phoenix.arize.com/s/SPACE). The server is told of the prefix by
PHOENIX_HOST_ROOT_PATH, and the proxy takes it off.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from aiohttp import web

from tests.phoenix_server.forwarding import forward, plain_session


@contextmanager
def forwarded(server: str, prefix: str) -> Iterator[str]:
    """Run the proxy in a thread; gives the address below which the server is."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    runner, port = asyncio.run_coroutine_threadsafe(_serve(server, prefix), loop).result(30)
    try:
        yield f"http://127.0.0.1:{port}{prefix}"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()


async def _serve(server: str, prefix: str) -> tuple[web.AppRunner, int]:
    session = plain_session()

    async def handle(request: web.Request) -> web.Response:
        if request.path != prefix and not request.path.startswith(f"{prefix}/"):
            return web.Response(status=404, text="no such space")
        return await forward(
            session, request, f"{server}{request.raw_path.removeprefix(prefix) or '/'}", await request.read()
        )

    async def close(_: web.Application) -> None:
        await session.close()

    app = web.Application(client_max_size=1024**3)
    app.router.add_route("*", "/{path:.*}", handle)
    app.on_cleanup.append(close)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, auto_decompress=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner, runner.addresses[0][1]
