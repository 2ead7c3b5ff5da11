"""A Phoenix that has the world in it: filled once through OTLP, kept as its database, copied for each session of tests.

Filling takes a minute or more, since the server takes in some 170 spans a second. What is kept is named by all that it
depends on: this package's files, the libraries that write spans, the server's version, the world's size and seed.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from filelock import FileLock
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from evalgate.phoenix.server import VERSION
from evalgate.phoenix.server.environment import cache_folder
from tests.curation_world.assistant import Assistant, Ids, root_id
from tests.curation_world.plan import Asked, World, world
from tests.phoenix_server import PhoenixServer
from tests.phoenix_server.own import OwnServer

PROJECT = "recipes"
_PATIENCE_S = 900.0
_AT_ONCE = 250
_DATABASE = "phoenix.db"
_LIBRARIES = (
    "opentelemetry-sdk",
    "openinference-instrumentation-openai",
    "openinference-instrumentation-anthropic",
)


@dataclass(frozen=True, kw_only=True)
class Filled:
    """A server that has a world in one of its projects."""

    world: World
    server: PhoenixServer
    project: str

    def id_of(self, asked: Asked) -> str:
        """Return the id of the candidate that a trace becomes."""
        return f"span:{root_id(self.project, asked.number)}"

    @property
    def by_id(self) -> dict[str, Asked]:
        """Return every trace by its candidate's id."""
        return {self.id_of(each): each for each in self.world.asked}


@contextmanager
def filled(folder: Path, *, size: int = 5_000, seed: int = 8) -> Iterator[Filled]:
    """Run a server of one's own that has the world in it; its data are in `folder` and may be changed."""
    there = world(size, seed)
    own = OwnServer(folder / "phoenix")
    kept = cache_folder(os.environ).with_name("curation-world") / f"{size}-{seed}-{_digest(size, seed)}.db"
    kept.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{kept}.lock"):
        if not kept.exists():
            _keep(own, there, kept)
    for log in ("-wal", "-shm"):
        (own.server.data / f"{_DATABASE}{log}").unlink(missing_ok=True)
    own.server.data.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(kept, own.server.data / _DATABASE)
    try:
        server = own.start()
        yield Filled(world=there, server=server, project=PROJECT)
    finally:
        own.stop()


def _keep(own: OwnServer, there: World, kept: Path) -> None:
    """Fill a server and keep its database, whole; older ones of the same world go."""
    began = time.monotonic()
    try:
        count = fill(own.start(), PROJECT, there)
    finally:
        own.stop()
    print(f"{len(there.asked):,} traces, {count:,} spans: {time.monotonic() - began:.0f} s", file=sys.stderr)
    of_it, _, _ = kept.stem.rpartition("-")
    for old in kept.parent.glob(f"{of_it}-*.db"):
        old.unlink()
    part = kept.with_suffix(".part")
    part.unlink(missing_ok=True)
    with closing(sqlite3.connect(own.server.data / _DATABASE)) as database:  # what is in its log belongs to it
        database.execute("VACUUM INTO ?", (str(part),))
    part.rename(kept)


def fill(server: PhoenixServer, project: str, there: World) -> int:
    """Send the world's traces to a server, in order, annotate them, and return how many spans it has."""
    ids = Ids(project)
    provider = TracerProvider(resource=Resource({"openinference.project.name": project}), id_generator=ids)
    exporter = OTLPSpanExporter(endpoint=f"{server.base_url}/v1/traces", headers=server.headers, timeout=120)
    made = InMemorySpanExporter()
    provider.add_span_processor(SimpleSpanProcessor(made))
    assistant = Assistant(provider, ids)
    count = 0
    for start in range(0, len(there.asked), _AT_ONCE):
        count += sum(map(assistant.answer, there.asked[start : start + _AT_ONCE]))
        assert exporter.export(made.get_finished_spans()) is SpanExportResult.SUCCESS
        made.clear()
        _wait(server, project, count)  # a server takes in several requests at once in an order of its own
    provider.shutdown()
    _annotate(server, project, there.asked)
    return count


def _wait(server: PhoenixServer, project: str, count: int) -> None:
    query = f'{{ getProjectByName(name: "{project}") {{ recordCount }} }}'
    until = time.monotonic() + _PATIENCE_S
    seen = None
    while time.monotonic() < until:
        found = _post(server, "graphql", {"query": query})["data"]["getProjectByName"]
        seen = found and found["recordCount"]
        if seen == count:
            return
        time.sleep(0.1)
    raise AssertionError(f"{seen} of {count} spans of {project} arrived")


def _annotate(server: PhoenixServer, project: str, asked: tuple[Asked, ...]) -> None:
    """Say what customers and judges said of the traces' roots."""
    said: list[dict[str, Any]] = []
    for each in asked:
        span = root_id(project, each.number)
        if each.thumb is not None:
            up = {"label": "thumbs_up" if each.thumb else "thumbs_down", "score": float(each.thumb)}
            said.append(_annotation(span, "user_feedback", "HUMAN", "customer", up))
        for judge, score in zip(("judge-a", "judge-b"), each.scores or (), strict=False):
            level = {"label": "helpful" if score >= 0.5 else "unhelpful", "score": score}
            said.append(_annotation(span, "helpfulness", "LLM", judge, level))
    for start in range(0, len(said), _AT_ONCE):
        _post(server, "v1/span_annotations?sync=true", {"data": said[start : start + _AT_ONCE]})


def _annotation(span: str, name: str, kind: str, who: str, result: dict[str, Any]) -> dict[str, Any]:
    return {"span_id": span, "name": name, "annotator_kind": kind, "identifier": who, "result": result}


def _post(server: PhoenixServer, path: str, body: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        f"{server.base_url}/{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", **server.headers},
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.loads(answer.read())


def _digest(size: int, seed: int) -> str:
    found = hashlib.sha256(repr((size, seed, VERSION, [(each, version(each)) for each in _LIBRARIES])).encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        found.update(path.read_bytes())
    return found.hexdigest()[:16]
