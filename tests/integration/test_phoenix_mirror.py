"""A recorded build mirrored in a real Phoenix server, with everything between going wrong that can."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from evalgate.cli.mirroring import make_mirror
from evalgate.gate.mirror.links import MirrorLinks
from evalgate.gate.mirror.records import run_record
from evalgate.journal.store import Journal
from evalgate.journal.transfer import export_build
from evalgate.phoenix.experiments.layout import CHANGE
from evalgate.phoenix.experiments.layout_read import LayoutError, read_experiment, read_run
from evalgate.records import Side
from evalgate.suite.phoenix import PhoenixSettings
from tests.e2e.project import Project
from tests.phoenix_server import Fault, FaultProxy

EXAMPLES = 4
RUNS = 2 * EXAMPLES
TASK = """
ODD = ["\\ud800 and a \\x00", {"big": 10**30, "small": 1e-300, "zero": -0.0}, "ü" * 1_000_000]

def answer(input):
    if input["q"] == 3:
        raise ValueError("no \\ud83d luck")
    return ODD[input["q"]]
"""
BEFORE = "def answer(input):\n    return {'answer': input['q'] * 2}\n"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> Path:
    """A journal with one complete build, recorded without any Phoenix."""
    folder = tmp_path_factory.mktemp("recorded")
    project = Project(folder, examples=EXAMPLES)
    project.write("v2/app.py", TASK)
    project.write("v1/app.py", BEFORE)
    ended = project.prepare().evalgate("run", PHOENIX_ENDPOINT="")
    assert ended.code == 4 or ended.code == 1, ended.text
    return folder / ".evalgate" / "journal.db"


@pytest.fixture
def store(recorded, tmp_path):
    """A journal of the test's own with that build."""
    export_build(recorded, 1, tmp_path / "journal.db")
    with Journal(tmp_path / "journal.db") as journal:
        yield journal


class Team:
    """One journal's mirror on one server, and what is on that server."""

    def __init__(self, store, server, *, base_url=None, **settings):
        self.store, self.server = store, server
        self.base_url = base_url or server.base_url
        self.name = server.unique("mirror") + " {suite}"
        self.settings = PhoenixSettings(dataset=self.name, timeout=5, **settings)
        self.said = []

    def mirror(self):
        environ = {"PHOENIX_ENDPOINT": self.base_url}
        if self.server.api_key:
            environ["PHOENIX_API_KEY"] = self.server.api_key
        return make_mirror(self.settings, self.store, Path("evalgate.yaml"), environ, self.said.append)

    async def finish(self, **more):
        return await self.mirror().finish(1, **more)

    @property
    def dataset(self):
        return self.name.replace("{suite}", "doubling")

    async def ask(self, path, method="GET", **more):
        async with (
            aiohttp.ClientSession(headers=self.server.headers) as session,
            session.request(method, f"{self.server.base_url}/{path}", **more) as answer,
        ):
            text = await answer.text()
            assert answer.status < 300, (path, answer.status, text)
            return json.loads(text) if text else None

    async def dataset_id(self):
        return (await self.ask("v1/datasets", params={"name": self.dataset}))["data"][0]["id"]

    async def experiments(self):
        """What is there, by side: one experiment and its runs each. Two of one side are an error."""
        found = {}
        for each in (await self.ask(f"v1/datasets/{await self.dataset_id()}/experiments"))["data"]:
            side = Side(each["metadata"]["side"])
            assert side not in found, "made twice"
            try:
                runs = await self.ask(f"v1/experiments/{each['id']}/json")
            except AssertionError:
                runs = []
            found[side] = (each, runs)
        return found

    async def require_whole(self):
        """Assert that all is there, once, and comes back as the journal has it."""
        found = await self.experiments()
        assert set(found) == set(Side)
        for row in self.store.experiments(1):
            remote, runs = found[row.side]
            record = read_experiment(remote["metadata"])
            assert (record.side, record.task, record.specs, record.watched) == (
                row.side,
                row.task,
                row.specs,
                row.watched,
            )
            assert (record.complete, record.runs, record.withheld) == (True, EXAMPLES, False)
            wanted = {run.example_id: run_record(run) for run in self.store.recorded_runs(row.id)}
            back = {each.example_id: each for each in map(read_run, runs)}
            assert back == wanted
            assert {key: repr(each.outcome.output) for key, each in back.items()} == {
                key: repr(each.outcome.output) for key, each in wanted.items()
            }
            assert {each["repetition_number"] for each in runs} == {1}


@pytest.mark.parametrize("flavour", ["phoenix", "phoenix_auth", "phoenix_postgres", "phoenix_prefix"])
async def test_a_build_is_there_whole_and_comes_back_to_the_bit(store, request, flavour):
    team = Team(store, request.getfixturevalue(flavour))
    found = await team.finish()
    assert (found.runs, found.sent, found.ended, found.obstacle) == (RUNS, RUNS, True, None)
    await team.require_whole()
    remote, runs = (await team.experiments())[Side.CANDIDATE]
    assert remote["description"].startswith(("FAIL", "UNMEASURABLE"))
    assert remote["metadata"]["verdict"] == remote["description"].split()[0]
    assert remote["metadata"]["evaluators"] == ["exact_match"]
    failed = next(run for run in runs if run["error"])
    assert failed["error"].startswith("ValueError: no � luck (v2/app.py:")
    said = {run["output"] if isinstance(run["output"], str) else "": run["annotations"] for run in runs}
    assert "� and a \\x00" in said
    changes = [
        (each["label"], each["explanation"]) for run in runs for each in run["annotations"] if each["name"] == CHANGE
    ]
    assert ("regressed", 'Regressed in exact_match (1 → 0). The baseline answered: {"answer":2}') in changes


async def test_what_is_there_is_not_written_again(store, phoenix):
    team = Team(store, phoenix)
    async with FaultProxy(phoenix.base_url) as proxy:
        team.base_url = proxy.base_url
        await team.finish()
        written = len([1 for method, _ in proxy.requests if method != "GET"])
        proxy.requests.clear()
        assert (await team.finish()).ended
        assert not proxy.requests
        assert (await team.finish(again=True)).ended
        # Of traces nobody asks whether they are there: the same once more changes nothing.
        assert {method for method, path in proxy.requests if path != "/v1/traces"} == {"GET", "PATCH"}
        assert written > RUNS
    await team.require_whole()


FAULTS = [
    Fault(kind="status", status=401, path="/v1/", times=1),
    Fault(kind="status", status=403, path="/runs", method="POST", after=3),
    Fault(kind="status", status=404, path="/experiments/.*/runs", method="POST", after=3),
    Fault(kind="status", status=409, path="/experiments/.*/runs", method="POST", after=2),
    Fault(kind="status", status=422, path="experiment_evaluations", after=2),
    Fault(kind="status", status=500, path="experiment_evaluations", after=2),
    Fault(kind="status", status=500, path="/v1/datasets/upload"),
    Fault(kind="status", status=500, method="PATCH", path="/v1/experiments/"),
    Fault(kind="reset", path="/experiments/.*/runs", method="POST", after=3),
    Fault(kind="garbled", path="/experiments/.*/runs", method="POST", after=3),
    Fault(kind="lost", path="/v1/datasets/[^/]*/experiments", method="POST", times=1),
    Fault(kind="late", path="/v1/datasets/[^/]*/experiments", method="POST", times=1),
    Fault(kind="garbled", path="/v1/datasets/[^/]*/experiments", method="POST", times=1),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.path[-12:]}")
async def test_what_goes_wrong_is_said_and_made_up_for_without_doubles(store, phoenix, fault):
    fault = replace(fault)
    async with FaultProxy(phoenix.base_url, fault) as proxy:
        team = Team(store, phoenix, base_url=proxy.base_url)
        found = await team.finish()
        assert fault.used
        assert not found.ended
        assert found.obstacle
        lacking = MirrorLinks(store, {row.side: row for row in store.experiments(1)}).view()
        assert lacking.next_step == "evalgate phoenix sync 1"
        assert lacking.lacking.startswith(f"Phoenix has {found.sent} of {RUNS} runs: ")
        assert store.unmirrored() == [1]
        proxy.faults.clear()
        found = await team.finish()
        assert (found.sent, found.ended, found.obstacle) == (RUNS, True, None), found
    assert store.unmirrored() == []
    await team.require_whole()


PASSING = [
    Fault(kind="status", status=429, path="/runs", method="POST", times=3),
    Fault(kind="status", status=503, path="/v1/", times=3),
    Fault(kind="reset", path="experiment_evaluations", times=3),
    Fault(kind="lost", path="/experiments/.*/runs", method="POST", times=3),
    Fault(kind="lost", path="experiment_evaluations", times=3),
    Fault(kind="lost", path="/v1/datasets/upload", times=1),
    Fault(delay=0.5, path="/runs", method="POST"),
]


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: f"{fault.kind}-{fault.status}-{fault.path[-12:]}")
async def test_what_passes_is_lived_through(store, phoenix, fault):
    fault = replace(fault)
    async with FaultProxy(phoenix.base_url, fault) as proxy:
        team = Team(store, phoenix, base_url=proxy.base_url)
        found = await team.finish()
        assert fault.used
        assert (found.sent, found.ended, found.obstacle) == (RUNS, True, None)
    await team.require_whole()


async def test_a_server_that_is_away_is_said_at_once(store, phoenix):
    team = Team(store, phoenix, base_url="http://127.0.0.1:9")
    began = time.monotonic()
    found = await team.finish()
    assert time.monotonic() - began < 20
    assert (found.sent, found.ended) == (0, False)
    assert "was not reached" in found.obstacle
    team.base_url = phoenix.base_url
    assert (await team.finish()).ended
    await team.require_whole()


async def test_nobody_says_where_the_server_is(store, phoenix):
    team = Team(store, phoenix)
    team.base_url = ""
    found = await team.finish()
    assert found.obstacle == "PHOENIX_ENDPOINT is not set, and Phoenix is to be asked"
    assert store.unmirrored() == [1]


async def test_a_mirror_that_is_required_stands_against_the_build_until_it_is_whole(store, phoenix):
    before = store.problems(1)
    team = Team(store, phoenix, base_url="http://127.0.0.1:9", required=True)
    await team.finish()
    found = [each for each in store.problems(1) if each not in before]
    assert [(each.suite, each.kind, each.next_step) for each in found] == [
        ("doubling", "service", "evalgate phoenix sync 1")
    ]
    assert "`phoenix.required` asks for: " in found[0].message
    team.base_url = phoenix.base_url
    assert (await team.finish()).ended
    assert store.problems(1) == before
    remote, _ = (await team.experiments())[Side.CANDIDATE]
    assert "UNMEASURABLE" not in remote["description"]


async def test_a_dataset_of_that_name_that_evalgate_did_not_make_is_left_alone(store, phoenix):
    team = Team(store, phoenix)
    body = {"action": "create", "name": team.dataset, "inputs": [{"mine": 1}], "outputs": [{}], "example_ids": ["m"]}
    await team.ask("v1/datasets/upload?sync=true", "POST", json=body)
    found = await team.finish()
    assert "that evalgate did not make: it is left alone" in found.obstacle
    examples = await team.ask(f"v1/datasets/{await team.dataset_id()}/examples")
    assert [each["input"] for each in examples["data"]["examples"]] == [{"mine": 1}]
    assert await team.experiments() == {}


async def test_an_experiment_that_was_deleted_is_made_anew(store, phoenix):
    team = Team(store, phoenix)
    await team.finish()
    remote, _ = (await team.experiments())[Side.CANDIDATE]
    await team.ask(f"v1/experiments/{remote['id']}", "DELETE")
    assert (await team.finish(again=True)).ended
    await team.require_whole()


async def test_the_id_of_what_was_deleted_is_not_taken_for_it(store, phoenix):
    team = Team(store, phoenix)
    await team.finish()
    row = store.experiments(1)[0]
    other = store.mirror(store.experiments(1)[1].id)
    # As a server does that gives the ids of deleted experiments to new ones.
    store.set_mirror(replace(store.mirror(row.id), remote=other.remote, ended=False))
    await team.ask(f"v1/experiments/{(await team.experiments())[row.side][0]['id']}", "DELETE")
    assert (await team.finish()).ended
    await team.require_whole()


async def test_a_dataset_that_disappears_meanwhile_is_made_anew(store, phoenix):
    team = Team(store, phoenix)
    async with FaultProxy(phoenix.base_url, Fault(kind="status", status=403, path="/runs", after=4)) as proxy:
        team.base_url = proxy.base_url
        assert not (await team.finish()).ended
    await team.ask(f"v1/datasets/{await team.dataset_id()}", "DELETE")
    team.base_url = phoenix.base_url
    assert (await team.finish()).ended
    await team.require_whole()


async def test_two_builds_at_once_on_one_dataset_each_stand_on_what_they_ran(recorded, tmp_path, phoenix):
    stores = []
    for name, edit in (("a", None), ("b", 'UPDATE content SET body = replace(body, \'"lang":"en"\', \'"lang":"fr"\')')):
        export_build(recorded, 1, tmp_path / name)
        if edit:
            with closing(sqlite3.connect(tmp_path / name)) as db, db:
                db.execute(edit)
        stores.append(Journal(tmp_path / name))
    teams = [Team(each, phoenix) for each in stores]
    teams[1].name, teams[1].settings = teams[0].name, teams[0].settings
    found = await asyncio.gather(*(team.finish() for team in teams))
    assert [each.ended for each in found] == [True, True], found
    for team in teams:
        for mirror in team.store.mirrors(1):
            path = f"v1/datasets/{mirror.dataset}/examples"
            there = await team.ask(path, params={"version_id": mirror.dataset_version})
            stored = {each["id"]: each["metadata"] for each in there["data"]["examples"]}
            assert stored == {each.id: each.metadata for each in team.store.examples(1, "doubling")}
        team.store.close()


async def test_what_is_withheld_is_not_there_and_is_no_baseline(store, phoenix):
    team = Team(store, phoenix, content="hashed")
    assert (await team.finish()).ended
    (remote, runs), _ = (await team.experiments()).values()
    assert read_experiment(remote["metadata"]).withheld
    assert all(run["error"] or set(run["output"]) == {"sha256", "length"} for run in runs)
    assert all(set(run["input"]) == {"sha256", "length"} for run in runs)
    assert "luck" not in json.dumps(runs)
    for run in runs:
        with pytest.raises(LayoutError, match="withheld"):
            read_run(run)


async def test_a_build_is_written_by_one_process(store, phoenix):
    team = Team(store, phoenix)
    found = await asyncio.gather(team.finish(), team.finish())
    assert sorted(each.ended for each in found) == [False, True] or all(each.ended for each in found)
    assert (await team.finish()).ended
    await team.require_whole()


async def test_stopping_it_leaves_the_rest_for_later(store, phoenix):
    team, stop = Team(store, phoenix), asyncio.Event()
    stop.set()
    found = await team.finish(stop=stop)
    assert not found.ended
    assert "it was stopped" in found.obstacle
    assert (await team.finish()).ended
    await team.require_whole()


async def test_the_key_is_in_no_row_of_the_journal(store, phoenix_auth, tmp_path):
    team = Team(store, phoenix_auth)
    await team.finish()
    async with FaultProxy(phoenix_auth.base_url) as proxy:
        proxy.faults.append(
            Fault(kind="status", status=500, body=json.dumps({"detail": f"key {phoenix_auth.api_key}"}))
        )
        team.base_url = proxy.base_url
        found = await team.finish(again=True)
    assert "***" in found.obstacle
    store.close()
    held = b"".join(path.read_bytes() for path in tmp_path.glob("journal.db*"))
    assert phoenix_auth.api_key.encode() not in held
