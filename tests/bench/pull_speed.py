"""What a pull takes, on a real server: `python -m tests.bench.pull_speed [spans] [address project]`.

Fills a project with spans (50,000 of about 2 kB where nobody says how many), unless an address and a project of such
are given, then pulls them three times: as new, with everything known, and killed in the middle and gone on. Prints
spans a second and the most memory that a pull had, in MB.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from evalgate.phoenix.address import Address
from evalgate.phoenix.connection import PhoenixError, connect
from evalgate.phoenix.spans.sending import send
from evalgate.phoenix.spans.tree import SpanOut
from tests.phoenix_server.session import Session, server

SPANS = 50_000
BATCH = 2_000
TEXT = "Which of these dishes is without gluten, and how long does it take? " * 12


def spans(first: int, count: int, now: float) -> list[SpanOut]:
    """Return roots that are calls of a model, an hour old."""
    return [
        SpanOut(
            trace_id=f"{number + 1:032x}",
            span_id=f"{number + 1:016x}",
            parent=None,
            name="chat",
            start=now - 3600 + number / 1000,
            end=now - 3599 + number / 1000,
            attributes={
                "openinference.span.kind": "LLM",
                "llm.model_name": "gpt-4.1-mini",
                "llm.input_messages.0.message.role": "system",
                "llm.input_messages.0.message.content": "You cook.",
                "llm.input_messages.1.message.role": "user",
                "llm.input_messages.1.message.content": f"{number}: {TEXT}",
                "llm.output_messages.0.message.role": "assistant",
                "llm.output_messages.0.message.content": f"{TEXT} {number}",
            },
        )
        for number in range(first, first + count)
    ]


async def fill(address: str, project: str, count: int) -> None:
    """Send spans and wait until the last is there."""
    async with connect(Address(name=None, base_url=address, timeout=300)) as connection:
        now = time.time()
        for first in range(0, count, BATCH):
            while True:
                with contextlib.suppress(PhoenixError):  # it is at capacity: what is sent twice is there once
                    await send(connection, project, spans(first, min(BATCH, count - first), now), withhold=False)
                    break
                await asyncio.sleep(5)
        path, there = f"v1/projects/{project}/spans", 0
        while there < count:
            await asyncio.sleep(2)
            wanted = {"span_id": [f"{count - back:016x}" for back in range(100)], "limit": 100}
            try:
                answer = await connection.rest("GET", path, doing="counting", query=wanted)
            except PhoenixError:  # the project is made with its first span
                continue
            there = count if len(answer["data"]) == min(100, count) else 0


def pulled(address: str, project: str, folder: Path, *, kill_after: float | None = None) -> dict[str, float]:
    """Pull into a folder in a process of its own, and return what came of it, its seconds, and the most MB."""
    command = [sys.executable, "-m", "evalgate", "curate", "pull", project, "--dataset", str(folder / "some.jsonl")]
    environ = {**os.environ, "PHOENIX_ENDPOINT": address}
    began = time.perf_counter()
    process = subprocess.Popen([*command, "--json"], env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if kill_after is not None:
        time.sleep(kill_after)
        process.kill()
        process.wait()
        return {}
    out, _ = process.communicate()
    said = json.loads(out)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {"seconds": time.perf_counter() - began, "most_mb": most, **{k: said[k] for k in ("read", "new", "known")}}


def main(arguments: list[str]) -> None:
    """Fill and pull."""
    count = int(arguments[0]) if arguments else SPANS
    session = Session() if len(arguments) < 3 else None
    try:
        address, project = (server("plain").base_url, "bench") if session else (arguments[1], arguments[2])
        if session or arguments[3:] == ["fill"]:
            began = time.perf_counter()
            asyncio.run(fill(address, project, count))
            print(f"filled in {time.perf_counter() - began:.0f} s", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            for what in ("new", "known"):
                found = pulled(address, project, Path(folder))
                print(f"{what}: {found['read'] / found['seconds']:,.0f} spans a second, {found}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            pulled(address, project, Path(folder), kill_after=10)
            print(f"gone on: {pulled(address, project, Path(folder))}", flush=True)
    finally:
        if session:
            session.end()


if __name__ == "__main__":
    main(sys.argv[1:])
