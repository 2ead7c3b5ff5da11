"""Pull requests, found by what cannot be forged: their number in an event, a commit, the head of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from evalgate.github.client import Client
from evalgate.github.errors import GitHubError

_READS: Final = "pull-requests: read"
_LISTED: Final = 3_000
"""GitHub lists no more files of one pull request."""
_RUNS: Final = "actions: read"


@dataclass(frozen=True, kw_only=True)
class Pull:
    """A pull request as it stands. `head_repository` is None where the fork is gone."""

    number: int
    url: str
    state: str
    draft: bool
    author: str
    head: str
    head_branch: str
    head_repository: str | None
    base_branch: str
    base: str
    labels: frozenset[str]
    """Names in lower case: GitHub holds `A` and `a` for one label."""
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of a workflow: what GitHub saw at `created_at`, the head of a branch at that time."""

    id: int
    event: str
    head: str
    head_branch: str
    head_repository: str | None
    created_at: datetime


async def read_pull(
    client: Client, number: int, *, doing: str = "the pull request could not be read", needs: str = _READS
) -> Pull:
    """Return a pull request. `needs` is the permission for what it is read for. Raises GitHubError."""
    return _pull(await client.get(f"pulls/{number}", doing=doing, needs=needs), doing)


async def read_run(client: Client, run_id: int) -> Run:
    """Return a run of a workflow. Raises GitHubError."""
    doing = "the run could not be read"
    return _run(await client.get(f"actions/runs/{run_id}", doing=doing, needs=_RUNS), doing)


async def runs_of_head(client: Client, sha: str) -> list[Run]:
    """Return the runs that pull requests with the head `sha` set off. Raises GitHubError."""
    doing = "the runs of the head could not be read"
    query = {"head_sha": sha, "event": "pull_request"}
    entries = await client.pages("actions/runs", key="workflow_runs", doing=doing, needs=_RUNS, query=query)
    return [_run(each, doing) for each in entries]


async def pull_of_run(client: Client, run_id: int) -> Pull:
    """Return the open pull request that set off a run, a fork's too.

    It is who has the run's branch as its head, at the run's commit: nothing that the run left behind is asked. Raises
    GitHubError where there is none, or more than one, and where it has moved on.
    """
    doing = "the pull request of the run could not be found"
    run = await read_run(client, run_id)
    if run.event != "pull_request" or run.head_repository is None:
        raise GitHubError(f"{doing}: run {run_id} was set off by {run.event}", status=200)
    owner = run.head_repository.partition("/")[0]
    query = {"head": f"{owner}:{run.head_branch}", "state": "open"}
    entries = await client.pages("pulls", doing=doing, needs=_READS, query=query)
    there = [each for each in (_pull(entry, doing) for entry in entries) if is_of(each, run)]
    at_head = [each for each in there if each.head == run.head]
    if len(at_head) == 1:
        return at_head[0]
    why = "more than one has it as its head" if at_head else "it has a newer head" if there else "none is open"
    raise GitHubError(f"{doing}: {why}", status=200)


async def files_of_pull(client: Client, number: int) -> frozenset[str] | None:
    """Return the files that a pull request adds, edits, renames (by both names) or removes; None where there are more
    than GitHub lists. Raises GitHubError.
    """
    doing = "the files of the pull request could not be listed"
    entries = await client.pages(f"pulls/{number}/files", doing=doing, needs=_READS)
    if len(entries) >= _LISTED:
        return None
    names = [each.get(key) for each in entries for key in ("filename", "previous_filename")]
    return frozenset(name for name in names if isinstance(name, str))


def is_of(pull: Pull, run: Run) -> bool:
    """Return whether a run was for the branch that a pull request has as its head."""
    if pull.head_repository is None or run.head_repository is None:
        return False
    same = pull.head_repository.casefold() == run.head_repository.casefold()
    return same and pull.head_branch == run.head_branch


def moment(text: object) -> datetime:
    """Return a time as GitHub writes it. Raises ValueError, or TypeError for what is no text."""
    if not isinstance(text, str):
        raise TypeError("a time is a text")
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _pull(value: Mapping[str, Any], doing: str) -> Pull:
    try:
        head, base = value["head"], value["base"]
        return Pull(
            number=int(value["number"]),
            url=str(value["html_url"]),
            state=str(value["state"]),
            draft=bool(value.get("draft")),
            author=_login(value.get("user")),
            head=str(head["sha"]),
            head_branch=str(head["ref"]),
            head_repository=_full_name(head.get("repo")),
            base_branch=str(base["ref"]),
            base=str(base["sha"]),
            labels=frozenset(str(each["name"]).casefold() for each in value["labels"]),
            created_at=moment(value["created_at"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise GitHubError(f"{doing}: the answer is no pull request", status=200) from None


def _run(value: Mapping[str, Any], doing: str) -> Run:
    try:
        return Run(
            id=int(value["id"]),
            event=str(value["event"]),
            head=str(value["head_sha"]),
            head_branch=str(value["head_branch"]),
            head_repository=_full_name(value.get("head_repository")),
            created_at=moment(value["created_at"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise GitHubError(f"{doing}: the answer is no run", status=200) from None


def _login(user: Any) -> str:
    """Return who it is; an account that is gone is GitHub's `ghost`."""
    return str(user["login"]) if user is not None else "ghost"


def _full_name(repository: Any) -> str | None:
    return None if repository is None else str(repository["full_name"])
