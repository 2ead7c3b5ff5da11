"""A repository on GitHub as workflows see it: pull requests with their merges, pushes, and the action on them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.project import REPOSITORY
from tests.e2e.repository import Repo
from tests.runner import event as events
from tests.runner.event import Event
from tests.runner.host import Host
from tests.runner.quick_uv import written
from tests.runner.steps import Job
from tests.runner.workflow import Run, run_workflow

ACTION = "evalgate/evalgate@v0"
CHECKOUT = {
    "uses": "actions/checkout@v7",
    "with": {"persist-credentials": False, "fetch-depth": 2},
}


def host(folder: Path, origin: Path | None = None, **more: Any) -> Host:
    """Return a GitHub on which this checkout is the released action."""
    return Host(folder=folder, origin=origin, actions={"evalgate/evalgate": REPOSITORY}, tools=written, **more)


@dataclass
class Hub:
    """A repository and what runs on it."""

    repo: Repo
    host: Host
    private: bool = True
    runs: int = 0
    steps: list[dict[str, Any]] = field(default_factory=lambda: [CHECKOUT, {"id": "gate", "uses": ACTION}])

    def __post_init__(self) -> None:
        self.repo.git("config", "uploadpack.allowAnySHA1InWant", "true")

    def pull(self, number: int, branch: str, **more: Any) -> Event:
        """Return a push to a pull request of `branch`, merged into main as GitHub does."""
        head, base = self.repo.git("rev-parse", branch), self.repo.git("rev-parse", "main")
        tree = self.repo.git("merge-tree", "--write-tree", base, head).splitlines()[0]
        merge = self.repo.git("commit-tree", tree, "-p", base, "-p", head, "-m", f"Merge {head} into {base}")
        self.repo.git("update-ref", f"refs/pull/{number}/merge", merge)
        self.repo.git("update-ref", f"refs/pull/{number}/head", head)
        self.runs += 1
        return events.pull_request(
            number, sha=merge, head_sha=head, head_ref=branch, private=self.private, run_id=self.runs, **more
        )

    def push(self) -> Event:
        """Return the push of main's latest commit."""
        head = self.repo.git("rev-parse", "main")
        before = (
            self.repo.git("rev-parse", "main^") if self.repo.git("rev-list", "--count", "main") != "1" else "0" * 40
        )
        self.runs += 1
        return events.push(head, before=before, private=self.private, run_id=self.runs)

    def run(self, event: Event, *, cancel: Callable[[], bool] = lambda: False, **inputs: str) -> Job:
        """Run the gate's workflow for an event, with inputs of the action."""
        job = self.workflow(self.declared(**inputs), event, cancel=cancel)
        assert job is not None
        return job.only

    def declared(self, **inputs: str) -> dict[str, Any]:
        """Return the gate's workflow with inputs of the action, which are named with underscores here; no doctor."""
        given = {"doctor": "false", **{name.replace("_", "-"): value for name, value in inputs.items()}}
        steps = [{**step, **({"with": given} if step.get("uses") == ACTION else {})} for step in self.steps]
        return {"on": ["pull_request", "push"], "jobs": {"gate": {"permissions": PERMISSIONS, "steps": steps}}}

    def workflow(
        self, workflow: str | Mapping[str, Any], event: Event, *, cancel: Callable[[], bool] = lambda: False
    ) -> Run | None:
        """Run any workflow for an event."""
        return run_workflow(self.host, workflow, event, cancel=cancel)


PERMISSIONS = {"contents": "read", "pull-requests": "write"}


def artifact(hub: Hub, event: Event, name: str = "evalgate") -> dict[str, bytes]:
    """Return what is in an artifact, by name."""
    import zipfile

    with zipfile.ZipFile(hub.host.artifacts.of(event.run_id)[name]) as archive:
        return {each: archive.read(each) for each in archive.namelist()}


def report(job: Job) -> dict[str, Any]:
    """Return the JSON report that a job left."""
    found: dict[str, Any] = json.loads((job.workspace / job.steps["gate"].outputs["report-json"]).read_text())
    return found
