"""Golden datasets in Phoenix on the command line: builds that read them, and their way there and back."""

import asyncio
import json
import os
import pty
import socket
import subprocess
import sys

import pytest
import yaml

from tests.e2e.project import Project, environment, golden
from tests.e2e.repository import Repo
from tests.phoenix_server import Fault, FaultProxy


def endpoint(server):
    return {"PHOENIX_ENDPOINT": server.base_url, **({"PHOENIX_API_KEY": server.api_key} if server.api_key else {})}


@pytest.fixture
def away():
    """An address at which nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    return f"http://127.0.0.1:{port}"


def rewritten(project, **dataset):
    """Write a config with another dataset."""
    path = project.folder / "evalgate.yaml"
    config = yaml.safe_load(path.read_text())
    config["suites"]["doubling"]["dataset"] = dataset
    path.write_text(yaml.safe_dump(config, sort_keys=False))


def report(ended):
    assert ended.out, ended.err
    return json.loads(ended.out)


def push(project, server, name, *arguments, file="golden.jsonl"):
    ended = project.evalgate("dataset", "push", file, "--to", name, "--yes", *arguments, **endpoint(server))
    assert ended.code == 0, ended.text
    return ended


def version_of(project, server, name, number=0):
    ended = project.evalgate("dataset", "history", name, "--json", **endpoint(server))
    return report(ended)["versions"][number]["version"]


def test_a_dataset_is_one_and_the_same_as_a_file_and_in_phoenix(project, phoenix):
    """Both forms have one version, so that runs of one are found by the other; the copy does without the server."""
    project.prepare()
    as_file = report(project.run("--json"))["suites"][0]["dataset"]
    name = phoenix.unique("golden")
    push(project, phoenix, name)
    rewritten(project, phoenix=name)
    as_phoenix = report(project.run("--json", **endpoint(phoenix)))
    of = as_phoenix["suites"][0]["dataset"]
    assert (of["version"], of["examples"]) == (as_file["version"], 40)
    assert of["file"] == f"{name} (Phoenix)"
    pinned = project.evalgate("dataset", "pin", **endpoint(phoenix))
    assert pinned.code == 0, pinned.text
    version = version_of(project, phoenix, name)
    assert f"doubling: {name}: unpinned → {version}" in pinned.out
    config = yaml.safe_load((project.folder / "evalgate.yaml").read_text())
    assert config["suites"]["doubling"]["dataset"] == {"phoenix": name, "version": version}
    again = project.evalgate("dataset", "pin", "doubling", **endpoint(phoenix))
    assert "is pinned to" in again.out
    assert not project.evalgate("plan", **endpoint(phoenix)).err  # what was pulled is not pulled again


def test_a_server_that_is_away_stops_what_needs_it_and_nothing_that_was_pulled(project, phoenix, away):
    """`latest` cannot be known: exit 4. A pinned version that was pulled is used, with a word; so is --replay."""
    project.prepare()
    name = phoenix.unique("golden")
    push(project, phoenix, name)
    rewritten(project, phoenix=name)
    unknown = project.run(PHOENIX_ENDPOINT=away)
    assert unknown.code == 4, unknown.text
    assert f"the dataset {name} could not be looked up: Phoenix at {away} was not reached" in unknown.err
    assert "next: " in unknown.err
    unset = project.run()
    assert (unset.code, "PHOENIX_ENDPOINT is not set" in unset.err) == (2, True), unset.text


def test_a_pinned_dataset_needs_no_server_once_it_is_here(project, phoenix):
    """The server is stopped for this project by a proxy that goes away."""
    project.prepare()
    name = phoenix.unique("golden")
    push(project, phoenix, name)
    version = version_of(project, phoenix, name)
    rewritten(project, phoenix=name, version=version)
    with Forwarding(phoenix) as port:
        through = {"PHOENIX_ENDPOINT": f"http://127.0.0.1:{port}"}
        first = project.run("--json", **through)
    assert first.code == 0, first.text
    second = project.run("--json", **through)
    assert second.code == 0, second.text
    assert "was not reached" in second.err
    assert f"the copy of {name} of 20" in second.err
    assert report(first)["suites"][0]["dataset"] == report(second)["suites"][0]["dataset"]


class Forwarding:
    """A port that stands for a server for as long as the context lasts."""

    def __init__(self, server):
        self.server = server

    def __enter__(self):
        program = (
            "import asyncio, sys\n"
            "from tests.phoenix_server import FaultProxy\n"
            "async def main():\n"
            "    async with FaultProxy(sys.argv[1]) as proxy:\n"
            "        print(proxy.port, flush=True)\n"
            "        await asyncio.to_thread(sys.stdin.read)\n"
            "asyncio.run(main())\n"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, self.server.base_url],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return int(self.process.stdout.readline())

    def __exit__(self, *_):
        self.process.communicate("", timeout=30)


def test_two_suites_see_one_version_and_a_resumed_build_keeps_it(project, phoenix):
    """The dataset gains an example while the build is unfinished: it goes on with what it began with."""
    name = phoenix.unique("golden")
    program = (
        "import json, os, sys\n"
        "for line in sys.stdin:\n"
        "    request = json.loads(line)\n"
        "    reply = {'evalgate': 1, 'id': request['id'], 'output': {'answer': request['input']['q'] * 2}}\n"
        "    if not os.path.exists('back'):\n"
        "        reply = {'evalgate': 1, 'id': request['id'], 'error': {'kind': 'infrastructure', 'message': '503'}}\n"
        "    print(json.dumps(reply), flush=True)\n"
    )
    project.examples = 4
    project.write("app.py", program)
    task = {"command": [sys.executable, "app.py"], "workers": 1, "inputs": ["app.py"]}
    dataset = {"phoenix": name, "version": "latest"}
    project.suite = {"task": task, "baseline": None, "dataset": dataset, "checks": {"exact_match": {"at_least": 1.0}}}
    project.prepare()
    path = project.folder / "evalgate.yaml"
    config = yaml.safe_load(path.read_text())
    config["suites"]["again"] = config["suites"]["doubling"]
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    push(project, phoenix, name)
    first = project.run("--json", **endpoint(phoenix))
    assert first.code == 4, first.text
    project.write("more.jsonl", golden(5))
    push(project, phoenix, name, file="more.jsonl")
    project.write("back", "")
    resumed = report(project.run("--resume", "--json", **endpoint(phoenix)))
    assert [suite["dataset"]["examples"] for suite in resumed["suites"]] == [4, 4]
    assert resumed["verdict"] == "PASS"
    anew = report(project.run("--json", **endpoint(phoenix)))
    assert [suite["dataset"]["examples"] for suite in anew["suites"]] == [5, 5]
    assert len({suite["dataset"]["version"] for suite in anew["suites"]}) == 1


def test_in_a_pull_request_the_bases_version_decides(tmp_path, phoenix):
    """A change that pins a version with an easier answer is measured on the base's; what it adds is run beside."""
    repo = Repo(tmp_path / "repo").begin()
    name = phoenix.unique("golden")
    repo.write("golden.jsonl", golden(40))
    push(repo, phoenix, name)
    base = version_of(repo, phoenix, name)
    repo.ship(5, dataset={"phoenix": name, "version": base})
    repo.git("checkout", "-q", "-b", "change")
    rows = [json.loads(line) for line in golden(41).splitlines()]
    rows[0]["output"] = {"answer": -1}
    repo.write("golden.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    push(repo, phoenix, name)
    repo.config(dataset={"phoenix": name, "version": version_of(repo, phoenix, name)})
    repo.task(30)
    repo.commit("worse, and an easier answer")
    ended = repo.run("--as-pull-request", "--base", "main", "--json", **endpoint(phoenix))
    said = report(ended)
    assert (said["verdict"], ended.code) == ("FAIL", 1), ended.text
    repo.git("add", "-f", ".evalgate/datasets")
    repo.commit("copies of its own")
    brought = repo.run("--as-pull-request", "--base", "main", **endpoint(phoenix))
    assert (brought.code, ".evalgate/datasets is committed" in brought.err) == (2, True), brought.text
    told = json.dumps(said["gate"]["differences"], ensure_ascii=False)
    assert "1 answer changed (e0)" in told
    assert "1 example added (e40)" in told
    assert base in told


def typed(project, answer, *arguments, **env):
    """Run a command at a terminal at which somebody types an answer; return all that it said."""
    terminal, its_end = pty.openpty()
    try:
        with subprocess.Popen(
            [sys.executable, "-m", "evalgate", *arguments],
            cwd=project.folder,
            env=environment(**env),
            stdin=its_end,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            os.write(terminal, f"{answer}\n".encode())
            said, _ = process.communicate(timeout=60)
    finally:
        os.close(terminal)
        os.close(its_end)
    assert process.returncode == 0, said
    return said


def test_nothing_is_pushed_unasked_and_what_would_be_is_shown(project, phoenix):
    """Without a terminal and --yes it refuses with the command; a dataset of that name is not made."""
    project.prepare()
    name = phoenix.unique("golden")
    refused = project.evalgate("dataset", "push", "golden.jsonl", "--to", name, **endpoint(phoenix))
    assert refused.code == 2
    assert f"{name} is new on Phoenix at {phoenix.base_url}: 40 examples" in refused.out
    assert f"`evalgate dataset push golden.jsonl --to {name} --yes`" in refused.err
    for answer, said in (("n", "nothing was written"), ("y", f"pushed: {name} is version ")):
        unknown = project.evalgate("dataset", "history", name, **endpoint(phoenix))
        told = typed(project, answer, "dataset", "push", "golden.jsonl", "--to", name, **endpoint(phoenix))
        assert f"push this to {name}? [y/N]" in told
        assert said in told
    assert (unknown.code, f"has no dataset '{name}'" in unknown.err) == (2, True), unknown.text


def test_the_way_there_and_back(project, phoenix):
    """Push, push again, diff, edit, history, pull: what each says, and its exit code."""
    project.examples = 3
    project.prepare()
    name, server = phoenix.unique("golden"), endpoint(phoenix)
    first = push(project, phoenix, name, "--message", "the first\x1b[2J ones")
    assert f"pushed: {name} is version " in first.out
    assert "nothing to push" in push(project, phoenix, name).out
    rows = [json.loads(line) for line in golden(4).splitlines()][1:]
    rows[0]["input"]["q"] = 7
    project.write("golden.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    differing = project.evalgate("dataset", "diff", f"phoenix:{name}", "golden.jsonl", **server)
    assert (differing.code, differing.out.splitlines()[0]) == (0, "1 added, 1 removed, 1 edited, 1 unchanged")
    told = json.loads(push(project, phoenix, name, "--json").out)
    assert (told["added"], told["edited"], told["removed"], told["kept"]) == (["e3"], ["e1"], [], ["e0"])
    gone = push(project, phoenix, name, "--delete")
    assert "- e0" in gone.out
    listed = project.evalgate("dataset", "history", name, **server).out.splitlines()
    assert len(listed) == 3
    assert "3 examples  -1" in listed[0]
    assert "4 examples  +1 ~1" in listed[1]
    assert "the first\\x1b[2J ones" in listed[2]
    oldest = version_of(project, phoenix, name, 2)
    pulled = project.evalgate("dataset", "pull", name, "old.jsonl", "--version", oldest, **server)
    assert pulled.code == 0, pulled.text
    same = project.evalgate("dataset", "diff", "old.jsonl", f"phoenix:{name}@{oldest}", **server)
    assert same.out.splitlines()[0] == "0 added, 0 removed, 0 edited, 3 unchanged"
    asked = project.evalgate("dataset", "pull", name, "old.jsonl", **server)
    assert (asked.code, "--yes` does it" in asked.err) == (2, True), asked.text
    assert project.evalgate("dataset", "pull", name, "old.jsonl", "--yes", **server).code == 0
    again = project.evalgate("dataset", "pull", name, "old.jsonl", **server)
    assert "old.jsonl is that already" in again.out
    assert project.evalgate("dataset", "pull", name, "old.csv", **server).code == 2


async def test_a_push_that_is_killed_at_any_step_is_finished_by_the_next(project, phoenix):
    """Killed while the server makes the dataset, fills it, makes a split, fills that: every example is there once."""
    name = phoenix.unique("golden")
    rows = [{**json.loads(line), "split": f"{name}-{place % 2}"} for place, line in enumerate(golden(30).splitlines())]
    project.write("golden.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    arguments = ("-m", "evalgate", "dataset", "push", "golden.jsonl", "--to", name, "--yes")
    async with FaultProxy(phoenix.base_url) as proxy:
        # Which of its calls the server does without telling: it makes the dataset, then fills it, then a split.
        for before in (0, 0, 3, 3):
            proxy.forwarded.clear()
            proxy.faults[:] = [Fault(kind="late", method="POST", path="/graphql", after=before)]
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *arguments,
                cwd=project.folder,
                env=environment(PHOENIX_ENDPOINT=proxy.base_url),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            while sum(path == "/graphql" for _, path, _ in proxy.forwarded) <= before:
                assert process.returncode is None
                await asyncio.sleep(0.02)
            process.kill()
            await process.wait()
    push(project, phoenix, name)
    assert "nothing to push" in push(project, phoenix, name).out
    same = project.evalgate("dataset", "diff", "golden.jsonl", f"phoenix:{name}", **endpoint(phoenix))
    assert same.out.splitlines()[0] == "0 added, 0 removed, 0 edited, 30 unchanged"
    assert len(report(project.evalgate("dataset", "history", name, "--json", **endpoint(phoenix)))["versions"]) == 1


def test_examples_without_ids_are_refused_with_the_command_that_repairs_them(project, phoenix):
    """A run says so before anything is measured; the repair says what it costs."""
    import urllib.request

    name = phoenix.unique("golden")
    body = {"action": "create", "name": name, "inputs": [{"q": 1}, {"q": 2}], "outputs": [{"answer": 2}, {"answer": 4}]}
    request = urllib.request.Request(
        f"{phoenix.base_url}/v1/datasets/upload?sync=true",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=30).close()
    project.suite = {"baseline": None, "checks": {"exact_match": {"at_least": 1.0}}, "dataset": {"phoenix": name}}
    refused = project.prepare().run(**endpoint(phoenix))
    assert refused.code == 2, refused.text
    assert f"2 of 2 examples of {name} have no external id" in refused.err
    assert f"evalgate dataset repair {name}" in refused.err
    asked = project.evalgate("dataset", "repair", name, **endpoint(phoenix))
    assert asked.code == 2
    assert "Experiments that ran before know these examples by what they were" in asked.out
    done = project.evalgate("dataset", "repair", name, "--yes", **endpoint(phoenix))
    assert (done.code, "every example has an id" in done.out) == (0, True), done.text
    assert "nothing to repair" in project.evalgate("dataset", "repair", name, **endpoint(phoenix)).out
    ran = project.run(**endpoint(phoenix))
    assert ran.code == 0, ran.text


def test_a_named_server_below_a_path_with_a_key_and_a_mapping_of_fields(project, phoenix_auth, phoenix_prefix):
    """`server:` says which; the key of one goes to no other and into no file."""
    project.prepare()
    rows = [json.loads(line) for line in golden(40).splitlines()]
    other = "".join(json.dumps({**row, "input": {"asked": {"number": row["input"]["q"]}}}) + "\n" for row in rows)
    project.write("other.jsonl", other)
    name = phoenix_auth.unique("golden")
    push(project, phoenix_auth, name, file="other.jsonl")
    push(project, phoenix_prefix, name, file="other.jsonl")
    fields = {"input.q": "input.asked.number"}
    config = yaml.safe_load((project.folder / "evalgate.yaml").read_text())
    suite = config["suites"].pop("doubling")
    config["suites"]["key"] = {**suite, "dataset": {"phoenix": name, "server": "locked", "fields": fields}}
    config["suites"]["path"] = {**suite, "dataset": {"phoenix": name, "server": "below", "fields": fields}}
    config["phoenix"] = {
        "publish": False,
        "servers": {
            "locked": {"endpoint_env": "LOCKED", "api_key_env": "LOCKED_KEY"},
            "below": {"endpoint_env": "BELOW", "api_key_env": "BELOW_KEY"},
        },
    }
    (project.folder / "evalgate.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    env = {"LOCKED": phoenix_auth.base_url, "LOCKED_KEY": phoenix_auth.api_key, "BELOW": phoenix_prefix.base_url}
    ended = project.run("--json", **env)
    assert ended.code == 0, ended.text
    assert len({suite["dataset"]["version"] for suite in report(ended)["suites"]}) == 1
    refused = project.run(**{**env, "LOCKED_KEY": "sk-not-the-key-of-it"})
    assert (refused.code, "refused the key (401)" in refused.err) == (4, True), refused.text
    kept = [path for path in (project.folder / ".evalgate").rglob("*") if path.is_file()]
    for secret in (phoenix_auth.api_key, "sk-not-the-key-of-it"):
        assert not any(secret.encode() in path.read_bytes() for path in kept)
        assert secret not in ended.text + refused.text
    history = project.evalgate("dataset", "history", name, "--server", "locked", **env)
    assert (history.code, "40 examples" in history.out) == (0, True), history.text
    wrong = project.evalgate("dataset", "history", name, "--server", "elsewhere", **env)
    assert (wrong.code, "name one of locked, below" in wrong.err) == (2, True), wrong.text


def test_a_split_is_selected_by_who_is_in_it_now(project, phoenix):
    project.prepare()
    name = phoenix.unique("golden")
    rows = [
        {**json.loads(line), **({"split": f"{name}-a"} if place < 15 else {})}
        for place, line in enumerate(golden(40).splitlines())
    ]
    project.write("golden.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    push(project, phoenix, name)
    rewritten(project, phoenix=name, split=f"{name}-a")
    assert report(project.run("--json", **endpoint(phoenix)))["suites"][0]["dataset"]["examples"] == 15
    rewritten(project, phoenix=name, split=f"{name}-b")
    ended = project.run(**endpoint(phoenix))
    assert ended.code == 4, ended.text
    assert f"evalgate dataset history {name}" in ended.text


def test_a_run_without_phoenix_imports_nothing_of_it(tmp_path):
    """Neither its client nor httpx nor the exporter of traces."""
    project = Project(tmp_path).prepare()
    program = (
        "import sys\n"
        "from evalgate.cli import main\n"
        "try:\n"
        "    main()\n"
        "finally:\n"
        "    found = {name.partition('.')[0] for name in sys.modules} & {'phoenix', 'httpx', 'opentelemetry'}\n"
        "    print('imported:', sorted(found), file=sys.stderr)\n"
    )
    for arguments in (("--help",), ("run",), ("dataset", "validate", "golden.jsonl")):
        ended = subprocess.run(
            [sys.executable, "-c", program, *arguments],
            cwd=project.folder,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        assert "imported: []" in ended.stderr, arguments
