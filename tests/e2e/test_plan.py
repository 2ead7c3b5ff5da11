"""`evalgate plan` through the command line: nothing is started, and what was measured is used."""

import json

import pytest
from jsonschema import Draft202012Validator

from tests.e2e.project import REPOSITORY

MARKING = """
import os
open(os.path.join(os.path.dirname(__file__), "started"), "w").close()
def answer(input):
    return {"answer": input["q"] * 2}
"""
FLICKERING = """
import os
def answer(input):
    mark = os.path.join(os.path.dirname(__file__), f"seen{input['q']}")
    if input["q"] % 10 == 0 and not os.path.exists(mark):
        open(mark, "w").close()
        return {"answer": -1}
    return {"answer": input["q"] * 2}
"""


@pytest.fixture
def planned(project):
    project.suite = {
        "checks": {
            "exact_match": {
                "no_regression": {"slices": ["metadata.parity"]},
                "at_least": {"threshold": 0.85, "mode": "evidence"},
            }
        }
    }
    return project


def plan(project, *arguments):
    ended = project.evalgate("plan", "--json", *arguments)
    assert ended.code == 0, ended.text
    found = json.loads(ended.out)
    Draft202012Validator(json.loads((REPOSITORY / "docs" / "plan.schema.json").read_text("utf-8"))).validate(found)
    return found


def test_before_the_first_run_nothing_is_started_and_nothing_written(planned):
    """Examples and calls are counted, flip rates stand for what nobody knows; no task runs, no journal is made."""
    planned.write("v1/app.py", MARKING)
    planned.write("v2/app.py", MARKING)
    planned.prepare()
    ended = planned.evalgate("plan")
    assert ended.code == 0, ended.text
    assert (
        "in all: 80 runs, each a call of its task; 80 evaluations; time not known before the first whole run."
        in ended.out
    )
    assert "exact_match: to PASS at 0.85 with 40 examples: 2 failures allowed." in ended.out
    assert "over all 3 comparisons together" in ended.out
    found = plan(planned, "--catch", "5")
    (check,) = found["suites"][0]["checks"]
    assert check["noise"] is None
    assert [of["flip"] for of in check["outlooks"]] == [0.02, 0.05, 0.1, 0.2, 0.3]
    assert all(of["examples"] > 40 for of in check["outlooks"])
    assert found["seconds"] is None
    assert not list(planned.folder.glob("v*/started"))
    assert not (planned.folder / ".evalgate").exists()


def test_after_a_build_its_noise_and_its_time_are_used(planned):
    """The baseline's repetitions say that one answer in ten flips; a sample is left alone."""
    planned.write("v1/app.py", FLICKERING)
    planned.suite["repetitions"] = 2
    planned.prepare()
    assert planned.run("--no-gate").code == 0
    assert planned.run("--limit", "3", "--no-gate").code == 0
    found = plan(planned)
    (check,) = found["suites"][0]["checks"]
    assert check["noise"]["build"] == 1
    assert check["noise"]["source"] == "the repetitions of v1/app.py:answer"
    assert check["noise"]["flip"] == pytest.approx(0.1)
    assert [side["timed_in_build"] for side in found["suites"][0]["sides"]] == [1, 1]
    assert found["seconds"] > 0
    more = plan(planned, "--set", "suites.doubling.repetitions=4")
    assert more["runs"] == 2 * found["runs"] == 320
    assert more["suites"][0]["checks"][0]["outlooks"][0]["drop"] < check["outlooks"][0]["drop"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--suite", "doublin"), "did you mean doubling?"),
        (("--catch", "0"), "--catch"),
        (("--set", "suites.doubling.dataset.file=none.jsonl"), "none.jsonl"),
        (("--set", "suites.doubling.checks.exact_match.at_least.threshold=0.99"), "use 268 examples or more"),
    ],
)
def test_what_a_run_would_refuse_the_plan_refuses(planned, arguments, said):
    """Exit 2 with the same words, before anything is paid."""
    ended = planned.prepare().evalgate("plan", *arguments)
    assert ended.code == 2, ended.text
    assert said in ended.err


def test_a_gate_that_blocks_on_doubt_is_told_before_it_runs(project):
    """How often it would pass, by `plan` and by `run` alike, and what would do; where nothing could pass, exit 2."""
    project.policy = {"on_inconclusive": "fail"}
    project.prepare()
    told = (
        "passes about 56 times in 100 where nothing changed (if 10 % of answers differ between two equal runs, which no"
        " build has told yet), and `on_inconclusive: fail` blocks the rest; to pass 8 times in 10, use about 77"
        " examples, or `repetitions: 3`"
    )
    assert f"exact_match: {told}." in " ".join(project.evalgate("plan").out.split())
    assert f"doubling/exact_match: {told}\n" in project.evalgate("run").err
    project.write("golden.jsonl", "".join((project.folder / "golden.jsonl").read_text().splitlines(keepends=True)[:20]))
    for command in ("plan", "run"):
        ended = project.evalgate(command)
        assert ended.code == 2
        assert "20 examples cannot rule out a drop of 10 points even where every score is equal" in ended.err
