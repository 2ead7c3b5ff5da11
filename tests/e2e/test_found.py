"""Stored runs of a baseline through the real command line: found by example, made comparable, or why not is said."""

import asyncio
import json
import re
import sqlite3
import sys
from contextlib import closing

import pytest
import yaml

from tests.e2e.project import golden
from tests.e2e.repository import Repo, without_times
from tests.fake_model import Rule
from tests.fake_model.fixtures import fake_model

__all__ = ["fake_model"]


@pytest.fixture
def repo(tmp_path):
    return Repo(tmp_path / "repo").begin()


def begun(repo, **suite):
    """Ship a version, and measure a first change, so that its baseline is stored."""
    repo.ship(share=5, **suite)
    change(repo, 4, "first")
    assert repo.measured()["verdict"] == "PASS"
    repo.calls()
    return repo


def change(repo, share, name="change"):
    repo.git("checkout", "-q", "-f", "-B", name, "main")
    repo.task(share)
    repo.commit()


def journal(repo, statement, *parameters):
    """Do to the journal what another hand might do."""
    with closing(sqlite3.connect(repo.folder / ".evalgate" / "journal.db")) as db, db:
        return db.execute(statement, parameters).fetchall()


def lines(repo, edit):
    path = repo.folder / "golden.jsonl"
    path.write_text(
        "".join(json.dumps(each) + "\n" for each in edit([*map(json.loads, path.read_text().splitlines())]))
    )


def planned(repo, *arguments):
    ended = repo.evalgate("plan", "--json", *arguments, XDG_CACHE_HOME=str(repo.folder.parent / "cache"))
    (suite,) = json.loads(ended.out)["suites"]
    return {each["side"]: each["runs"] for each in suite["sides"]}


def edited(examples):
    """Two edited, one by its reference alone; one taken out; three added."""
    examples[7]["output"]["answer"] = 15
    examples[9]["input"]["q"] = 209
    examples[9]["output"]["answer"] = 418
    del examples[30]
    more = [{"id": f"n{n}", "input": {"q": 300 + n}, "output": {"answer": 600 + 2 * n}} for n in range(3)]
    return [*examples, *more]


def test_a_baseline_is_run_on_the_examples_that_it_lacks_and_on_nothing_else(repo):
    """By id and content: what differs is counted and named, planned before it is paid, and found from then on."""
    begun(repo)
    change(repo, 3, "dataset")
    lines(repo, edited)
    repo.commit()
    assert planned(repo) == {"candidate": 42, "baseline": 5 * 3}
    suite = repo.measured()
    assert (suite["verdict"], repo.calls()) == ("PASS", {"3": 42, "5": 5 * 3})
    assert [without_times(note) for note in suite["notes"]] == [
        (
            "2 examples edited, 3 added, 1 removed since the stored baseline (2026-11-20): edited e7, e9; added n0, n1,"
            " n2; removed e30."
        ),
        (
            "The baseline was run 3 times on 5 examples (e7, e9, n0, n1, n2) of which it has no stored runs; these are"
            " kept."
        ),
    ]
    assert planned(repo) == {"candidate": 42}
    *again, last = repo.measured()["notes"]
    assert (again, repo.calls()) == (suite["notes"], {})
    assert last.startswith("Nothing was drawn now: build ")
    # The next change has both what was stored first and what was added to it.
    repo.task(2)
    repo.commit()
    assert (repo.measured()["notes"], repo.calls()) == ([], {"2": 42})


def test_a_fresh_baseline_replaces_what_is_stored_of_every_example(repo):
    """Stored runs of two datasets, then a confirmation of one of them: its runs are the latest of what it has."""
    begun(repo)
    change(repo, 3, "dataset")
    lines(repo, edited)
    repo.commit()
    repo.measured()
    change(repo, 20, "worse")
    assert repo.measured()["verdict"] == "FAIL"
    repo.calls()
    change(repo, 2, "next")
    repo.measured()
    (newest,) = {build for (build,) in drawn_in(repo)}
    assert newest == 3
    assert repo.calls() == {"2": 40}


def drawn_in(repo):
    """The builds in which the stored runs of the latest one were drawn."""
    return journal(
        repo,
        "SELECT DISTINCT o.build FROM run r JOIN experiment x ON x.id = r.experiment JOIN experiment o ON o.id ="
        " r.origin WHERE x.side = 'baseline' AND x.build = (SELECT max(id) FROM build)",
    )


def test_runs_that_an_outage_left_out_are_drawn_when_they_are_needed(repo):
    begun(repo)
    journal(
        repo,
        "UPDATE run SET output = NULL, failure_kind = 'infrastructure', failure ="
        """ '{"kind":"infrastructure","type":"x","message":"away","where":null}'"""
        " WHERE example_id = 'e3' AND sample LIKE '%-2'",
    )
    change(repo, 3)
    suite = repo.measured()
    assert repo.calls() == {"3": 40, "5": 3}
    assert suite["notes"] == [
        "The baseline was run 3 times on 1 example (e3) of which it has no stored runs; these are kept."
    ]


JUDGED = """\
import pathlib, os

SHARE = {share}
CALLS = pathlib.Path({calls!r})

def answer(input):
    with (CALLS / str(os.getpid())).open("a") as file:
        file.write("SHARE = {share}\\n")
    return {{"answer": input["q"] * 2, "by": SHARE, "draw": os.urandom(4).hex()}}
"""


@pytest.fixture
def judged(repo, fake_model):
    """A suite with a judge and an evaluator that is none; a first change has stored its baseline."""
    repo.examples = 12
    fake_model.rules = [Rule(reply="judge")]
    repo.write("golden.jsonl", golden(12))
    judging(repo, fake_model)
    repo.write("app.py", JUDGED.format(share=5, calls=str(repo.counted)))
    repo.commit("judged")
    return repo


def judging(repo, fake_model, model="fake/m"):
    repo.config(
        evaluators=[{"judge": "correctness", "model": model}, {"exact_match": {"path": "answer"}}],
        checks={"correctness": {"no_regression": {}}, "exact_match": {"no_regression": {}}},
    )
    path = repo.folder / "evalgate.yaml"
    config = yaml.safe_load(path.read_text()) | {"endpoints": {"fake": {"base_url": fake_model.base_url}}}
    path.write_text(yaml.safe_dump(config, sort_keys=False))


async def judged_change(repo, fake_model, share, model="fake/m", *arguments):
    repo.git("checkout", "-q", "-f", "-B", f"change{share}", "main")
    repo.write("app.py", JUDGED.format(share=share, calls=str(repo.counted)))
    judging(repo, fake_model, model)
    repo.commit()
    before = fake_model.by_model.copy()
    suite = await asyncio.to_thread(repo.measured, *arguments)
    return suite, repo.calls(), dict(fake_model.by_model - before)


async def test_another_judge_judges_the_stored_answers_and_no_task_is_called_for_it(judged, fake_model):
    """Once: whoever comes next finds what that judge said. The evaluator that is still the same is not asked."""
    _, calls, judgements = await judged_change(judged, fake_model, 4)
    assert (calls, judgements) == ({"4": 36, "5": 36}, {"m": 72})
    _, calls, judgements = await judged_change(judged, fake_model, 3)
    assert (calls, judgements) == ({"3": 12}, {"m": 12})
    judging(judged, fake_model, "fake/n")
    plan = await asyncio.to_thread(judged.evalgate, "plan", XDG_CACHE_HOME=str(judged.folder.parent / "cache"))
    assert "  Stored answers of the baseline are scored again: 36 answers by correctness.\n" in plan.out
    suite, calls, judgements = await judged_change(judged, fake_model, 2, "fake/n", "--no-cache")
    assert (calls, judgements) == ({"2": 12}, {"n": 12 + 36})
    assert without_times(suite["notes"][0]) == (
        "The stored answers of main@1a2b3c4 were scored by other evaluators; they are scored again here by correctness"
        " (36 answers)."
    )
    parts = {part["who"]: part["calls"] for part in suite["spending"]["parts"]}
    assert parts == {"candidate": 0, "correctness": 48}  # the program called no model
    suite, calls, judgements = await judged_change(judged, fake_model, 1, "fake/n", "--no-cache")
    assert (calls, judgements, suite["notes"]) == ({"1": 12}, {"n": 12}, [])
    # Where each stored answer and what was said of it come from is in the journal.
    origins = journal(
        judged,
        "SELECT v.name, o.build, count(*) FROM evaluation v JOIN experiment x ON x.id = v.experiment"
        " JOIN experiment o ON o.id = v.origin WHERE x.side = 'baseline' AND x.build = 4 GROUP BY 1, 2",
    )
    assert origins == [("correctness", 3, 36), ("exact_match", 1, 36)]


def test_an_evaluator_in_python_scores_stored_answers_again_since_nobody_knows_what_it_imports(repo):
    """Else a change that makes a helper of it lenient would be compared with the strict scores of before."""
    repo.write("helper.py", "STRICT = True\n")
    repo.write(
        "score.py",
        "import helper\n\ndef right(output, expected):\n    return float(output == expected or not helper.STRICT)\n",
    )
    repo.ship(
        share=20,
        evaluators=[{"python": "score.py:right", "interpreter": sys.executable}],
        checks={"right": {"no_regression": {}}},
    )
    change(repo, 21, "first")
    repo.measured()
    change(repo, 22, "lenient")
    repo.write("helper.py", "STRICT = False\n")
    (check,) = repo.measured()["checks"]
    assert (check["candidate"], check["baseline"]) == (1.0, 1.0)


def test_versions_that_made_the_stored_runs_are_shown_where_they_are_others(repo):
    begun(repo)
    journal(repo, "UPDATE build SET evalgate_version = '0.0.1'")
    change(repo, 3)
    from evalgate import __version__

    assert repo.measured()["notes"] == [
        f"What differs from when the stored runs were made: evalgate 0.0.1 then, {__version__} now."
    ]


def test_all_measures_what_has_not_changed(repo):
    begun(repo)
    repo.git("checkout", "-q", "-B", "unrelated", "main")
    repo.write("README.md", "words")
    repo.commit()
    assert planned(repo) == {"candidate": 0}
    assert (repo.run().code, repo.calls()) == (0, {})
    assert planned(repo, "--all") == {"candidate": 40}
    assert (repo.measured("--all")["verdict"], repo.calls()) == ("PASS", {"5": 40})


DAMAGE = {
    "an output that is no JSON": "UPDATE run SET output = 'oh no' WHERE example_id = 'e2' AND sample LIKE '%-1'",
    "a failure of no kind": "UPDATE run SET failure_kind = 'meteor' WHERE example_id = 'e2' AND sample LIKE '%-1'",
    "an answer and a failure": "UPDATE run SET failure = '{}' WHERE example_id = 'e2' AND sample LIKE '%-1'",
    "context that is no object": "UPDATE run SET extras = '[1]' WHERE example_id = 'e2' AND sample LIKE '%-1'",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_stored_run_that_another_hand_changed_is_drawn_again_and_said(repo, damage):
    begun(repo)
    baseline = "(SELECT id FROM experiment WHERE side = 'baseline')"
    journal(repo, f"{DAMAGE[damage]} AND experiment = {baseline}")
    change(repo, 3)
    suite = repo.measured()
    assert (suite["verdict"], repo.calls()) == ("PASS", {"3": 40, "5": 3})
    assert [without_times(note) for note in suite["notes"]] == [
        "1 stored run of main@1a2b3c4 is damaged and left out: the journal was changed by another hand.",
        "The baseline was run 3 times on 1 example (e2) of which it has no stored runs; these are kept.",
    ]


@pytest.mark.parametrize(
    "damage",
    ["UPDATE evaluation SET score = 57", "UPDATE evaluation SET score = 9e999", "DELETE FROM evaluation"],
    ids=["a score outside its range", "a score that is no number", "no evaluations at all"],
)
def test_a_stored_score_that_its_evaluator_cannot_have_given_is_given_again(repo, damage):
    """The answers are there, so that nothing is drawn: they are evaluated."""
    begun(repo)
    journal(repo, f"{damage} WHERE experiment = (SELECT id FROM experiment WHERE side = 'baseline')")
    change(repo, 3)
    suite = repo.measured()
    assert (suite["verdict"], repo.calls()) == ("PASS", {"3": 40})
    assert suite["checks"][0]["baseline"] == 0.875
    assert without_times(suite["notes"][0]).endswith("scored again here by exact_match (120 answers).")


def test_an_example_whose_id_now_means_something_else_is_another_example(repo):
    """Two of them changed places: each has stored runs, of what the other says."""
    begun(repo)
    change(repo, 3)

    def swapped(examples):
        examples[1]["id"], examples[2]["id"] = examples[2]["id"], examples[1]["id"]
        return examples

    lines(repo, swapped)
    repo.commit()
    suite = repo.measured()
    assert repo.calls() == {"3": 40, "5": 6}
    assert suite["notes"][0].endswith(": edited e2, e1.")


def test_a_commit_is_not_compared_with_itself(repo):
    """Said plainly where nothing was meant to differ; no pass where something was."""
    repo.ship(task={"python": "app.py:answer", "interpreter": sys.executable, "workers": 1})
    ended = repo.run()
    assert (ended.code, repo.calls()) == (0, {})
    assert (
        "What is checked out is main@1a2b3c4 itself, the base that this suite is compared with, and nothing of it is"
        " changed."
    ) in without_times(" ".join(ended.out.split()))
    ended = repo.run("--base", "HEAD")
    assert (ended.code, repo.calls()) == (4, {})
    said = " ".join(ended.out.split())
    assert (
        "There is no baseline: HEAD is what is checked out, and nothing of it is changed: it would be compared with"
        " itself."
    ) in said
    assert (
        "next: name what you ship, `baseline: merge-base` or `git:<branch or tag>`; evalgate noise compares it with"
        " itself"
    ) in said
    checked_out_wrongly = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_BASE_REF": "main",
    }
    ended = repo.run(**checked_out_wrongly)
    assert (ended.code, repo.calls()) == (4, {})
    said = without_times(" ".join(ended.out.split()))
    assert "what is checked out is main@1a2b3c4 itself, and not the change that is to be compared with it." in said
    assert "next: check the change out: actions/checkout on the event pull_request, without `ref:`" in said
    ended = repo.run(**checked_out_wrongly | {"GITHUB_EVENT_NAME": "pull_request_target"})
    assert (ended.code, repo.calls()) == (2, {})
    assert "the code of a pull request would run with the secrets and the token of its base" in ended.err


def test_a_rerun_with_more_repetitions_is_measured(repo):
    """`baseline_runs: fresh` draws as often as the suite says, not as often as it said before."""
    repo.policy = {"baseline_runs": "fresh"}
    repo.ship()
    change(repo, 4)
    repo.measured()
    assert repo.calls() == {"4": 40, "5": 40}
    repo.config(repetitions=3)
    repo.measured()
    assert repo.calls() == {"4": 120, "5": 120}


def why(ended):
    """What stands against the one suite, and what to do: as the report says it, whole."""
    (suite,) = json.loads(ended.out)["suites"]
    return re.sub(r"\(([0-9a-f]{7})\)", "(1a2b3c4)", without_times(suite["reason"])), suite["next_step"]


def test_histories_that_have_nothing_in_common_are_said(repo):
    repo.ship()
    repo.git("checkout", "-q", "--orphan", "alone")
    repo.task(4)
    repo.commit()
    ended = repo.run("--json")
    assert (ended.code, repo.calls()) == (4, {})
    assert why(ended) == (
        "There is no baseline: HEAD (1a2b3c4) and main (1a2b3c4) have no commit in common: there is no merge base.",
        "name what to compare with: `baseline: git:<branch, tag or commit>`, or evalgate run --base <it>",
    )


def test_a_base_with_another_dataset_answers_the_examples_of_now(repo):
    """Its task is what is compared; with what, is this change's dataset."""
    repo.ship()
    repo.git("checkout", "-q", "-b", "change")
    repo.write("other.jsonl", golden(20))
    repo.config(dataset="other.jsonl")
    repo.task(4)
    repo.commit()
    suite = repo.measured()
    assert (suite["verdict"], repo.calls()) == ("PASS", {"4": 60, "5": 60})


async def test_a_baseline_that_fails_to_answer_too_often_is_no_baseline(judged, fake_model):
    """Its judge is away for it: more than the limit is missing, which is no verdict and says what to do."""
    fake_model.rules = [Rule(when='"by": 5', fault="status", status=400), Rule(reply="judge")]
    judged.git("checkout", "-q", "-b", "change")
    judged.write("app.py", JUDGED.format(share=4, calls=str(judged.counted)))
    judged.commit()
    ended = await asyncio.to_thread(judged.run, "--json")
    lacking = (
        "correctness: Of 12 examples, some lack an answer or its evaluation (candidate 0, main@1a2b3c4 12); the policy"
        " allows one example or 2 %."
    )
    look = (
        "look at the errors with `evalgate show`; `evalgate run --resume` asks again for answers that a service failed,"
        " a mended evaluator needs a new `evalgate run`"
    )
    assert (ended.code, why(ended)) == (4, (lacking, look))


def exported(repo):
    """A stored build in a file, as what the next one is compared with."""
    begun(repo)
    repo.evalgate("journal", "export", "--to", "shipped.db")
    repo.config(baseline="file:shipped.db")
    return repo.folder / "shipped.db"


def spoiled(path, statement):
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(statement)


STORE = (
    "store one: evalgate run --suite doubling with what you ship today, then evalgate journal export --to shipped.db"
)


def test_a_stored_build_is_compared_with_by_what_its_verdict_went_by(repo):
    """It was drawn three times; a dataset from which examples were taken out since is a part of what it answered."""
    exported(repo)
    lines(repo, lambda examples: examples[:-5])
    repo.task(3)
    suite = repo.measured()
    assert (suite["checks"][0]["baseline"], repo.calls()) == (0.885714, {"3": 35})
    assert suite["notes"] == []


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            "UPDATE run SET output = '{' WHERE example_id = 'e2'",
            "The stored baseline is damaged: 3 runs of it cannot be what evalgate wrote.",
        ),
        (
            "UPDATE example SET hash = (SELECT hash FROM example WHERE example_id = 'e3') WHERE example_id = 'e2'",
            "The stored baseline answered another version of the dataset: 1 example edited since then: edited e2.",
        ),
        ("UPDATE build SET status = 'running'", "The stored baseline is a part of a run only."),
        (
            "DELETE FROM experiment",
            "The stored baseline cannot be read: file:shipped.db has no answers of the suite doubling.",
        ),
        (
            "PRAGMA application_id = 7",
            "The stored baseline cannot be read: shipped.db is a database of another program, not a journal.",
        ),
    ],
)
def test_a_stored_build_that_cannot_be_compared_with_is_said_with_what_mends_it(repo, damage, said):
    spoiled(exported(repo), damage)
    repo.task(3)
    ended = repo.run("--json")
    assert (ended.code, why(ended)) == (4, (said, STORE))


def test_what_differs_in_how_a_stored_build_was_made_is_shown(repo):
    """Parameters of its task, and the version of evalgate."""
    spoiled(exported(repo), "UPDATE build SET evalgate_version = '0.0.1'")
    from evalgate import __version__

    repo.task(3)
    task = {"python": "app.py:answer", "interpreter": sys.executable, "workers": 1, "inputs": ["app.py"], "timeout": 9}
    repo.config(baseline="file:shipped.db", task=task)
    (note,) = repo.measured()["notes"]
    assert note == (
        "What differs from when the stored runs were made: `timeout` unset then, 9.0 now; evalgate 0.0.1 then,"
        f" {__version__} now."
    )


def test_noise_of_the_base_is_known_to_its_changes(repo):
    """Studied on main, where it is the suite's own task; read for the baseline of a change."""
    repo.ship(share=5)
    assert repo.evalgate("noise", "--runs", "2", XDG_CACHE_HOME=str(repo.folder.parent / "cache")).code == 0
    change(repo, 4)
    ended = repo.evalgate("plan", XDG_CACHE_HOME=str(repo.folder.parent / "cache"))
    assert "by the 2 runs of noise study 1" in " ".join(ended.out.split())
    assert "the 2 runs of noise study 1" in " ".join(repo.run().out.split())


def asking(repo, fake_model, base_url):
    """A prompt on main, and a change of it."""
    fake_model.rules = [Rule(reply='{"answer": 1}')]
    repo.write("p.yaml", "messages:\n  - {role: user, content: '{{ q }}'}\n")
    repo.write("golden.jsonl", golden(5))
    task = {"prompt": "p.yaml", "model": "fake/m", "variables": {"q": "input.q"}, "output": "json", "temperature": 0}
    repo.config(task=task)
    path = repo.folder / "evalgate.yaml"
    config = yaml.safe_load(path.read_text()) | {"endpoints": {"fake": {"base_url": base_url}}}
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    repo.commit()
    repo.git("checkout", "-q", "-b", "change")
    repo.write("p.yaml", "messages:\n  - {role: user, content: 'double {{ q }}'}\n")
    repo.commit()


async def test_what_is_set_from_outside_holds_for_both_sides_where_it_is_about_an_endpoint(repo, fake_model):
    """Where a model is served is whoever runs it to say; what they say of a task is about the candidate's."""
    asking(repo, fake_model, "http://127.0.0.1:9/v1")
    outside = {"EVALGATE_ENDPOINTS__FAKE__BASE_URL": fake_model.base_url}
    warmer = ("--set", "suites.doubling.task.temperature=0.7")
    ended = await asyncio.to_thread(repo.run, *warmer, **outside)
    asked = [
        (request["body"]["messages"][0]["content"].startswith("double"), request["body"]["temperature"])
        for request in fake_model.requests
    ]
    assert sorted(asked) == [(False, 0)] * 15 + [(True, 0.7)] * 15, ended.text


async def test_what_a_candidate_was_answered_is_not_taken_from_the_cache_as_a_baseline(repo, fake_model):
    """A change of the dataset alone asks the same on both sides: one answer for both would say nothing."""
    asking(repo, fake_model, fake_model.base_url)
    await asyncio.to_thread(repo.run)
    repo.git("checkout", "-q", "-B", "dataset", "main")
    repo.write("golden.jsonl", golden(6))
    repo.commit()
    fake_model.forget()
    ended = await asyncio.to_thread(repo.run)
    assert fake_model.calls == 6 + 3, ended.text
