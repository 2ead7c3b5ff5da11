"""The actions of others that workflows use, emulated: the inputs, outputs and effects that something here relies on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.runner.stores import StoreError

if TYPE_CHECKING:
    from tests.runner.steps import Job


class Failed(Exception):
    """The action failed, with this message."""


@dataclass
class Call:
    """One use of an action."""

    job: Job
    inputs: dict[str, str]
    outputs: dict[str, str]
    env: dict[str, str]

    def input(self, name: str, default: str = "") -> str:
        """Return an input, trimmed as the toolkit does."""
        return self.inputs.get(name, default).strip()

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a boolean input. Raises Failed for what is none."""
        given = self.input(name) or str(default).lower()
        if given.lower() not in {"true", "false"}:
            raise Failed(f'Input does not meet YAML 1.2 "Core Schema" specification: {name}')
        return given.lower() == "true"

    def lines(self, name: str) -> list[str]:
        """Return an input of several lines."""
        return [line.strip() for line in self.input(name).splitlines() if line.strip()]

    def only(self, *names: str) -> None:
        """Refuse inputs that this emulation knows nothing of."""
        if unknown := self.inputs.keys() - {*names}:
            raise NotImplementedError(f"inputs that are not emulated: {sorted(unknown)}")

    def say(self, line: str) -> None:
        """Write to the log."""
        self.job.log.write(line)


def checkout(call: Call) -> None:
    """Fetch one commit of the repository with as much history as was asked for, and check it out."""
    call.only("ref", "repository", "path", "fetch-depth", "persist-credentials", "token", "clean", "submodules")
    job, event = call.job, call.job.event
    assert job.host.origin is not None, "the host has no repository to check out"
    folder = job.workspace / call.input("path", ".")
    folder.mkdir(parents=True, exist_ok=True)
    depth = int(call.input("fetch-depth", "1"))
    ref = call.input("ref")

    def git(*arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, text=True, check=False, env=job.host.machine([])
        )
        if done.returncode:
            raise Failed(f"git {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout.strip()

    if not (folder / ".git").exists():
        git("init", "-q", "-b", "main", ".")
        git("remote", "add", "origin", job.host.origin.resolve().as_uri())
    git("config", "gc.auto", "0")
    limit = [f"--depth={depth}"] if depth else ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]
    wanted = ref or event.sha
    target = (
        f"refs/remotes/{event.ref.removeprefix('refs/')}" if not ref and event.ref.startswith("refs/pull/") else None
    )
    options = [each for each in limit if each.startswith("--")]
    specs = [each for each in limit if not each.startswith("--")]
    git("fetch", "-q", "--no-tags", *options, "origin", *specs, f"+{wanted}:{target}" if target else wanted)
    if not ref and event.ref.startswith("refs/heads/"):
        branch = event.ref.removeprefix("refs/heads/")
        git("update-ref", f"refs/remotes/origin/{branch}", event.sha)
        git("checkout", "-q", "--force", "-B", branch, event.sha)
    else:
        git("checkout", "-q", "--force", "--detach", "FETCH_HEAD" if ref else event.sha)
    if call.flag("persist-credentials", default=True):
        git(
            "config",
            f"http.{job.host.server_url}/.extraheader",
            f"AUTHORIZATION: basic {call.input('token') or 'token'}",
        )
    call.outputs.update(ref=ref or event.ref, commit=git("rev-parse", "HEAD"))


def setup_python(call: Call) -> None:
    """Say where a Python is; put it into the PATH unless that was declined."""
    call.only("python-version", "update-environment", "cache", "python-version-file", "architecture")
    call.outputs.update({"python-path": sys.executable, "python-version": call.input("python-version")})
    if call.flag("update-environment", default=True):
        call.job.path.insert(0, str(Path(sys.executable).parent))


def setup_uv(call: Call) -> None:
    """Say where uv is, and put it into the PATH."""
    call.only("version", "enable-cache", "add-problem-matchers", "ignore-empty-workdir", "cache-dependency-glob")
    host = call.job.host
    if host.tools is not None:
        uv = host.tools(host.folder / "tools")
    else:
        found = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
        assert found, "there is no uv on this machine"
        uv = Path(found)
    call.job.path.insert(0, str(uv.parent))
    call.outputs.update({"uv-path": str(uv), "uv-version": call.input("version")})


def cache_restore(call: Call) -> None:
    """Bring files back that an earlier run saved, by their key or what it begins with."""
    call.only("path", "key", "restore-keys", "fail-on-cache-miss", "lookup-only", "enablecrossosarchive")
    found = _refused(
        call.job.host.caches.restore,
        call.job.event,
        call.input("key"),
        call.lines("restore-keys"),
        call.lines("path"),
        call.job.workspace,
        lookup_only=call.flag("lookup-only"),
    )
    call.outputs["cache-primary-key"] = call.input("key")
    if found is None:
        if call.flag("fail-on-cache-miss"):
            raise Failed(
                f"Failed to restore cache entry. Exiting as fail-on-cache-miss is set. Input key: {call.input('key')}"
            )
        call.say(f"Cache not found for input keys: {', '.join([call.input('key'), *call.lines('restore-keys')])}")
        return
    call.outputs.update({"cache-hit": str(found == call.input("key")).lower(), "cache-matched-key": found})
    call.say(f"Cache restored from key: {found}")


def cache_save(call: Call) -> None:
    """Save files; what cannot be saved is a warning."""
    call.only("path", "key", "upload-chunk-size", "enablecrossosarchive")
    problem = _refused(
        call.job.host.caches.save, call.job.event, call.input("key"), call.lines("path"), call.job.workspace
    )
    call.say(f"::warning::{problem}" if problem else f"Cache saved with key: {call.input('key')}")


def upload_artifact(call: Call) -> None:
    """Keep files as a zip; hidden ones only where that was asked for."""
    call.only(
        "name", "path", "if-no-files-found", "include-hidden-files", "overwrite", "retention-days", "compression-level"
    )
    files: dict[str, Path] = {}
    patterns = call.lines("path")
    found = [
        (Path(pattern), file)
        for pattern in patterns
        if not pattern.startswith("!")
        for file in _files(call.job.workspace, pattern)
        if call.flag("include-hidden-files") or not _hidden(file, call.job.workspace)
    ]
    if not found:
        text = f"No files were found with the provided path: {' '.join(patterns)}. No artifacts will be uploaded."
        match call.input("if-no-files-found", "warn"):
            case "error":
                raise Failed(text)
            case "ignore":
                call.say(text)
            case _:
                call.say(f"::warning::{text}")
        return
    whole = [file for _, file in found]
    root = Path(os.path.commonpath([file.parent for file in whole]))
    if len(patterns) == 1 and (call.job.workspace / patterns[0]).is_dir():
        root = call.job.workspace / patterns[0]
    files = {file.relative_to(root).as_posix(): file for file in whole}
    name = call.input("name", "artifact") or "artifact"
    _refused(call.job.host.artifacts.upload, call.job.event, name, files, overwrite=call.flag("overwrite"))
    number = str(len(call.job.host.artifacts.kept))
    url = (
        f"{call.job.host.server_url}/{call.job.host.repository}/actions/runs/{call.job.event.run_id}/artifacts/{number}"
    )
    call.outputs.update({"artifact-id": number, "artifact-url": url})


def download_artifact(call: Call) -> None:
    """Unpack one artifact into a folder, or several into folders of their names."""
    call.only("name", "path", "pattern", "merge-multiple", "github-token", "run-id", "repository")
    run = int(call.input("run-id") or call.job.event.run_id)
    if run != call.job.event.run_id and not call.input("github-token"):
        raise Failed("artifacts of another run need a github-token")
    kept = call.job.host.artifacts.of(run)
    folder = call.job.workspace / call.input("path", ".")
    if name := call.input("name"):
        if name not in kept:
            raise Failed(f"Unable to download artifact(s): Artifact not found for name: {name}")
        _unpack(kept[name], folder)
        return
    for each, archive in kept.items():
        if fnmatch(each, call.input("pattern") or "*"):
            _unpack(archive, folder if call.flag("merge-multiple") else folder / each)


def _files(workspace: Path, pattern: str) -> list[Path]:
    place = workspace / pattern
    if place.is_dir():
        return sorted(path for path in place.rglob("*") if path.is_file())
    if place.is_file():
        return [place]
    relative = os.path.relpath(place, "/") if Path(pattern).is_absolute() else pattern
    base = Path("/") if Path(pattern).is_absolute() else workspace
    return sorted(path for path in base.glob(relative) if path.is_file()) if any(c in pattern for c in "*?[") else []


def _hidden(file: Path, workspace: Path) -> bool:
    below = file.relative_to(workspace) if file.is_relative_to(workspace) else Path(file.name)
    return any(part.startswith(".") for part in below.parts)


def _unpack(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)


def _refused(ask: Callable[..., Any], *arguments: object, **named: object) -> Any:
    try:
        return ask(*arguments, **named)
    except StoreError as error:
        raise Failed(str(error)) from None


EMULATED: dict[str, Callable[[Call], None]] = {
    "actions/checkout": checkout,
    "actions/setup-python": setup_python,
    "astral-sh/setup-uv": setup_uv,
    "actions/cache/restore": cache_restore,
    "actions/cache/save": cache_save,
    "actions/upload-artifact": upload_artifact,
    "actions/download-artifact": download_artifact,
}
