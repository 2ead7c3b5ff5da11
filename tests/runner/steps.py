"""Steps, executed one after the other: of a job, and of the composite actions among them."""

from __future__ import annotations

import hashlib
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.runner.commands import FileError, Log, pairs
from tests.runner.event import Event
from tests.runner.expressions import condition, evaluate, interpolate, to_text, truth
from tests.runner.host import Host

_SHELLS = {
    None: "bash -e {0}",
    "bash": "bash --noprofile --norc -e -o pipefail {0}",
    "sh": "sh -e {0}",
    "python": f"{shlex.quote(sys.executable)} {{0}}",
}
_SUFFIXES = {"python": ".py"}
_SUMMARY_LIMIT = 1024 * 1024
_AFTER_SIGINT_S, _AFTER_SIGTERM_S = 7.5, 2.5


@dataclass
class Step:
    """What became of a step."""

    outcome: str = "skipped"
    conclusion: str = "skipped"
    outputs: dict[str, str] = field(default_factory=dict)
    log: str = ""
    seconds: float = 0.0

    def shown(self) -> dict[str, Any]:
        """Return it as expressions see it."""
        return {"outcome": self.outcome, "conclusion": self.conclusion, "outputs": self.outputs}


@dataclass
class Job:
    """A job while it runs, and what is left of it."""

    host: Host
    event: Event
    name: str
    contexts: dict[str, Any]
    workspace: Path
    temp: Path
    env: dict[str, str]
    cancel: Callable[[], bool] = lambda: False
    log: Log = field(default_factory=Log)
    steps: dict[str, Step] = field(default_factory=dict)
    """By their ids, else names; those of an action as `gate/install`, below the step that uses it."""
    result: str = "success"
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    path: list[str] = field(default_factory=list)
    defaults: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Return the log."""
        return self.log.text

    @property
    def messages(self) -> list[str]:
        """Return what errors are annotated."""
        return [each.message for each in self.log.annotations if each.level == "error"]

    def run(self, steps: list[dict[str, Any]]) -> None:
        """Execute the steps of the job."""
        scope = _Scope(job=self, contexts={**self.contexts, "steps": {}}, env={})
        self.result = scope.run(steps)

    @property
    def cancelled(self) -> bool:
        """Return whether the run is cancelled by now."""
        return self.result == "cancelled"


@dataclass
class _Scope:
    """A list of steps that see each other: those of a job, or of one use of a composite action."""

    job: Job
    contexts: dict[str, Any]
    env: dict[str, str]
    action: Path | None = None
    within: str = ""
    """What the names of its steps begin with: the name of the step that uses the action."""
    status: str = "success"

    def run(self, steps: list[dict[str, Any]]) -> str:
        """Execute them and return what they come to: success, failure or cancelled."""
        for declared in steps:
            step = self._one(declared)
            if declared.get("id"):
                self.contexts["steps"][declared["id"]] = step.shown()
            self.job.steps[f"{self.within}{_key(declared)}"] = step
            if step.conclusion == "cancelled" or self.job.cancelled:
                self.job.result = self.status = "cancelled"
            elif step.conclusion == "failure" and self.status == "success":
                self.status = "failure"
                if self.action is None:
                    self.job.result = "failure"
        return self.status

    def functions(self) -> dict[str, Callable[..., Any]]:
        return {
            "success": lambda: self.status == "success",
            "failure": lambda: self.status == "failure",
            "cancelled": lambda: self.job.cancelled,
            "always": lambda: True,
            "hashfiles": self._hash_files,
        }

    def _hash_files(self, *patterns: str) -> str:
        files = sorted({file for each in patterns for file in self.job.workspace.glob(each) if file.is_file()})
        digests = b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)
        return hashlib.sha256(digests).hexdigest() if files else ""

    def _seen(self, env: Mapping[str, str]) -> dict[str, Any]:
        return {**self.contexts, "env": {**self.job.env, **env}, "job": {"status": self.job.result}}

    def _one(self, declared: dict[str, Any]) -> Step:
        step, begun, since = Step(), len(self.job.log.lines), time.monotonic()
        self.job.log.begin_step()
        if self.job.cancel() and not self.job.cancelled:
            self.job.result = self.status = "cancelled"
        seen = self._seen(self.env)
        if not condition(declared.get("if"), seen, self.functions()):
            return step
        self.job.log.write(
            f"##[step]{interpolate(declared.get('name') or declared.get('uses') or 'run', seen, self.functions())}"
        )
        env = {name: interpolate(value, seen, self.functions()) for name, value in (declared.get("env") or {}).items()}
        merged = {**self.env, **env}
        execute = self._use if "uses" in declared else self._script
        step.outcome = execute(declared, step, merged, self._seen(merged))
        passes = declared.get("continue-on-error", False)
        if isinstance(passes, str):
            passes = truth(evaluate(passes.strip().removeprefix("${{").removesuffix("}}"), seen, self.functions()))
        step.conclusion = "success" if step.outcome == "failure" and passes else step.outcome
        step.seconds = time.monotonic() - since
        step.log = "".join(f"{line}\n" for line in self.job.log.lines[begun:])
        return step

    def _use(self, declared: dict[str, Any], step: Step, env: dict[str, str], seen: dict[str, Any]) -> str:
        from tests.runner.actions import EMULATED, Call, Failed

        given = {k.lower(): interpolate(v, seen, self.functions()) for k, v in (declared.get("with") or {}).items()}
        place = self.job.host.place_of(declared["uses"], self.job.workspace)
        if place is not None:
            return self._composite(place, given, step, env, f"{self.within}{_key(declared)}/")
        name = declared["uses"].partition("@")[0]
        if name not in EMULATED:
            raise NotImplementedError(f"nothing emulates {declared['uses']}")
        call = Call(job=self.job, inputs=given, outputs=step.outputs, env=env)
        try:
            EMULATED[name](call)
        except Failed as failure:
            self.job.log.write(f"::error::{failure}")
            return "failure"
        return "success"

    def _composite(self, place: Path, given: dict[str, str], step: Step, env: dict[str, str], within: str) -> str:
        action = yaml.safe_load((place / "action.yml").read_text(encoding="utf-8"))
        declared = {name.lower(): each or {} for name, each in (action.get("inputs") or {}).items()}
        if unknown := sorted(given.keys() - declared.keys()):
            self.job.log.write(f"::warning::Unexpected input(s) {unknown}, valid inputs are {sorted(declared)}")
        github = {**self.contexts["github"], "action_path": str(place)}
        base = {**{k: v for k, v in self.contexts.items() if k not in {"secrets", "vars", "needs"}}, "github": github}
        inputs = {
            name: given.get(name, interpolate(each.get("default", ""), base, self.functions()))
            for name, each in declared.items()
        }
        scope = _Scope(
            job=self.job, contexts={**base, "inputs": inputs, "steps": {}}, env=env, action=place, within=within
        )
        ended = scope.run(action["runs"]["steps"])
        for name, each in (action.get("outputs") or {}).items():
            step.outputs[name] = interpolate(each["value"], scope.contexts, scope.functions())
        return ended

    def _script(self, declared: dict[str, Any], step: Step, env: dict[str, str], seen: dict[str, Any]) -> str:
        shell = declared.get("shell") or (self.job.defaults.get("shell") if self.action is None else None)
        if self.action is not None and shell is None:
            raise ValueError(f"a step of a composite action names its shell: {declared}")
        script = self.job.temp / f"{os.urandom(8).hex()}{_SUFFIXES.get(shell or '', '.sh')}"
        script.write_text(interpolate(declared["run"], seen, self.functions()), encoding="utf-8")
        below = declared.get("working-directory") or (
            self.job.defaults.get("working-directory") if self.action is None else None
        )
        folder = self.job.workspace / interpolate(below or ".", seen, self.functions())
        if not folder.is_dir():
            self.job.log.write(f"::error::An error occurred trying to start process: no such directory {folder}")
            return "failure"
        files = {
            name: self.job.temp / f"{name}-{script.stem}" for name in ("env", "output", "path", "state", "step_summary")
        }
        for file in files.values():
            file.touch()
        variables = {f"GITHUB_{name.upper()}": str(file) for name, file in files.items()}
        if self.action is not None:
            variables["GITHUB_ACTION_PATH"] = str(self.action)
        whole = {**self.job.host.machine(self.job.path), **self.job.env, **env, **self._variables(), **variables}
        minutes = declared.get("timeout-minutes")
        limit = None if minutes is None else 60 * float(interpolate(minutes, seen, self.functions()))
        argv = shlex.split(_SHELLS[shell].format(shlex.quote(str(script))))
        ended = _process(argv, folder, whole, self.job, limit)
        return self._after(ended, files, step)

    def _variables(self) -> dict[str, str]:
        """Return what the runner sets, over whatever a workflow says."""
        github, runner = self.contexts["github"], self.contexts["runner"]
        names = (
            "actor", "api_url", "base_ref", "event_name", "event_path", "graphql_url", "head_ref", "job", "ref",
            "ref_name", "ref_type", "repository", "repository_owner", "run_attempt", "run_id", "run_number",
            "server_url", "sha", "triggering_actor", "workflow", "workflow_ref", "workspace",
        )  # fmt: skip
        given = {f"GITHUB_{name.upper()}": to_text(github[name]) for name in names}
        return {
            **given,
            **{f"RUNNER_{name.upper()}": to_text(value) for name, value in runner.items()},
            "GITHUB_ACTIONS": "true",
            "CI": "true",
        }

    def _after(self, ended: str, files: Mapping[str, Path], step: Step) -> str:
        """Take what the step left in its files."""
        try:
            step.outputs.update(pairs(files["output"]))
            self.job.env.update(pairs(files["env"]))
        except FileError as error:
            self.job.log.write(f"::error::Unable to process file command: {error}")
            ended = "failure" if ended == "success" else ended
        self.job.path[:0] = reversed(files["path"].read_text().splitlines())
        summary = files["step_summary"].read_bytes()
        if len(summary) > _SUMMARY_LIMIT:
            self.job.log.write("::error::$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k")
        else:
            self.job.summary += summary.decode("utf-8")
        return ended


def _key(declared: Mapping[str, Any]) -> str:
    return str(declared.get("id") or declared.get("name") or declared.get("uses") or declared["run"])


def _process(argv: list[str], folder: Path, env: Mapping[str, str], job: Job, limit: float | None) -> str:
    """Run a program to its end, or to that of its time; its lines go to the log."""
    try:
        process = subprocess.Popen(
            argv,
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        job.log.write(f"::error::{error}")
        return "failure"
    assert process.stdout is not None
    reader = threading.Thread(target=_read, args=(process.stdout, job.log), daemon=True)
    reader.start()
    until = None if limit is None else time.monotonic() + limit
    ended = ""
    while process.poll() is None and not ended:
        time.sleep(0.02)
        if not job.cancelled and job.cancel():
            ended, job.result = "cancelled", "cancelled"
        elif until is not None and time.monotonic() > until:
            job.log.write("::error::The action has timed out.")
            ended = "failure"
    if ended:
        _stop(process)
    reader.join(timeout=10)
    process.stdout.close()
    if ended or process.returncode == 0:
        return ended or "success"
    job.log.write(f"::error::Process completed with exit code {process.returncode}.")
    return "failure"


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a process as the runner does: it alone is asked, with SIGINT, then SIGTERM; then all of it is killed."""
    for number, patience in ((signal.SIGINT, _AFTER_SIGINT_S), (signal.SIGTERM, _AFTER_SIGTERM_S)):
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            break
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _read(stream: Any, log: Log) -> None:
    for line in stream:
        log.write(line.decode("utf-8", "replace").rstrip("\r\n"))
