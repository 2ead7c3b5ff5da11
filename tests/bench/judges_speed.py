"""What a judge costs, beside phoenix-evals' own way: `python -m tests.bench.judges_speed [calls] [slow] [run]`.

`calls`: verdicts a second against a server that answers at once, on one core: our client; phoenix-evals' class over the
OpenAI SDK; the same with our transport under the SDK. `slow`: 320 verdicts of 200 ms, 32 in flight, the same three and
phoenix-evals' `async_evaluate_dataframe`. `run`: 1,000 prompts with a judge each through `evalgate run`, 200 ms a call.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2

from evalgate.evaluators.models import Models
from evalgate.evaluators.registry import build
from evalgate.llm.call import Request
from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.transport import Transport
from evalgate.records import Example, Subject, TaskOutcome
from evalgate.suite.config import Endpoint
from evalgate.suite.evaluators import Evaluator
from tests.bench import transport_speed
from tests.bench.run_speed import CONCURRENCY, LATENCY, run
from tests.bench.transport_speed import flood, raw, served
from tests.e2e.project import Project

VERDICT = json.dumps({"explanation": "It says what the reference says.", "label": "correct"})
CALLS = 2_000
SLOW_CALLS = 320
RUNS = 1_000
QUESTION, ANSWER = "What is the capital of France?", "It is Paris, as it has been for a long time."


async def ours(base_url: str, *, calls: int, in_flight: int) -> float:
    """Return the seconds that our judge took, from the subject to the evaluation."""
    endpoint = Endpoint(base_url=base_url, concurrency=in_flight)
    async with Transport() as transport:
        models = Models(endpoints={"bench": endpoint}, sender=lambda: transport)
        config = {"judge": "phoenix_correctness", "model": "bench/m"}
        judge = build(Evaluator.model_validate(config), root=Path(), environ=os.environ, models=models)
        await judge.start()

        async def call(number: int) -> object:
            example = Example(id=str(number), input={"question": QUESTION})
            found = await judge.evaluate(Subject(example=example, sample="r1", outcome=TaskOutcome(output=ANSWER)))
            assert found.score == 1.0, found
            return found

        return await flood(call, calls=calls, in_flight=in_flight)


async def sdk(base_url: str, *, calls: int, in_flight: int) -> float:
    """Return the seconds that phoenix-evals' class took over the SDK's own client."""
    async with httpx2.AsyncClient(limits=httpx2.Limits(max_connections=None)) as client:
        return await flood(_phoenix(base_url, client), calls=calls, in_flight=in_flight)


async def sdk_over_our_transport(base_url: str, *, calls: int, in_flight: int) -> float:
    """Return the seconds that the same took with our transport under the SDK."""
    endpoint = ModelEndpoint(name="bench", base_url=base_url, concurrency=in_flight)

    class Adapter(httpx2.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
            body = await request.aread()
            ask = Request(endpoint=endpoint, url=str(request.url), sample="r1", timeout=60.0, body=body)
            answer = await transport.send(ask, lambda response: response)
            return httpx2.Response(answer.status, content=answer.body, headers={"content-type": "application/json"})

    async with Transport() as transport, httpx2.AsyncClient(transport=Adapter()) as client:
        return await flood(_phoenix(base_url, client), calls=calls, in_flight=in_flight)


async def dataframe(base_url: str, *, calls: int, in_flight: int) -> float:
    """Return the seconds of phoenix-evals' own way, its rate limit set high."""
    import pandas as pd
    from phoenix.evals import async_evaluate_dataframe
    from phoenix.evals.metrics import CorrectnessEvaluator

    began = asyncio.get_running_loop().time()
    frame = pd.DataFrame({"input": [QUESTION] * calls, "output": [ANSWER] * calls})
    async with httpx2.AsyncClient(limits=httpx2.Limits(max_connections=None)) as client:
        judge = CorrectnessEvaluator(llm=_llm(base_url, client), temperature=0.0)
        await async_evaluate_dataframe(
            dataframe=frame, evaluators=[judge], concurrency=in_flight, hide_tqdm_bar=True, exit_on_error=True
        )
    return asyncio.get_running_loop().time() - began


def _llm(base_url: str, client: httpx2.AsyncClient) -> Any:
    from phoenix.evals import LLM

    given: dict[str, Any] = {"provider": "openai", "model": "m", "api_key": "k", "base_url": base_url}
    return LLM(**given, initial_per_second_request_rate=100_000, async_client_kwargs={"http_client": client})


def _phoenix(base_url: str, client: httpx2.AsyncClient) -> Callable[[int], Awaitable[object]]:
    from phoenix.evals.metrics import CorrectnessEvaluator

    judge = CorrectnessEvaluator(llm=_llm(base_url, client), temperature=0.0)

    async def call(_: int) -> object:
        (score,) = await judge.async_evaluate({"input": QUESTION, "output": ANSWER})
        assert score.label == "correct"
        return score

    return call


def calls(base_url: str) -> None:
    """Print verdicts a second, best of three."""
    for way in (ours, sdk, sdk_over_our_transport):
        best = min(asyncio.run(way(base_url, calls=CALLS, in_flight=64)) for _ in range(3))
        print(f"{way.__name__:24} {CALLS / best:7,.0f} verdicts/s")


def slow(base_url: str) -> None:
    """Print how close each way comes to the ideal."""
    ideal = SLOW_CALLS * LATENCY / CONCURRENCY
    for way in (ours, sdk, sdk_over_our_transport, dataframe):
        taken = asyncio.run(way(base_url, calls=SLOW_CALLS, in_flight=CONCURRENCY))
        print(f"{way.__name__:24} {taken:6.2f} s, {ideal / taken:6.1%} of the ideal {ideal:.2f} s")


def whole(base_url: str) -> None:
    """Print what a run of prompts with a judge each takes, beside the ideal: every slot of the endpoint always busy."""
    with tempfile.TemporaryDirectory() as folder:
        suite = {
            "task": {"prompt": "p.yaml", "model": "bench/m"},
            "baseline": ...,
            "evaluators": [{"judge": "correctness", "model": "bench/judge"}],
            "checks": {"correctness": {"at_least": 0.5}},
        }
        project = Project(Path(folder), suite=suite, examples=RUNS)
        project.write("p.yaml", "messages: [{role: user, content: 'What is {{ q }} times two?'}]")
        config = project.prepare().folder / "evalgate.yaml"
        endpoint = {"base_url": base_url, "concurrency": CONCURRENCY}
        config.write_text(config.read_text() + f"endpoints: {{bench: {json.dumps(endpoint)}}}\n")
        found = run(project)
    ideal = 2 * RUNS * LATENCY / CONCURRENCY
    alone = asyncio.run(raw(base_url, calls=2 * RUNS, in_flight=CONCURRENCY))
    for what, seconds in ((f"{RUNS:,} prompts, a judge each", found["build"]), ("raw aiohttp, as many calls", alone)):
        print(f"{what}: {seconds:.2f} s, {ideal / seconds:.1%} of the ideal {ideal:.2f} s")


def main() -> None:
    """Run what was asked for."""
    transport_speed.INSTANT = transport_speed.INSTANT.replace('"fine"', repr(VERDICT))
    asked = sys.argv[1:] or ["calls", "slow", "run"]
    if "calls" in asked:
        served(0.0, calls)
    if "slow" in asked:
        served(LATENCY, slow)
    if "run" in asked:
        served(LATENCY, whole)


if __name__ == "__main__":
    main()
