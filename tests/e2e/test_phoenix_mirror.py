"""Builds mirrored in a real Phoenix server, as people run them: beside the run, killed in the middle, made up for."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from contextlib import closing

import pytest
import yaml

from evalgate.phoenix.server.environment import server_python
from evalgate.phoenix.server.launch import free_port, launch
from evalgate.phoenix.server.processes import end
from tests.e2e.project import Project, environment
from tests.phoenix_server import Fault, FaultProxy

WORSE = "def answer(input):\n    return {'answer': input['q'] * (3 if input['q'] % 2 else 2)}\n"
SLOW = "import time\n\ndef answer(input):\n    time.sleep(0.01)\n    return {'answer': input['q'] * 2}\n"


@pytest.fixture
def team(tmp_path, phoenix):
    """A project that mirrors, to a dataset of its own."""
    return mirroring(Project(tmp_path, examples=10), phoenix.unique("gate") + " {suite}")


def mirroring(project, name, **settings):
    project.prepare()
    path = project.folder / "evalgate.yaml"
    config = yaml.safe_load(path.read_text())
    config["phoenix"] = {"dataset": name, **settings}
    path.write_text(yaml.safe_dump(config))
    return project


def running(project, *arguments, **env):
    return subprocess.Popen(
        [sys.executable, "-m", "evalgate", *arguments],
        cwd=project.folder,
        env=environment(**env),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ask(base_url, path, method="GET", body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{base_url}/{path}", data=data, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def experiments(base_url, project):
    """The experiments of the project's own dataset, each with its runs."""
    name = yaml.safe_load((project.folder / "evalgate.yaml").read_text())["phoenix"]["dataset"]
    quoted = urllib.parse.quote(name.replace("{suite}", "doubling"))
    (dataset,) = ask(base_url, f"v1/datasets?name={quoted}")["data"]
    found = ask(base_url, f"v1/datasets/{dataset['id']}/experiments")["data"]
    return [(each, ask(base_url, f"v1/experiments/{each['id']}/json")) for each in reversed(found)]


def decision(project):
    """What is decided, without what reports say of Phoenix and of time."""
    found = json.loads(project.evalgate("decide", "--json").out)
    for suite in found["suites"]:
        suite.pop("phoenix")
        for example in suite["examples"]:
            example.pop("link")
    return found


def in_journal(project, query):
    with closing(sqlite3.connect(project.folder / ".evalgate" / "journal.db")) as db, db:
        return db.execute(query).fetchall()


def test_a_run_is_mirrored_and_its_reports_lead_there(team, phoenix):
    team.write("v2/app.py", WORSE)
    ended = team.run(
        "--report-json", "r.json", "--junit", "j.xml", "--markdown", "s.md", PHOENIX_ENDPOINT=phoenix.base_url
    )
    assert ended.code == 1, ended.text
    baseline, candidate = sorted(experiments(phoenix.base_url, team), key=lambda each: each[0]["metadata"]["side"])
    assert [len(runs) for _, runs in (baseline, candidate)] == [10, 10]
    report = json.loads((team.folder / "r.json").read_text())["suites"][0]
    dataset = candidate[0]["dataset_id"]
    compare = (
        f"{phoenix.base_url}/datasets/{dataset}/compare"
        f"?experimentId={baseline[0]['id']}&experimentId={candidate[0]['id']}"
    )
    assert report["phoenix"] == {
        "compare": compare,
        "experiments": {
            "candidate": f"{phoenix.base_url}/datasets/{dataset}/experiments/{candidate[0]['id']}",
            "baseline": f"{phoenix.base_url}/datasets/{dataset}/experiments/{baseline[0]['id']}",
        },
        "lacking": None,
        "next_step": None,
    }
    assert f"in Phoenix: {compare}\n" in ended.out
    assert compare.replace("&", "&amp;") in (team.folder / "j.xml").read_text()
    assert f'<a href="{compare.replace("&", "&amp;")}">Compare in Phoenix</a>' in (team.folder / "s.md").read_text()
    link = f"{phoenix.base_url}/redirects/datasets/{dataset}/examples/e1"
    assert link in [each["link"] for each in report["examples"]]
    assert link in team.evalgate("show", "e1").out
    assert candidate[0]["metadata"]["verdict"] == "FAIL"
    regressed = [
        run["input"]["q"]
        for run in candidate[1]
        for said in run["annotations"]
        if (said["name"], said["label"]) == ("evalgate.change", "regressed")
    ]
    assert sorted(regressed) == [1, 3, 5, 7, 9]


def test_the_server_is_away_from_the_beginning(team, phoenix):
    ended = team.run(PHOENIX_ENDPOINT="http://127.0.0.1:9")
    assert ended.code == 0, ended.text
    assert "Phoenix has 0 of 20 runs: " in ended.out
    assert "next: evalgate phoenix sync 1" in ended.out
    before = decision(team)
    failed = team.evalgate("phoenix", "sync", PHOENIX_ENDPOINT="http://127.0.0.1:9")
    assert failed.code == 4
    assert "evalgate: build 1 is not all in Phoenix: " in failed.err
    assert "next: evalgate phoenix sync 1, once that is mended" in failed.err
    ended = team.evalgate("phoenix", "sync", PHOENIX_ENDPOINT=phoenix.base_url)
    assert (ended.code, ended.out) == (0, "build 1: 20 of 20 runs are in Phoenix\n"), ended.text
    assert [len(runs) for _, runs in experiments(phoenix.base_url, team)] == [10, 10]
    assert decision(team) == before
    ended = team.evalgate("phoenix", "sync", PHOENIX_ENDPOINT=phoenix.base_url)
    assert ended.out == "nothing is left to mirror: all that was begun is in Phoenix\n"


def test_a_required_mirror_that_fails_is_unmeasurable_until_it_is_made_up_for(tmp_path, phoenix):
    project = mirroring(Project(tmp_path, examples=4), phoenix.unique("gate") + " {suite}", required=True)
    ended = project.run(PHOENIX_ENDPOINT="http://127.0.0.1:9")
    assert ended.code == 4, ended.text
    assert "`phoenix.required` asks for" in ended.out
    assert project.evalgate("decide").code == 4
    assert project.evalgate("phoenix", "sync", PHOENIX_ENDPOINT=phoenix.base_url).code == 0
    assert project.evalgate("decide").code == 0


def test_a_sample_is_not_mirrored_and_the_config_may_say_no(tmp_path):
    project = mirroring(Project(tmp_path, examples=4), "never {suite}")
    assert "in Phoenix" not in project.run("--limit", "2", PHOENIX_ENDPOINT="http://127.0.0.1:9").text
    project.run("--set", "phoenix.publish=false", PHOENIX_ENDPOINT="http://127.0.0.1:9")
    assert in_journal(project, "SELECT * FROM mirror") == []
    ended = project.evalgate("phoenix", "sync", "1", PHOENIX_ENDPOINT="http://127.0.0.1:9")
    assert (ended.code, ended.err) == (
        2,
        "evalgate: build 1 is a sample (--limit 2): it is not mirrored\n  next: evalgate journal list\n",
    )


async def test_killed_while_it_mirrors_and_made_up_for_without_doubles(team, phoenix):
    async with FaultProxy(phoenix.base_url) as proxy:
        process = running(team, "run", PHOENIX_ENDPOINT=proxy.base_url)

        def watching(method, path):
            if path.endswith("/runs") and proxy.count("/runs") == 7:
                os.kill(process.pid, signal.SIGKILL)

        proxy.watched.append(watching)
        await asyncio.to_thread(process.communicate)
    assert process.returncode == -signal.SIGKILL
    if in_journal(team, "SELECT status FROM build") == [("running",)]:
        assert team.run("--resume", PHOENIX_ENDPOINT=phoenix.base_url).code == 0
    else:
        assert team.evalgate("phoenix", "sync", PHOENIX_ENDPOINT=phoenix.base_url).code == 0
    found = experiments(phoenix.base_url, team)
    assert sorted(each["metadata"]["side"] for each, _ in found) == ["baseline", "candidate"]
    assert [len(runs) for _, runs in found] == [10, 10]
    assert all(
        {said["name"] for said in run["annotations"]} == {"exact_match", "evalgate"}
        for _, runs in found
        for run in runs
    )


def test_a_server_killed_in_the_middle_of_500_examples_loses_nothing(tmp_path):
    """A server of this test's own: killed, and started again on its data."""
    suite = {"baseline": None, "checks": {"exact_match": {"at_least": 0.5}}}
    project = Project(tmp_path / "project", examples=500, suite=suite)
    project.folder.mkdir()
    project.write("v2/app.py", SLOW)
    mirroring(project, "killed {suite}")
    python = server_python(os.environ, lambda _: None)
    port = free_port()
    server = launch(python, tmp_path / "data", os.environ, settings=None, port=port)
    try:
        process = running(project, "run", "--report-json", "r.json", PHOENIX_ENDPOINT=server.base_url)
        journal, until = project.folder / ".evalgate" / "journal.db", time.monotonic() + 60
        while time.monotonic() < until and not (journal.exists() and _sent(project) >= 20):
            time.sleep(0.05)
        os.kill(server.pid, signal.SIGKILL)
        out, _ = process.communicate(timeout=120)
        report = json.loads((project.folder / "r.json").read_text())
        assert (process.returncode, report["verdict"]) == (0, "PASS"), out
        before = _sent(project)
        assert 20 <= before < 500
        assert f"Phoenix has {before} of 500 runs: " in out
        assert in_journal(project, "SELECT count(*) FROM run") == [(500,)]
        end(server.pid, server.started)
        server = launch(python, tmp_path / "data", os.environ, settings=None, port=port)
        ended = project.evalgate("phoenix", "sync", PHOENIX_ENDPOINT=server.base_url, timeout=240)
        assert ended.out == "build 1: 500 of 500 runs are in Phoenix\n", ended.text
        ((_, runs),) = experiments(server.base_url, project)
        assert sorted(run["input"]["q"] for run in runs) == [*range(500)]
        assert project.evalgate("decide").code == 0
    finally:
        end(server.pid, server.started)


def _sent(project):
    try:
        return in_journal(project, "SELECT count(*) FROM mirror_run")[0][0]
    except sqlite3.OperationalError:
        return 0


def test_a_dataset_of_phoenix_carries_its_own_experiments(tmp_path, phoenix):
    name = phoenix.unique("golden")
    body = {
        "action": "create",
        "name": name,
        "inputs": [{"q": n} for n in range(4)],
        "outputs": [{"answer": 2 * n} for n in range(4)],
        "example_ids": [f"e{n}" for n in range(4)],
    }
    made = ask(phoenix.base_url, "v1/datasets/upload?sync=true", "POST", body)["data"]
    project = Project(tmp_path, suite={"dataset": {"phoenix": name, "version": "latest"}})
    mirroring(project, "unused {suite}")
    ended = project.run(PHOENIX_ENDPOINT=phoenix.base_url)
    assert ended.code == 0, ended.text
    found = ask(phoenix.base_url, f"v1/datasets/{made['dataset_id']}/experiments")["data"]
    assert [each["dataset_version_id"] for each in found] == [made["version_id"]] * 2
    assert [each["successful_run_count"] for each in found] == [4, 4]


def test_old_experiments_of_changes_go_and_no_baseline_does(tmp_path, phoenix_own):
    """On a server of its own: what is old there is nobody else's."""
    own = phoenix_own.start()
    team = mirroring(Project(tmp_path / "team", examples=10), "gate {suite}")
    server = {"PHOENIX_ENDPOINT": own.base_url}
    for _ in range(4):
        team.run("--set", "phoenix.publish=false")
    with closing(sqlite3.connect(team.folder / ".evalgate" / "journal.db")) as db, db:
        db.execute("UPDATE build SET change = 'pull request 7' WHERE id > 1")
    assert team.evalgate("phoenix", "sync", "--all", **server).code == 0
    found = [each for each, _ in experiments(own.base_url, team)]
    assert len(found) == 8
    changes = [each for each in found if each["metadata"].get("change") == "pull request 7"]
    candidates = [each for each in changes if each["metadata"]["side"] == "candidate"]
    tagged, annotated, gone = candidates
    ask(own.base_url, f"v1/experiments/{tagged['id']}/tags", "POST", {"name": "baseline"})
    run = ask(own.base_url, f"v1/experiments/{annotated['id']}/runs")["data"][0]
    said = {
        "experiment_run_id": run["id"],
        "name": "mine",
        "annotator_kind": "HUMAN",
        "start_time": run["start_time"],
        "end_time": run["end_time"],
        "result": {"label": "good"},
    }
    ask(own.base_url, "v1/experiment_evaluations", "POST", said)
    refused = team.evalgate("phoenix", "prune", "--older-than", "0h", **server)
    assert (refused.code, "nobody is there to be asked" in refused.err) == (2, True)
    assert "next: evalgate phoenix prune --older-than 0h --yes" in refused.err
    kept = team.evalgate("phoenix", "prune", **server)
    assert kept.out.startswith(f"nothing to delete at {own.base_url}: ")
    assert kept.out.endswith(" UTC\n")
    ended = team.evalgate("phoenix", "prune", "--older-than", "0h", "--yes", **server)
    assert ended.code == 0, ended.text
    assert f"{tagged['name']}, {tagged['created_at'][:10]}: it is tagged baseline" in ended.out
    assert "people annotated its runs" in ended.out
    assert "1 experiment is deleted, with its traces" in ended.out
    left = [each["id"] for each, _ in experiments(own.base_url, team)]
    assert left == [each["id"] for each in found if each["id"] != gone["id"]]


def test_a_slow_server_holds_nobody_up_for_long(team, phoenix):
    """It takes every request and never answers: the run waits no longer than a while, and says so."""
    fault = Fault(kind="hang", path="/v1/")

    async def run():
        async with FaultProxy(phoenix.base_url, fault) as proxy:
            return await asyncio.to_thread(team.run, "--set", "phoenix.timeout=2", PHOENIX_ENDPOINT=proxy.base_url)

    began = time.monotonic()
    ended = asyncio.run(run())
    assert ended.code == 0, ended.text
    assert "did not answer within 2 s" in ended.out
    assert time.monotonic() - began < 55


def test_a_run_without_phoenix_imports_none_of_it(tmp_path):
    project = Project(tmp_path, examples=2).prepare()
    program = (
        "import sys\n"
        "from evalgate.cli.root import root\n"
        "for command in ('run', 'decide'):\n"
        "    root.main([command, '--quiet'], standalone_mode=False)\n"
        "watched = {'httpx', 'phoenix', 'opentelemetry', 'pandas', 'evalgate.phoenix.connection'}\n"
        "print(sorted(watched & sys.modules.keys()))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=project.folder,
        env=environment(PHOENIX_ENDPOINT="http://127.0.0.1:9"),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.endswith("[]\n"), ended.stdout


async def test_a_prune_that_is_killed_between_two_goes_on_and_takes_branches_where_they_are_meant(
    tmp_path, phoenix_own
):
    """On a server of its own: what is old there is nobody else's."""
    own = await asyncio.to_thread(phoenix_own.start)
    project = mirroring(Project(tmp_path / "team", examples=2), "gate {suite}")
    for _ in range(4):
        project.run("--set", "phoenix.publish=false")
    with closing(sqlite3.connect(project.folder / ".evalgate" / "journal.db")) as db, db:
        db.execute("UPDATE build SET change = 'pull request 7' WHERE id < 3")
        db.execute("UPDATE build SET change = 'branch tone' WHERE id > 2")
    server = {"PHOENIX_ENDPOINT": own.base_url}
    synced = await asyncio.to_thread(project.evalgate, "phoenix", "sync", "--all", **server)
    assert synced.code == 0, synced.text
    found = [each for each, _ in experiments(own.base_url, project)]
    candidates = {each["metadata"]["build"]: each for each in found if each["metadata"]["side"] == "candidate"}
    ask(own.base_url, f"v1/experiments/{candidates[4]['id']}/tags", "POST", {"name": "baseline"})

    async with FaultProxy(own.base_url) as proxy:
        deleted = []

        def watch(method: str, path: str) -> None:
            if method == "DELETE":
                deleted.append(path)
                proxy.faults = [Fault(kind="hang", method="DELETE")] * (len(deleted) > 1)

        proxy.watched.append(watch)
        process = running(project, "phoenix", "prune", "--older-than", "0h", "--yes", PHOENIX_ENDPOINT=proxy.base_url)
        async with asyncio.timeout(60):
            while len(deleted) < 2:
                assert process.poll() is None
                await asyncio.sleep(0.02)
        process.kill()
        process.communicate()

    def left() -> set[int]:
        now = [each for each, _ in experiments(own.base_url, project)]
        return {each["metadata"]["build"] for each in now if each["metadata"]["side"] == "candidate"}

    assert len(left()) == 3
    again = project.evalgate("phoenix", "prune", "--older-than", "0h", "--yes", **server)
    assert (again.code, left()) == (0, {3, 4}), again.text
    branches = project.evalgate("phoenix", "prune", "--branches", "--older-than", "0h", "--yes", **server)
    assert (branches.code, left()) == (0, {4}), branches.text
    assert "it is tagged baseline" in branches.out
