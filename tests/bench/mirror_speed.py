"""What the mirror in Phoenix costs: `python -m tests.bench.mirror_speed [beside] [rate]`, a server of its own each.

`beside`: 300 prompts with a judge each, 200 ms a call, two code evaluators, 10 in flight, alone and with the mirror
beside it, by turns. `rate`: 1,000 runs with three evaluations mirrored, against the same bodies posted by plain httpx.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from evalgate.cli.mirroring import make_mirror
from evalgate.gate.mirror.posting import POSTERS
from evalgate.gate.mirror.records import run_record
from evalgate.journal.store import Journal
from evalgate.phoenix.experiments.layout import evaluation_bodies, run_body
from evalgate.phoenix.server.environment import server_python
from evalgate.phoenix.server.launch import free_port, launch
from evalgate.phoenix.server.processes import end
from evalgate.suite.phoenix import PhoenixSettings
from tests.bench import transport_speed
from tests.bench.judges_speed import VERDICT
from tests.bench.run_speed import LATENCY, run
from tests.bench.transport_speed import served
from tests.e2e.project import Project

EXAMPLES, IN_FLIGHT = 300, 10
RUNS = 1_000
ROUNDS = 3


@contextmanager
def phoenix(data: Path) -> Iterator[str]:
    """Run a server for as long as it lasts."""
    server = launch(server_python(os.environ, print), data, os.environ, settings=None, port=free_port())
    try:
        yield server.base_url
    finally:
        end(server.pid, server.started)


def judged(folder: Path, base_url: str) -> Project:
    """Write a project of prompts with a judge and two code evaluators."""
    suite = {
        "task": {"prompt": "p.yaml", "model": "bench/m"},
        "baseline": ...,
        "evaluators": [
            {"judge": "correctness", "model": "bench/judge"},
            {"regex": {"pattern": "."}},
            {"json_valid": {}},
        ],
        "checks": {"correctness": {"at_least": 0.5}},
    }
    project = Project(folder, suite=suite, examples=EXAMPLES)
    project.write("p.yaml", "messages: [{role: user, content: 'What is {{ q }} times two?'}]")
    config = project.prepare().folder / "evalgate.yaml"
    endpoint = {"base_url": base_url, "concurrency": IN_FLIGHT}
    config.write_text(config.read_text() + f"endpoints: {{bench: {json.dumps(endpoint)}}}\nphoenix: {{}}\n")
    return project


def beside(base_url: str) -> None:
    """Print what a run takes alone and with its mirror, by turns on one machine."""
    ideal = 2 * EXAMPLES * LATENCY / IN_FLIGHT
    with tempfile.TemporaryDirectory() as folder, phoenix(Path(folder) / "data") as server:
        project = judged(Path(folder) / "project", base_url)
        for number in range(ROUNDS):
            for publish in ("false", "true"):
                shutil.rmtree(project.folder / ".evalgate", ignore_errors=True)
                os.environ["PHOENIX_ENDPOINT"] = server
                config = project.folder / "evalgate.yaml"
                config.write_text(config.read_text().rpartition("phoenix:")[0] + f"phoenix: {{publish: {publish}}}\n")
                found = run(project)
                which = "mirrored" if publish == "true" else "alone   "
                print(
                    f"{number + 1}. {which} {found['build']:6.2f} s to the verdict, {found['wall']:6.2f} s in all,"
                    f" {ideal / found['build']:.1%} of the ideal {ideal:.1f} s",
                    flush=True,
                )


def rate() -> None:
    """Print how many writes a second the mirror makes, and plain httpx with the same bodies."""
    with tempfile.TemporaryDirectory() as folder, phoenix(Path(folder) / "data") as server:
        suite = {
            "baseline": ...,
            "evaluators": [{"exact_match": {"path": "answer"}}, {"regex": {"pattern": "."}}, {"json_valid": {}}],
            "checks": {"exact_match": {"at_least": 0.5}},
        }
        project = Project(Path(folder) / "project", suite=suite, examples=RUNS).prepare()
        run(project)
        for number in range(ROUNDS):
            copy = Path(shutil.copy(project.folder / ".evalgate" / "journal.db", Path(folder) / f"{number}.db"))
            with Journal(copy, create=False) as journal:
                writes, seconds = asyncio.run(_mirrored(journal, server, f"round {number} {{suite}}"))
                raw = asyncio.run(_raw(journal, server))
                print(
                    f"{number + 1}. the mirror {writes / seconds:6.0f} writes/s, plain httpx {writes / raw:6.0f},"
                    f" {raw / seconds:.0%} of it",
                    flush=True,
                )


async def _mirrored(journal: Journal, server: str, dataset: str) -> tuple[int, float]:
    settings = PhoenixSettings(dataset=dataset)
    made = make_mirror(settings, journal, Path("evalgate.yaml"), {"PHOENIX_ENDPOINT": server}, lambda _: None)
    began = time.perf_counter()
    found = await made.finish(1)
    assert found.ended, found
    return RUNS * 5, time.perf_counter() - began


async def _raw(journal: Journal, server: str) -> float:
    """Post the bodies of every run once more, to an experiment of its own; return the seconds."""
    (row,) = journal.experiments(1)
    mirror = journal.mirror(row.id)
    assert mirror is not None
    records = [run_record(each) for each in journal.recorded_runs(row.id)]
    async with httpx.AsyncClient(base_url=server, timeout=60) as client:
        path = f"v1/datasets/{mirror.dataset}"
        examples = (await client.get(f"{path}/examples", params={"version_id": mirror.dataset_version})).json()
        nodes = {each["id"]: each["node_id"] for each in examples["data"]["examples"]}
        body = {"name": "raw", "version_id": mirror.dataset_version}
        experiment = (await client.post(f"{path}/experiments", json=body)).json()["data"]["id"]
        waiting = iter(records)

        async def post() -> None:
            for record in waiting:
                said = run_body(record, node=nodes[record.example_id], repetition=1)
                answer = (await client.post(f"v1/experiments/{experiment}/runs", json=said)).raise_for_status()
                for each in evaluation_bodies(record, row.specs, run_id=answer.json()["data"]["id"]):
                    (await client.post("v1/experiment_evaluations", json=each)).raise_for_status()

        began = time.perf_counter()
        await asyncio.gather(*(post() for _ in range(POSTERS)))
        return time.perf_counter() - began


def main() -> None:
    """Run what was asked for."""
    transport_speed.INSTANT = transport_speed.INSTANT.replace('"fine"', repr(VERDICT))
    asked = sys.argv[1:] or ["beside", "rate"]
    if "beside" in asked:
        served(LATENCY, beside)
    if "rate" in asked:
        rate()


if __name__ == "__main__":
    main()
