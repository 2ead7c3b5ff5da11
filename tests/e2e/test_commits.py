"""A commit as the baseline, through the real command line on real repositories: what is compared, and what it costs."""

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

from tests.e2e.project import environment, golden
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

    again = repo.measured()
    assert (again["verdict"], repo.calls()) == ("FAIL", {})
    assert again["checks"] == worse["checks"]

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
    evaluators are the same.
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


def test_a_killed_build_goes_on_and_leaves_no_process_and_no_half_a_tree(repo):
    slow = "\nimport time\nquick = answer\n\ndef answer(input):\n    time.sleep(0.05)\n    return quick(input)\n"
    repo.ship()
    repo.task(5, slow)
    repo.commit()
    repo.git("checkout", "-q", "-b", "change")
    repo.task(4, slow)
    repo.commit()
    cache = repo.folder.parent / "cache"
    process = subprocess.Popen(
        [sys.executable, "-m", "evalgate", "run"],
        cwd=repo.folder,
        env=environment(XDG_CACHE_HOME=str(cache)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 30
    while not list((repo.folder / ".evalgate").glob("*.lock")):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(1.0)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=30)
    deadline = time.monotonic() + 10
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
