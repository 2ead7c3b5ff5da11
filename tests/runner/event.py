"""What starts a workflow: the event, the ref and commit it runs on, and whose pull request it is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

REPOSITORY = "acme/answers"
_DEFAULT_SCOPE_WITHOUT_TRUST = frozenset({"pull_request_target", "workflow_run", "issue_comment", "issues"})
"""Events that strangers cause and that run with the default branch's scope: their token of the cache only reads."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One occurrence. `payload` is what GITHUB_EVENT_PATH holds; `fork` says that a stranger's code runs."""

    name: str
    ref: str
    sha: str
    payload: dict[str, Any] = field(default_factory=dict)
    head_ref: str = ""
    base_ref: str = ""
    actor: str = "ada"
    fork: bool = False
    run_id: int = 1
    attempt: int = 1

    def again(self) -> Event:
        """Return the same event for a re-run of its workflow."""
        return replace(self, attempt=self.attempt + 1)

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return the refs whose caches may be read, the own first."""
        base = [f"refs/heads/{self.base_ref}"] if self.base_ref else []
        return tuple(dict.fromkeys((self.ref, *base, f"refs/heads/{self.default_branch}")))

    @property
    def saves(self) -> bool:
        """Return whether caches may be written, which is to the own ref alone."""
        return self.name not in _DEFAULT_SCOPE_WITHOUT_TRUST

    @property
    def default_branch(self) -> str:
        """Return the repository's default branch."""
        return str(self.payload.get("repository", {}).get("default_branch", "main"))


def repository(*, private: bool = True, full_name: str = REPOSITORY) -> dict[str, Any]:
    """Return what payloads say of the repository."""
    owner, name = full_name.split("/")
    return {
        "full_name": full_name,
        "name": name,
        "owner": {"login": owner},
        "default_branch": "main",
        "private": private,
        "visibility": "private" if private else "public",
    }


def pull_request(
    number: int,
    *,
    sha: str,
    head_sha: str,
    head_ref: str = "change",
    head: str = REPOSITORY,
    private: bool = True,
    **more: Any,
) -> Event:
    """Return a push to a pull request. `sha` is its merge into main, `head` the repository that it comes from."""
    pull = {
        "number": number,
        "draft": False,
        "labels": [],
        "user": {"login": "ada"},
        "head": {"ref": head_ref, "sha": head_sha, "repo": {"full_name": head, "fork": head != REPOSITORY}},
        "base": {"ref": "main", "repo": {"full_name": REPOSITORY}},
    }
    return Event(
        name="pull_request",
        ref=f"refs/pull/{number}/merge",
        sha=sha,
        payload={
            "action": "synchronize",
            "number": number,
            "pull_request": pull,
            "repository": repository(private=private),
        },
        head_ref=head_ref,
        base_ref="main",
        fork=head != REPOSITORY,
        **more,
    )


def push(sha: str, *, before: str = "0" * 40, branch: str = "main", private: bool = True, **more: Any) -> Event:
    """Return a push to a branch."""
    payload = {"ref": f"refs/heads/{branch}", "before": before, "after": sha, "repository": repository(private=private)}
    return Event(name="push", ref=f"refs/heads/{branch}", sha=sha, payload=payload, **more)


def workflow_run(ended: Event, conclusion: str, *, run: int, sha: str, private: bool = True, **more: Any) -> Event:
    """Return the end of a pull request's run, which GitHub knows by the id `run`; `sha` is main's head."""
    head = ended.payload["pull_request"]["head"]
    payload = {
        "action": "completed",
        "repository": repository(private=private),
        "workflow_run": {
            "id": run,
            "name": "evalgate",
            "path": ".github/workflows/evalgate.yml",
            "event": ended.name,
            "conclusion": conclusion,
            "head_sha": head["sha"],
            "head_branch": head["ref"],
            "head_repository": {"full_name": head["repo"]["full_name"]},
            "repository": {"full_name": REPOSITORY},
            "pull_requests": [],
        },
    }
    return Event(name="workflow_run", ref="refs/heads/main", sha=sha, payload=payload, **more)
