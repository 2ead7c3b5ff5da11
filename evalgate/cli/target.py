"""What a change is meant for, as the workflow says it that this runs in: the one reader of GitHub's event for this."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from evalgate.gate.baselines.bases import Bases, Target
from evalgate.gate.datasets import Pull, with_datasets
from evalgate.gate.guard.guard import Gate, guard, unguarded
from evalgate.gate.prepare import PreparedSuite
from evalgate.gate.request import Commit
from evalgate.suite.loading import LoadedConfig, load_config

_PULL_REQUESTS: Final = frozenset({"pull_request", "pull_request_target"})


def target_of(environ: Mapping[str, str], given: str | None) -> Target:
    """Return what the change is compared with: the ref that was given, else what the event of a workflow names.

    A pull request is checked out as it is merged into its target, or as its own head; a merge queue names its base.
    """
    if given is not None:
        return Target(ref=given)
    if environ.get("GITHUB_ACTIONS") != "true":
        return Target()
    match environ.get("GITHUB_EVENT_NAME"):
        case "pull_request" | "pull_request_target":
            merge = re.fullmatch(r"refs/pull/\d+/merge", environ.get("GITHUB_REF", ""))
            return Target(ref=environ.get("GITHUB_BASE_REF") or None, merged=merge is not None, change=True)
        case "merge_group":
            group = _event(environ).get("merge_group")
            return Target(commit=_sha(group.get("base_sha") if isinstance(group, dict) else None), change=True)
        case "push":
            name = environ.get("GITHUB_REF_NAME") if environ.get("GITHUB_REF", "").startswith("refs/heads/") else None
            return Target(ref=name or None, commit=_sha(_event(environ).get("before")))
        case _:
            return Target()


def gate_of(
    loaded: LoadedConfig,
    bases: Bases,
    environ: Mapping[str, str],
    set_: Mapping[str, str],
    pull: Pull,
    *,
    as_pull_request: bool,
    names: Collection[str] = (),
) -> Gate:
    """Return what decides about the change; what `environ` and `set_` say is laid over every config alike.

    `pull` brings datasets here that are not files, `names` are the suites that are asked for (none: all). Raises as
    `guard` does.
    """
    if environ.get("GITHUB_ACTIONS") == "true" and environ.get("GITHUB_EVENT_NAME") == "push" and not as_pull_request:
        return unguarded(with_datasets(loaded, pull, names))  # it is merged: what decides now is what it says
    load = partial(load_config, environ=environ, overrides=set_, committed=True)
    return guard(loaded, bases, load, pull, pull_request=as_pull_request or is_pull_request(environ), names=names)


def is_pull_request(environ: Mapping[str, str]) -> bool:
    """Return whether the workflow runs for a change that is meant for another branch."""
    events = {*_PULL_REQUESTS, "merge_group"}
    return environ.get("GITHUB_ACTIONS") == "true" and environ.get("GITHUB_EVENT_NAME") in events


def change_of(environ: Mapping[str, str], commit: Commit, suites: Iterable[PreparedSuite]) -> str | None:
    """Return what people call the change that is measured, the same at its next commit; None where nobody can say.

    A pull request by its number; outside of a workflow the branch, unless it is what the change is meant for.
    """
    if environ.get("GITHUB_ACTIONS") != "true":
        targets = {suite.base.name for suite in suites if suite.base is not None}
        return f"branch {commit.branch}" if commit.branch is not None and commit.branch not in targets else None
    if environ.get("GITHUB_EVENT_NAME") not in _PULL_REQUESTS:
        return None
    number = _event(environ).get("number")
    if isinstance(number, int):
        return f"pull request {number}"
    merged = re.match(r"refs/pull/(\d+)/", environ.get("GITHUB_REF", ""))
    return f"pull request {merged[1]}" if merged else None


def pushed_branch(environ: Mapping[str, str]) -> str | None:
    """Return the default branch where this run is one for a push to it: what is checked out is what is shipped now."""
    if environ.get("GITHUB_ACTIONS") != "true" or environ.get("GITHUB_EVENT_NAME") != "push":
        return None
    repository = _event(environ).get("repository")
    default = repository.get("default_branch") if isinstance(repository, dict) else None
    is_default = isinstance(default, str) and environ.get("GITHUB_REF") == f"refs/heads/{default}"
    return default if is_default else None


def head_of(environ: Mapping[str, str]) -> str | None:
    """Return a pull request's own commit, where this run is for one: what is checked out may be the merge of it."""
    pull = _event(environ).get("pull_request")
    head = pull.get("head") if isinstance(pull, dict) else None
    return _sha(head.get("sha")) if isinstance(head, dict) and is_pull_request(environ) else None


def is_reviewed(environ: Mapping[str, str]) -> bool:
    """Return whether what is measured is what people review, or reviewed: a pull request, a merge queue, a push."""
    events = {*_PULL_REQUESTS, "merge_group", "push"}
    return environ.get("GITHUB_ACTIONS") == "true" and environ.get("GITHUB_EVENT_NAME") in events


def _event(environ: Mapping[str, str]) -> dict[str, Any]:
    try:
        read = json.loads(Path(environ.get("GITHUB_EVENT_PATH", "")).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


def _sha(value: object) -> str | None:
    """Return a commit; None for the zeros that stand for a branch that is new, and for what is none."""
    text = value if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{40,64}", value) else ""
    return text if text.strip("0") else None
