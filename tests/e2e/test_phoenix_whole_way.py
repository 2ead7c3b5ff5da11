"""The whole way through Phoenix on each kind of server: a dataset, a baseline, its tag, a change, what is left."""

from __future__ import annotations

import json
import shutil
import urllib.request

import pytest
import yaml

from tests.e2e.repository import Repo
from tests.e2e.test_history import in_pull_request
from tests.e2e.test_moving import push


def ask(server, path):
    request = urllib.request.Request(f"{server.base_url}/v1/{path}", headers=server.headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read())["data"]


def tags(server, experiment):
    return [each["name"] for each in ask(server, f"experiments/{experiment['id']}/tags")]


@pytest.mark.parametrize("flavour", ["phoenix_auth", "phoenix_postgres", "phoenix_prefix"])
def test_from_a_dataset_to_a_verdict_and_back(tmp_path, request, flavour):
    """Pushed, mirrored, tagged, found by a machine that knows nothing, failed, pruned; the key is nowhere."""
    server = request.getfixturevalue(flavour)
    env = {"PHOENIX_ENDPOINT": server.base_url, **({"PHOENIX_API_KEY": server.api_key} if server.api_key else {})}
    ended, name = [], server.unique("way")
    repo = Repo(tmp_path / "repo", examples=8, policy={"confirm_repetitions": 1}).begin()

    def evalgate(*arguments, code=0, **more):
        ended.append(repo.evalgate(*arguments, **env, XDG_CACHE_HOME=str(tmp_path / "cache"), **more))
        assert ended[-1].code == code, ended[-1].text
        return ended[-1]

    repo.ship(0)
    evalgate("dataset", "push", "golden.jsonl", "--to", name, "--yes")
    dataset = ask(server, f"datasets?name={name}")[0]["id"]
    repo.config(dataset={"phoenix": name})
    path = repo.folder / "evalgate.yaml"
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), "phoenix": {"required": True}}))
    evalgate("dataset", "pin")
    before = repo.commit()
    evalgate("run", **push(repo, before))
    (stored,) = (each for each in ask(server, f"datasets/{dataset}/experiments") if tags(server, each))
    assert tags(server, stored) == ["baseline"]

    shutil.rmtree(repo.folder / ".evalgate")
    repo.git("checkout", "-q", "-b", "change")
    repo.task(90)
    repo.commit()
    repo.calls()
    failed = evalgate("run", code=1, **in_pull_request(repo, 12))
    assert "looking for stored runs" in failed.err
    assert f"in Phoenix: {server.base_url}/datasets/{dataset}/compare?" in failed.out
    assert repo.calls()["90"] > repo.calls().get("0", 0)

    made = {each["id"] for each in ask(server, f"datasets/{dataset}/experiments")}
    evalgate("phoenix", "prune", "--older-than", "0h", "--yes")
    left = {each["id"] for each in ask(server, f"datasets/{dataset}/experiments")}
    assert stored["id"] in left < made
    if server.api_key:
        require_nowhere(server.api_key, tmp_path, ended)


def require_nowhere(key, folder, ended):
    """Assert that a key is in nothing that was said and in no file: journal, traces, copies, caches, reports."""
    assert not [each.text for each in ended if key in each.text]
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"journal.db", "traces.db"} <= {path.name for path in files}
    assert not [path for path in files if key.encode() in path.read_bytes()]
