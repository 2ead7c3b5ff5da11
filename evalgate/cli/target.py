"""What a change is meant for, as the workflow says it that this runs in: the one reader of GitHub's event for this."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from evalgate.gate.bases import Bases, Target
from evalgate.gate.guard import Gate, guard
from evalgate.suite.loading import LoadedConfig, load_config


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
            return Target(ref=environ.get("GITHUB_BASE_REF") or None, merged=merge is not None)
        case "merge_group":
            group = _event(environ).get("merge_group")
            return Target(commit=_sha(group.get("base_sha") if isinstance(group, dict) else None))
        case "push":
            return Target(commit=_sha(_event(environ).get("before")))
        case _:
            return Target()


def gate_of(
    loaded: LoadedConfig, bases: Bases, environ: Mapping[str, str], set_: Mapping[str, str], *, as_pull_request: bool
) -> Gate:
    """Return what decides about the change; what `environ` and `set_` say is laid over every config alike.

    Raises as `guard` does.
    """
    load = partial(load_config, environ=environ, overrides=set_, committed=True)
    return guard(loaded, bases, load, pull_request=as_pull_request or is_pull_request(environ))


def is_pull_request(environ: Mapping[str, str]) -> bool:
    """Return whether the workflow runs for a change that is meant for another branch."""
    events = {"pull_request", "pull_request_target", "merge_group"}
    return environ.get("GITHUB_ACTIONS") == "true" and environ.get("GITHUB_EVENT_NAME") in events


def _event(environ: Mapping[str, str]) -> dict[str, Any]:
    try:
        read = json.loads(Path(environ.get("GITHUB_EVENT_PATH", "")).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _sha(value: object) -> str | None:
    """Return a commit; None for the zeros that stand for a branch that is new, and for what is none."""
    text = value if isinstance(value, str) and re.fullmatch(r"[0-9a-f]{40,64}", value) else ""
    return text if text.strip("0") else None
