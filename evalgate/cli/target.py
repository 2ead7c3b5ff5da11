"""What a change is meant for, as the workflow says it that this runs in: the one reader of GitHub's event for this."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from evalgate.gate.bases import Target


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
