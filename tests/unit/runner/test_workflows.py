"""The offline runner does what GitHub's does, where the tests of the action rely on it."""

import subprocess
import time

import pytest

from tests.runner.event import pull_request, push
from tests.runner.host import Host
from tests.runner.workflow import run_workflow

SHA = "1" * 40


@pytest.fixture
def host(tmp_path):
    return Host(folder=tmp_path / "host", secrets={"KEY": "hunter22"})


@pytest.fixture
def workspace(tmp_path):
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


def steps(host, workspace, *declared, event=None, **more):
    """Run one job with these steps."""
    workflow = {"on": ["push", "pull_request", "workflow_run"], "jobs": {"job": {"steps": list(declared)}}}
    return run_workflow(host, workflow, event or push(SHA), workspace=workspace, **more).only


def test_files_of_the_environment_reach_later_steps(host, workspace):
    """Outputs with a delimiter, variables, the path and the summary; a step's own env ends with it."""
    job = steps(
        host,
        workspace,
        {
            "id": "a",
            "env": {"OWN": "1"},
            "run": "printf 'x<<E\\none\\ntwo\\nE\\n' >> $GITHUB_OUTPUT\necho V=2 >> $GITHUB_ENV\n"
            "mkdir bin && printf '#!/bin/sh\\necho found' > bin/tool && chmod +x bin/tool\n"
            "echo $PWD/bin >> $GITHUB_PATH\necho '# hi' >> $GITHUB_STEP_SUMMARY",
        },
        {"run": 'tool; echo "$V ${OWN:-none} $X $GITHUB_REF"', "env": {"X": "${{ steps.a.outputs.x }}"}},
    )
    assert job.result == "success"
    assert "found\n2 none one\ntwo refs/heads/main\n" in job.text
    assert job.summary == "# hi\n"


def test_what_fails_ends_the_job_but_for_what_always_runs(host, workspace):
    """`outcome` is what happened, `conclusion` what counts; conditions see both."""
    job = steps(
        host,
        workspace,
        {"id": "passes", "run": "exit 3", "continue-on-error": True},
        {
            "id": "sees",
            "if": "steps.passes.outcome == 'failure' && steps.passes.conclusion == 'success'",
            "run": "true",
        },
        {"id": "fails", "run": "false"},
        {"id": "not", "run": "true"},
        {"id": "always", "if": "always()", "run": "true"},
    )
    assert job.result == "failure"
    assert {name: step.outcome for name, step in job.steps.items()} == {
        "passes": "failure",
        "sees": "success",
        "fails": "failure",
        "not": "skipped",
        "always": "success",
    }


def test_the_log_hides_secrets_and_obeys_until_it_is_told_not_to(host, workspace):
    """Masks, annotations with their places, and text between stop-commands that stays text."""
    job = steps(
        host,
        workspace,
        {
            "env": {"K": "${{ secrets.KEY }}"},
            "run": "echo $K\necho '::add-mask::soon'\necho soon\n"
            "echo '::error file=a.py,line=2,title=T%3A::one%0Atwo'\necho '::stop-commands::abc'\n"
            "echo '::error::no'\necho '::abc::'\necho '::warning::yes'",
        },
    )
    assert "hunter22" not in job.text
    assert job.text.count("***") == 2
    assert [(each.level, each.message, each.properties) for each in job.log.annotations] == [
        ("error", "one\ntwo", {"file": "a.py", "line": "2", "title": "T:"}),
        ("warning", "yes", {}),
    ]
    assert "::error::no" in job.text


OUTER = """
inputs: {word: {default: hey}, other: {}}
outputs:
  said: {value: "${{ steps.in.outputs.said }}"}
runs:
  using: composite
  steps:
    - {id: in, uses: ./inner, with: {word: "${{ inputs.word }}"}}
    - {shell: sh, run: exit 1}
    - {if: failure(), shell: bash, run: "echo ${{ inputs.word }} $GITHUB_ACTION_PATH"}
"""
INNER = """
inputs: {word: {}}
outputs:
  said: {value: "${{ steps.s.outputs.w }}!"}
runs:
  using: composite
  steps:
    - id: s
      shell: python
      env: {W: "${{ inputs.word }}"}
      run: import os; print("w=" + os.environ["W"], file=open(os.environ["GITHUB_OUTPUT"], "a"))
"""


def test_a_composite_action_has_its_own_world(host, workspace):
    """Inputs with defaults, its path, nested actions, outputs; a failure inside fails the step that uses it."""
    for name, text in {"outer": OUTER, "inner": INNER}.items():
        (workspace / name).mkdir()
        (workspace / name / "action.yml").write_text(text)
    job = steps(host, workspace, {"id": "use", "uses": "./outer", "with": {"unknown": "1"}})
    assert job.result == "failure"
    assert job.steps["use"].outputs == {"said": "hey!"}
    assert job.steps["use/in/s"].outcome == "success"
    assert f"hey {workspace / 'outer'}\n" in job.text
    assert "Unexpected input(s) ['unknown']" in job.text


def test_cancelling_asks_the_process_then_runs_what_always_runs(host, workspace):
    """SIGINT first, so that a program can end in order; steps with always() are still run."""
    begun = workspace / "begun"
    script = f"import pathlib, time\ntry:\n    pathlib.Path({str(begun)!r}).touch()\n    time.sleep(60)\n"
    (workspace / "long.py").write_text(
        f"{script}except KeyboardInterrupt:\n    print('in order')\n    raise SystemExit(130)\n"
    )
    started = time.monotonic()
    job = steps(
        host,
        workspace,
        {"id": "long", "run": "exec python long.py"},
        {"id": "next", "run": "true"},
        {"id": "last", "if": "always()", "run": "echo ${{ job.status }}"},
        cancel=begun.exists,
    )
    assert time.monotonic() - started < 10
    assert job.result == "cancelled"
    assert "in order" in job.text
    assert [step.outcome for step in job.steps.values()] == ["cancelled", "skipped", "success"]
    assert "\ncancelled\n" in job.text


def test_a_step_that_takes_too_long_fails(host, workspace):
    job = steps(host, workspace, {"run": "exec sleep 30", "timeout-minutes": "0.005"})
    assert job.result == "failure"
    assert "timed out" in job.text


CACHE = {"path": "kept\nmore", "key": "k-1-${{ github.run_id }}", "restore-keys": "k-1-"}
SAVE = {"uses": "actions/cache/save@v6", "with": {k: v for k, v in CACHE.items() if k != "restore-keys"}}
RESTORE = {"id": "r", "uses": "actions/cache/restore@v6", "with": CACHE}


def test_caches_are_found_by_prefix_in_their_scope(host, workspace):
    """A pull request reads main's and its own, the newest first, and no other's; nothing is overwritten."""

    def run(event, *declared):
        return steps(host, workspace, *declared, event=event)

    def pull(number, run_id, **more):
        return pull_request(number, sha=SHA, head_sha=SHA, run_id=run_id, **more)

    write = {"run": "echo $GITHUB_RUN_ID > kept"}
    assert "Cache not found" in run(push(SHA, run_id=1), RESTORE, write, SAVE).text
    assert run(pull(7, 2), RESTORE, write, SAVE).steps["r"].outputs["cache-matched-key"] == "k-1-1"
    again = run(pull(7, 3, head="eve/answers"), {"run": "rm kept"}, RESTORE, {"run": "cat kept"}, SAVE)
    assert again.steps["r"].outputs == {
        "cache-primary-key": "k-1-3",
        "cache-hit": "false",
        "cache-matched-key": "k-1-2",
    }
    assert "\n2\n" in again.text
    assert run(pull(8, 4), RESTORE).steps["r"].outputs["cache-matched-key"] == "k-1-1"
    twice = run(push(SHA, run_id=1), write, SAVE)
    assert twice.result == "success"
    assert "Unable to reserve cache" in twice.text


def test_events_that_strangers_cause_write_no_cache_of_the_default_branch(host, workspace):
    from dataclasses import replace

    (workspace / "kept").write_text("x")
    assert "cannot write caches" in steps(host, workspace, SAVE, event=replace(push(SHA), name="workflow_run")).text
    assert not host.caches.entries


def test_artifacts_leave_hidden_files_out(host, workspace):
    """Below their common folder; a second of the same name is an error; another job gets them back."""
    (workspace / "out/.hidden").mkdir(parents=True)
    (workspace / "out/a.txt").write_text("a")
    (workspace / "out/.hidden/b.txt").write_text("b")
    up = {"uses": "actions/upload-artifact@v7", "with": {"name": "n", "path": "out"}}
    down = {"uses": "actions/download-artifact@v8", "with": {"name": "n", "path": "back"}}
    assert steps(host, workspace, up, down).result == "success"
    assert [path.name for path in (workspace / "back").rglob("*")] == ["a.txt"]
    assert "409" in steps(host, workspace, up).text
    assert "Artifact not found" in steps(host, workspace, down, event=push(SHA, run_id=5)).text


def test_a_checkout_has_the_history_that_was_asked_for(host, tmp_path):
    """A pull request is its merge, detached; a push its branch. Credentials stay only where they are asked to."""
    origin = tmp_path / "origin"

    def git(*arguments):
        command = ("git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments)
        return subprocess.run(command, cwd=origin, check=True, capture_output=True, text=True).stdout.strip()

    origin.mkdir()
    git("init", "-q", "-b", "main")
    git("commit", "-q", "--allow-empty", "-m", "one")
    git("checkout", "-q", "-b", "change")
    git("commit", "-q", "--allow-empty", "-m", "two")
    head = git("rev-parse", "HEAD")
    git("checkout", "-q", "main")
    git("merge", "-q", "--no-ff", "-m", "merge", "change")
    merge = git("rev-parse", "HEAD")
    git("update-ref", "refs/pull/3/merge", merge)
    git("reset", "-q", "--hard", "HEAD^")
    host.origin = origin
    workflow = {
        "on": {"pull_request": None},
        "jobs": {
            "job": {
                "steps": [
                    {"uses": "actions/checkout@v7", "with": {"fetch-depth": 2, "persist-credentials": False}},
                    {"run": "git rev-parse HEAD HEAD^2; git status -sb | head -1; cat .git/config"},
                ]
            }
        },
    }
    job = run_workflow(host, workflow, pull_request(3, sha=merge, head_sha=head)).only
    assert f"{merge}\n{head}\n## HEAD (no branch)\n" in job.text
    assert "extraheader" not in job.text
    assert run_workflow(host, workflow, push(merge)) is None


def test_jobs_wait_for_what_they_need_and_a_matrix_has_legs(host):
    """Outputs are handed on; a failure skips what needs it unless that always runs; a fork gets no secrets."""
    workflow = """
on: {pull_request: {branches: [main]}, push: {branches: [main]}}
env: {WORD: hey}
jobs:
  last:
    if: always()
    needs: [legs]
    outputs: {all: "${{ needs.legs.result }}"}
    steps: [{run: 'echo "${{ needs.legs.result }} ${{ needs.legs.outputs.o }} ${{ secrets.KEY }}."'}]
  skipped: {needs: legs, steps: [{run: "true"}]}
  legs:
    strategy: {matrix: {n: [1, 2], exclude: [{n: 2}], include: [{n: 3}]}}
    outputs: {o: "${{ steps.s.outputs.o }}"}
    steps: [{id: s, run: 'echo o=$WORD >> $GITHUB_OUTPUT; test ${{ matrix.n }} = 1'}]
"""
    run = run_workflow(host, workflow, pull_request(1, sha=SHA, head_sha=SHA, head="eve/answers"))
    assert {name: job.result for name, job in run.jobs.items()} == {
        "legs (1)": "success",
        "legs (3)": "failure",
        "last": "success",
        "skipped": "skipped",
    }
    assert "failure hey .\n" in run.job("last").text
    assert run.job("last").outputs == {"all": "failure"}
    assert run_workflow(host, workflow, push(SHA, branch="other")) is None
