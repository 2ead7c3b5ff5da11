"""Workflows as they are shipped, run as they stand: the project's own gate, and the one that `evalgate init` writes."""

from __future__ import annotations

import shutil
import subprocess

import pytest
import yaml

from tests.e2e.hub import Hub, host
from tests.e2e.project import REPOSITORY
from tests.e2e.repository import Repo


@pytest.fixture
def repo(tmp_path):
    return Repo(tmp_path / "repo").begin()


def branch(repo: Repo, **files: str) -> None:
    repo.git("checkout", "-q", "-b", "change")
    for name, content in files.items():
        repo.write(name.replace("__", "."), content)
    repo.commit("change")
    repo.git("checkout", "-q", "main")


def test_the_projects_own_gate_passes_and_its_demo_fails_as_it_should(repo, tmp_path):
    """A pull request to this repository: its suites and its demo, with the action of the pull request itself."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True).stdout
    names = [name for name in listed.decode().split("\0") if name and (REPOSITORY / name).is_file()]
    for name in names:
        if not name.startswith(("tests/", "docs/")):
            (repo.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, repo.folder / name)
    repo.commit("all of it")
    branch(repo, NOTES__md="more\n")
    hub = Hub(repo, host(tmp_path / "host", repo.folder), private=False)
    text = (repo.folder / ".github/workflows/gate.yml").read_text("utf-8")
    run = hub.workflow(text, hub.pull(3, "change"))
    assert run is not None
    assert {name: job.result for name, job in run.jobs.items()} == {"gate": "success", "demo": "success"}, "".join(
        job.text for job in run.jobs.values()
    )
    assert run.job("demo").steps["demo"].outputs["verdict"] == "FAIL"
    assert {each.level for each in run.job("gate").log.annotations} <= {"notice"}, run.job("gate").text


def test_the_workflow_that_init_writes_runs_as_it_is(repo, tmp_path):
    """On a repository whose shipped branch has another name: pushed to it, then changed in a pull request."""
    repo.git("branch", "-m", "main", "trunk")
    ended = repo.evalgate("init")
    assert ended.code == 0, ended.text
    written = (repo.folder / ".github/workflows/evalgate.yml").read_text("utf-8")
    assert yaml.safe_load(written)[True]["push"] == {"branches": ["trunk"]}
    repo.git("branch", "-m", "trunk", "main")
    repo.commit("first")
    branch(repo, NOTES__md="more\n")
    hub = Hub(repo, host(tmp_path / "host", repo.folder))
    assert hub.workflow(written, hub.push()) is None
    text = written.replace('"trunk"', "main")
    for event, result in ((hub.push(), "success"), (hub.pull(1, "change"), "success")):
        run = hub.workflow(text, event)
        assert run is not None
        assert run.only.result == result, run.only.text
