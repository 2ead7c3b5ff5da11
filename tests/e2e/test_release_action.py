"""The workflow of docs/release.md as a reader copies it: decided in one job, believed by the other for its file."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
import yaml

from tests.e2e.hub import Hub, artifact, host
from tests.e2e.project import REPOSITORY
from tests.e2e.repository import Repo
from tests.runner.event import Event, repository

_NOT_HERE = ("actions/attest@", "gh attestation")
"""What asks GitHub's own signatures, which nobody can make elsewhere."""


def workflow() -> dict[str, Any]:
    """Return the page's workflow without the steps that only GitHub can run."""
    page = (REPOSITORY / "docs" / "release.md").read_text("utf-8")
    (text,) = re.findall(r"<!-- workflow: release -->\n```yaml\n(.*?)```", page, re.DOTALL)
    found: dict[str, Any] = yaml.safe_load(text)
    for job in found["jobs"].values():
        job["steps"] = [step for step in job["steps"] if not any(each in str(step) for each in _NOT_HERE)]
        for step in job["steps"]:
            for name in ("sparse-checkout", "sparse-checkout-cone-mode"):
                step.get("with", {}).pop(name, None)
    return found


def tagged(hub: Hub, name: str) -> Event:
    """Return the push of a tag on main's latest commit."""
    hub.repo.git("tag", name, "main")
    head = hub.repo.git("rev-parse", "main")
    payload = {"ref": f"refs/tags/{name}", "before": "0" * 40, "after": head, "repository": repository()}
    hub.runs += 1
    return Event(name="push", ref=f"refs/tags/{name}", sha=head, payload=payload, run_id=hub.runs)


@pytest.fixture
def hub(tmp_path):
    repo = Repo(tmp_path / "repo", examples=40).begin()
    private, public = tmp_path / "release.pem", repo.folder / "release.pub"
    for arguments in (
        ("genpkey", "-algorithm", "ed25519", "-out", private),
        ("pkey", "-in", private, "-pubout", "-out", public),
    ):
        subprocess.run(("openssl", *arguments), check=True, capture_output=True)
    repo.ship(share=5)
    config = repo.folder / "evalgate.yaml"
    config.write_text(config.read_text() + "release: {key_env: EVALGATE_RELEASE_KEY}\n")
    repo.commit("signed")
    secrets = {"EVALGATE_RELEASE_KEY": private.read_text()}
    return Hub(repo, host(tmp_path / "host", repo.folder, secrets=secrets))


def test_a_tag_is_decided_signed_and_deployed_and_a_regression_is_not(hub):
    """What main measured is not paid for again; the deploy job of what failed never begins."""
    assert hub.run(hub.push()).result == "success"
    hub.repo.git("tag", "v1.0", "main")
    hub.repo.task(4)
    hub.repo.commit("better")
    assert hub.run(hub.push()).result == "success"
    hub.repo.calls()

    event = tagged(hub, "v1.1")
    run = hub.workflow(workflow(), event)
    assert run is not None
    assert [run.job(name).result for name in ("release", "deploy")] == ["success", "success"], run.job("release").text
    assert hub.repo.calls() == {}
    assert "here your deployment begins" in run.job("deploy").text
    assert artifact(hub, event, "evalgate-verdict").keys() == {"evalgate-verdict.json"}

    hub.repo.task(60)
    hub.repo.commit("worse")
    failed = hub.workflow(workflow(), tagged(hub, "v1.2"))
    assert failed is not None
    assert (failed.job("release").result, failed.job("deploy").result) == ("failure", "skipped")
    assert "do not release" in failed.job("release").text
