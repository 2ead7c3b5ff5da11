"""The JSON of what the server knows, in the fields and forms of GitHub's published schemas."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from tests.fake_github.state import Artifact, Comment, Label, Pull, Repository, Run, stamp

ZERO = "2020-01-01T00:00:00Z"
_REPOSITORY_URLS = tuple(
    """archive assignees blobs branches collaborators comments commits compare contents contributors deployments
    downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels languages
    merges milestones notifications pulls releases stargazers statuses subscribers subscription tags teams
    trees""".split()  # noqa: SIM905
)
_USER_URLS = ("followers", "following", "gists", "starred", "subscriptions", "organizations", "repos")
_USER_URLS += ("events", "received_events")


class Shapes:
    """Writes JSON values; `api` and `web` are the addresses of the API and of the pages."""

    def __init__(self, api: str, web: str) -> None:
        self.api = api
        self.web = web

    def user(self, login: str, kind: str | None = None) -> dict[str, Any]:
        kind = kind or ("Bot" if login.endswith("[bot]") else "User")
        url = f"{self.api}/users/{login}"
        return {
            "login": login,
            "id": number(login),
            "node_id": node("U", login),
            "avatar_url": f"{self.web}/avatars/{number(login)}",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.web}/{login}",
            **{f"{each}_url": f"{url}/{each}" for each in _USER_URLS},
            "type": kind,
            "user_view_type": "public",
            "site_admin": False,
        }

    def app(self, slug: str) -> dict[str, Any]:
        return {
            "id": number(slug),
            "slug": slug,
            "node_id": node("A", slug),
            "owner": self.user("github"),
            "name": slug,
            "description": "",
            "external_url": f"{self.web}/apps/{slug}",
            "html_url": f"{self.web}/apps/{slug}",
            "created_at": ZERO,
            "updated_at": ZERO,
            "permissions": {"issues": "write"},
            "events": [],
        }

    def comment(self, repository: Repository, comment: Comment) -> dict[str, Any]:
        url = f"{self.api}/repos/{repository.full_name}/issues"
        return {
            "id": comment.id,
            "node_id": node("IC", comment.id),
            "url": f"{url}/comments/{comment.id}",
            "html_url": f"{self.web}/{repository.full_name}/pull/{comment.number}#issuecomment-{comment.id}",
            "issue_url": f"{url}/{comment.number}",
            "body": comment.body,
            "user": self.user(comment.login, comment.kind),
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
            "author_association": comment.association,
            "performed_via_github_app": None if comment.app is None else self.app(comment.app),
        }

    def label(self, repository: Repository, label: Label) -> dict[str, Any]:
        return {
            "id": label.id,
            "node_id": node("LA", label.id),
            "url": f"{self.api}/repos/{repository.full_name}/labels/{label.name}",
            "name": label.name,
            "description": None,
            "color": label.color,
            "default": False,
            "archived_at": None,
            "archived_by": None,
        }

    def repository(self, repository: Repository, *, full_name: str | None = None, whole: bool = True) -> dict[str, Any]:
        """Return a repository, or a fork of it that is called `full_name`; `whole` as its own address gives it."""
        name = full_name or repository.full_name
        url = f"{self.api}/repos/{name}"
        brief = {
            "id": repository.id if full_name in (None, repository.full_name) else number(name),
            "node_id": node("R", name),
            "name": name.partition("/")[2],
            "full_name": name,
            "owner": self.user(name.partition("/")[0]),
            "private": repository.private,
            "html_url": f"{self.web}/{name}",
            "description": None,
            "fork": name != repository.full_name,
            "url": url,
            **{f"{each}_url": f"{url}/{each}" for each in _REPOSITORY_URLS},
        }
        if not whole:
            return brief
        counts = ("forks_count", "stargazers_count", "watchers_count", "size", "open_issues_count", "forks")
        counts += ("open_issues", "watchers", "subscribers_count", "network_count")
        has = ["has_issues", "has_projects", "has_wiki", "has_pages", "has_discussions", "disabled"]
        return {
            **brief,
            "git_url": f"git://example.invalid/{name}.git",
            "ssh_url": f"git@example.invalid:{name}.git",
            "clone_url": f"{self.web}/{name}.git",
            "svn_url": f"{self.web}/{name}",
            "mirror_url": None,
            "homepage": None,
            "language": None,
            "license": None,
            "default_branch": repository.default_branch,
            "visibility": "private" if repository.private else "public",
            "archived": repository.archived,
            **dict.fromkeys(counts, 0),
            **dict.fromkeys(has, False),
            "pushed_at": ZERO,
            "created_at": ZERO,
            "updated_at": ZERO,
        }

    def file(self, pull: Pull, name: str) -> dict[str, Any]:
        before, _, after = name.rpartition(" => ")
        page = f"{self.web}/{pull.repository.full_name}"
        shape = {
            "sha": hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest(),
            "filename": after,
            "status": "renamed" if before else "modified",
            "additions": 1,
            "deletions": 1,
            "changes": 2,
            "blob_url": f"{page}/blob/{pull.head_sha}/{after}",
            "raw_url": f"{page}/raw/{pull.head_sha}/{after}",
            "contents_url": f"{self.api}/repos/{pull.repository.full_name}/contents/{after}?ref={pull.head_sha}",
            "patch": "@@ -1 +1 @@",
        }
        return {**shape, "previous_filename": before} if before else shape

    def pull(self, pull: Pull, *, whole: bool = True) -> dict[str, Any]:
        repository = pull.repository
        url = f"{self.api}/repos/{repository.full_name}/pulls/{pull.number}"
        issue = f"{self.api}/repos/{repository.full_name}/issues/{pull.number}"
        page = f"{self.web}/{repository.full_name}/pull/{pull.number}"
        links = {"self": url, "html": page, "issue": issue, "comments": f"{issue}/comments"}
        links |= {"review_comments": f"{url}/comments", "review_comment": f"{url}/comments{{/number}}"}
        links |= {"commits": f"{url}/commits", "statuses": f"{url}/statuses"}
        brief = {
            "url": url,
            "id": number(url),
            "node_id": node("PR", pull.number),
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
            "issue_url": issue,
            **{f"{each}_url": links[each] for each in ("commits", "review_comments", "review_comment", "comments")},
            "statuses_url": links["statuses"],
            "number": pull.number,
            "state": pull.state,
            "locked": pull.locked,
            "title": pull.title,
            "user": self.user(pull.author, pull.author_kind),
            "body": pull.body,
            "labels": [self.label(repository, each) for each in pull.labels],
            "milestone": None,
            "created_at": pull.created_at,
            "updated_at": pull.updated_at,
            "closed_at": None,
            "merged_at": None,
            "merge_commit_sha": None,
            "assignee": None,
            "assignees": [],
            "requested_reviewers": [],
            "requested_teams": [],
            "head": self._end(repository, pull.head_repository, pull.branch, pull.head_sha),
            "base": self._end(repository, repository.full_name, pull.base, "b" * 40),
            "_links": {name: {"href": value} for name, value in links.items()},
            "author_association": "CONTRIBUTOR",
            "auto_merge": None,
            "draft": pull.draft,
        }
        if not whole:
            return brief
        counts = ["comments", "review_comments", "commits", "additions", "deletions", "changed_files"]
        more = {"mergeable": None, "mergeable_state": "unknown", "merged_by": None, "maintainer_can_modify": False}
        return {**brief, "merged": pull.merged, **more, **dict.fromkeys(counts, 0)}

    def _end(self, repository: Repository, name: str | None, branch: str, sha: str) -> dict[str, Any]:
        owner = None if name is None else name.partition("/")[0]
        return {
            "label": None if owner is None else f"{owner}:{branch}",
            "ref": branch,
            "sha": sha,
            "user": None if owner is None else self.user(owner),
            "repo": None if name is None else self.repository(repository, full_name=name),
        }

    def timeline(self, pull: Pull, event: dict[str, Any]) -> dict[str, Any]:
        repository = pull.repository
        url = f"{self.api}/repos/{repository.full_name}"
        if event["event"] == "committed":
            sha = event["sha"]
            who = {"name": event["author"], "email": f"{event['author']}@example.invalid", "date": event["date"]}
            return {
                "sha": sha,
                "node_id": node("C", sha),
                "url": f"{url}/git/commits/{sha}",
                "html_url": f"{self.web}/{repository.full_name}/commit/{sha}",
                "author": who,
                "committer": who,
                "tree": {"sha": "4" * 40, "url": f"{url}/git/trees/{'4' * 40}"},
                "message": "Change the prompt",
                "parents": [],
                "verification": {
                    "verified": False,
                    "reason": "unsigned",
                    "signature": None,
                    "payload": None,
                    "verified_at": None,
                },
                "event": "committed",
            }
        commit = event.get("commit_id")
        shape = {
            "id": event["id"],
            "node_id": node("E", event["id"]),
            "url": f"{url}/issues/events/{event['id']}",
            "actor": self.user(event["actor"]),
            "event": event["event"],
            "commit_id": commit,
            "commit_url": None if commit is None else f"{url}/commits/{commit}",
            "created_at": event["created_at"],
            "performed_via_github_app": None,
        }
        if "label" in event:
            shape["label"] = {"name": event["label"].name, "color": event["label"].color}
        return shape

    def run(self, repository: Repository, run: Run) -> dict[str, Any]:
        url = f"{self.api}/repos/{repository.full_name}/actions/runs/{run.id}"
        more = ("jobs", "logs", "artifacts", "cancel", "rerun")
        head = self.repository(repository, full_name=run.head_repository, whole=False)
        return {
            "id": run.id,
            "name": run.name,
            "node_id": node("WFR", run.id),
            "head_branch": run.head_branch,
            "head_sha": run.head_sha,
            "path": run.path,
            "display_title": "Change the prompt",
            "run_number": 1,
            "run_attempt": run.attempt,
            "event": run.event,
            "status": run.status,
            "conclusion": run.conclusion,
            "workflow_id": number(run.path),
            "check_suite_id": number(url),
            "check_suite_node_id": node("CS", run.id),
            "url": url,
            "html_url": f"{self.web}/{repository.full_name}/actions/runs/{run.id}",
            "pull_requests": [self._of_run(repository, each) for each in run.pulls],
            "created_at": run.created_at,
            "updated_at": run.created_at,
            "run_started_at": run.started_at,
            "actor": self.user(run.actor),
            "triggering_actor": self.user(run.actor),
            **{f"{each}_url": f"{url}/{each}" for each in more},
            "check_suite_url": f"{self.api}/repos/{repository.full_name}/check-suites/{number(url)}",
            "workflow_url": f"{self.api}/repos/{repository.full_name}/actions/workflows/{number(run.path)}",
            "previous_attempt_url": None,
            "head_commit": None,
            "repository": self.repository(repository, whole=False),
            "head_repository": head,
        }

    def _of_run(self, repository: Repository, number_: int) -> dict[str, Any]:
        pull = repository.pulls[number_]
        url = f"{self.api}/repos/{repository.full_name}"
        brief = {"id": repository.id, "url": url, "name": repository.name}
        return {
            "url": f"{url}/pulls/{number_}",
            "id": number(f"{url}/pulls/{number_}"),
            "number": number_,
            "head": {"ref": pull.branch, "sha": pull.head_sha, "repo": brief},
            "base": {"ref": pull.base, "sha": "b" * 40, "repo": brief},
        }

    def artifact(self, repository: Repository, artifact: Artifact) -> dict[str, Any]:
        url = f"{self.api}/repos/{repository.full_name}/actions/artifacts/{artifact.id}"
        run = artifact.run
        return {
            "id": artifact.id,
            "node_id": node("ART", artifact.id),
            "name": artifact.name,
            "size_in_bytes": len(artifact.content) if artifact.claimed_size is None else artifact.claimed_size,
            "url": url,
            "archive_download_url": f"{url}/zip",
            "expired": artifact.expired,
            "digest": f"sha256:{hashlib.sha256(artifact.content).hexdigest()}",
            "created_at": artifact.created_at,
            "updated_at": artifact.created_at,
            "expires_at": artifact.created_at,
            "workflow_run": {
                "id": run.id,
                "repository_id": repository.id,
                "head_repository_id": number(run.head_repository),
                "head_branch": run.head_branch,
                "head_sha": run.head_sha,
            },
        }

    def permission(self, login: str, role: str) -> dict[str, Any]:
        base = {"maintain": "write", "triage": "read"}.get(role, role)
        names = ("pull", "triage", "push", "maintain", "admin")
        level = {"none": 0, "read": 1, "triage": 2, "write": 3, "maintain": 4, "admin": 5}[role]
        granted = {name: level > index for index, name in enumerate(names)}
        user = {**self.user(login), "permissions": granted, "role_name": role}
        return {"permission": base, "user": user, "role_name": role}

    def limit(self, *, limit: int, used: int, reset: float) -> dict[str, Any]:
        rate = {"limit": limit, "used": used, "remaining": max(limit - used, 0), "reset": int(reset)}
        return {"resources": {"core": rate, "search": rate}, "rate": rate}


def number(text: str) -> int:
    """Return an id for a name, the same at all times."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4])


def node(prefix: str, value: object) -> str:
    return f"{prefix}_{base64.urlsafe_b64encode(str(value).encode()).decode().rstrip('=')}"


def error(status: int, message: str, **more: Any) -> dict[str, Any]:
    """Return GitHub's error body."""
    return {"message": message, **more, "documentation_url": "https://docs.github.com/rest", "status": str(status)}


__all__ = ["Shapes", "error", "node", "number", "stamp"]
