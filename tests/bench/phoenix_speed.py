"""What a mirror in Phoenix costs, on a real server: `python -m tests.bench.phoenix_speed [runs] [mirror] [traced]`.

`runs`: 300 × (task and judge of 200 ms, two code evaluators), 10 calls in flight: `evalgate run` with its mirror, and
Phoenix's own `run_experiment` with phoenix-evals' judge, beside the ideal. `mirror`: 1,000 recorded runs with three
evaluations each written to the server, beside the same payloads posted by nothing but httpx. `traced`: the same with
the traces of the runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx2
import yaml

from evalgate.cli.mirroring import make_mirror
from evalgate.gate.mirror.records import run_record
from evalgate.journal.store import Journal
from evalgate.phoenix.experiments.layout import evaluation_bodies, run_body
from evalgate.suite.phoenix import PhoenixSettings
from tests.bench import run_speed, transport_speed
from tests.bench.judges_speed import VERDICT
from tests.e2e.project import Project
from tests.phoenix_server.session import Session, server

EXAMPLES = 300
IN_FLIGHT = 10
LATENCY = 0.2
RUNS = 1_000
POSTERS = 4
EVALUATORS = [{"exact_match": {"path": "answer"}}, "json_valid", {"length": {"max": 1000}}]


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder for as long as it is needed."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def with_config(project: Project, **more: Any) -> Project:
    """Write the project's files, its config with something more in it."""
    path = project.prepare().folder / "evalgate.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **more}))
    return project


def ours(model: str, dataset: str) -> dict[str, float]:
    """Return what `evalgate run` took, of one side, up to its verdict and up to the last write of its mirror."""
    suite = {
        "task": {"prompt": "p.yaml", "model": "bench/m"},
        "baseline": ...,
        "evaluators": [{"judge": "phoenix_correctness", "model": "bench/judge"}, "exact_match", "json_valid"],
        "checks": {"phoenix_correctness": {"at_least": 0.5}},
    }
    with scratch() as folder:
        project = Project(folder, suite=suite, examples=EXAMPLES)
        project.write("p.yaml", "messages: [{role: user, content: 'What is {{ q }} times two?'}]")
        endpoints = {"bench": {"base_url": model, "concurrency": IN_FLIGHT}}
        return run_speed.run(with_config(project, endpoints=endpoints, phoenix={"dataset": dataset}))


async def theirs(model: str, base_url: str, dataset: str) -> float:
    """Return the seconds of `run_experiment` with the same work."""
    from phoenix.client import AsyncClient
    from phoenix.evals import LLM
    from phoenix.evals.metrics import CorrectnessEvaluator

    body = {"model": "m", "messages": [{"role": "user", "content": "What is 1 times two?"}]}
    client = AsyncClient(base_url=base_url)
    made = await client.datasets.create_dataset(
        name=dataset,
        inputs=[{"q": number} for number in range(EXAMPLES)],
        outputs=[{"answer": 2 * number} for number in range(EXAMPLES)],
    )
    async with httpx2.AsyncClient(limits=httpx2.Limits(max_connections=None)) as http:
        given: dict[str, Any] = {"provider": "openai", "model": "m", "api_key": "k", "base_url": model}
        llm = LLM(**given, initial_per_second_request_rate=100_000, async_client_kwargs={"http_client": http})
        judge = CorrectnessEvaluator(llm=llm, temperature=0.0)

        async def task(input: Any) -> str:  # noqa: A002 - Phoenix's name for it
            answer = await http.post(f"{model}/chat/completions", json=body)
            return str(answer.json()["choices"][0]["message"]["content"])

        async def correctness(input: Any, output: Any) -> float:  # noqa: A002
            (score,) = await judge.async_evaluate({"input": str(input), "output": output})
            return float(score.score)

        def exact_match(output: Any, expected: Any) -> bool:
            return bool(output == expected)

        def json_valid(output: Any) -> bool:
            return isinstance(json.loads(output), dict)

        began = time.perf_counter()
        await client.experiments.run_experiment(
            dataset=made,
            task=task,
            evaluators=[correctness, exact_match, json_valid],
            concurrency=IN_FLIGHT,
            print_summary=False,
            timeout=600,
        )
        return time.perf_counter() - began


def runs(base_url: str, unique: Callable[[str], str]) -> None:
    """Print how close each comes to the ideal."""
    ideal = EXAMPLES * 2 * LATENCY / IN_FLIGHT
    with run_speed.model(LATENCY) as model:
        found = ours(model, unique("ours") + " {suite}")
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            own = asyncio.run(theirs(model, base_url, unique("theirs")))
    for what, seconds in (
        ("evalgate, its build", found["build"]),
        ("evalgate, with imports, report and all mirrored", found["wall"]),
        ("run_experiment", own),
    ):
        print(f"{what:48} {seconds:6.2f} s   {seconds / ideal:4.2f} × the ideal {ideal:.1f} s", flush=True)
    print(f"run_experiment takes {own / found['wall']:.1f} × as long", flush=True)


def mirror(base_url: str, unique: Callable[[str], str], *, traced: bool = False) -> None:
    """Print runs a second, mirrored and posted raw."""
    suite = {
        "baseline": ...,
        "evaluators": EVALUATORS,
        "checks": {"exact_match": {"at_least": 0.5}},
    }
    name = unique("mirror") + " {suite}"
    with scratch() as folder:
        project = with_config(Project(folder, suite=suite, examples=RUNS), phoenix={"dataset": name, "publish": traced})
        ended = project.evalgate("run", "--quiet", "--no-gate", PHOENIX_ENDPOINT="", timeout=600)
        assert ended.code == 0, ended.text
        with Journal(folder / ".evalgate" / "journal.db") as store:
            writes = RUNS * (2 + len(EVALUATORS))
            seconds = asyncio.run(_mirrored(store, base_url, name))
            what = "mirrored with traces" if traced else "mirrored"
            print(f"{what:24} {RUNS / seconds:6.1f} runs/s {writes / seconds:7.0f} writes/s", flush=True)
            raw = asyncio.run(_raw(store, base_url))
            print(
                f"{'the same by httpx alone':24} {RUNS / raw:6.1f} runs/s {writes / raw:7.0f} writes/s;"
                f" the mirror has {raw / seconds:.0%} of it",
                flush=True,
            )


async def _mirrored(store: Journal, base_url: str, name: str) -> float:
    settings = PhoenixSettings(dataset=name)
    environ = {"PHOENIX_ENDPOINT": base_url}
    began = time.perf_counter()
    found = await make_mirror(settings, store, Path("evalgate.yaml"), environ, print).finish(1)
    assert found.ended, found
    return time.perf_counter() - began


async def _raw(store: Journal, base_url: str) -> float:
    """Return the seconds that the payloads of all runs took, posted to an experiment of their own."""
    (row,) = store.experiments(1)
    kept = store.mirror(row.id)
    assert kept is not None
    async with httpx.AsyncClient(base_url=base_url, timeout=60) as http:
        made = await http.post(
            f"v1/datasets/{kept.dataset}/experiments", json={"name": "raw", "version_id": kept.dataset_version}
        )
        experiment = made.json()["data"]["id"]
        listed = await http.get(f"v1/datasets/{kept.dataset}/examples", params={"version_id": kept.dataset_version})
        nodes = {each["id"]: each["node_id"] for each in listed.json()["data"]["examples"]}
        waiting = iter([run_record(run) for run in store.recorded_runs(row.id)])

        async def post() -> None:
            for run in waiting:
                body = run_body(run, node=nodes[run.example_id], repetition=1)
                answer = await http.post(f"v1/experiments/{experiment}/runs", json=body)
                run_id = answer.raise_for_status().json()["data"]["id"]
                for said in evaluation_bodies(run, row.specs, run_id=run_id):
                    (await http.post("v1/experiment_evaluations", json=said)).raise_for_status()

        began = time.perf_counter()
        await asyncio.gather(*(post() for _ in range(POSTERS)))
        return time.perf_counter() - began


def main() -> None:
    """Run what was asked for, on a server of this run's own."""
    run_speed.INSTANT = transport_speed.INSTANT.replace('"fine"', repr(VERDICT))
    asked = sys.argv[1:] or ["runs", "mirror", "traced"]
    session = Session()
    try:
        phoenix = server("plain")
        os.environ["PHOENIX_ENDPOINT"] = phoenix.base_url
        if "runs" in asked:
            runs(phoenix.base_url, phoenix.unique)
        if "mirror" in asked:
            mirror(phoenix.base_url, phoenix.unique)
        if "traced" in asked:
            mirror(phoenix.base_url, phoenix.unique, traced=True)
    finally:
        session.end()


if __name__ == "__main__":
    main()
