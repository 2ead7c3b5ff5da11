"""A commit as the baseline, through the real command line on real repositories: what is compared, and what it costs."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from tests.e2e.project import environment, golden, start
from tests.e2e.repository import Repo, processes_in, without_times


@pytest.fixture
def repo(tmp_path):
    return Repo(tmp_path / "repo").begin()


def test_the_story_of_a_baseline(repo):
    """Made for the first change, found for the next, confirmed where it matters, skipped where nothing differs."""
    repo.ship(share=5)
    repo.git("checkout", "-q", "-b", "first")
    repo.task(4)
    repo.commit()
    first = repo.measured()
    assert (first["verdict"], repo.calls()) == ("PASS", {"5": 120, "4": 120})
    assert [without_times(note) for note in first["notes"]] == [
        (
            "No stored runs of main@1a2b3c4 fit, so both sides were drawn 3 times; the next change is compared with"
            " these first."
        )
    ]

    repo.git("checkout", "-q", "-b", "second", "main")
    repo.task(3)
    repo.commit()
    second = repo.measured()
    assert (second["verdict"], repo.calls()) == ("PASS", {"3": 40})
    assert second["notes"] == []
    assert without_times(second["checks"][0]["rules"][0]["reason"]) == (
        "No regression found, compared with the stored 3 runs of main@1a2b3c4 (2026-11-20); drops of 15 points or more"
        " are ruled out. Smaller ones could hide."
    )

    repo.git("checkout", "-q", "-b", "worse", "main")
    repo.task(20)
    repo.commit()
    worse = repo.measured()
    assert (worse["verdict"], repo.calls()) == ("FAIL", {"20": 40 + 120, "5": 120})
    assert [without_times(note) for note in worse["notes"]] == [
        (
            "Screened with 40 runs, compared with the stored 3 runs of main@1a2b3c4 (2026-11-20); confirmed with 240"
            " more."
        ),
        "Drawn again, because the screen leans worse (by luck alone less than once in 100).",
    ]

    again = repo.run("--json")
    assert repo.calls() == {}
    assert json.loads(again.out)["verdict"] == "FAIL"
    assert json.loads(again.out)["suites"][0]["checks"] == worse["checks"]
    # What decided was drawn for this change on both sides: nothing of it rests on stored runs.
    assert "this one is stored" not in json.loads(again.out)["decision"]["promise"]

    repo.git("checkout", "-q", "-b", "unrelated", "main")
    repo.write("README.md", "words")
    repo.commit()
    ended = repo.run()
    assert (ended.code, repo.calls()) == (0, {})
    assert without_times(ended.out).startswith(
        """\
PASS: fine to merge. Nothing to measure: nothing that this suite runs has changed.

doubling  PASS
  40 examples, app.py:answer, no baseline
  Nothing that this suite runs has changed since main@1a2b3c4: its task (app.py), its dataset (40 examples) and its
    evaluators are the same. Not watched: installed packages.
"""
    )


def test_the_baseline_runs_the_code_of_its_commit_and_never_the_candidates(repo):
    """Modules beside the task, its definition in the config, and files of the work tree that git ignores."""
    repo.ship()
    repo.write("helper.py", "WHO = 'base'\n")
    repo.write(
        "app.py", "import helper, os\ndef answer(input):\n    return {'answer': f'{helper.WHO} {os.getcwd()}'}\n"
    )
    repo.config(task={"python": "app.py:answer", "interpreter": sys.executable, "workers": 1})
    repo.write(".gitignore", "__pycache__/\nsecret.txt\n")
    base = repo.commit()
    repo.git("checkout", "-q", "-b", "change")
    repo.write("helper.py", "WHO = 'candidate'\n")
    repo.write("secret.txt", "of the work tree")
    repo.write(
        "other.py", "import helper, os\ndef reply(input):\n    return {'answer': f'{helper.WHO} {os.getcwd()}'}\n"
    )
    repo.config(task={"python": "other.py:reply", "interpreter": sys.executable, "workers": 1})
    repo.run()
    outputs = answers(repo)
    assert outputs["candidate"] == ["candidate", str(repo.folder)]
    who, where = outputs["baseline"]
    assert (who, base in where) == ("base", True)
    assert not where.startswith(str(repo.folder))


def answers(repo):
    """What each side answered last, word by word."""
    with closing(sqlite3.connect(repo.folder / ".evalgate" / "journal.db")) as db:
        rows = db.execute("SELECT side, output FROM run JOIN experiment ON experiment.id = run.experiment").fetchall()
    return {side: json.loads(output)["answer"].split() for side, output in rows}


def test_a_dirty_work_tree_is_the_candidate_as_it_stands(repo):
    repo.ship(share=5)
    repo.task(2)
    ended = repo.run()
    assert (ended.code, repo.calls()) == (0, {"2": 120, "5": 120})
    assert "on main, with uncommitted changes" in ended.out


def test_no_git_is_said_with_what_to_do(tmp_path):
    """Not a pass, and nothing is paid."""
    repo = Repo(tmp_path / "repo")
    repo.begin()
    shutil.rmtree(repo.folder / ".git")
    repo.write("golden.jsonl", '{"id": "a", "input": {"q": 1}, "output": {"answer": 2}}\n')
    repo.config()
    repo.task(0)
    ended = repo.run(GIT_CEILING_DIRECTORIES=str(tmp_path))
    assert (ended.code, repo.calls()) == (4, {})
    said = " ".join(ended.out.split())
    assert f"There is no baseline: {repo.folder} is in no work tree of git, and the baseline is a commit." in said
    assert "git init and commit what you ship today" in said


def test_before_the_first_commit_there_is_nothing_to_compare_with(repo):
    repo.config()
    repo.task(0)
    repo.write("golden.jsonl", '{"id": "a", "input": {"q": 1}, "output": {"answer": 2}}\n')
    ended = repo.run()
    assert (ended.code, repo.calls()) == (4, {})
    assert "nothing is committed yet" in ended.out


def test_a_base_without_the_config_has_its_task_run_from_its_files(repo):
    repo.task(5)
    repo.commit("the application alone")
    repo.git("checkout", "-q", "-b", "adopt")
    repo.write("golden.jsonl", golden(40))
    repo.config()
    repo.task(6)
    repo.commit()
    suite = repo.measured()
    assert (suite["verdict"], repo.calls()) == ("PASS", {"6": 120, "5": 120})
    assert without_times(suite["notes"][0]) == (
        "First baseline: main@1a2b3c4 has no evalgate.yaml, so this change defines its own gate. Its task is run from"
        " the files that main@1a2b3c4 has."
    )


@pytest.mark.parametrize("absolute", [False, True])
def test_a_base_without_any_of_it_is_a_first_baseline(repo, absolute):
    """Rules about the candidate alone decide where there are any; else nothing is paid, and it is no pass."""
    repo.commit("nothing but .gitignore")
    repo.git("checkout", "-q", "-b", "adopt")
    repo.ship(checks={"exact_match": {"no_regression": {}, **({"at_least": 0.5} if absolute else {})}})
    ended = repo.run()
    said = without_times(" ".join(ended.out.split()))
    assert "First baseline: main@1a2b3c4 has no evalgate.yaml, so this change defines its own gate." in said
    assert "Comparisons start with the next change" in said
    assert (ended.code, repo.calls()) == ((0, {"5": 40}) if absolute else (4, {}))


def test_a_suite_that_the_base_does_not_have_is_run_from_its_files(repo):
    repo.ship()
    config = (repo.folder / "evalgate.yaml").read_text()
    repo.git("checkout", "-q", "-b", "change")
    repo.write("evalgate.yaml", config.replace("doubling:", "twice:"))
    repo.task(4)
    assert "First baseline: main@1a2b3c4 has no suite twice" in without_times(repo.measured()["notes"][0])


def test_a_config_that_was_moved_is_found_where_it_was(repo):
    repo.ship()
    repo.git("checkout", "-q", "-b", "change")
    repo.git("mv", "evalgate.yaml", "gate.yaml")
    repo.task(4)
    repo.commit()
    suite = repo.measured("--config", "gate.yaml")
    assert (suite["verdict"], repo.calls()) == ("PASS", {"4": 120, "5": 120})
    assert "First baseline" not in suite["notes"][0]


def test_a_base_whose_config_cannot_be_read_is_said_with_its_place(repo):
    repo.ship()
    text = (repo.folder / "evalgate.yaml").read_text()
    repo.write("evalgate.yaml", text.replace("python: app.py:answer", "pithon: app.py:answer"))
    repo.commit()
    repo.git("checkout", "-q", "-b", "change")
    repo.write("evalgate.yaml", text)
    ended = repo.run()
    assert (ended.code, repo.calls()) == (4, {})
    said = without_times(" ".join(ended.out.split()))
    assert "evalgate.yaml of main@1a2b3c4:5:7: unknown key `pithon`: did you mean `python`?" in said


def test_a_base_whose_code_does_not_load_is_said_with_its_error(repo):
    repo.ship()
    repo.write("app.py", "import nothing_of_the_kind\n")
    repo.commit()
    repo.git("checkout", "-q", "-b", "change")
    repo.task(4)
    repo.commit()
    ended = repo.run()
    assert (ended.code, repo.calls()) == (4, {})
    assert "The baseline does not load" in ended.out
    assert "nothing_of_the_kind" in ended.out


def test_setup_runs_once_in_each_sides_tree_and_is_kept_for_the_next_build(repo):
    repo.write(".gitignore", "__pycache__/\npackages/\n.evalgate/\n")
    task = {
        "python": "app.py:answer",
        "interpreter": sys.executable,
        "workers": 1,
        "inputs": ["app.py"],
        "setup": "mkdir -p packages && pwd >> $HOME/setups",
        "env": ["HOME"],
    }
    repo.write("requirements.txt", "one\n")
    repo.ship(task=task)
    repo.git("checkout", "-q", "-b", "change")
    home = repo.folder.parent / "home"
    home.mkdir()
    for share in (4, 3, 30):
        repo.task(share)
        repo.run(HOME=str(home))
    setups = (home / "setups").read_text().splitlines()
    assert len(setups) == 2
    assert str(repo.folder) in setups
    assert all(path == str(repo.folder) or "worktrees" in path for path in setups)


def test_a_ref_and_a_flag_name_another_commit(repo):
    repo.ship(share=5)
    repo.git("tag", "v1")
    repo.task(6)
    repo.commit()
    repo.git("checkout", "-q", "-b", "change")
    repo.task(4)
    repo.commit()
    assert repo.measured("--base", "v1")["sides"]["baseline"]["label"].startswith("v1@")
    assert repo.calls() == {"4": 120, "5": 120}
    repo.config(baseline="git:v1")
    assert repo.measured()["verdict"] == "PASS"
    assert repo.calls() == {}  # the same change against the same commit
    ended = repo.run("--base", "nowhere")
    assert ended.code == 0  # git:v1 needs no target
    repo.config()
    ended = repo.run("--base", "nowhere")
    assert ended.code == 4
    assert "has no branch, tag or commit nowhere" in " ".join(ended.out.split())


def test_a_pull_request_as_a_workflow_checks_it_out(repo, tmp_path):
    """A clone of depth 1 at refs/pull/7/merge: its target is fetched, and is the base."""
    repo.ship(share=5)
    repo.git("checkout", "-q", "-b", "change")
    repo.task(4)
    repo.commit()
    repo.git("checkout", "-q", "main")
    repo.write("README.md", "meanwhile")
    main = repo.commit()
    repo.git("checkout", "-q", "--detach", "main")
    repo.git("merge", "-q", "--no-edit", "change")
    repo.git("update-ref", "refs/pull/7/merge", "HEAD")
    runner = Repo(tmp_path / "runner")
    runner.folder.mkdir()
    runner.git("init", "-q")
    runner.git("remote", "add", "origin", repo.folder.as_uri())
    runner.git("fetch", "-q", "--depth=1", "origin", "refs/pull/7/merge")
    runner.git("checkout", "-q", "FETCH_HEAD")
    event = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_BASE_REF": "main",
    }
    suite = runner.measured(**event)
    assert suite["sides"]["baseline"]["label"] == f"main@{main[:7]}"
    assert repo.calls() == {"4": 120, "5": 120}


def test_what_is_not_watched_is_measured_though_nothing_is_known_to_have_changed(repo):
    repo.write("score.py", "def right(output, expected):\n    return output == expected\n")
    right = {"python": "score.py:right", "interpreter": sys.executable}
    repo.ship(evaluators=[right], checks={"right": {"no_regression": {"rule_out_drop": 0.15}}})
    repo.git("checkout", "-q", "-b", "change")
    repo.write("README.md", "words")
    repo.commit()
    first = repo.measured()
    assert repo.calls() == {"5": 240}
    assert without_times(first["notes"][0]) == (
        "Nothing that is known of this suite has changed since main@1a2b3c4. It is measured all the same, as what is"
        " not watched may have: whatever score.py:right imports."
    )
    repo.task(4)
    repo.commit()
    assert "known of this suite" not in str(repo.measured()["notes"])


def test_a_killed_build_goes_on_and_leaves_no_process_and_no_half_a_tree(repo):
    slow = "\nimport time\nquick = answer\n\ndef answer(input):\n    time.sleep(0.05)\n    return quick(input)\n"
    repo.ship()
    repo.task(5, slow)
    repo.commit()
    repo.git("checkout", "-q", "-b", "change")
    repo.task(4, slow)
    repo.commit()
    cache = repo.folder.parent / "cache"
    process = start(repo.folder, "run", XDG_CACHE_HOME=str(cache))
    deadline = time.monotonic() + 120
    while not list((repo.folder / ".evalgate").glob("*.lock")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(1.0)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    deadline = time.monotonic() + 60
    while processes_in(cache) or processes_in(repo.folder):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    before = repo.calls()
    assert 0 < sum(before.values()) < 240
    ended = repo.run("--resume")
    assert ended.code == 0, ended.text
    rest = repo.calls()
    # A run that was in flight when the build was killed is made again: one for each worker.
    assert 240 <= sum(before.values()) + sum(rest.values()) <= 244
    assert len([path for path in cache.glob("evalgate/worktrees/*/*") if path.is_dir()]) == 1


def test_a_sample_compares_with_the_commit_and_stores_nothing(repo):
    repo.ship(share=5)
    repo.git("checkout", "-q", "-b", "change")
    repo.task(4)
    ended = repo.run("--limit", "10")
    assert (ended.code, repo.calls()) == (4, {"4": 10, "5": 10})
    repo.measured()
    assert repo.calls() == {"4": 120, "5": 120}


LUCKY = """\
import os, pathlib, sys

SHARE = {share}
CALLS = pathlib.Path({calls!r})

def answer(input):
    with (CALLS / str(os.getpid())).open("a") as file:
        file.write("SHARE = {share}\\n")
    seen = CALLS.parent / "seen" / f"{share}-{{input['q']}}"
    seen.parent.mkdir(exist_ok=True)
    with seen.open("a") as file:
        file.write(".")
    lucky = {lucky} and seen.stat().st_size <= 3
    return {{"answer": input["q"] * 2 if lucky or input["q"] % 4 else -1}}
"""
"""Wrong on a quarter of the examples; with luck, right the first three times that it is asked."""


def test_a_lucky_stored_baseline_is_found_out_by_the_confirmation(repo):
    """The stored runs were all right; drawn anew they are what they are, and the change that did nothing passes."""
    repo.ship()
    repo.write("app.py", LUCKY.format(share=1, calls=str(repo.counted), lucky=True))
    repo.commit("lucky at first")
    repo.git("checkout", "-q", "-b", "first")
    repo.write("app.py", LUCKY.format(share=2, calls=str(repo.counted), lucky=True))
    repo.commit()
    assert (repo.measured()["verdict"], repo.calls()) == ("PASS", {"1": 120, "2": 120})
    repo.git("checkout", "-q", "-b", "second", "main")
    repo.write("app.py", LUCKY.format(share=3, calls=str(repo.counted), lucky=False))
    repo.commit()
    suite = repo.measured()
    assert repo.calls() == {"3": 40 + 120, "1": 120}
    assert suite["verdict"] == "PASS"
    assert any(note.startswith("Drawn again, because the screen leans worse") for note in suite["notes"])
    # The fresh runs are what is stored from now on.
    repo.git("checkout", "-q", "-b", "third", "main")
    repo.write("app.py", LUCKY.format(share=4, calls=str(repo.counted), lucky=False))
    repo.commit()
    assert (repo.measured()["verdict"], repo.calls()) == ("PASS", {"4": 40})


PRICED = """\
import evalgate

def answer(input):
    right = input["q"] % 100 >= {share}
    usage = [{{"model": "m", "input_tokens": 1, "output_tokens": 0, "cost": 0.001}}]
    return evalgate.Result({{"answer": input["q"] * 2 if right else -1}}, usage=usage)
"""


def test_what_a_confirmation_took_is_that_of_both_sides(repo):
    """The stored runs were paid for by the build that drew them; those drawn beside them are this build's."""
    repo.ship()
    repo.write("app.py", PRICED.format(share=5))
    repo.commit("priced")
    took = []
    for share in (4, 20):
        repo.git("checkout", "-q", "-B", "change", "main")
        repo.write("app.py", PRICED.format(share=share))
        repo.commit()
        parts = repo.measured()["spending"]["parts"]
        took.append({part["who"]: part["calls"] for part in parts})
    assert took == [{"candidate": 120, "baseline": 120}, {"candidate": 40 + 120, "baseline": 120}]


def test_answers_at_random_are_drawn_once_for_a_change_and_decide_the_same_for_ever(repo):
    """A confirmation's samples are its own: none of the screen's and none of the stored ones is among them."""
    repo.examples = 30
    repo.ship()
    random = "import os\nWHICH = {which}\ndef answer(input):\n    return {{'answer': os.urandom(6).hex()}}\n"
    repo.write("app.py", random.format(which=1))
    repo.config(
        evaluators=[{"python": "score.py:half", "interpreter": sys.executable}], checks={"half": {"no_regression": {}}}
    )
    repo.write("score.py", "def half(output):\n    return float(int(output['answer'], 16) % 10 < WORSE)\nWORSE = 5\n")
    repo.commit("random")
    for which in (2, 3):
        repo.git("checkout", "-q", "-b", f"change{which}", "main")
        repo.write("app.py", random.format(which=which))
        repo.commit()
        first, again = repo.measured(), repo.measured()
        assert first["checks"] == again["checks"]
    with closing(sqlite3.connect(repo.folder / ".evalgate" / "journal.db")) as db:
        rows = db.execute(
            "SELECT x.side, r.sample, r.output FROM run r JOIN experiment x ON x.id = r.experiment"
        ).fetchall()
    drawn: dict[str, set[tuple[str, str]]] = {}
    for side, sample, output in rows:
        drawn.setdefault(output, set()).add((side, sample))
    # One answer is one draw of one side: as it was drawn, and for a baseline's also as what is stored of it.
    for places in drawn.values():
        (side,) = {side for side, _ in places}
        keyed = {sample for _, sample in places if "-" in sample}
        assert len(keyed) <= 1
        assert side == "baseline" or len({sample for _, sample in places}) == 1
    assert len(drawn) >= 30 * (6 + 1)


def test_two_builds_make_the_same_baseline_at_once(repo):
    repo.ship()
    repo.git("checkout", "-q", "-b", "change")
    repo.task(4)
    repo.commit()
    cache = repo.folder.parent / "cache"
    both = [
        subprocess.Popen(
            [sys.executable, "-m", "evalgate", "run"],
            cwd=repo.folder,
            env=environment(XDG_CACHE_HOME=str(cache)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    # Whichever came second waited, and took over what the first one drew.
    assert repo.calls() == {"4": 120, "5": 120}
    assert sum("measures the same change now: this one waits" in each for each in said) == 1
    assert repo.measured()["verdict"] == "PASS"
    assert repo.calls() == {}


def test_an_outage_is_stored_as_no_baseline_and_a_repository_of_someone_else_is_said(repo, tmp_path):
    repo.ship()
    repo.git("checkout", "-q", "-b", "change")
    repo.task(4)
    real = shutil.which("git")
    wrapper = tmp_path / "bin" / "git"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec {real} "$@"\n')
    wrapper.chmod(0o755)
    ended = repo.run(PATH=f"{wrapper.parent}:{os.environ['PATH']}", HOME=str(tmp_path))
    said = " ".join(ended.out.split())
    assert (ended.code, repo.calls()) == (4, {})
    assert f"git refuses the repository at {repo.folder}: its folder belongs to another user than this one." in said
    assert f"git config --global --add safe.directory {repo.folder}" in said


def test_a_tree_that_cannot_be_made_is_said(repo, tmp_path):
    repo.ship()
    repo.git("checkout", "-q", "-b", "change")
    repo.task(4)
    repo.write(".gitattributes", "*.py filter=broken\n")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".gitconfig").write_text('[filter "broken"]\n\tsmudge = false\n\trequired = true\n')
    base = repo.git("rev-parse", "main")
    repo.git("checkout", "-q", "main")
    repo.git("add", ".gitattributes")
    repo.git("commit", "-q", "-m", "attributes")
    ended = repo.run(HOME=str(tmp_path / "home"))
    said = " ".join(ended.out.split())
    assert base != repo.git("rev-parse", "main")
    assert (ended.code, repo.calls()) == (4, {})
    assert "the tree of the base commit" in said
    assert "smudge filter broken failed" in said


def test_a_plan_says_what_a_run_would_draw(repo):
    repo.ship()
    repo.git("checkout", "-q", "-b", "change")
    repo.task(4)

    def runs():
        (suite,) = json.loads(repo.evalgate("plan", "--json", XDG_CACHE_HOME=str(repo.folder.parent / "cache")).out)[
            "suites"
        ]
        return [{each["side"]: each["runs"] for each in suite[part]} for part in ("sides", "confirmation")]

    assert runs() == [{"candidate": 120, "baseline": 120}, {}]
    assert repo.calls() == {}
    repo.measured()
    repo.calls()
    repo.task(3)
    assert runs() == [{"candidate": 40}, {"candidate": 120, "baseline": 120}]
    repo.git("checkout", "-q", "-f", "main")
    assert runs() == [{"candidate": 0}, {}]


def test_stored_runs_decide_unconfirmed_where_the_policy_says_so(repo):
    repo.policy = {"baseline_runs": "stored"}
    repo.ship()
    for share, calls in ((4, {"4": 40, "5": 120}), (20, {"20": 40})):
        repo.git("checkout", "-q", "-B", "change", "main")
        repo.task(share)
        repo.commit()
        report = json.loads(repo.run("--json").out)
        assert report["verdict"] == ("FAIL" if share == 20 else "PASS")
        assert ("this one is stored" in report["decision"]["promise"]) == (share == 20)
        assert repo.calls() == calls


def test_fresh_runs_are_drawn_for_each_change_where_the_policy_says_so(repo):
    repo.policy = {"baseline_runs": "fresh"}
    repo.ship()
    for share in (4, 3):
        repo.git("checkout", "-q", "-B", "change", "main")
        repo.task(share)
        repo.commit()
        assert repo.measured()["verdict"] == "PASS"
        assert repo.calls() == {str(share): 40, "5": 40}
        repo.measured()
        assert repo.calls() == {}


def test_a_rule_about_the_candidate_alone_is_confirmed_by_the_candidate_alone(repo):
    """The stored baseline is not drawn for it: what fails there has failed three times already."""
    repo.ship(share=5, checks={"exact_match": {"no_regression": {"rule_out_drop": 0.15}, "zero_tolerance": {}}})
    for share, verdict, calls in ((4, "PASS", {"4": 120, "5": 120}), (6, "FAIL", {"6": 40 + 6 + 120}), (6, "FAIL", {})):
        repo.git("checkout", "-q", "-B", "change", "main")
        repo.task(share)
        repo.commit()
        suite = repo.measured()
        assert (suite["verdict"], repo.calls()) == (verdict, calls)
    (reason,) = (rule["reason"] for rule in suite["checks"][0]["rules"] if rule["rule"] == "zero_tolerance")
    assert reason.startswith("1 example failed twice: e5. 5 examples failed twice on main@")
