"""A budget that does not hold a screen and its confirmation stops the build before the first run is paid."""

from __future__ import annotations

import json

import pytest
import yaml

from tests.e2e.repository import Repo

PAID = """\
import os, pathlib
import evalgate

SHARE = {share}
CALLS = pathlib.Path({calls!r})

def answer(input):
    with (CALLS / str(os.getpid())).open("a") as file:
        file.write("SHARE = {share}\\n")
    usage = [{{"model": "m", "input_tokens": 90, "output_tokens": 10, "cost": {cost}}}]
    return evalgate.Result({{"answer": input["q"] * 2 if input["q"] % 100 >= SHARE else -1}}, usage=usage)
"""
HELD = (
    "The budget holds the screen (about $0.40) and the confirmation that it may call for (about $2.40), as in build 1."
)
SHORT = (
    "of the budget is left, which does not hold the screen (about $0.40) and the confirmation that it may call for"
    " (about $2.40), as in build 1."
)


class PaidRepo(Repo):
    """A project whose task says what each answer cost; main is shipped and has stored runs."""

    cost: str = "0.01"

    def task(self, share: int, comment: str = "") -> None:
        self.write(self.task_file, PAID.format(share=share, calls=str(self.counted), cost=self.cost) + comment)

    def budget(self, **limits: float) -> None:
        path = self.folder / "evalgate.yaml"
        config = yaml.safe_load(path.read_text()) | {"budget": limits}
        path.write_text(yaml.safe_dump(config, sort_keys=False))

    def branch(self, name: str, share: int, **limits: float) -> None:
        self.git("checkout", "-q", "-b", name, "main")
        self.task(share)
        if limits:
            self.budget(**limits)
        self.commit()


def shipped(tmp_path, cost: str = "0.01") -> PaidRepo:
    repo = PaidRepo(tmp_path / "repo").begin()
    repo.cost = cost
    repo.ship(share=5)
    repo.branch("first", 4)
    repo.measured()
    assert repo.calls() == {"5": 120, "4": 120}
    return repo


def test_a_screen_begins_only_where_its_confirmation_fits(tmp_path):
    repo = shipped(tmp_path)
    repo.branch("worse", 20, usd=1)

    plan = repo.evalgate("plan")
    assert f"budget: $1.00 {SHORT} A run would not begin: raise budget.usd to 3.08." in " ".join(plan.out.split())

    stopped = repo.run()
    assert (stopped.code, repo.calls()) == (4, {}), stopped.text
    said = " ".join(stopped.out.split())
    assert f"$1.00 {SHORT} So nothing was begun." in said
    assert "raise budget.usd to 3.08, then evalgate run --resume" in said
    assert (repo.run("--resume").code, repo.calls()) == (4, {})

    repo.budget(usd=3.08)
    resumed = repo.run("--resume", "--json")
    assert (resumed.code, repo.calls()) == (1, {"20": 40 + 120, "5": 120}), resumed.text
    (suite,) = json.loads(resumed.out)["suites"]
    assert suite["notes"][0] == HELD
    assert f"budget: {HELD.replace('build 1', 'build 2')}" in " ".join(repo.evalgate("plan").out.split())

    again = repo.run("--json")
    assert (json.loads(again.out)["verdict"], repo.calls()) == ("FAIL", {})


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"calls": 279}, "279 calls of the budget are left, which does not hold the screen (about 40 calls) and"),
        (
            {"tokens": 27_999},
            "27,999 tokens of the budget are left, which does not hold the screen (about 4,000 tokens)",
        ),
    ],
    ids=["calls", "tokens"],
)
def test_calls_and_tokens_are_kept_for_it_too(tmp_path, limits, said):
    repo = shipped(tmp_path)
    repo.branch("worse", 20, **limits)
    stopped = repo.run()
    assert (stopped.code, repo.calls()) == (4, {}), stopped.text
    assert said in " ".join(stopped.out.split())


def test_what_is_not_known_is_said_and_nothing_is_kept_for_it(tmp_path):
    repo = shipped(tmp_path, cost="None")
    repo.branch("same", 6, usd=1)
    told = (
        "What the confirmation may take of budget.usd is not known, so nothing is kept for it: no price is known what a"
        " run of doubling costs."
    )
    assert f"budget: {told}" in " ".join(repo.evalgate("plan").out.split())
    assert told in repo.measured()["notes"]
    assert repo.calls() == {"6": 40}


def test_without_a_budget_nothing_is_said(tmp_path):
    repo = shipped(tmp_path)
    repo.branch("same", 6)
    assert repo.measured()["notes"] == []
    assert "budget:" not in repo.evalgate("plan").out
