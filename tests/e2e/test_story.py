"""The life of one repository with evalgate, in order: what each change is told, and what it costs in calls.

docs/story.md tells it with what was printed; EVALGATE_WRITE_GOLDEN=1 writes that anew: then read the diff.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from tests.e2e.project import REPOSITORY
from tests.e2e.repository import Repo, without_times
from tests.e2e.test_history import in_pull_request
from tests.e2e.test_moving import history, push
from tests.fake_model import FakeModel, Rule
from tests.fake_model.fixtures import fake_model

__all__ = ["fake_model"]

PAGE = REPOSITORY / "docs" / "story.md"
ORDERS = range(10, 50)
QUESTION = "What did order {} cost?"
LOST = "I do not know that order."
MEANT = "That cannot be told."
CONFIG = {
    "suites": {
        "orders": {
            "dataset": "golden.jsonl",
            "task": {"prompt": "answer.yaml", "model": "shop/assistant", "variables": {"question": "input.question"}},
            "evaluators": [{"judge": "correct.yaml", "model": "shop/judge"}],
            "checks": {"correct": {"no_regression": {"rule_out_drop": 0.15}}},
        }
    },
    "endpoints": {"shop": {"base_url": "http://127.0.0.1:9/v1"}},
}


@dataclass
class Story:
    """A repository, the models that it asks, and what was told of each chapter."""

    repo: Repo
    models: FakeModel
    told: dict[str, str] = field(default_factory=dict)
    paid: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    def loses(self, **prompts: int) -> None:
        """Let the assistant not know the first so many orders where its prompt begins with a word."""
        self.models.rules = [
            Rule(model="judge", when=MEANT, reply='{"label": "right"}'),
            Rule(model="judge", when=LOST, reply='{"label": "wrong"}'),
            Rule(model="judge", reply='{"label": "right"}'),
            *(
                Rule(when=f"{word}: {QUESTION.format(order)}", reply=LOST)
                for word, count in prompts.items()
                for order in ORDERS[:count]
            ),
            *(Rule(when=QUESTION.format(order), reply=f"{order} euros.") for order in ORDERS),
        ]

    def prompt(self, word: str) -> None:
        self._messages("answer.yaml", f"{word}: {{{{ question }}}}")

    def judge(self, word: str) -> None:
        asked = f"{word}: is the answer what was expected?\n{{{{ output }}}}\n{{{{ expected.answer }}}}"
        self._messages("correct.yaml", asked, labels={"right": 1, "wrong": 0})

    def golden(self, *meant: int) -> None:
        """Write the dataset, in which of some orders nothing can be told."""
        rows = (
            {
                "id": f"order-{order}",
                "input": {"question": QUESTION.format(order)},
                "output": {"answer": MEANT if order in meant else f"{order} euros."},
            }
            for order in ORDERS
        )
        self.repo.write("golden.jsonl", "".join(json.dumps(row) + "\n" for row in rows))

    def branch(self, name: str) -> None:
        self.repo.git("checkout", "-q", "-b", name, "main")

    def merge(self, name: str) -> str:
        """Merge a branch, and return what main was before."""
        self.repo.git("checkout", "-q", "main")
        before = self.repo.git("rev-parse", "HEAD")
        self.repo.git("merge", "-q", "--no-ff", "-m", f"Merge {name}", name)
        return before

    async def build(self, chapter: str, event: dict[str, str]) -> tuple[int, dict[str, Any], tuple[int, int]]:
        """Commit what there is, run a workflow's build, and return its exit code, report, and calls of each model."""
        if self.repo.git("status", "--porcelain"):
            self.repo.commit(chapter)
        self.models.forget()
        ended = await asyncio.to_thread(
            self.repo.run,
            "--report-json",
            "../report.json",
            **event,
            EVALGATE_ENDPOINTS__SHOP__BASE_URL=self.models.base_url,
            COLUMNS="100",
        )
        assert ended.code in {0, 1}, ended.text
        calls = (self.models.by_model["assistant"], self.models.by_model["judge"])
        assert sum(calls) == self.models.calls
        self.told[chapter] = opening(ended.out)
        self.paid[chapter] = (*calls, ended.code)
        return ended.code, json.loads((self.repo.folder.parent / "report.json").read_text()), calls

    async def pull_request(self, chapter: str, number: int) -> tuple[int, str, tuple[int, int]]:
        """Return a pull request's exit code, its verdict, and the calls of (the assistant, the judge)."""
        code, report, calls = await self.build(chapter, in_pull_request(self.repo, number))
        return code, report["verdict"], calls

    def said(self, chapter: str) -> str:
        """Return what was told in a chapter as one line."""
        return " ".join(self.told[chapter].split())

    def _messages(self, name: str, asked: str, **more: Any) -> None:
        self.repo.write(name, yaml.safe_dump({"messages": [{"role": "user", "content": asked}], **more}))


def opening(out: str) -> str:
    """Return a report up to where its details begin, without what differs from run to run."""
    lines = [line for line in out.splitlines() if not line.startswith("::")]
    text = re.split(r"\n\n  (?:Models|Drops): |\n\n  Drops |\n\nNo comparison |\n\nbuild ", "\n".join(lines))[0]
    return without_times(text).rstrip() + "\n"


async def test_a_repositorys_life(tmp_path, fake_model):
    """Each chapter stands on those before it; the calls are those that the models' server counted."""
    repo = Repo(tmp_path / "repo").begin()
    repo.git("config", "user.name", "Jo Doe")
    repo.git("config", "user.email", "jo@example.com")
    story = Story(repo, fake_model)
    story.loses(Shortly=12, Politely=10)
    story.prompt("Plainly")
    repo.write("CODEOWNERS", "/.evalgate/ @shop/leads\n")
    repo.commit("the application alone")

    await _the_first_pull_request(story)
    await _an_unrelated_one(story)
    await _the_judge(story)
    await _answers_and_prompt_together(story)
    await _a_regression(story)
    await _a_lucky_baseline(story)
    await _a_regression_that_is_meant(story)
    await _main_moves(story)
    written(story)


async def _the_first_pull_request(story: Story) -> None:
    """The gate alone: both sides ask the same, so that each question is asked three times in all."""
    story.branch("gate")
    story.repo.write("evalgate.yaml", yaml.safe_dump(CONFIG, sort_keys=False))
    story.golden()
    story.judge("Kindly")
    assert await story.pull_request("first", 1) == (0, "PASS", (120, 120))
    assert "First baseline: main@1a2b3c4 has no evalgate.yaml" in story.said("first")
    story.merge("gate")


async def _an_unrelated_one(story: Story) -> None:
    story.branch("readme")
    story.repo.write("README.md", "We sell things.\n")
    assert await story.pull_request("unrelated", 2) == (0, "PASS", (0, 0))
    assert "Nothing to measure" in story.said("unrelated")
    story.merge("readme")


async def _the_judge(story: Story) -> None:
    """The base's decides, the change's own judges the same answers beside it; merged, what it said of them counts."""
    story.branch("judge")
    story.judge("Strictly")
    assert await story.pull_request("judge", 3) == (0, "PASS", (0, 120))
    assert "orders: evaluators.correct: its file correct.yaml edited" in story.said("judge")
    story.merge("judge")

    story.branch("warm")
    story.prompt("Warmly")
    assert await story.pull_request("judged-anew", 4) == (0, "PASS", (40, 40))
    assert "taken over is what correct (120 answers) said of them beside the change" in story.said("judged-anew")


async def _answers_and_prompt_together(story: Story) -> None:
    story.branch("short")
    story.prompt("Shortly")
    story.golden(*ORDERS[:12])
    assert await story.pull_request("answers", 5) == (1, "FAIL", (40 + 240, 40 + 240 + 72))
    assert "orders: the golden dataset: 12 answers changed (order-10" in story.said("answers")


async def _a_regression(story: Story) -> None:
    story.branch("polite")
    story.prompt("Politely")
    code, failed, calls = await story.build("regression", in_pull_request(story.repo, 6))
    assert (code, failed["verdict"], calls) == (1, "FAIL", (40 + 240, 40 + 240))
    assert "confirmed with 240 more" in story.said("regression")
    # Somebody presses "re-run failed jobs".
    code, again, calls = await story.build("again", in_pull_request(story.repo, 6))
    assert (code, again["verdict"], calls) == (1, "FAIL", (0, 0))
    assert again["suites"][0]["checks"] == failed["suites"][0]["checks"]
    first, *notes = again["suites"][0]["notes"]
    assert [first, *notes[:-1]] == failed["suites"][0]["notes"]
    assert without_times(notes[-1]) == (
        "Nothing was drawn now: build 6 (2026-11-20) measured exactly this, and its answers decide again."
    )
    paid = {part["who"]: (part["calls"], part["taken_over"]) for part in again["suites"][0]["spending"]["parts"]}
    assert paid == {"candidate": (120, 120), "baseline": (120, 120), "correct": (240, 240)}


async def _a_lucky_baseline(story: Story) -> None:
    """Every prompt loses eight orders from now on; what is stored of main was drawn when none was lost."""
    story.loses(Plainly=8, Clearly=8, Cheaply=24, Cheaper=26)
    story.branch("clear")
    story.prompt("Clearly")
    assert await story.pull_request("lucky", 7) == (0, "PASS", (40 + 240, 40 + 240))
    assert "Drawn again, because the screen leans worse" in story.said("lucky")


async def _a_regression_that_is_meant(story: Story) -> None:
    story.branch("cheap")
    story.prompt("Cheaply")
    assert await story.pull_request("meant", 8) == (1, "FAIL", (40 + 240, 40 + 240))
    accepted = story.repo.evalgate(
        *("accept", "orders/correct", "--reason", "half the price, agreed with support", "--expires", "30d")
    )
    assert accepted.code == 0, accepted.text
    assert await story.pull_request("accepted", 8) == (0, "FAIL", (0, 0))
    assert "FAIL, accepted by Jo Doe" in story.said("accepted")
    story.prompt("Cheaper")
    assert await story.pull_request("voided", 8) == (1, "FAIL", (240, 240))
    assert "that is void: the candidate is not what it was measured with" in story.said("voided")


async def _main_moves(story: Story) -> None:
    before = story.merge("clear")
    code, report, calls = await story.build("push", push(story.repo, before))
    assert (code, report["verdict"], calls) == (0, "PASS", (120, 120))
    (entry,) = history(story.repo)["baselines"]
    assert (entry["commit"], entry["how"]) == (story.repo.git("rev-parse", "main"), "push")
    story.branch("next")
    story.prompt("Briefly")
    assert await story.pull_request("next", 9) == (0, "PASS", (40, 40))


PARTS = re.compile(r"(<!-- story: (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)


def written(story: Story) -> None:
    """Hold the page to what was told; write it first where that is asked for."""
    page = PAGE.read_text("utf-8")
    parts = {"calls": ledger(story.paid)} | {
        name: f"```text\n{story.told[name]}```\n\n{bill(paid)}\n"
        for name, paid in story.paid.items()
        if name != "again"
    }
    named = [name for _, name, _ in PARTS.findall(page)]
    assert Counter(named) == Counter(parts.keys()), "each chapter is told once"
    told = PARTS.sub(lambda part: part[1] + parts[part[2]] + part[3], page)
    if os.environ.get("EVALGATE_WRITE_GOLDEN"):
        PAGE.write_text(told, "utf-8")
        page = told
    assert page == told


def bill(paid: Sequence[int]) -> str:
    answers, judgements, code = paid
    return f"*Paid: {answers} calls of the assistant, {judgements} of the judge. Exit code {code}.*"


CHAPTERS = {
    "first": "the first pull request",
    "unrelated": "an unrelated one",
    "judge": "one that edits the judge",
    "judged-anew": "the next one, with the new judge",
    "answers": "one that edits answers and prompt together",
    "regression": "a real regression",
    "again": "its failed build, run again",
    "lucky": "a lucky baseline",
    "meant": "a regression that is meant",
    "accepted": "the same, accepted",
    "voided": "another change of it",
    "push": "main moves",
    "next": "the next pull request",
}


def ledger(paid: dict[str, tuple[int, int, int]]) -> str:
    rows = [f"| {CHAPTERS[name]} | {' | '.join(map(str, row))} |\n" for name, row in paid.items()]
    return "| | calls of the assistant | of the judge | exit code |\n|---|---|---|---|\n" + "".join(rows)
