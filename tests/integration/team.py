"""A team's Phoenix, filled as people and other programs fill it: datasets, experiments, spans, and annotations."""

from __future__ import annotations

import asyncio
import io
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from tests.phoenix_server import PhoenixServer

START = datetime(2026, 1, 5, 12, tzinfo=UTC)


def span(output: Any = None, *, trace: str | None = None, parent: str | None = None, kind: str = "CHAIN", **more: Any):
    """Return a span as the server takes it: its input, its output, and other attributes."""
    values = {"output": output, "input": more.pop("input", None)}
    attributes: dict[str, Any] = {}
    for place, value in values.items():
        if value is not None:
            text = isinstance(value, str)
            attributes[f"{place}.value"] = value if text else json.dumps(value)
            attributes[f"{place}.mime_type"] = "text/plain" if text else "application/json"
    return {
        "name": "answer",
        "context": {"trace_id": trace or uuid.uuid4().hex, "span_id": uuid.uuid4().hex[:16]},
        "parent_id": parent,
        "span_kind": kind,
        "start_time": START.isoformat(),
        "end_time": (START + timedelta(seconds=1)).isoformat(),
        "status_code": "OK",
        "attributes": {**attributes, **more},
    }


class Team:
    """Writes to one server by its REST interface, as any other program does."""

    def __init__(self, server: PhoenixServer) -> None:
        self.server = server

    async def ask(self, path: str, method: str = "POST", **more: Any) -> Any:
        async with (
            aiohttp.ClientSession(headers=self.server.headers) as session,
            session.request(method, f"{self.server.base_url}/v1/{path}", **more) as answer,
        ):
            text = await answer.text()
            assert answer.status < 300, (path, answer.status, text)
            return json.loads(text) if text else None

    async def dataset(self, examples: list[dict[str, Any]], **columns: Any) -> tuple[str, str]:
        """Make a dataset of golden examples, and return its id and its name."""
        name = self.server.unique("team")
        body = {
            "action": "create",
            "name": name,
            "inputs": [each["input"] for each in examples],
            "outputs": [each["output"] for each in examples],
            "metadata": [each.get("metadata", {}) for each in examples],
            "example_ids": [each["id"] for each in examples],
            **columns,
        }
        return (await self.ask("datasets/upload?sync=true", json=body))["data"]["dataset_id"], name

    async def experiment(self, dataset: str, outputs: dict[str, Any], *, traced: bool = False) -> Experiment:
        """Make an experiment with one run for each example; `traced`: each has a trace of one span."""
        made = (await self.ask(f"datasets/{dataset}/experiments", json={"name": "somebody's ü → é"}))["data"]
        examples = (await self.ask(f"datasets/{dataset}/examples", "GET"))["data"]["examples"]
        runs, roots = {}, {}
        for each in examples:
            output = outputs[each["id"]]
            roots[each["id"]] = root = span(None if isinstance(output, Exception) else output, input=each["input"])
            body = {
                "dataset_example_id": each["node_id"],
                "output": None if isinstance(output, Exception) else output,
                "error": str(output) if isinstance(output, Exception) else None,
                "repetition_number": 1,
                "trace_id": root["context"]["trace_id"] if traced else None,
                "start_time": START.isoformat(),
                "end_time": START.isoformat(),
            }
            runs[each["id"]] = (await self.ask(f"experiments/{made['id']}/runs", json=body))["data"]["id"]
        if traced:
            await self.spans(made["project_name"], list(roots.values()))
        return Experiment(self, made["id"], made["project_name"], runs, roots)

    async def spans(self, project: str, spans: list[dict[str, Any]]) -> None:
        """Send spans, and wait until they are there: taking them in is asynchronous."""
        body = io.BytesIO(json.dumps({"data": spans}).encode())  # aiohttp sends no large bytes without a warning
        await self.ask(f"projects/{project}/spans", data=body, headers={"Content-Type": "application/json"})
        last = spans[-1]["context"]["span_id"]
        for _ in range(300):
            try:
                if (await self.ask(f"projects/{project}/spans", "GET", params={"span_id": last}))["data"]:
                    return
            except AssertionError:
                pass  # the project is made with its first span
            await asyncio.sleep(0.1)
        raise AssertionError(f"the spans of {project} did not arrive")

    async def say(self, name: str, labels: dict[str, str | None], *, by: str = "", kind: str = "HUMAN", **more: Any):
        """Annotate spans by their ids."""
        body = [
            {
                "span_id": span_id,
                "name": name,
                "annotator_kind": kind,
                "identifier": by,
                "result": {"label": label, "explanation": "because", **more},
            }
            for span_id, label in labels.items()
        ]
        await self.ask("span_annotations?sync=true", json={"data": body})


class Experiment:
    """One experiment: its runs' ids and the roots of their traces, by example."""

    def __init__(
        self, team: Team, identity: str, project: str, runs: dict[str, str], roots: dict[str, dict[str, Any]]
    ) -> None:
        self.team, self.id, self.project, self.runs, self.roots = team, identity, project, runs, roots

    async def say(self, name: str, labels: dict[str, str], *, kind: str = "HUMAN") -> None:
        """Evaluate runs, by example."""
        for example, label in labels.items():
            body = {
                "experiment_run_id": self.runs[example],
                "name": name,
                "annotator_kind": kind,
                "start_time": START.isoformat(),
                "end_time": START.isoformat(),
                "result": {"label": label},
            }
            await self.team.ask("experiment_evaluations", json=body)

    def span_id(self, example: str) -> str:
        return self.roots[example]["context"]["span_id"]
