"""What listening for spans costs a program that sends none, one that does, and how many spans a second are taken.

Run from the repository's root: `python -m tests.bench.traces_speed`.
"""

from __future__ import annotations

import asyncio
import gzip
import io
import os
import sys
import tempfile
import time
from pathlib import Path

import aiohttp

from evalgate.records import Example
from evalgate.suite.tasks import PythonTask
from evalgate.tasks.python import PythonTaskRunner
from evalgate.trace_ids import traceparent_of
from evalgate.traces.receiver import Receiver
from evalgate.traces.store import TraceStore
from tests.unit.traces.otlp_bodies import body

CALLS = 2_000
REQUESTS, SPANS = 60, 512
NOTHING = "def answer(input): return input\n"
PROGRAM = Path(__file__).parents[1] / "e2e" / "programs" / "traced" / "traced.py"


async def runs(root: Path, source: str, function: str, receiver: Receiver | None) -> tuple[float, float]:
    """Return the seconds that a run takes, one after the other in one process, and the CPU of this process for it."""
    (root / "task.py").write_text(source)

    async def spans(environment, /, *, flushes):
        return await receiver.side(environment, wanted={"context"}, patience=2, flushes=flushes)

    task = PythonTask(python=f"task.py:{function}", interpreter=sys.executable, workers=1)
    runner = PythonTaskRunner(task, root, os.environ, log=print, spans=None if receiver is None else spans)
    await runner.start()
    await runner.run(Example(id="warm", input={"q": "x"}), "r1")
    began, cpu = time.perf_counter(), time.process_time()
    for number in range(CALLS):
        outcome = await runner.run(Example(id=str(number), input={"q": "x"}), "r1")
        assert outcome.failure is None, outcome.failure
    took, used = time.perf_counter() - began, time.process_time() - cpu
    await runner.close()
    return took / CALLS, used / CALLS


async def rate(receiver: Receiver) -> float:
    """Return how many spans a second are taken of one process that sends packed batches, four at once."""
    side = await receiver.side({}, wanted=set(), patience=2, flushes=False)
    door = side.open()
    said = {
        "openinference.span.kind": "LLM",
        "llm.model_name": "m",
        "llm.token_count.prompt": 7,
        "input.value": "x" * 500,
    }
    bodies = []
    for number in range(REQUESTS):
        trace = f"{number + 1:032x}"
        door.enter((str(number), "r1"), traceparent_of(trace))
        spans = [{"trace": trace, "id": f"{number * SPANS + n + 1:016x}", "attributes": said} for n in range(SPANS)]
        bodies.append(gzip.compress(body(*spans), 1))
    url = door.defaults["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"}
    room = asyncio.Semaphore(4)

    async def send(data: bytes) -> None:
        async with room, session.post(url, data=io.BytesIO(data), headers=headers) as answer:
            assert answer.status == 200

    async with aiohttp.ClientSession() as session:
        await send(bodies[0])
        began = time.perf_counter()
        await asyncio.gather(*(send(each) for each in bodies[1:]))
        took = time.perf_counter() - began
    return (REQUESTS - 1) * SPANS / took


async def main() -> None:
    """Measure it all."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        store = TraceStore(root / "traces.db", now=time.time)
        receiver = Receiver(keeper=store)
        for what, source, function, listens in (
            ("a function that does nothing", NOTHING, "answer", None),
            ("the same, listened to", NOTHING, "answer", receiver),
            ("three spans in a run, listened to", PROGRAM.read_text(), "answer", receiver),
        ):
            took, cpu = await runs(root, source, function, listens)
            print(f"{what:36} {1e6 * took:7,.0f} µs a run, {1e6 * cpu:5,.0f} µs of this process", flush=True)
        print(f"{'spans taken, read and kept':36} {await rate(receiver):7,.0f} a second")
        await receiver.close()
        store.close()


if __name__ == "__main__":
    asyncio.run(main())
