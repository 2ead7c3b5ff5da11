"""Runs that end by themselves: a budget, an endpoint that refuses all, a replay's gap. Kept, said, and gone on with."""

import asyncio
import json

import pytest
import yaml

from tests.fake_model import Rule
from tests.fake_model.fixtures import fake_model

__all__ = ["fake_model"]

PROMPT = "messages:\n  - {role: user, content: '{\"answer\": {{ q * 2 }} }'}\n"
SLOW = "import time\n\ndef answer(input):\n    time.sleep(0.1)\n    return {'answer': input['q'] * 2}\n"


@pytest.fixture
def asking(project, fake_model):
    """A prompt on two models with a price, four calls at once."""
    fake_model.rules = [Rule(latency=0.02, usage={"prompt_tokens": 900, "completion_tokens": 100})]
    project.suite = {
        "task": {"prompt": "p.yaml", "model": "fake/new", "variables": {"q": "input.q"}, "output": "json"},
        "baseline": {"task": {"model": "fake/old"}},
    }
    project.write("p.yaml", PROMPT)
    project.prepare()
    change(project, endpoints={"fake": {"base_url": fake_model.base_url, "concurrency": 4}})
    change(project, prices={"fake/new": {"input": 1, "output": 1}, "fake/old": {"input": 1, "output": 1}})
    return project


def change(project, **keys):
    path = project.folder / "evalgate.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | keys, sort_keys=False))


async def run(project, *arguments, **env):
    return await asyncio.to_thread(project.run, *arguments, **env)


@pytest.mark.parametrize(
    ("limit", "larger", "said"),
    [
        ({"usd": 0.02}, {"usd": 1}, "The budget is spent: $0.02 of $0.02."),
        ({"tokens": 20_000}, {"tokens": 100_000}, "The budget is spent: 20,000 of 20,000 tokens."),
        ({"calls": 20}, {"calls": 100}, "The budget is spent: 20 of 20 calls."),
    ],
    ids=["usd", "tokens", "calls"],
)
async def test_a_budget_stops_within_a_call_for_each_worker_and_a_larger_one_goes_on(
    asking, fake_model, limit, larger, said
):
    change(asking, budget=limit)
    ended = await run(asking)
    assert ended.code == 4, ended.text
    assert said in ended.out
    assert f"next: raise budget.{next(iter(limit))}, then evalgate run --resume" in ended.out
    assert 20 <= fake_model.calls <= 20 + 4
    paid = fake_model.calls

    again = await run(asking, "--resume")
    assert (again.code, fake_model.calls) == (4, paid)
    assert "The budget is spent" in again.out
    assert (await asyncio.to_thread(asking.evalgate, "decide")).code == 4

    change(asking, budget=larger)
    resumed = await run(asking, "--resume")
    assert (resumed.code, fake_model.calls) == (0, 80), resumed.text
    assert "The budget" not in resumed.out


async def test_minutes_are_a_budget_too_and_raising_them_changes_nothing_else(project):
    """The whole tree counts for this task: the config in it does not stand in the way of going on."""
    project.suite = {"baseline": {"task": {}}}
    project.write("v2/app.py", SLOW)
    project.prepare()
    change(project, budget={"minutes": 0.03})
    ended = await run(project)
    assert ended.code == 4, ended.text
    assert "The budget is spent: 0.03 of 0.03 minutes." in ended.out
    change(project, budget={"minutes": 5})
    resumed = await run(project, "--resume")
    assert resumed.code == 0, resumed.text
    change(project, budget={"minutes": 0.01})
    project.write("v2/app.py", SLOW + "\n")
    (project.folder / ".evalgate" / "journal.db").unlink()
    assert (await run(project)).code == 4
    project.write("v2/app.py", SLOW)
    refused = await run(project, "--resume")
    assert refused.code == 2
    assert "v2/app.py changed" in refused.text


async def test_an_endpoint_that_refuses_everything_ends_the_run_and_it_goes_on_when_mended(asking, fake_model):
    rules, fake_model.rules = fake_model.rules, [Rule(fault="status", status=403)]
    ended = await run(asking)
    assert ended.code == 4, ended.text
    assert "answers no call at all: 5 in a row failed, the last one with: answered 403: status 403 on" in ended.out
    assert fake_model.calls <= 5 + 5 + 4
    fake_model.rules = rules
    resumed = await run(asking, "--resume")
    assert resumed.code == 0, resumed.text
    assert fake_model.by_model["new"] + fake_model.by_model["old"] <= 80 + 14


async def test_a_replay_that_lacks_an_answer_names_the_example(asking, fake_model):
    await run(asking, "--limit", "39", "--no-gate")
    calls = fake_model.calls
    ended = await run(asking, "--replay")
    assert (ended.code, fake_model.calls) == (4, calls), ended.text
    shown = " ".join(ended.out.split())
    assert ".evalgate/cache.db lacks the answer of fake/" in shown
    assert "for the example e39 (sample r1), and a replay calls no model." in shown
    assert "next: evalgate run without --replay, where the endpoint can be called" in shown


async def test_the_reason_is_in_the_json_report(asking):
    change(asking, budget={"calls": 8})
    report = json.loads((await run(asking, "--json")).out)
    (suite,) = report["suites"]
    assert (report["verdict"], suite["verdict"]) == ("UNMEASURABLE", "UNMEASURABLE")
