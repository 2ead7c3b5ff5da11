"""A repository with a pull request on GitHub, and a step of a workflow that runs evalgate for it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from tests.e2e.project import Ended
from tests.e2e.repository import Repo
from tests.fake_github import Comment, FakeGitHub, Pull, Repository

TOKEN = {"contents": "read", "pull_requests": "write", "issues": "write", "actions": "read", "metadata": "read"}
WORKFLOW = "acme/support/.github/workflows/evalgate.yml@refs/pull/1/merge"


@dataclass
class PullRequest:
    """A pull request of `repo`; what is committed is pushed. `token` is the job's."""

    repo: Repo
    github: FakeGitHub
    repository: Repository
    pull: Pull
    token: str | None
    head: str
    outputs: dict[str, str] = field(default_factory=dict)
    summary: str = ""

    @classmethod
    def open(cls, repo: Repo, github: FakeGitHub, share: int, **more: object) -> PullRequest:
        """Branch off what is shipped, with a task that is wrong on so many of a hundred."""
        repository = github.repository()
        repository.collaborators |= {"dana": "write", "lee": "write"}
        repo.git("checkout", "-q", "-b", "change")
        repo.task(share)
        head = repo.commit()
        pull = repository.pull(head=head, **more)
        token = github.job_token(repository.full_name, **TOKEN)
        return cls(repo=repo, github=github, repository=repository, pull=pull, token=token, head=head)

    def push(self, share: int) -> None:
        self.repo.task(share)
        self.head = self.repo.commit()
        self.pull.push(self.head)

    def environment(self, **more: str) -> dict[str, str]:
        folder = self.repo.folder.parent
        home = {"full_name": self.repository.full_name, "default_branch": "main"}
        head = {"sha": self.head, "ref": "change", "repo": {"full_name": self.pull.head_repository}}
        pull = {"number": self.pull.number, "draft": self.pull.draft, "labels": [], "head": head}
        pull["base"] = {"ref": "main", "repo": home}
        event = folder / "event.json"
        event.write_text(json.dumps({"number": self.pull.number, "pull_request": pull, "repository": home}))
        for name in ("output", "summary"):
            (folder / name).write_text("")
        return {
            **self.github.environment(self.repository, self.token),
            "GITHUB_ACTIONS": "true",
            "GITHUB_EVENT_NAME": "pull_request",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REF": f"refs/pull/{self.pull.number}/head",
            "GITHUB_BASE_REF": "main",
            "GITHUB_ACTOR": self.pull.author,
            "GITHUB_RUN_ID": "4711",
            "GITHUB_WORKFLOW_REF": WORKFLOW,
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
            **more,
        }

    def run(self, *arguments: str, command: str = "run", **more: str) -> Ended:
        """Run evalgate as the step of a workflow; what it left is in `outputs` and `summary`."""
        env = self.environment(**more)
        ended = self.repo.run(*arguments, **env) if command == "run" else self.repo.evalgate(command, *arguments, **env)
        folder = self.repo.folder.parent
        self.summary = (folder / "summary").read_text()
        lines = iter((folder / "output").read_text().splitlines())
        self.outputs = {}
        for line in lines:
            name, _, delimiter = line.partition("<<")
            self.outputs[name] = "\n".join(iter(lambda end=delimiter: next(lines), delimiter))
        return ended

    @property
    def comments(self) -> list[Comment]:
        return self.repository.comments_of(self.pull.number)

    @property
    def comment(self) -> str:
        (only,) = self.comments
        return only.body

    def writes(self) -> int:
        return len(self.github.asked("POST", "comments")) + len(self.github.asked("PATCH", "comments"))
