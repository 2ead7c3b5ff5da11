"""A pull request on GitHub from its first push to its merge, by the README's own workflow: what people see and pay.

The repository is a real one, Phoenix too; the model and GitHub's API are servers on loopback that behave like them.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import urllib.request
from dataclasses import dataclass, field

import pytest
import yaml

from tests.e2e.hub import Hub, artifact, host
from tests.e2e.project import REPOSITORY
from tests.e2e.repository import Repo
from tests.fake_github import FakeGitHub
from tests.fake_github.fixtures import fake_github
from tests.fake_model import FakeModel, Rule
from tests.fake_model.fixtures import fake_model
from tests.runner.event import REPOSITORY as NAME
from tests.runner.event import Event
from tests.runner.steps import Job

__all__ = ["fake_github", "fake_model"]

KEY = "sk-very-secret-0123456789"
VARIABLES = {"question": "input.question"}
ORDERS = range(100, 140)
TAKEN_ALONG = ("action.yml", "evalgate", "requirements", "templates")


def workflow() -> str:
    """Return the README's workflow with the checked-out action in place of the released one, and with Phoenix."""
    text = (REPOSITORY / "README.md").read_text("utf-8")
    found = re.search(r"<!-- workflow: short -->\n```yaml\n(.*?)```", text, re.DOTALL)
    assert found
    with_phoenix = "\n          PHOENIX_ENDPOINT: ${{ vars.PHOENIX_ENDPOINT }}\n"
    changed = found[1].replace("uses: evalgate/evalgate@<sha> # v0.1.0", "id: gate\n        uses: ./").rstrip()
    assert "uses: ./" in changed
    return changed + with_phoenix


@dataclass
class Shop:
    """A repository whose prompt is asked for the price of forty orders."""

    hub: Hub
    models: FakeModel
    github: FakeGitHub
    calls: int = 0
    seen: list[Job] = field(default_factory=list)

    def prompt(self, word: str) -> None:
        messages = [{"role": "user", "content": word + " {{ question }}"}]
        self.hub.repo.write("prompt.yaml", yaml.safe_dump({"messages": messages}))

    def knows(self, **lost: int) -> None:
        """Let the model not know the last so many orders where the prompt begins with a word."""
        unknown = [
            Rule(when=f"{word} {order}?", reply='{"answer": "?"}')
            for word, n in lost.items()
            for order in ORDERS[len(ORDERS) - n :]
        ]
        self.models.rules = [
            *unknown,
            *(Rule(when=f" {order}?", reply=json.dumps({"answer": f"{order} euros"})) for order in ORDERS),
        ]

    def change(self, message: str, *, word: str | None = None, **files: str) -> Event:
        """Commit to the pull request's branch and push it."""
        repo = self.hub.repo
        branches = repo.git("branch", "--format=%(refname:short)").split()
        repo.git("checkout", "-q", *(["change"] if "change" in branches else ["-b", "change"]))
        if word is not None:
            self.prompt(word)
        for name, content in files.items():
            repo.write(name.replace("_", "."), content)
        head = repo.commit(message)
        repo.git("checkout", "-q", "main")
        pulls = self.github.repositories[NAME].pulls
        if 7 in pulls:
            pulls[7].push(head)
        else:
            self.github.repositories[NAME].pull(head=head, number=7)
        return self.hub.pull(7, "change")

    async def run(self, event: Event) -> tuple[Job, int]:
        """Run the workflow; return its job and the calls of the model that it took."""
        before = self.models.calls
        ran = await asyncio.to_thread(self.hub.workflow, workflow(), event)
        assert ran is not None
        self.seen.append(ran.only)
        return ran.only, self.models.calls - before

    @property
    def comments(self) -> list[str]:
        return [each.body for each in self.github.repositories[NAME].comments_of(7)]


@pytest.fixture
def shop(tmp_path, fake_model, fake_github, phoenix):
    repo = Repo(tmp_path / "repo").begin()
    for name in TAKEN_ALONG:
        source = REPOSITORY / name
        if source.is_dir():
            shutil.copytree(source, repo.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, repo.folder / name)
    rows = ({"id": f"order-{n}", "input": {"question": f"{n}?"}, "output": {"answer": f"{n} euros"}} for n in ORDERS)
    repo.write("golden.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    suite = {
        "dataset": "golden.jsonl",
        "task": {"prompt": "prompt.yaml", "model": "shop/assistant", "output": "json", "variables": VARIABLES},
        "evaluators": [{"exact_match": {"path": "answer"}}],
        "checks": {"exact_match": {"no_regression": {"rule_out_drop": 0.15}}},
    }
    endpoint = {"base_url": fake_model.base_url, "api_key_env": "OPENAI_API_KEY"}
    config = {"suites": {"orders": suite}, "endpoints": {"shop": endpoint}, "phoenix": {"publish": True}}
    repo.write("evalgate.yaml", yaml.safe_dump(config, sort_keys=False))
    fake_github.repository(NAME, private=True)
    github = host(
        tmp_path / "host",
        repo.folder,
        secrets={"OPENAI_API_KEY": KEY},
        variables={"PHOENIX_ENDPOINT": phoenix.base_url},
        api_url=fake_github.url,
        server_url=fake_github.root,
        token=lambda permissions: fake_github.job_token(
            NAME, **{k.replace("-", "_"): v for k, v in permissions.items()}
        ),
    )
    made = Shop(Hub(repo, github), fake_model, fake_github)
    made.prompt("Price of")
    made.knows(Guess=15)
    repo.commit("first")
    return made


def status(url: str) -> int:
    with urllib.request.urlopen(url, timeout=30) as page:
        return page.status


async def test_a_pull_request_from_its_first_push_to_its_merge(shop, phoenix):
    """It fails, is told why in one comment, pays nothing for what it did not change, is mended, and passes."""
    pushed, calls = await shop.run(shop.hub.push())
    assert pushed.result == "success", pushed.text
    assert calls == 3 * len(ORDERS)
    assert shop.comments == []

    failing = shop.change("Guess", word="Guess")
    failed, calls = await shop.run(failing)
    assert failed.result == "failure", failed.text
    outputs = failed.steps["gate"].outputs
    assert (outputs["verdict"], outputs["exit-code"]) == ("FAIL", "1")
    assert 4 * len(ORDERS) <= calls <= 7 * len(ORDERS)
    (comment,) = shop.comments
    assert "FAIL" in comment
    assert "order-139" in comment
    assert outputs["comment-url"].endswith("#issuecomment-" + str(shop.github.repositories[NAME].comments_of(7)[0].id))
    assert await asyncio.to_thread(status, outputs["experiment-url"]) == 200
    assert {"report.json", "build.db"} <= artifact(shop.hub, failing).keys()

    again, calls = await shop.run(failing.again())
    assert (again.result, again.steps["gate"].outputs["verdict"], calls) == ("failure", "FAIL", 0)
    assert len(shop.comments) == 1

    noted, calls = await shop.run(shop.change("Notes", notes_md="more\n"))
    assert (noted.result, noted.steps["gate"].outputs["verdict"], calls) == ("failure", "FAIL", 0)
    (second,) = shop.comments
    assert second != comment

    mended, calls = await shop.run(shop.change("Ask politely", word="Please: price of"))
    assert mended.result == "success", mended.text
    assert mended.steps["gate"].outputs["verdict"] == "PASS"
    assert calls <= 7 * len(ORDERS)
    (last,) = shop.comments
    assert "PASS" in last
    assert "FAIL: do not merge" not in last

    told = "".join(job.text + job.summary for job in shop.seen) + "".join(shop.comments)
    assert KEY not in told
    assert not any(value in told for value in shop.github.tokens)
