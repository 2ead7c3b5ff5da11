"""What the server knows: repositories, pull requests, comments, labels, runs, tokens, and the time."""

from __future__ import annotations

import io
import itertools
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any


class Clock:
    """The server's time: this machine's, moved by `advance`."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += seconds

    def stamp(self) -> str:
        """Return the time as GitHub writes it: whole seconds, UTC."""
        return stamp(self.now())


def stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(kw_only=True)
class Token:
    """Who asks, and what they may: an installation's (`app`) has grants, a person's has the person's access."""

    value: str
    login: str
    app: str | None = None
    permissions: dict[str, str] = field(default_factory=dict)
    """`{"pull_requests": "write"}`, as in `permissions:` of a job, with underscores."""
    repositories: tuple[str, ...] = ()
    """The repositories that an installation's token is for; none means all."""
    limit: int = 5_000
    used: int = 0

    @property
    def kind(self) -> str:
        return "Bot" if self.app is not None else "User"

    def may(self, accepted: Mapping[str, str]) -> bool:
        """Return whether one of the accepted permissions was given."""
        levels = {"read": 1, "write": 2, "admin": 3}
        return any(levels.get(self.permissions.get(name, ""), 0) >= levels[level] for name, level in accepted.items())


@dataclass(kw_only=True)
class Comment:
    id: int
    number: int
    login: str
    kind: str
    app: str | None
    body: str
    created_at: str
    updated_at: str
    association: str = "NONE"
    revisions: list[str] = field(default_factory=list)
    """Every body that it ever had, the first one first."""


@dataclass(kw_only=True)
class Label:
    id: int
    name: str
    color: str = "ededed"


@dataclass(kw_only=True)
class Artifact:
    id: int
    name: str
    run: Run
    content: bytes
    created_at: str
    expired: bool = False
    claimed_size: int | None = None
    """What the listing says instead of the size."""


@dataclass(kw_only=True)
class Run:
    """A run of a workflow, made by an event."""

    id: int
    event: str
    head_sha: str
    head_branch: str
    head_repository: str
    actor: str
    created_at: str
    pulls: list[int] = field(default_factory=list)
    """What `pull_requests` says: empty for a fork's."""
    name: str = "evalgate"
    path: str = ".github/workflows/evalgate.yml"
    status: str = "completed"
    conclusion: str | None = "success"
    attempt: int = 1
    started_at: str = ""


@dataclass(kw_only=True)
class Pull:
    """A pull request. What people do to it is a method, and leaves its traces in the timeline."""

    repository: Repository
    number: int
    author: str
    branch: str
    head_repository: str | None
    base: str
    head_sha: str
    created_at: str
    updated_at: str
    title: str = "Change the prompt"
    body: str | None = None
    draft: bool = False
    state: str = "open"
    merged: bool = False
    locked: bool = False
    author_kind: str = "User"
    labels: list[Label] = field(default_factory=list)
    files: list[str] = field(default_factory=lambda: ["prompt.txt"])
    """What it edits; `old => new` is a file that was renamed."""
    timeline: list[dict[str, Any]] = field(default_factory=list)

    @property
    def from_fork(self) -> bool:
        return self.head_repository != self.repository.full_name

    def push(self, sha: str, *, by: str | None = None, force: bool = False, committed_at: str | None = None) -> None:
        """Move the head: forward, or by force. `committed_at` is whatever the author writes into the commit."""
        now = self._touched()
        self.head_sha = sha
        if force:
            self._event("head_ref_force_pushed", by or self.author, commit_id=sha)
        date = committed_at or now
        self.timeline.append({"event": "committed", "sha": sha, "date": date, "author": by or self.author})

    def label(self, name: str, *, by: str) -> None:
        known = self.repository.label(name)
        if known not in self.labels:
            self.labels.append(known)
            self._touched()
            self._event("labeled", by, label=known)

    def unlabel(self, name: str, *, by: str) -> None:
        known = self.repository.label(name)
        if known in self.labels:
            self.labels.remove(known)
            self._touched()
            self._event("unlabeled", by, label=known)

    def happens(self, event: str, *, by: str) -> None:
        """Add what else happens: closed, reopened, head_ref_deleted, base_ref_changed."""
        self._touched()
        if event in ("closed", "reopened"):
            self.state = "closed" if event == "closed" else "open"
        self._event(event, by)

    def says(self, login: str, body: str, *, kind: str = "User", app: str | None = None) -> Comment:
        """Add a comment of anybody's."""
        return self.repository.comment(self.number, Token(value="", login=login, app=app), body, kind=kind)

    def _touched(self) -> str:
        self.updated_at = self.repository.clock.stamp()
        return self.updated_at

    def _event(self, event: str, actor: str, **more: Any) -> None:
        self.timeline.append(
            {
                "event": event,
                "id": next(self.repository.ids),
                "actor": actor,
                "created_at": self.repository.clock.stamp(),
                **more,
            }
        )


@dataclass(kw_only=True)
class Repository:
    """One repository; `collaborators` maps a login to read, triage, write, maintain or admin.

    `actions_may_open` is the setting that lets workflows open pull requests; `has_branch` says which branches exist.
    """

    full_name: str
    id: int
    clock: Clock
    ids: itertools.count[int]
    private: bool = False
    archived: bool = False
    default_branch: str = "main"
    actions_may_open: bool = True
    has_branch: Callable[[str], bool] = bool
    kept_as: Callable[[str], str] = str
    """What becomes of the text of a comment."""
    collaborators: dict[str, str] = field(default_factory=dict)
    pulls: dict[int, Pull] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    known_labels: dict[str, Label] = field(default_factory=dict)
    runs: dict[int, Run] = field(default_factory=dict)
    artifacts: dict[int, Artifact] = field(default_factory=dict)

    @property
    def owner(self) -> str:
        return self.full_name.partition("/")[0]

    @property
    def name(self) -> str:
        return self.full_name.partition("/")[2]

    def pull(
        self,
        *,
        head: str,
        author: str = "dana",
        branch: str = "change",
        head_repository: str | None = None,
        base: str | None = None,
        number: int | None = None,
        **more: Any,
    ) -> Pull:
        """Open a pull request with the head `head`, a commit."""
        number = number or max(self.pulls, default=0) + 1
        now = self.clock.stamp()
        opened = Pull(
            repository=self,
            number=number,
            author=author,
            branch=branch,
            head_repository=head_repository or self.full_name,
            base=base or self.default_branch,
            head_sha=head,
            created_at=now,
            updated_at=now,
            **more,
        )
        opened.timeline.append({"event": "committed", "sha": head, "date": now, "author": author})
        self.pulls[number] = opened
        return opened

    def opened(self) -> list[Pull]:
        return [each for each in self.pulls.values() if each.state == "open"]

    def label(self, name: str) -> Label:
        return self.known_labels.setdefault(name.casefold(), Label(id=next(self.ids), name=name))

    def comment(self, number: int, token: Token, body: str, *, kind: str | None = None) -> Comment:
        now = self.clock.stamp()
        made = Comment(
            id=next(self.ids),
            number=number,
            login=token.login,
            kind=kind or token.kind,
            app=token.app,
            body=self.kept_as(body),
            created_at=now,
            updated_at=now,
            revisions=[body],
        )
        self.comments[made.id] = made
        return made

    def comments_of(self, number: int) -> list[Comment]:
        return sorted((each for each in self.comments.values() if each.number == number), key=lambda each: each.id)

    def run(self, pull: Pull | None = None, *, event: str = "pull_request", **more: Any) -> Run:
        """Start a run of a workflow: for a pull request's head as it stands, or as `more` says."""
        given: dict[str, Any] = {"actor": self.owner, "head_branch": self.default_branch, "head_sha": "0" * 40}
        given["head_repository"] = self.full_name
        if pull is not None:
            given = {"actor": pull.author, "head_branch": pull.branch, "head_sha": pull.head_sha}
            given |= {"head_repository": pull.head_repository, "pulls": [] if pull.from_fork else [pull.number]}
        now = self.clock.stamp()
        made = Run(id=next(self.ids), event=event, **({"created_at": now, "started_at": now} | given | more))
        self.runs[made.id] = made
        return made

    def artifact(self, run: Run, name: str, content: Mapping[str, bytes] | bytes, **more: Any) -> Artifact:
        """Upload an artifact of a run: files by name, or the bytes of an archive."""
        data = content if isinstance(content, bytes) else zipped(content)
        made = Artifact(id=next(self.ids), name=name, run=run, content=data, created_at=self.clock.stamp(), **more)
        self.artifacts[made.id] = made
        return made


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return an archive of files, deflated."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()
