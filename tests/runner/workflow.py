"""Workflows: which jobs an event starts, in which order, with which contexts."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import yaml

from tests.runner.commands import Log
from tests.runner.event import Event
from tests.runner.expressions import condition, interpolate
from tests.runner.host import Host
from tests.runner.steps import Job

_READ = "read"


@dataclass
class Run:
    """One run of a workflow: its jobs by name, legs of a matrix as `name (value, …)`."""

    jobs: dict[str, Job]

    @property
    def result(self) -> str:
        """Return what the run comes to."""
        results = {job.result for job in self.jobs.values()}
        return next((each for each in ("cancelled", "failure") if each in results), "success")

    def job(self, name: str) -> Job:
        """Return a job."""
        return self.jobs[name]

    @property
    def only(self) -> Job:
        """Return the one job."""
        (job,) = self.jobs.values()
        return job


def run_workflow(
    host: Host,
    workflow: str | Mapping[str, Any],
    event: Event,
    *,
    path: str = ".github/workflows/evalgate.yml",
    workspace: Path | None = None,
    cancel: Callable[[], bool] = lambda: False,
) -> Run | None:
    """Run what `event` starts of a workflow, given as text or as read; None where that is nothing.

    `workspace` is a folder to run in, for a job that checks nothing out; `cancel` is asked all the time.
    """
    declared = yaml.safe_load(workflow) if isinstance(workflow, str) else workflow
    on = declared.get("on", declared.get(True))
    if not starts(on, event):
        return None
    run = Run({})
    done: dict[str, dict[str, Any]] = {}
    for name in _ordered(declared["jobs"]):
        legs = _run_job(host, declared, name, event, path, done, run, workspace, cancel)
        results = [leg.result for leg in legs]
        worst = next((each for each in ("cancelled", "failure", "success") if each in results), "skipped")
        outputs = {key: value for leg in legs for key, value in leg.outputs.items() if value}
        done[name] = {"result": worst, "outputs": outputs}
    return run


def starts(on: Any, event: Event) -> bool:
    """Return whether a workflow's `on` is for an event: by its name, its branches and its types."""
    if isinstance(on, str | list):
        return event.name in ([on] if isinstance(on, str) else on)
    if event.name not in on:
        return False
    filters = on[event.name] or {}
    if event.name == "schedule":
        return True
    branch = event.base_ref or event.ref.removeprefix("refs/heads/")
    if "branches" in filters and not any(fnmatch(branch, each) for each in filters["branches"]):
        return False
    types = filters.get("types", ["opened", "synchronize", "reopened"] if event.name == "pull_request" else None)
    return types is None or "action" not in event.payload or event.payload["action"] in types


def _ordered(jobs: Mapping[str, Any]) -> list[str]:
    order: list[str] = []
    while len(order) < len(jobs):
        ready = [name for name, job in jobs.items() if name not in order and {*_needs(job)} <= {*order}]
        if not ready:
            raise ValueError("jobs need each other in a circle, or one that is not there")
        order.append(ready[0])
    return order


def _needs(job: Mapping[str, Any]) -> list[str]:
    needs = job.get("needs", [])
    return [needs] if isinstance(needs, str) else list(needs)


def _legs(job: Mapping[str, Any], contexts: Mapping[str, Any]) -> list[dict[str, Any] | None]:
    matrix = (job.get("strategy") or {}).get("matrix")
    if matrix is None:
        return [None]
    if isinstance(matrix, str):
        matrix = json.loads(interpolate(matrix, contexts))
    axes = {name: values for name, values in matrix.items() if name not in {"include", "exclude"}}
    combined = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())] if axes else []
    excluded = [
        each
        for each in combined
        if any(all(each.get(k) == v for k, v in skip.items()) for skip in matrix.get("exclude", []))
    ]
    legs: list[dict[str, Any] | None] = [each for each in combined if each not in excluded]
    for more in matrix.get("include", []):
        fitting = [leg for leg in legs if leg and all(leg.get(k) == v for k, v in more.items() if k in axes)]
        for leg in fitting:
            leg.update(more)
        if not fitting or not axes:
            legs.append(dict(more))
    return legs


def _run_job(
    host: Host,
    workflow: Mapping[str, Any],
    name: str,
    event: Event,
    path: str,
    done: Mapping[str, Any],
    run: Run,
    workspace: Path | None,
    cancel: Callable[[], bool],
) -> list[Job]:
    declared = workflow["jobs"][name]
    needs = {each: done[each] for each in _needs(declared)}
    results = [each["result"] for each in needs.values()]
    functions = {
        "success": lambda: all(each == "success" for each in results),
        "failure": lambda: "failure" in results,
        "always": lambda: True,
        "cancelled": lambda: "cancelled" in results or cancel(),
    }
    permissions = _permissions(workflow, declared, event)
    log = Log()
    token = host.token(permissions)
    github = _github(host, workflow, name, event, path, token)
    contexts: dict[str, Any] = {
        "github": github,
        "needs": needs,
        "secrets": {} if event.fork else {**host.secrets, "GITHUB_TOKEN": token},
        "vars": dict(host.variables),
        "inputs": event.payload.get("inputs", {}),
        "env": {},
        "strategy": {},
    }
    legs = []
    for number, leg in enumerate(_legs(declared, contexts)):
        shown = name if leg is None else f"{name} ({', '.join(str(value) for value in leg.values())})"
        seen = {**contexts, "matrix": leg or {}}
        log = Log(masks={value for value in (token, *host.secrets.values()) if value})
        job = _job(host, event, shown, f"{name}-{number}", seen, workflow, declared, workspace, log, cancel)
        run.jobs[shown] = job
        legs.append(job)
        if not condition(declared.get("if"), {**seen, "needs": needs}, functions):
            job.result = "skipped"
            continue
        job.run(declared["steps"])
        final = {**job.contexts, "steps": {key: step.shown() for key, step in job.steps.items()}}
        job.outputs = {key: interpolate(value, final) for key, value in (declared.get("outputs") or {}).items()}
    return legs


def _job(
    host: Host,
    event: Event,
    shown: str,
    slug: str,
    contexts: dict[str, Any],
    workflow: Mapping[str, Any],
    declared: Mapping[str, Any],
    workspace: Path | None,
    log: Log,
    cancel: Callable[[], bool],
) -> Job:
    machine = (
        host.folder / "machines" / f"{event.run_id}-{event.attempt}-{slug}-{len([*host.folder.glob('machines/*')])}"
    )
    name = host.repository.partition("/")[2]
    place = workspace or machine / "work" / name / name
    temp = machine / "work" / "_temp"
    for folder in (place, temp, machine / "tools"):
        folder.mkdir(parents=True, exist_ok=True)
    written = temp / "event.json"
    written.write_text(json.dumps(event.payload), encoding="utf-8")
    github = {**contexts["github"], "workspace": str(place), "event_path": str(written)}
    runner = {
        "os": "Linux",
        "arch": "X64",
        "name": "here",
        "temp": str(temp),
        "tool_cache": str(machine / "tools"),
        "environment": "github-hosted",
    }
    seen = {**contexts, "github": github, "runner": runner}
    env: dict[str, str] = {}
    for level in (workflow.get("env"), declared.get("env")):
        env |= {key: interpolate(value, {**seen, "env": env}) for key, value in (level or {}).items()}
    defaults = {
        **((workflow.get("defaults") or {}).get("run") or {}),
        **((declared.get("defaults") or {}).get("run") or {}),
    }
    return Job(
        host=host,
        event=event,
        name=shown,
        contexts=seen,
        workspace=place,
        temp=temp,
        env=env,
        cancel=cancel,
        log=log,
        defaults=defaults,
    )


def _permissions(workflow: Mapping[str, Any], job: Mapping[str, Any], event: Event) -> dict[str, str]:
    """Return what the token of a job may do; a fork's reads only."""
    declared = job.get("permissions", workflow.get("permissions"))
    given = {"contents": _READ} if declared is None or isinstance(declared, str) else dict(declared)
    writes = event.name == "pull_request" and event.fork
    return {name: _READ if writes and level == "write" else level for name, level in given.items()}


def _github(host: Host, workflow: Mapping[str, Any], job: str, event: Event, path: str, token: str) -> dict[str, Any]:
    kind, _, ref_name = event.ref.removeprefix("refs/").partition("/")
    return {
        "action_path": "",
        "actor": event.actor,
        "api_url": host.api_url,
        "base_ref": event.base_ref,
        "event": event.payload,
        "event_name": event.name,
        "graphql_url": f"{host.api_url}/graphql",
        "head_ref": event.head_ref,
        "job": job,
        "ref": event.ref,
        "ref_name": ref_name,
        "ref_type": "tag" if kind == "tags" else "branch",
        "repository": host.repository,
        "repository_owner": host.repository.partition("/")[0],
        "run_attempt": str(event.attempt),
        "run_id": str(event.run_id),
        "run_number": str(event.run_id),
        "server_url": host.server_url,
        "sha": event.sha,
        "token": token,
        "triggering_actor": event.actor,
        "workflow": workflow.get("name") or path,
        "workflow_ref": f"{host.repository}/{path}@{event.ref}",
    }
