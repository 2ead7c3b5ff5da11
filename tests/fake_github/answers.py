"""What each address answers, from the state, for somebody with a token."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from tests.fake_github.shapes import Shapes, error
from tests.fake_github.state import Artifact, Pull, Repository, Run, Token

_LONGEST: Final = 65_536
_COMMENTING: Final = {"issues": "write", "pull_requests": "write"}
_TALK: Final = {"issues": "read", "pull_requests": "read"}


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, message: str, *, accepted: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = error(status, message, **more)
        self.accepted = accepted


@dataclass(kw_only=True)
class Asked:
    """One request, as far as an address needs it."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    token: Token | None


@dataclass(kw_only=True)
class Answer:
    """What goes back; a list is cut into pages."""

    value: Any
    status: int = 200
    key: str | None = None
    """The field of the page that holds the list, where a page is an object."""
    accepted: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


class Answers:
    """Everything below the base of the API."""

    def __init__(self, repositories: dict[str, Repository], shapes: Shapes, blobs: str) -> None:
        self._repositories = repositories
        self._shapes = shapes
        self._blobs = blobs
        one = r"/repos/([^/]+/[^/]+)"
        self._routes: list[tuple[str, re.Pattern[str], Callable[..., Answer]]] = [
            (method, re.compile(one + path), answer)
            for method, path, answer in (
                ("GET", r"", self._repository),
                ("GET", r"/issues/(\d+)/comments", self._comments),
                ("POST", r"/issues/(\d+)/comments", self._create),
                ("GET", r"/issues/comments/(\d+)", self._comment),
                ("PATCH", r"/issues/comments/(\d+)", self._update),
                ("DELETE", r"/issues/comments/(\d+)", self._delete),
                ("GET", r"/issues/(\d+)/labels", self._labels),
                ("GET", r"/issues/(\d+)/timeline", self._timeline),
                ("GET", r"/pulls", self._pulls),
                ("POST", r"/pulls", self._open),
                ("GET", r"/pulls/(\d+)", self._pull),
                ("PATCH", r"/pulls/(\d+)", self._edit),
                ("GET", r"/pulls/(\d+)/files", self._files),
                ("GET", r"/commits/([0-9a-f]{7,64})/pulls", self._of_commit),
                ("GET", r"/collaborators/([^/]+)/permission", self._permission),
                ("GET", r"/actions/runs", self._runs),
                ("GET", r"/actions/runs/(\d+)", self._run),
                ("GET", r"/actions/runs/(\d+)/artifacts", self._artifacts),
                ("GET", r"/actions/artifacts/(\d+)/zip", self._zip),
            )
        ]

    def answer(self, asked: Asked) -> Answer:
        """Raises Refused."""
        if asked.path == "/rate_limit":
            used, limit = (asked.token.used, asked.token.limit) if asked.token else (0, 60)
            return Answer(value=self._shapes.limit(limit=limit, used=used, reset=0))
        if asked.path == "/user":
            return self._user(asked)
        known = [(method, found, each) for method, path, each in self._routes if (found := path.fullmatch(asked.path))]
        for method, found, each in known:
            if method == asked.method:
                return each(asked, self._visible(asked, found[1]), *found.groups()[1:])
        raise Refused(404, "Not Found")

    def graphql(self, asked: Asked) -> dict[str, Any]:
        """Answer the one question that installations can ask nowhere else: who am I?"""
        if asked.token is None:
            raise Refused(401, "This endpoint requires you to be authenticated.")
        if "viewer" not in asked.body.get("query", ""):
            return {"errors": [{"message": "this server answers for the viewer alone"}]}
        return {"data": {"viewer": {"login": asked.token.login}}}

    def _user(self, asked: Asked) -> Answer:
        if asked.token is None:
            raise Refused(401, "Requires authentication")
        if asked.token.app is not None:
            raise Refused(403, "Resource not accessible by integration")
        return Answer(value=self._shapes.user(asked.token.login))

    def _visible(self, asked: Asked, name: str) -> Repository:
        repository = self._repositories.get(name.casefold())
        token = asked.token
        if repository is None:
            raise Refused(404, "Not Found")
        if repository.private:
            if token is None:
                raise Refused(404, "Not Found")
            if token.app is None and token.login not in repository.collaborators:
                raise Refused(404, "Not Found")
            if token.app is not None and token.repositories and repository.full_name not in token.repositories:
                raise Refused(404, "Not Found")
        return repository

    def _need(self, asked: Asked, repository: Repository, accepted: dict[str, str]) -> dict[str, str]:
        """Return what is accepted. Raises Refused where the token has nothing of it."""
        token = asked.token
        writes = "read" not in accepted.values()
        if token is None and writes:
            raise Refused(401, "Requires authentication")
        if token is not None and token.app is None:
            return {}
        if token is not None and (writes or repository.private):
            elsewhere = bool(token.repositories) and repository.full_name not in token.repositories
            if elsewhere or not token.may(accepted):
                raise Refused(403, "Resource not accessible by integration", accepted=accepted)
        if writes and repository.archived:
            raise Refused(403, "Repository was archived so is read-only.")
        return accepted

    def _repository(self, asked: Asked, repository: Repository) -> Answer:
        value = self._shapes.repository(repository)
        if asked.token is not None and asked.token.app is None:
            role = repository.collaborators.get(asked.token.login, "read")
            value["permissions"] = self._shapes.permission(asked.token.login, role)["user"]["permissions"]
        return Answer(value=value, accepted={"metadata": "read"})

    def _comments(self, asked: Asked, repository: Repository, number: str) -> Answer:
        self._issue(repository, number)
        accepted = self._need(asked, repository, _TALK)
        shapes = [self._shapes.comment(repository, each) for each in repository.comments_of(int(number))]
        return Answer(value=shapes, accepted=accepted)

    def _create(self, asked: Asked, repository: Repository, number: str) -> Answer:
        pull = self._issue(repository, number)
        accepted = self._need(asked, repository, _COMMENTING)
        assert asked.token is not None
        if pull.locked and repository.collaborators.get(asked.token.login) not in ("write", "maintain", "admin"):
            raise Refused(403, "Unable to create comment because issue is locked.")
        comment = repository.comment(int(number), asked.token, _body(asked))
        shape = self._shapes.comment(repository, comment)
        return Answer(value=shape, status=201, accepted=accepted, headers={"Location": shape["url"]})

    def _comment(self, asked: Asked, repository: Repository, id_: str) -> Answer:
        accepted = self._need(asked, repository, _TALK)
        if (found := repository.comments.get(int(id_))) is None:
            raise Refused(404, "Not Found")
        return Answer(value=self._shapes.comment(repository, found), accepted=accepted)

    def _update(self, asked: Asked, repository: Repository, id_: str) -> Answer:
        accepted = self._need(asked, repository, _COMMENTING)
        if (found := repository.comments.get(int(id_))) is None:
            raise Refused(404, "Not Found")
        self._owned(asked, repository, found.login)
        text = _body(asked)
        found.body = repository.kept_as(text)
        found.revisions.append(text)
        found.updated_at = repository.clock.stamp()
        return Answer(value=self._shapes.comment(repository, found), accepted=accepted)

    def _delete(self, asked: Asked, repository: Repository, id_: str) -> Answer:
        accepted = self._need(asked, repository, _COMMENTING)
        if (found := repository.comments.get(int(id_))) is None:
            raise Refused(404, "Not Found")
        self._owned(asked, repository, found.login)
        del repository.comments[found.id]
        return Answer(value=None, status=204, accepted=accepted)

    def _owned(self, asked: Asked, repository: Repository, login: str) -> None:
        """An installation's grant covers everybody's comments; a person edits others' with write access only."""
        token = asked.token
        assert token is not None
        strong = repository.collaborators.get(token.login) in ("write", "maintain", "admin")
        if token.app is None and token.login != login and not strong:
            raise Refused(403, "Must have admin rights to Repository.")

    def _labels(self, asked: Asked, repository: Repository, number: str) -> Answer:
        accepted = self._need(asked, repository, _TALK)
        labels = self._issue(repository, number).labels
        return Answer(value=[self._shapes.label(repository, each) for each in labels], accepted=accepted)

    def _timeline(self, asked: Asked, repository: Repository, number: str) -> Answer:
        accepted = self._need(asked, repository, _TALK)
        pull = self._issue(repository, number)
        return Answer(value=[self._shapes.timeline(pull, each) for each in pull.timeline], accepted=accepted)

    def _issue(self, repository: Repository, number: str) -> Pull:
        if (found := repository.pulls.get(int(number))) is None:
            raise Refused(404, "Not Found")
        return found

    def _pull(self, asked: Asked, repository: Repository, number: str) -> Answer:
        accepted = self._need(asked, repository, {"pull_requests": "read"})
        return Answer(value=self._shapes.pull(self._issue(repository, number)), accepted=accepted)

    def _files(self, asked: Asked, repository: Repository, number: str) -> Answer:
        accepted = self._need(asked, repository, {"pull_requests": "read"})
        pull = self._issue(repository, number)
        return Answer(value=[self._shapes.file(pull, each) for each in pull.files[:3_000]], accepted=accepted)

    def _pulls(self, asked: Asked, repository: Repository) -> Answer:
        accepted = self._need(asked, repository, {"pull_requests": "read"})
        state, head = asked.query.get("state", "open"), asked.query.get("head")
        found = [each for each in repository.pulls.values() if state in ("all", each.state)]
        if head is not None and ":" in head:  # without an owner the parameter is passed over
            owner, _, branch = head.partition(":")
            found = [
                each
                for each in found
                if each.head_repository and each.head_repository.partition("/")[0] == owner and each.branch == branch
            ]
        newest = sorted(found, key=lambda each: -each.number)
        return Answer(value=[self._shapes.pull(each, whole=False) for each in newest], accepted=accepted)

    def _open(self, asked: Asked, repository: Repository) -> Answer:
        accepted = self._need(asked, repository, {"pull_requests": "write"})
        assert asked.token is not None
        said = asked.body if isinstance(asked.body, dict) else {}
        if asked.token.app == "github-actions" and not repository.actions_may_open:
            raise Refused(403, "GitHub Actions is not permitted to create or approve pull requests.")
        if not said.get("title"):
            raise Refused(422, "Validation Failed", errors=[_missing("title")])
        for field_ in ("head", "base"):
            if not repository.has_branch(said.get(field_, "")):
                wrong = {"resource": "PullRequest", "field": field_, "code": "invalid"}
                raise Refused(422, "Validation Failed", errors=[wrong])
        if any(each.branch == said["head"] and not each.from_fork for each in repository.opened()):
            message = f"A pull request already exists for {repository.owner}:{said['head']}."
            raise Refused(422, "Validation Failed", errors=[{**_missing(), "code": "custom", "message": message}])
        pull = repository.pull(
            head="a" * 40,
            author=asked.token.login,
            author_kind=asked.token.kind,
            branch=said["head"],
            base=said["base"],
            title=said["title"],
            body=said.get("body"),
        )
        return Answer(value=self._shapes.pull(pull), status=201, accepted=accepted)

    def _edit(self, asked: Asked, repository: Repository, number: str) -> Answer:
        accepted = self._need(asked, repository, {"pull_requests": "write"})
        pull = self._issue(repository, number)
        pull.body, pull.title = asked.body.get("body", pull.body), asked.body.get("title", pull.title)
        return Answer(value=self._shapes.pull(pull), accepted=accepted)

    def _of_commit(self, asked: Asked, repository: Repository, sha: str) -> Answer:
        """The commits of forks are not this repository's: their pull requests are not found by them."""
        accepted = self._need(asked, repository, {"pull_requests": "read"})
        found = [
            each
            for each in repository.pulls.values()
            if not each.from_fork
            and any(event["event"] == "committed" and event["sha"].startswith(sha) for event in each.timeline)
        ]
        return Answer(value=[self._shapes.pull(each, whole=False) for each in found], accepted=accepted)

    def _permission(self, asked: Asked, repository: Repository, login: str) -> Answer:
        token = asked.token
        if token is None:
            raise Refused(401, "Requires authentication")
        if token.app is None and repository.collaborators.get(token.login) not in ("write", "maintain", "admin"):
            raise Refused(403, "Must have push access to view collaborator permission.")
        if login.startswith("nobody"):
            raise Refused(404, f"{login} is not a user")
        other = "none" if repository.private or login.endswith("[bot]") else "read"
        role = repository.collaborators.get(login, "admin" if login == repository.owner else other)
        return Answer(value=self._shapes.permission(login, role), accepted={"metadata": "read"})

    def _runs(self, asked: Asked, repository: Repository) -> Answer:
        accepted = self._need(asked, repository, {"actions": "read"})
        wanted = {"head_sha": "head_sha", "event": "event", "branch": "head_branch", "status": "status"}
        found = [
            each
            for each in sorted(repository.runs.values(), key=lambda each: -each.id)
            if all(asked.query.get(name, getattr(each, own)) == getattr(each, own) for name, own in wanted.items())
        ]
        shapes = [self._shapes.run(repository, each) for each in found]
        return Answer(value=shapes, key="workflow_runs", accepted=accepted)

    def _run(self, asked: Asked, repository: Repository, id_: str) -> Answer:
        accepted = self._need(asked, repository, {"actions": "read"})
        return Answer(value=self._shapes.run(repository, _known(repository.runs, id_)), accepted=accepted)

    def _artifacts(self, asked: Asked, repository: Repository, id_: str) -> Answer:
        accepted = self._need(asked, repository, {"actions": "read"})
        run, name = _known(repository.runs, id_), asked.query.get("name")
        found: Sequence[Artifact] = [each for each in repository.artifacts.values() if each.run is run]
        shapes = [self._shapes.artifact(repository, each) for each in found if name in (None, each.name)]
        return Answer(value=shapes, key="artifacts", accepted=accepted)

    def _zip(self, asked: Asked, repository: Repository, id_: str) -> Answer:
        if asked.token is None:
            raise Refused(401, "Requires authentication")
        if asked.token.app is not None and not asked.token.may({"actions": "read"}):
            raise Refused(403, "Resource not accessible by integration", accepted={"actions": "read"})
        artifact = _known(repository.artifacts, id_)
        if artifact.expired:
            raise Refused(410, "Artifact has expired")
        place = f"{self._blobs}/{repository.id}/{artifact.id}?sig=signed-for-a-minute"
        return Answer(value=None, status=302, headers={"Location": place})


def _missing(field_: str | None = None) -> dict[str, str]:
    return {"resource": "PullRequest", "code": "missing_field"} | ({"field": field_} if field_ else {})


def _known(things: dict[int, Any], id_: str) -> Any:
    if int(id_) not in things:
        raise Refused(404, "Not Found")
    return things[int(id_)]


def _body(asked: Asked) -> str:
    """Return the text of a comment. Raises Refused as GitHub refuses it."""
    body = asked.body.get("body") if isinstance(asked.body, dict) else None
    if not isinstance(body, str):
        raise Refused(422, "Invalid request.\n\nFor 'body', nil is not a string.")
    wrong = "Body is too long (maximum is 65536 characters)" if len(body) > _LONGEST else None
    wrong = wrong or (None if body.strip() else "Body can't be blank")
    if wrong is not None:
        said = {"resource": "IssueComment", "code": "unprocessable", "field": "data", "message": wrong}
        raise Refused(422, "Validation Failed", errors=[said])
    return body


def parsed(raw: bytes) -> Any:
    """Return the JSON of a request. Raises Refused."""
    try:
        return json.loads(raw) if raw else None
    except ValueError:
        raise Refused(400, "Problems parsing JSON") from None


__all__ = ["Answer", "Answers", "Asked", "Refused", "Run", "parsed"]
