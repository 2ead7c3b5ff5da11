"""`evalgate curate pull --from-gate`: what a build found worse is up for review, with what production has like it."""

import json
import sys
from datetime import UTC, datetime, timedelta

import pytest

from evalgate.curate.candidates import State, read_candidates
from evalgate.curate.gated.findings import REPAIR
from evalgate.curate.gated.neighbours import NEIGHBOUR
from tests.integration.team import Team
from tests.integration.test_curate_pull import call, id_of

TOPICS = ("my money back", "a receipt for last month", "the parcel to another address", "a second key card")
QUESTIONS = [f"How do I get {topic}, please? {n}" for n in range(5) for topic in TOPICS]
WORSE = """
def answer(input):
    return {"answer": "no" if "money back" in input["question"] else "yes"}
"""
FLIPPING = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    run = int(asked["sample"].split("-")[0].removeprefix("noise"))
    wrong = "key card" in asked["input"]["question"] and run % 2
    output = {"answer": "no" if wrong else "yes"}
    print(json.dumps({"evalgate": 1, "id": asked["id"], "sample": asked["sample"], "output": output}), flush=True)
"""


def desk(project):
    """Make a support desk whose candidate answers badly wherever money is asked back."""
    golden = [
        {"id": f"e{n}", "input": {"question": question}, "output": {"answer": "yes"}}
        for n, question in enumerate(QUESTIONS)
    ]
    project.write("golden.jsonl", "".join(f"{json.dumps(each)}\n" for each in golden))
    project.write("v1/app.py", WORSE.replace('"no" if', '"yes" if'))
    project.write("v2/app.py", WORSE)
    return project.prepare()


@pytest.fixture
def support(project):
    return desk(project)


def candidates(project):
    return {each.id: each for each in read_candidates(project.folder / "golden.candidates.jsonl")}


async def test_what_got_worse_is_up_for_review_with_its_neighbours(support, phoenix):
    """A second time nothing changes; without a project the examples alone are taken."""
    team, production = Team(phoenix), phoenix.unique("support")
    now = datetime.now(UTC)
    like = [call(f"how can I get my money back for order {n}?", "yes", ago=n + 5) for n in range(3)]
    unlike = [call(f"is there a train on day {n}?", "yes", ago=n + 5) for n in range(4)]
    await team.spans(production, [*like, *unlike])
    assert support.run().code == 1
    money = {f"e{n}" for n, question in enumerate(QUESTIONS) if "money" in question}

    alone = support.evalgate("curate", "pull", "--from-gate", "latest")
    assert alone.code == 0, alone.text
    assert alone.out.startswith("5 examples of build 1 up for review\nin ")
    assert "next: `evalgate curate review --dataset" in alone.out
    up = candidates(support)
    assert set(up) == money
    assert {each.state for each in up.values()} == {State.CHOSEN}
    assert up["e0"].marks[REPAIR] == {"build": 1, "suite": "doubling", "why": "exact_match: pass → fail"}
    assert up["e0"].output == {"answer": "yes"}

    wanted = ["curate", "pull", production, "--from-gate", "1", "--json"]
    ended = support.evalgate(*wanted, PHOENIX_ENDPOINT=phoenix.base_url)
    assert ended.code == 0, ended.text
    found = json.loads(ended.out)
    assert (found["of"], set(found["up_for_review"])) == ("build 1", money)
    assert (found["read"], found["new"], found["unlike"]) == (7, 3, 4)
    there = candidates(support)
    assert set(there) == money | set(map(id_of, like))
    assert {there[id_of(each)].marks[NEIGHBOUR]["example"] for each in like} <= money
    before = (support.folder / "golden.candidates.jsonl").read_bytes()
    again = json.loads(support.evalgate(*wanted, PHOENIX_ENDPOINT=phoenix.base_url).out)
    assert (again["new"], again["known"], again["alike"]) == (0, 3, 3)
    words = support.evalgate(*wanted[:-1], PHOENIX_ENDPOINT=phoenix.base_url).out
    assert words.splitlines()[-1].startswith("in golden.candidates.jsonl; next: evalgate curate review --dataset ")
    assert (support.folder / "golden.candidates.jsonl").read_bytes() == before
    assert now - datetime.fromisoformat(there["e0"].history[-1].at) < timedelta(minutes=5)


def test_an_example_is_up_as_its_dataset_has_it_now(support):
    """Whoever edited it since is not undone, and what was taken out stays out."""
    assert support.run().code == 1
    lines = (support.folder / "golden.jsonl").read_text().splitlines()
    edited = {**json.loads(lines[0]), "output": {"answer": "yes, in 14 days"}}
    support.write("golden.jsonl", "\n".join([json.dumps(edited), *lines[1:4], *lines[5:]]) + "\n")
    assert support.evalgate("curate", "pull", "--from-gate", "latest").code == 0
    up = candidates(support)
    assert set(up) == {f"e{n}" for n, question in enumerate(QUESTIONS) if "money" in question} - {"e4"}
    assert up["e0"].output == {"answer": "yes, in 14 days"}


def test_what_noise_finds_flaky_is_proposed_for_repair(project):
    project.suite = {"baseline": {"task": {"command": [sys.executable, "flipping.py"], "inputs": ["flipping.py"]}}}
    project.write("flipping.py", FLIPPING)
    support = desk(project)
    ended = support.evalgate("noise")
    assert ended.code == 0, ended.text
    assert "`evalgate curate pull --from-gate 1` puts those up for repair" in " ".join(ended.out.split())
    opened = support.evalgate("curate", "pull", "--from-gate", "1", "--json")
    assert opened.code == 0, opened.text
    keys = {f"e{n}" for n, question in enumerate(QUESTIONS) if "key card" in question}
    assert set(candidates(support)) == keys == set(json.loads(opened.out)["up_for_review"])
    assert candidates(support)["e3"].marks[REPAIR] == {
        "build": 1,
        "suite": "doubling",
        "why": "flaky: exact_match pass 2, fail 3 in equal runs",
    }


def test_what_cannot_be_taken_from_a_gate_is_said(support):
    support.write("v2/app.py", WORSE.replace('"no" if', '"yes" if'))
    none = support.evalgate("curate", "pull", "--from-gate", "latest")
    assert none.code == 2
    assert support.run().code == 0
    none = support.evalgate("curate", "pull", "--from-gate", "latest")
    said = "no example of build 1 got worse, and none failed a check\n  next: name another one: --from-gate BUILD"
    assert (none.code, said in none.err) == (2, True)
    support.write("v2/app.py", WORSE)
    assert support.run().code == 1
    other = support.evalgate("curate", "pull", "--from-gate", "latest", "--dataset", "other.jsonl")
    assert other.code == 2
    assert "other.jsonl\n  next: say --dataset golden.jsonl" in other.err
    assert not (support.folder / "other.candidates.jsonl").exists()
