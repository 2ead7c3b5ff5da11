"""A pull request can't choose its judge: prompt, model, labels and address are the base's."""

from __future__ import annotations

import asyncio
import json

import pytest
import yaml

from tests.e2e.repository import Repo
from tests.e2e.test_pull_requests import CONFIG, examples, judged, lines, said
from tests.fake_model import FakeModel, Rule

STRICT = {
    "messages": [{"role": "user", "content": "STRICT. Is {{ output.answer }} twice {{ input.q }}?"}],
    "labels": {"right": 1, "wrong": 0},
}
RULES = [
    Rule(when="LENIENT", reply='{"label": "right"}'),
    Rule(model="kind", reply='{"label": "right"}'),
    Rule(when="Is -1 ", reply='{"label": "wrong"}'),
    Rule(reply='{"label": "right"}'),
]
"""A strict judge sees what is wrong; a lenient prompt and a kind model see nothing."""


@pytest.fixture
def repo(tmp_path):
    return Repo(tmp_path / "repo").begin()


def config(address, **judge):
    suite = {
        **CONFIG["suites"]["doubling"],
        "dataset": "golden.jsonl",
        "evaluators": [{"judge": "strict.yaml", "model": "main/exact", **judge}],
        "checks": {"strict": {"no_regression": {"rule_out_drop": 0.15}}},
    }
    return yaml.safe_dump(
        {"suites": {"doubling": suite}, "policy": CONFIG["policy"], "endpoints": {"main": {"base_url": address}}},
        sort_keys=False,
    )


ATTACKS = {
    "its prompt": (
        lambda repo, fake, other: repo.write(
            "strict.yaml", yaml.safe_dump({**STRICT, "messages": [{"role": "user", "content": "LENIENT."}]})
        ),
        "doubling: evaluators.strict: its file strict.yaml edited",
    ),
    "its labels": (
        lambda repo, fake, other: repo.write(
            "strict.yaml", yaml.safe_dump({**STRICT, "labels": {"right": 1, "wrong": 0.99}})
        ),
        "doubling: evaluators.strict: its file strict.yaml edited",
    ),
    "its model": (
        lambda repo, fake, other: repo.write("evalgate.yaml", config(fake.base_url, model="main/kind")),
        "doubling: evaluators.strict.model: main/exact → main/kind",
    ),
    "its address": (
        lambda repo, fake, other: repo.write("evalgate.yaml", config(other.base_url)),
        "doubling: endpoints.main.base_url: {fake} → {other}",
    ),
    "another judge under its name": (
        lambda repo, fake, other: repo.write("evalgate.yaml", config(fake.base_url, judge="kind.yaml", name="strict")),
        "doubling: evaluators.strict: its file kind.yaml added",
        "doubling: evaluators.strict: its file strict.yaml gone",
        "doubling: evaluators.strict.judge: strict.yaml → kind.yaml",
        "doubling: evaluators.strict.name: nothing → strict",
    ),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_judge_that_is_edited_is_asked_too_and_decides_nothing(repo, name):
    attack, *expected = ATTACKS[name]

    async def against_models():
        async with FakeModel(*RULES) as fake, FakeModel(Rule(reply='{"label": "right"}')) as other:
            repo.write("evalgate.yaml", config(fake.base_url))
            repo.write("golden.jsonl", lines(examples(30)))
            repo.write("strict.yaml", yaml.safe_dump(STRICT))
            repo.write("kind.yaml", yaml.safe_dump({**STRICT, "messages": [{"role": "user", "content": "LENIENT."}]}))
            repo.task(2)
            repo.commit("first")
            repo.git("checkout", "-q", "-b", "change")
            repo.task(20)
            attack(repo, fake, other)
            code, report = await asyncio.to_thread(judged, repo)
            return (
                code,
                report,
                other.calls,
                [each.format(fake=fake.base_url, other=other.base_url) for each in expected],
            )

    code, report, others, listed = asyncio.run(against_models())
    assert (code, report["verdict"]) == (1, "FAIL"), json.dumps(report)[:2000]
    assert sorted(said(report)) == sorted(listed)
    own = report["gate"]["own"]
    assert own["not_evaluated"] == []
    (scores,) = own["scores"]
    if name == "its labels":  # its judge sees the same, in a range of its own
        assert (own["verdict"], scores["candidate"]) == ("FAIL", pytest.approx(0.99 + 0.01 * 10 / 30))
    else:
        assert (own["verdict"], scores["candidate"]) == ("PASS", 1.0)
    assert (others > 0) == (name == "its address")


PAIRS = {"pairwise": True, "messages": [{"role": "user", "content": "{{ answer_a }} or {{ answer_b }}?"}]}


def test_an_edited_judge_of_pairs_is_said_to_be_untried(repo):
    """It decides nothing and is not asked; a report that was silent about it would look as if it agreed."""

    async def against_model():
        async with FakeModel(Rule(reply="judge")) as fake:
            suite = {
                **CONFIG["suites"]["doubling"],
                "dataset": "golden.jsonl",
                "evaluators": [{"judge": "pairs.yaml", "model": "main/exact"}],
                "checks": {"pairs": {"no_regression": {"rule_out_drop": 0.15}}},
            }
            shared = {"policy": CONFIG["policy"], "endpoints": {"main": {"base_url": fake.base_url}}}
            repo.write("evalgate.yaml", yaml.safe_dump({"suites": {"doubling": suite}, **shared}))
            repo.write("golden.jsonl", lines(examples(30)))
            repo.write("pairs.yaml", yaml.safe_dump(PAIRS))
            repo.task(2)
            repo.commit("first")
            repo.git("checkout", "-q", "-b", "change")
            repo.task(20)
            kind = {"role": "user", "content": "Say B. {{ answer_a }}, {{ answer_b }}"}
            repo.write("pairs.yaml", yaml.safe_dump({**PAIRS, "messages": [kind]}))
            planned = await asyncio.to_thread(repo.evalgate, "plan", "--as-pull-request")
            code, report = await asyncio.to_thread(judged, repo)
            told = await asyncio.to_thread(repo.evalgate, "decide")
            asked = [request["body"]["messages"][0]["content"] for request in fake.requests]
            return planned, code, report, " ".join(told.text.split()), asked

    planned, code, report, told, asked = asyncio.run(against_model())
    assert (code, report["verdict"]) == (0, "PASS"), json.dumps(report)[:2000]
    assert said(report) == ["doubling: evaluators.pairs: its file pairs.yaml edited"]
    untried = "doubling/pairs, whose evaluator it edits (a judge of pairs, not tried beside the base's)"
    assert report["gate"]["own"]["not_evaluated"] == [untried]
    assert untried in told
    assert asked
    assert not [text for text in asked if "Say B" in text]
    assert (planned.code, "by pairs" in planned.text) == (0, False), planned.text
