"""What the event that a workflow runs for says: what is asked, compared with what, by whom, and where people read it.

Pure: it gets the environment and the payload as they are. Whatever a payload holds instead of what GitHub documents
counts as missing; titles, branches and labels in it are anybody's words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

_PULL_REQUESTS: Final = frozenset(
    {"pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment"}
)
_MERGED_REF: Final = re.compile(r"refs/pull/(\d{1,10})/merge")
_PULL_REF: Final = re.compile(r"refs/pull/(\d{1,10})/(?:merge|head)")
_SHA: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_DEPENDABOT: Final = "dependabot[bot]"
_LABELS: Final = 100
"""GitHub allows no more on one pull request."""
_NAME: Final = 255
"""Characters of a branch, a label or a repository; what is longer is none."""


class Course(StrEnum):
    """What a run in a workflow is for."""

    CANDIDATE = "candidate"
    """A change that is meant for another branch: it is judged by what that has."""
    BASELINE = "baseline"
    """A push to the default branch: what is checked out is what is shipped from now on."""
    RELEASE = "release"
    """A tag or a release."""
    REPORT = "report"
    """Another workflow ended: what it recorded is decided again and shown, and nothing of the change is run."""
    PLAIN = "plain"
    """A schedule, a button, another branch, no workflow at all: the work tree decides by itself."""


class Outside(StrEnum):
    """Whose change comes without the repository's secrets, and with a token that only reads."""

    FORK = "fork"
    DEPENDABOT = "Dependabot"


@dataclass(frozen=True, kw_only=True, slots=True)
class PullRequest:
    """The pull request that an event is about, as it was then. `head` is its own commit, not the merge of it.

    `number` is None where only the branch is known. `labels` are those it had when the event happened.
    """

    number: int | None
    head: str | None = None
    draft: bool = False
    labels: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One event. `name` is None outside of a workflow.

    `base_ref` (a branch) and `base_commit` are what the change is compared with, as far as the event says it; `merged`:
    the change is checked out as it is merged into that. `guarded`: what the base commit defines decides.
    """

    name: str | None = None
    course: Course = Course.PLAIN
    pull: PullRequest | None = None
    base_ref: str | None = None
    base_commit: str | None = None
    merged: bool = False
    outside: Outside | None = None
    """None: the run has the secrets and the token that its workflow gives it."""
    default_branch: str | None = None
    repository: str | None = None
    attempt: int = 1
    """Above 1: somebody ran it again."""
    run: int | None = None
    """The run of another workflow that has ended, where this one runs for that."""

    @property
    def change(self) -> bool:
        """Whether it is about a change that is meant for another branch."""
        return self.course is Course.CANDIDATE

    @property
    def reviewed(self) -> bool:
        """Whether what is measured is what people review, or reviewed."""
        return self.change or self.name == "push"

    @property
    def number(self) -> int | None:
        """The pull request under which people read the report; None: the job's summary alone."""
        return self.pull.number if self.pull is not None and self.name in {*_PULL_REQUESTS, "workflow_run"} else None

    @property
    def exposes_secrets(self) -> bool:
        """Whether the run would give the code of a pull request the secrets of the base."""
        return self.name == "pull_request_target"


def event_of(environ: Mapping[str, str], payload: Mapping[str, Any]) -> Event:
    """Return what a workflow's environment and the payload of its event say; nothing outside of a workflow."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return Event()
    name = environ.get("GITHUB_EVENT_NAME") or None
    ref = environ.get("GITHUB_REF", "")
    event = Event(
        name=name,
        default_branch=_name(_at(payload, "repository", "default_branch")),
        repository=_name(environ.get("GITHUB_REPOSITORY")) or _name(_at(payload, "repository", "full_name")),
        attempt=_number(environ.get("GITHUB_RUN_ATTEMPT")) or 1,
    )
    if name in _READERS:
        return _READERS[name](event, environ, payload)
    if name == "release" or ref.startswith("refs/tags/"):
        return replace(event, course=Course.RELEASE)
    if pull := _PULL_REF.fullmatch(ref):  # another event that is about a pull request: never its own judge
        merged = _MERGED_REF.fullmatch(ref) is not None
        return replace(event, course=Course.CANDIDATE, pull=PullRequest(number=_number(pull[1])), merged=merged)
    return event


def _of_pull_request(event: Event, environ: Mapping[str, str], payload: Mapping[str, Any]) -> Event:
    ref = environ.get("GITHUB_REF", "")
    named = _PULL_REF.fullmatch(ref)
    found = (
        _number(payload.get("number")),
        _number(_at(payload, "pull_request", "number")),
        _number(named[1]) if named else None,
    )
    pull = PullRequest(
        number=next((number for number in found if number is not None), None),
        head=_sha(_at(payload, "pull_request", "head", "sha")),
        draft=_at(payload, "pull_request", "draft") is True,
        labels=_labels(_at(payload, "pull_request", "labels")),
    )
    return replace(
        event,
        course=Course.CANDIDATE,
        pull=pull,
        base_ref=_name(environ.get("GITHUB_BASE_REF")) or _name(_at(payload, "pull_request", "base", "ref")),
        merged=_MERGED_REF.fullmatch(ref) is not None,
        outside=_outside(event, environ, payload),
    )


def _outside(event: Event, environ: Mapping[str, str], payload: Mapping[str, Any]) -> Outside | None:
    """Return whose change it is, where it comes from outside. A fork that is gone by now was one.

    Who made it run counts, whoever's pull request it is, also where somebody else has it run again.
    """
    if event.exposes_secrets:
        return None
    if environ.get("GITHUB_ACTOR") == _DEPENDABOT:
        return Outside.DEPENDABOT
    head = _at(payload, "pull_request", "head")
    if not isinstance(head, Mapping):
        return None
    home = _name(_at(payload, "pull_request", "base", "repo", "full_name")) or event.repository
    return None if _name(_at(head, "repo", "full_name")) == home else Outside.FORK


def _of_merge_group(event: Event, _environ: Mapping[str, str], payload: Mapping[str, Any]) -> Event:
    return replace(
        event,
        course=Course.CANDIDATE,
        base_commit=_sha(_at(payload, "merge_group", "base_sha")),
        pull=_queued(_at(payload, "merge_group", "head_ref"), _sha(_at(payload, "merge_group", "head_sha"))),
    )


def _queued(ref: object, head: str | None) -> PullRequest | None:
    """Return the pull request for which a merge queue made a branch; those before it in the queue are in it too."""
    found = re.fullmatch(r"refs/heads/gh-readonly-queue/.+/pr-(\d{1,10})-[0-9a-f]{40,64}", _name(ref) or "")
    return PullRequest(number=_number(found[1]), head=head) if found else None


def _of_push(event: Event, environ: Mapping[str, str], payload: Mapping[str, Any]) -> Event:
    ref = environ.get("GITHUB_REF", "")
    if ref.startswith("refs/tags/"):
        return replace(event, course=Course.RELEASE, base_commit=_sha(payload.get("before")))
    is_default = event.default_branch is not None and ref == f"refs/heads/{event.default_branch}"
    return replace(
        event,
        course=Course.BASELINE if is_default else Course.PLAIN,
        base_ref=_name(environ.get("GITHUB_REF_NAME")) if ref.startswith("refs/heads/") else None,
        base_commit=_sha(payload.get("before")),
    )


def _of_workflow_run(event: Event, _environ: Mapping[str, str], payload: Mapping[str, Any]) -> Event:
    """Return what is to be reported. GitHub names no pull request of a fork here: its number is asked for elsewhere."""
    head = _sha(_at(payload, "workflow_run", "head_sha"))
    pulls = _at(payload, "workflow_run", "pull_requests")
    first = pulls[0] if isinstance(pulls, list) and len(pulls) == 1 else None
    number = _number(first.get("number")) if isinstance(first, Mapping) else None
    home = _name(_at(payload, "workflow_run", "repository", "full_name")) or event.repository
    fork = _name(_at(payload, "workflow_run", "head_repository", "full_name")) != home
    return replace(
        event,
        course=Course.REPORT,
        run=_id(_at(payload, "workflow_run", "id")),
        pull=PullRequest(number=None if fork else number, head=head),
        outside=Outside.FORK if fork else None,
    )


_READERS: Final = {
    **dict.fromkeys(_PULL_REQUESTS, _of_pull_request),
    "merge_group": _of_merge_group,
    "push": _of_push,
    "workflow_run": _of_workflow_run,
}


def _at(value: object, *path: str) -> object:
    """Return what stands at a path of a payload; None where it does not lead there."""
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def _labels(value: object) -> frozenset[str]:
    each = value[:_LABELS] if isinstance(value, list) else []
    return frozenset(name for label in each if (name := _name(_at(label, "name"))) is not None)


def _name(value: object) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= _NAME and value.isprintable() else None


def _number(value: object) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,10}", value):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**10 else None


def _id(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63 else None


def _sha(value: object) -> str | None:
    """Return a commit; None for the zeros that stand for a branch that is new, and for what is none."""
    text = value if isinstance(value, str) and _SHA.fullmatch(value) else ""
    return text if text.strip("0") else None
