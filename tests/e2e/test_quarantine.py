"""Examples that are set aside: they run and are shown, and do not decide, until their last day."""

import json
import re
import sys

import pytest
import yaml
from jsonschema import Draft202012Validator

from tests.e2e.project import REPOSITORY
from tests.e2e.repository import Repo

SCHEMA = json.loads((REPOSITORY / "docs" / "report.schema.json").read_text("utf-8"))
FAR = "2999-12-31"
PAST = "2020-01-31"


@pytest.fixture
def repo(tmp_path):
    return Repo(tmp_path / "repo").begin()


def entry(number, **changed):
    return {"id": f"e{number}", "owner": "@search", "reason": "two right answers", "expires": FAR, **changed}


def ship(repo, *entries, checks=..., broken=8, **suite):
    """Make a change that breaks 8 of the 40 examples, e0 to e7."""
    repo.write("quarantine.yaml", yaml.safe_dump({"examples": list(entries)}, sort_keys=False))
    checks = {"exact_match": {"no_regression": {"rule_out_drop": 0.2}}} if checks is ... else checks
    repo.ship(share=0, quarantine="quarantine.yaml", checks=checks, **suite)
    repo.git("checkout", "-q", "-b", "change")
    repo.task(broken)
    repo.commit()


def test_what_is_set_aside_runs_and_is_shown_and_does_not_decide(repo):
    ship(repo, *(entry(number) for number in range(8)))
    ended = repo.run()
    assert ended.code == 0, ended.text
    assert repo.calls() == {"8": 120, "0": 120}, "all of them ran"
    said = " ".join(ended.out.split())
    assert "40 examples (8 in quarantine), app.py:answer against main@" in said
    assert (
        "in quarantine, decides nothing: e0: exact_match pass → fail (until 2999-12-31, @search: two right answers)"
    ) in said
    assert "3 more in quarantine" in said
    (suite,) = json.loads(repo.evalgate("decide", "--json").out)["suites"]
    (check,) = suite["checks"]
    assert (check["verdict"], check["examples"], check["comparison"]["pairs"]) == ("PASS", 32, 32)
    assert suite["dataset"]["examples"] == 40
    assert [each["example"] for each in suite["quarantined"]] == [f"e{number}" for number in range(8)]
    assert suite["quarantined"][0]["scores"] == {"exact_match": {"example": "e0", "baseline": 1.0, "candidate": 0.0}}


def test_the_same_change_fails_without_it_and_setting_aside_asks_for_no_new_answer(repo):
    """The same draws decide without them: an entry is no second throw."""
    ship(repo)
    assert (repo.run().code, sum(repo.calls().values())) == (1, 240)
    repo.write("quarantine.yaml", yaml.safe_dump({"examples": [entry(number) for number in range(8)]}))
    assert (repo.run().code, repo.calls()) == (0, {})


def test_after_its_last_day_an_example_counts_again_and_that_is_said(repo):
    ship(repo, *(entry(number, expires=PAST) for number in range(8)))
    ended = repo.run()
    assert ended.code == 1
    said = " ".join(ended.out.split())
    assert "e3 counts again: its quarantine ended on 2020-01-31 (@search: two right answers)" in said
    assert "in quarantine)" not in said


def test_an_entry_may_be_of_one_check_alone(repo):
    checks = {
        "exact_match": {"no_regression": {"rule_out_drop": 0.2}},
        "answered": {"no_regression": {"rule_out_drop": 0.2}},
    }
    repo.write(
        "quarantine.yaml",
        yaml.safe_dump({"examples": [entry(number, check="answered") for number in range(8)]}),
    )
    both = [{"exact_match": {"path": "answer"}}, {"exact_match": {"path": "answer"}, "name": "answered"}]
    repo.ship(share=0, quarantine="quarantine.yaml", checks=checks, evaluators=both)
    repo.git("checkout", "-q", "-b", "change")
    repo.task(8)
    repo.commit()
    suite = repo.measured()
    decided = {check["name"]: (check["verdict"], check["examples"]) for check in suite["checks"]}
    assert decided == {"exact_match": ("FAIL", 40), "answered": ("PASS", 32)}


def test_zero_tolerance_does_not_ask_again_what_is_set_aside(repo):
    ship(repo, *(entry(number) for number in range(8)), checks={"exact_match": {"zero_tolerance": {}}})
    assert repo.run().code == 0
    assert repo.calls() == {"8": 40}


def test_nothing_left_is_not_green(repo):
    ship(repo, *(entry(number) for number in range(40)), checks={"exact_match": {"at_least": 0.1}})
    ended = repo.run()
    assert ended.code == 4
    said = " ".join(ended.out.split())
    assert "All 40 examples of it are in quarantine: nothing is left to decide on." in said
    assert "next: take some out of the quarantine file, or set `report_only: true` on the check" in said


def test_what_decided_is_kept_in_the_journal(repo):
    ship(repo, *(entry(number) for number in range(8)))
    before = json.loads(repo.run("--json").out)
    Draft202012Validator(SCHEMA).validate(before)
    (repo.folder / "quarantine.yaml").unlink()
    assert json.loads(repo.evalgate("decide", "--json").out) == before
    repo.evalgate("journal", "export", "--to", "one.db")
    assert json.loads(repo.evalgate("decide", "one.db", "--json").out)["suites"] == before["suites"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "quarantine.yaml: the quarantine file is empty"),
        (
            "examples:\n- {id: e1, owner: me, reason: why, expires: 2026-13-01}\n",
            "quarantine.yaml:2:45: '2026-13-01' is no day: write it like 2026-12-31",
        ),
        (
            "examples:\n- {id: e1, owner: me, reason: why, expires: ٢٠٢٠-٠١-٣١}\n",
            "quarantine.yaml:2:45: '٢٠٢٠-٠١-٣١' is no day: write it like 2026-12-31",
        ),
        (
            "examples:\n- {id: e1, owner: '', reason: why, expires: 2999-01-01}\n",
            "quarantine.yaml:2:19: it says nothing: fill it in",
        ),
        (
            "examples:\n- {id: e1, reason: why, expires: 2999-01-01}\n",
            "quarantine.yaml:2:3: examples[0] needs `owner`",
        ),
        (
            "examples:\n- {id: nobody, owner: me, reason: why, expires: 2999-01-01}\n",
            "quarantine.yaml:2:8: golden.jsonl has no example 'nobody'",
        ),
        (
            "examples:\n- {id: e1, owner: me, reason: why, expires: 2999-01-01, check: exact_mach}\n",
            "quarantine.yaml:2:64: there is no check 'exact_mach': did you mean `exact_match`?",
        ),
        (
            "examples:\n" + 2 * "- {id: e1, owner: me, reason: why, expires: 2999-01-01}\n",
            "quarantine.yaml:3:8: 'e1' is here twice; first on line 2",
        ),
        (
            "examples:\n- {id: e1, owner: me, reason: why, expires: 2999-01-01, until: x}\n",
            "quarantine.yaml:2:57: unknown key `until`",
        ),
    ],
)
def test_a_file_in_error_ends_the_run_with_its_place(repo, text, said):
    ship(repo)
    repo.write("quarantine.yaml", text)
    ended = repo.run()
    assert (ended.code, repo.calls()) == (2, {})
    assert said in ended.err
    assert "next: " in ended.err


@pytest.mark.parametrize("wrong", ["id", "expires"])
def test_what_is_wrong_many_times_is_printed_fifty_times(repo, wrong):
    ship(repo)
    entries = [entry(0, **{"id": f"e{number}", wrong: f"nothing {number}"}) for number in range(100, 3100)]
    repo.write("quarantine.yaml", json.dumps({"examples": entries}))
    ended = repo.run()
    assert (ended.code, ended.err.count("quarantine.yaml:1:")) == (2, 50)
    assert re.search(r"quarantine.yaml: 2,950 more", ended.err), ended.err[-300:]


@pytest.mark.parametrize("text", ["API_KEY of the host", "- API_KEY of the host", '"API_KEY of the host"'])
def test_a_file_that_is_none_is_not_shown(repo, text):
    """It may be any file of the machine, and a job's log is read by many."""
    ship(repo)
    repo.write("quarantine.yaml", text)
    ended = repo.run()
    assert (ended.code, "the file should be a mapping; it is " in ended.err) == (2, True), ended.err
    assert "API_KEY" not in ended.text


def test_labels_of_what_is_set_aside_are_not_counted(repo):
    repo.write(
        "score.py",
        "def tone(output):\n"
        "    right = output['answer'] >= 0\n"
        "    return {'score': float(right), 'label': 'kind' if right else 'rude'}\n",
    )
    both = [
        {"python": "score.py:tone", "interpreter": sys.executable, "name": name, "range": [0, 1]}
        for name in ("tone", "manner")
    ]
    checks = {name: {"no_regression": {"rule_out_drop": 0.2}} for name in ("tone", "manner")}
    aside = [entry(number, check="manner") for number in range(3)] + [entry(3), entry(4, expires=PAST)]
    ship(repo, *aside, evaluators=both, checks=checks)
    counted = {
        check["name"]: {each["name"]: (each["candidate"], each["baseline"]) for each in check["distribution"]["counts"]}
        for check in repo.measured()["checks"]
    }
    assert counted == {
        "tone": {"kind": (96, 117), "rude": (21, 0)},
        "manner": {"kind": (96, 108), "rude": (12, 0)},
    }


def test_what_is_no_file_is_not_waited_for(repo):
    ship(repo)
    (repo.folder / "quarantine.yaml").unlink()
    (repo.folder / "quarantine.yaml").symlink_to("/dev/zero")
    ended = repo.run()
    why = "cannot be read: it is a pipe or a device, and no file\n  next: make it a readable file\n"
    assert (ended.code, ended.err) == (2, f"evalgate: the quarantine file quarantine.yaml {why}")


def test_a_path_that_is_none(repo):
    ship(repo)
    repo.config(quarantine="a\0b")
    ended = repo.run()
    assert (ended.code, ended.err.splitlines()[0]) == (
        2,
        "evalgate: the quarantine file a\\x00b cannot be read: embedded null byte",
    )


def test_a_file_that_is_not_there(repo):
    ship(repo)
    (repo.folder / "quarantine.yaml").unlink()
    ended = repo.run()
    assert ended.code == 2
    assert ended.err == (
        "evalgate: the quarantine file quarantine.yaml does not exist\n"
        "  next: write it, or correct the suite's `quarantine:` in the config\n"
    )


def test_a_plan_counts_what_decides(repo):
    """What is set aside is run and paid for; thresholds and what can be caught are those of the others."""
    rules = {"no_regression": {"rule_out_drop": 0.2}, "at_least": {"threshold": 0.85, "mode": "evidence"}}
    ship(repo, *(entry(number) for number in range(8)), checks={"exact_match": rules})
    aside = repo.evalgate("plan", "--catch", "5")
    assert "40 examples (8 in quarantine) of golden.jsonl" in aside.out, aside.text
    assert "to PASS at 0.85 with 32 examples" in aside.out
    assert "repetitions with 32" in aside.out
    assert "candidate, app.py:answer: 120 runs" in aside.out
    repo.write("quarantine.yaml", yaml.safe_dump({"examples": [entry(number, expires=PAST) for number in range(8)]}))
    over = repo.evalgate("plan", "--catch", "5")
    assert "40 examples of golden.jsonl" in over.out
    assert "to PASS at 0.85 with 40 examples" in over.out
    assert "repetitions with 40" in over.out


def test_a_plan_counts_what_decides_on_each_check(repo):
    """Set aside of one check alone, it decides on the other."""
    both = [{"exact_match": {"path": "answer"}}, {"exact_match": {"path": "answer"}, "name": "answered"}]
    rules = {"at_least": {"threshold": 0.85, "mode": "evidence"}, "no_regression": {"rule_out_drop": 0.2}}
    entries = [entry(number, check="answered") for number in range(8)]
    ship(repo, *entries, checks={"exact_match": rules, "answered": rules}, evaluators=both)
    found = json.loads(repo.evalgate("plan", "--json").out)
    (suite,) = found["suites"]
    assert (suite["examples"], suite["set_aside"]) == (40, 8)
    assert {check["name"] for check in suite["checks"]} == {"exact_match", "answered"}
    assert [line.partition(":")[2].partition(" examples")[0] for line in suite["thresholds"]] == [
        " to PASS at 0.85 with 40",
        " to PASS at 0.85 with 32",
    ]
