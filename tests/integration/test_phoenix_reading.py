"""Experiments read back from a real server: as they were written, or refused with the reason."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from urllib.parse import quote

import pytest

from evalgate.canonical import content_hash
from evalgate.errors import BaselineError
from evalgate.phoenix.address import Address
from evalgate.phoenix.connection import Connection, connect
from evalgate.phoenix.experiments.baselines import PhoenixBaselines
from evalgate.phoenix.experiments.layout import NAME, evaluation_bodies, experiment_metadata, run_body
from evalgate.phoenix.experiments.records import BuildRecord, DrawRecord, ExperimentRecord, RunRecord
from evalgate.phoenix.experiments.tags import move_tag
from evalgate.phoenix.experiments.writing import (
    NewExperiment,
    RemoteExperiment,
    create_experiment,
    post_evaluations,
    post_run,
)
from evalgate.records import ErrorKind, Evaluation, EvaluatorSpec, Failure, Side, TaskOutcome, Usage
from evalgate.suite.baselines import read_baseline

RECORD = ExperimentRecord(
    uid="u1",
    build=BuildRecord(
        id=7,
        created_at="2026-01-02T03:04:05.678+00:00",
        config_file="evalgate.yaml",
        config={"suites": {}},
        evalgate_version="1",
        commit="c" * 40,
    ),
    suite="support",
    side=Side.BASELINE,
    label="main@ccccccc",
    dataset="d" * 64,
    dataset_version="e" * 64,
    repetitions=1,
    task="t" * 64,
    evaluators="v" * 64,
    specs=(EvaluatorSpec(name="exact"),),
    commit="c" * 40,
    draws=(DrawRecord(key="k", candidate=0, baseline=2),),
    samples={"k-1": 1, "k-2": 2},
    runs=4,
    complete=True,
)
OUTPUTS = ({"answer": "Zürich \x00 \ud800", "n": 1e20}, {"answer": 1})


def run(example: int, sample: str) -> RunRecord:
    outcome = TaskOutcome(output=OUTPUTS[example], usage=(Usage(model="m", input_tokens=3, output_tokens=4),))
    if (example, sample) == (1, "k-2"):
        outcome = TaskOutcome(failure=Failure(kind=ErrorKind.TASK, type="KeyError", message="city"))
    said = () if outcome.failure else (Evaluation(name="exact", score=0.5, explanation="so so", metadata={"a": [1]}),)
    return RunRecord(
        example_id=f"e{example}",
        position=example,
        content=content_hash(example),
        sample=sample,
        started_at="2026-01-02T03:04:06+00:00",
        outcome=outcome,
        evaluations=said,
    )


RUNS = [run(example, sample) for sample in RECORD.samples for example in (0, 1)]


@dataclass
class Written:
    connection: Connection
    dataset: str
    remote: RemoteExperiment
    runs: list[str]

    @property
    def store(self) -> PhoenixBaselines:
        return PhoenixBaselines(self.connection)

    async def patch(self, **metadata):
        kept = {**self.remote.metadata, **metadata}
        path = f"v1/experiments/{self.remote.id}"
        await self.connection.rest("PATCH", path, doing="patching", body={"metadata": kept})

    async def record(self, record):
        await self.patch(**experiment_metadata(record, {}))

    async def read(self):
        kept = await self.store.by_id(quote(self.remote.id))  # as it stands in the address of its page
        return kept.record, [each async for each in kept.runs()]


@asynccontextmanager
async def written(server, runs=RUNS, record=RECORD):
    """Yield an experiment as a mirror writes it, on a dataset of its own."""
    async with connect(Address(name=None, base_url=server.base_url, api_key=server.api_key)) as connection:
        name = server.unique("reading")
        body = {"action": "create", "name": name, "inputs": [{"q": 0}, {"q": 1}], "outputs": [{}, {}]}
        body |= {"metadata": [{}, {}], "example_ids": ["e0", "e1"]}
        made = await connection.rest("POST", "v1/datasets/upload", doing="x", query={"sync": "true"}, body=body)
        dataset = made["data"]["dataset_id"]
        there = (await connection.rest("GET", f"v1/datasets/{dataset}/examples", doing="x"))["data"]
        nodes = {each["id"]: each["node_id"] for each in there["examples"]}
        remote = await create_experiment(
            connection,
            NewExperiment(
                dataset=dataset,
                version=there["version_id"],
                name="support baseline: main → …",
                description="",
                metadata=experiment_metadata(record, {}),
                repetitions=2,
            ),
        )
        ids = []
        for each in runs:
            posted = run_body(each, node=nodes[each.example_id], repetition=record.samples[each.sample])
            ids.append(await post_run(connection, remote.id, posted))
            await post_evaluations(connection, evaluation_bodies(each, record.specs, run_id=ids[-1]))
        yield Written(connection=connection, dataset=name, remote=remote, runs=ids)


@pytest.mark.parametrize("flavour", ["phoenix", "phoenix_auth", "phoenix_postgres", "phoenix_prefix"])
async def test_what_was_written_comes_back_as_it_was(flavour, request):
    async with written(request.getfixturevalue(flavour)) as one:
        record, runs = await one.read()
        assert record == RECORD
        assert sorted(runs, key=lambda each: (each.sample, each.position)) == RUNS
        with pytest.raises(BaselineError, match="has the tag baseline"):
            await one.store.named(read_baseline("phoenix-tag:baseline"), one.dataset)
        for tag in ("baseline", "production"):
            await move_tag(one.connection, one.remote.id, tag, "")
            named = await one.store.named(read_baseline(f"phoenix-tag:{tag}"), one.dataset)
            assert named.remote.id == one.remote.id
        found = [
            each.record.uid async for each in one.store.matching(one.dataset, lambda record: record.task[0] == "t")
        ]
        assert found == ["u1"]


REFUSED = {
    "not whole": (replace(RECORD, complete=False), "not whole"),
    "withheld": (replace(RECORD, withheld=True), "withheld"),
    "of the future": (
        replace(RECORD, build=replace(RECORD.build, created_at="2999-01-01T00:00:00+00:00")),
        "older than the build",
    ),
    "without a time": (replace(RECORD, build=replace(RECORD.build, created_at="today")), "damaged"),
    "a huge draw": (replace(RECORD, draws=(DrawRecord(key=None, candidate=0, baseline=10**9),)), "damaged"),
    "other types": (replace(RECORD, task=5), "damaged"),
    "odd samples": (replace(RECORD, samples={"'; DROP": 1}), "damaged"),
    "runs lacking": (replace(RECORD, runs=5), "5 runs, and 4 of them are there"),
    "runs too many": (replace(RECORD, runs=3), "more than its 3 runs"),
    "another evaluator's": (replace(RECORD, specs=(EvaluatorSpec(name="other"),)), "record of a run is damaged"),
}


async def test_what_is_not_what_was_written_is_refused_with_the_reason(phoenix):
    async with written(phoenix) as one:
        for name, (record, words) in REFUSED.items():
            await one.record(record)
            with pytest.raises(BaselineError, match=words) as refused:
                await one.read()
            assert "support baseline" in refused.value.message, name
            assert refused.value.next_step, name
        for kept, words in (
            (None, "did not make"),
            ("no", "did not make"),
            ({"format": 99, "record": "{}"}, "format 99"),
            ({"format": 1, "record": "[" * 9999}, "damaged"),
            ({"format": 1, "record": "{}"}, "damaged"),
            ({"format": 1}, "damaged"),
        ):
            await one.patch(**{NAME: kept})
            with pytest.raises(BaselineError, match=words):
                await one.read()
        assert [each async for each in one.store.matching(one.dataset, lambda _: True)] == []
        for name in ("RXhwZXJpbWVudDo5OTk5OTk=", "../datasets", "", "x" * 999):
            with pytest.raises(BaselineError, match="has no experiment"):
                await one.store.by_id(name)


SAID = {"name": "exact", "score": 1, "label": None, "metadata": {}, "failure": None, "usage": []}


def changed(**fields):
    """Return what a run's record says when somebody has changed it."""

    def change(kept):
        return {**kept, **fields}

    return change


TAMPERED = {
    "another output": (changed(outcome={"output_hash": "0" * 64}), "record of the run is damaged"),
    "another example's name": (changed(example_id="e\x000"), "record of a run is damaged"),
    "no position": (changed(position="first"), "record of a run is damaged"),
    "a sample twice": (changed(sample="k-2"), "record of a run is damaged"),
    "another content": (changed(content=content_hash("other")), "two versions of one example"),
    "a hash that is none": (changed(content="x"), "record of a run is damaged"),
    "no time": (changed(started_at="now"), "record of a run is damaged"),
    "withheld": (changed(withheld=True), "withheld"),
    "scores that are none": (
        changed(evaluations=[{**SAID, "score": "1"}]),
        "record of a run is damaged",
    ),
}  # fmt: skip


async def test_a_run_that_somebody_changed_is_refused(phoenix):
    async with written(phoenix) as one:
        (*_, body) = evaluation_bodies(RUNS[0], RECORD.specs, run_id=one.runs[0])
        record = json.loads(body["metadata"]["record"])
        for name, (change, words) in TAMPERED.items():
            told = {**body, "metadata": {**body["metadata"], "record": json.dumps(change(record))}}
            await post_evaluations(one.connection, [told])
            with pytest.raises(BaselineError, match=words) as refused:
                await one.read()
            assert refused.value.next_step, name
        await post_evaluations(one.connection, [{**body, "metadata": {}}])
        with pytest.raises(BaselineError, match="format None"):
            await one.read()
        await post_evaluations(one.connection, [body])
        assert (await one.read())[0] == RECORD
