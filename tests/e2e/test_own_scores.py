"""A change's own evaluators score what decided, last of all: what becomes of that takes nothing from the verdict."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import time

import pytest
import yaml

from tests.e2e.project import start
from tests.e2e.repository import Repo
from tests.e2e.test_pull_request_judges import RULES, STRICT, config
from tests.e2e.test_pull_requests import examples, lines
from tests.fake_model import FakeModel, Rule
from tests.fake_model.fixtures import fake_model

__all__ = ["fake_model"]


DIFFERENT = 30 + 18
"""Answers of both sides in one sample: equal ones are judged once."""


@pytest.fixture
def repo(tmp_path):
    return Repo(tmp_path / "repo").begin()


def ship(repo: Repo, fake: FakeModel, **base: object) -> None:
    """A change that breaks 20 of 30 examples, and takes another judge, that sees none of them."""
    fake.rules = list(RULES)
    shipped = yaml.safe_load(config(fake.base_url)) | {"policy": {}} | base
    repo.write("evalgate.yaml", yaml.safe_dump(shipped))
    repo.write("golden.jsonl", lines(examples(30)))
    repo.write("strict.yaml", yaml.safe_dump(STRICT))
    repo.task(2)
    repo.commit("first")
    repo.git("checkout", "-q", "-b", "change")
    repo.task(20)
    shipped["suites"]["doubling"]["evaluators"][0]["model"] = "main/kind"
    repo.write("evalgate.yaml", yaml.safe_dump(shipped))
    repo.commit("worse, and lenient")


async def judged(repo: Repo, *arguments: str) -> tuple[int, dict]:
    ended = await asyncio.to_thread(repo.run, "--json", "--as-pull-request", *arguments)
    assert ended.out, ended.err
    return ended.code, json.loads(ended.out)


def begun(repo: Repo) -> subprocess.Popen[bytes]:
    return start(repo.folder, "run", "--as-pull-request", XDG_CACHE_HOME=str(repo.folder.parent / "cache"))


def asked(fake: FakeModel) -> tuple[int, int]:
    """Return the calls of (the base's judge, the change's own) since the last time."""
    counted = (fake.by_model["exact"], fake.by_model["kind"])
    fake.forget()
    return counted


async def test_a_spent_budget_ends_the_scoring_alone(repo, fake_model):
    ship(repo, fake_model, budget={"calls": 3 * DIFFERENT + 20})
    code, report = await judged(repo)
    assert (code, report["verdict"]) == (1, "FAIL")
    theirs, own = asked(fake_model)
    assert theirs == 3 * DIFFERENT
    assert 20 <= own <= 20 + 64
    beside = report["gate"]["own"]
    assert beside["not_evaluated"] == [
        "doubling/strict, whose evaluator it edits (The budget is spent: 164 of 164 calls. What was answered is kept)"
    ]
    assert beside["scores"] == []

    # Run again, what it said is not asked for once more, and the rest is.
    code, report = await judged(repo)
    assert (code, report["gate"]["own"]["not_evaluated"]) == (1, [])
    assert asked(fake_model) == (0, 3 * DIFFERENT - own)
    assert report["gate"]["own"]["verdict"] == "PASS"


async def test_a_judge_that_is_away_ends_the_scoring_alone(repo, fake_model):
    ship(repo, fake_model)
    fake_model.rules = [Rule(model="kind", fault="status", status=403), *RULES]
    code, report = await judged(repo)
    assert (code, report["verdict"]) == (1, "FAIL")
    (lacking,) = report["gate"]["own"]["not_evaluated"]
    assert lacking.startswith("doubling/strict, whose evaluator it edits (")
    assert "answers no call at all: 5 in a row failed" in lacking
    assert asked(fake_model)[0] == 3 * DIFFERENT


async def test_an_evaluator_that_does_not_load_scores_nothing(repo, fake_model):
    ship(repo, fake_model)
    repo.write("strict.yaml", "labels: {}\n")
    repo.commit("broken")
    code, report = await judged(repo)
    assert (code, report["verdict"]) == (1, "FAIL"), "the base's judge decides"
    (lacking,) = report["gate"]["own"]["not_evaluated"]
    assert lacking.startswith("doubling/strict, whose evaluator it edits (it does not load: ")
    assert asked(fake_model) == (3 * DIFFERENT, 0)


async def test_a_kill_in_the_middle_of_it_loses_nothing(repo, fake_model):
    ship(repo, fake_model)
    fake_model.rules = [Rule(model="kind", reply='{"label": "right"}', latency=0.2), *RULES]
    process = begun(repo)
    deadline = time.monotonic() + 60
    while fake_model.by_model["kind"] < 40:
        assert process.poll() is None
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    await asyncio.to_thread(process.communicate, timeout=30)
    first = asked(fake_model)
    fake_model.rules = list(RULES)
    code, report = await judged(repo, "--resume")
    assert (code, report["verdict"], report["gate"]["own"]["verdict"]) == (1, "FAIL", "PASS")
    second = asked(fake_model)
    assert (first[0], second[0]) == (3 * DIFFERENT, 0)
    assert 3 * DIFFERENT <= first[1] + second[1] <= 3 * DIFFERENT + 64, "but for calls in flight"


async def test_what_confirmed_is_scored_and_a_plan_says_how_much_at_least(repo, fake_model):
    ship(repo, fake_model)
    repo.git("checkout", "-q", "main")
    stored = await asyncio.to_thread(repo.evalgate, "baseline", "set")
    assert stored.code == 0, stored.text
    repo.git("checkout", "-q", "change")
    fake_model.forget()
    planned = await asyncio.to_thread(repo.evalgate, "plan", "--as-pull-request", "--json")
    assert planned.code == 0, planned.text
    (suite,) = json.loads(planned.out)["suites"]
    assert suite["scored_by_own"] == {"strict": 30 + 90}
    code, report = await judged(repo)
    assert (code, report["verdict"]) == (1, "FAIL")
    assert report["suites"][0]["notes"][0].startswith("Screened with 30 runs, ")
    # The base's judge judges the screen and the confirmation, the change's own what decided.
    assert asked(fake_model) == (30 + 3 * DIFFERENT, 3 * DIFFERENT)
    (scores,) = report["gate"]["own"]["scores"]
    assert (scores["candidate"], scores["baseline"]) == (1.0, 1.0)


MEANT = {
    "messages": [{"role": "user", "content": "Is {{ output.answer }} what {{ expected.answer }} means?"}],
    "labels": {"right": 1, "wrong": 0},
}
MEANINGS = [Rule(when="Is -1 what -1 means", reply='{"label": "right"}'), *RULES]


def reworded(repo: Repo, fake: FakeModel, count: int, **other: object) -> None:
    """A change that answers -1 to 20 of 30 examples, and expects that of `count` of them; the judge sees both."""
    fake.rules = list(MEANINGS)
    shipped = yaml.safe_load(config(fake.base_url)) | {"policy": {}}
    shipped["suites"]["doubling"]["checks"]["exact_match"] = {"no_regression": {"rule_out_drop": 0.15}}
    shipped["suites"]["doubling"]["evaluators"].append({"exact_match": {"path": "answer"}})
    repo.write("evalgate.yaml", yaml.safe_dump(shipped))
    repo.write("golden.jsonl", lines(examples(30)))
    repo.write("strict.yaml", yaml.safe_dump(MEANT))
    repo.task(2)
    repo.commit("first")
    repo.git("checkout", "-q", "-b", "change")
    repo.task(20)
    expects(repo, count, **other)


def expects(repo: Repo, count: int, **other: object) -> None:
    rows = examples(30)
    for row in rows[:count]:
        row["output"]["answer"] = -1
        row.update(other)
    repo.write("golden.jsonl", lines(rows))
    repo.commit(f"{count} answers are -1")


async def test_answers_that_are_edited_are_scored_as_the_change_expects_them(repo, fake_model):
    """By the evaluators that it leaves as they are; what decides is the base's, and no task is asked for it."""
    reworded(repo, fake_model, 20)
    code, report = await judged(repo)
    assert (code, report["verdict"]) == (1, "FAIL")
    own = report["gate"]["own"]
    assert (own["verdict"], own["not_evaluated"]) == ("PASS", [])
    assert own["covers"] == ["10 of 30 examples of doubling that it leaves as they are, 20 whose answer it edits"]
    assert {each["check"]: (each["baseline"], each["candidate"]) for each in own["scores"]} == {
        "exact_match": (pytest.approx(12 / 30), 1.0),
        "strict": (1.0, 1.0),
    }
    runs = report["suites"][0]["sides"]
    assert {side: each["runs"] for side, each in runs.items()} == {"baseline": 90, "candidate": 90}, runs
    again = await asyncio.to_thread(repo.evalgate, "decide", "--json")
    assert json.loads(again.out)["gate"] == report["gate"]


async def test_answers_that_are_edited_once_more_are_scored_once_more(repo, fake_model):
    """What was said of an answer is nothing to what is said of it when another is expected."""
    reworded(repo, fake_model, 20)
    await judged(repo)
    asked(fake_model)
    expects(repo, 4)
    code, report = await judged(repo)
    assert (code, report["gate"]["own"]["verdict"]) == (1, "FAIL")
    scores = {each["check"]: each["candidate"] for each in report["gate"]["own"]["scores"]}
    assert scores == {"exact_match": pytest.approx(14 / 30), "strict": pytest.approx(14 / 30)}
    assert asked(fake_model) == (0, 0), "each answer was judged by either reference before"


async def test_an_example_whose_input_is_edited_too_has_no_answers(repo, fake_model):
    reworded(repo, fake_model, 5, input={"q": 1000})
    code, report = await judged(repo)
    own = report["gate"]["own"]
    assert (code, own["verdict"], own["not_evaluated"]) == (1, "FAIL", ["5 examples edited in doubling"])
    assert own["covers"] == ["25 of 30 examples of doubling that it leaves as they are"]
    assert own["scores"] == []


async def test_a_judge_that_is_away_leaves_the_edited_answers_out(repo, fake_model):
    reworded(repo, fake_model, 20)
    fake_model.rules = [Rule(when="what -1 means", fault="status", status=403), *MEANINGS]
    code, report = await judged(repo)
    assert (code, report["verdict"]) == (1, "FAIL")
    own = report["gate"]["own"]
    assert own["covers"] == ["10 of 30 examples of doubling that it leaves as they are"]
    lacking, edited = own["not_evaluated"]
    assert lacking.startswith("doubling/strict on the answers that it edits (")
    assert edited == "20 examples edited in doubling"


async def test_a_plan_counts_what_edited_answers_take(repo, fake_model):
    reworded(repo, fake_model, 20)
    planned = await asyncio.to_thread(repo.evalgate, "plan", "--as-pull-request", "--json")
    (suite,) = json.loads(planned.out)["suites"]
    assert suite["scored_by_own"] == {"exact_match": 120, "strict": 120}
