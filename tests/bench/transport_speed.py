"""How fast calls go through the transport: `python -m tests.bench.transport_speed`.

The server runs in a process of its own, the client on one core. Raw aiohttp sends the same requests in the same run, so
that the ratio says what our layer costs whatever the machine. The second part has 64 calls in flight at 200 ms.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp

from evalgate.llm.chat import chat
from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.transport import Transport
from evalgate.records import Example
from evalgate.suite.config import Endpoint
from evalgate.suite.tasks import PromptTask
from evalgate.tasks.prompt import PromptTaskRunner

ROOT = Path(__file__).parents[2]
CALLS = 2_000
IN_FLIGHT = 64
SLOW_CALLS = 640
LATENCY = 0.2
MESSAGES = [{"role": "user", "content": "What does the report say about the second quarter?"}]
INSTANT = r"""
import asyncio, json, sys
message = {"role": "assistant", "content": "fine"}
usage = {"prompt_tokens": 9, "completion_tokens": 1}
answer = json.dumps({"choices": [{"index": 0, "finish_reason": "stop", "message": message}], "usage": usage})
head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer)
wire = (head + answer).encode()
class Instant(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.held, self.loop = transport, b"", asyncio.get_event_loop()
    def data_received(self, data):
        self.held += data
        while (end := self.held.find(b"\r\n\r\n")) >= 0:
            head = self.held[:end].lower()
            size = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            if len(self.held) < end + 4 + size: return
            self.held = self.held[end + 4 + size:]
            self.loop.call_later(DELAY, self.transport.write, wire) if DELAY else self.transport.write(wire)
async def main():
    server = await asyncio.get_running_loop().create_server(Instant, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
DELAY = float(sys.argv[1])
asyncio.run(main())
"""


async def flood(call: Callable[[int], Awaitable[object]], *, calls: int, in_flight: int) -> float:
    """Return the seconds that `calls` calls took with `in_flight` at once."""
    numbers = iter(range(calls))

    async def work() -> None:
        for number in numbers:
            await call(number)

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(in_flight)))
    return time.perf_counter() - began


async def raw(base_url: str, *, calls: int, in_flight: int = IN_FLIGHT) -> float:
    """Return the seconds that aiohttp alone took."""
    body = json.dumps({"model": "m", "messages": MESSAGES}).encode()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:

        async def call(_: int) -> object:
            async with session.post(f"{base_url}/chat/completions", data=body) as reply:
                return json.loads(await reply.read())

        return await flood(call, calls=calls, in_flight=in_flight)


async def through_chat(base_url: str, *, calls: int, in_flight: int = IN_FLIGHT) -> float:
    """Return the seconds that `chat` took over the transport."""
    endpoint = ModelEndpoint(name="bench", base_url=base_url, concurrency=in_flight)
    async with Transport() as transport:

        async def call(_: int) -> object:
            return await chat(transport, endpoint, model="m", messages=MESSAGES, sample="r1")

        return await flood(call, calls=calls, in_flight=in_flight)


async def through_task(base_url: str, *, calls: int, in_flight: int = IN_FLIGHT) -> float:
    """Return the seconds that a prompt task took, templates included."""
    with tempfile.TemporaryDirectory() as folder:
        prompt = Path(folder, "p.yaml")
        prompt.write_text("messages: [{role: user, content: 'Answer: {{ question }}'}]")  # noqa: ASYNC240 - before timing
        async with Transport() as transport:
            runner = PromptTaskRunner(
                PromptTask(prompt="p.yaml", model="bench/m"),
                root=Path(folder),
                endpoints={"bench": Endpoint(base_url=base_url, concurrency=in_flight)},
                environ={},
                transport=transport,
            )
            await runner.start()

            async def call(number: int) -> object:
                outcome = await runner.run(Example(id=str(number), input={"question": "Why?"}), "r1")
                if outcome.failure:
                    raise RuntimeError(outcome.failure.message)
                return outcome

            return await flood(call, calls=calls, in_flight=in_flight)


def served(delay: float, measure: Callable[[str], None]) -> None:
    """Run `measure` against a server that answers after `delay` seconds."""
    server = subprocess.Popen([sys.executable, "-c", INSTANT, str(delay)], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        measure(f"http://127.0.0.1:{server.stdout.readline().strip()}/v1")
    finally:
        server.terminate()
        server.communicate()


def speed(base_url: str) -> None:
    """Print calls a second, each way, best of three rounds."""
    best = {
        way: min(asyncio.run(way(base_url, calls=CALLS)) for _ in range(3)) for way in (raw, through_chat, through_task)
    }
    for way, seconds in best.items():
        ratio = best[raw] / seconds
        print(f"{way.__name__:14} {CALLS / seconds:8,.0f} calls/s   {ratio:5.0%} of raw aiohttp")


def slow(base_url: str) -> None:
    """Print how close a slow model comes to the ideal; calls start in waves, which costs raw aiohttp as well."""
    for in_flight in (32, 64):
        ideal = SLOW_CALLS / in_flight * LATENCY
        for way in (raw, through_task):
            taken = asyncio.run(way(base_url, calls=SLOW_CALLS, in_flight=in_flight))
            print(
                f"{way.__name__:14} {in_flight} in flight at {LATENCY:g} s: {taken:.2f} s, {ideal / taken:.1%} of ideal"
            )


if __name__ == "__main__":
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        print(f"{len(cores)} cores; the client uses one")
    served(0.0, speed)
    served(LATENCY, slow)
