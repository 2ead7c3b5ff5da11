"""The action as a runner runs it, step by step: what it installs, keeps, brings back, refuses and leaves behind."""

from __future__ import annotations

import json
import re

import pytest

from tests.e2e.hub import ACTION, Hub, artifact, host, report
from tests.e2e.project import TASK, Project
from tests.e2e.repository import Repo
from tests.runner import event as events
from tests.runner.workflow import run_workflow

PASSES, FAILS = 0, 60
"""Shares of a hundred examples that the task gets wrong."""


@pytest.fixture
def hub(tmp_path):
    repo = Repo(tmp_path / "repo", examples=40).begin()
    return Hub(repo.ship(share=5), host(tmp_path / "host", repo.folder))


def change(hub: Hub, share: int, branch: str = "change") -> None:
    """Commit a version of the task on a branch."""
    if branch not in hub.repo.git("branch", "--format=%(refname:short)").split():
        hub.repo.git("branch", branch, "main")
    hub.repo.git("checkout", "-q", branch)
    hub.repo.task(share)
    hub.repo.commit(f"wrong on {share} of 100")
    hub.repo.git("checkout", "-q", "main")


def test_a_pull_request_that_breaks_nothing_passes(hub):
    """All outputs are there; the summary is the report; nothing of evalgate comes from the job's own Python."""
    change(hub, 4)
    event = hub.pull(1, "change")
    job = hub.run(event)
    assert job.result == "success", job.text
    outputs = job.steps["gate"].outputs
    assert (outputs["verdict"], outputs["accepted"], outputs["exit-code"]) == ("PASS", "false", "0")
    assert outputs["journal"] == ".evalgate/journal.db"
    assert report(job)["verdict"] == "PASS"
    assert "PASS" in job.summary.splitlines()[0]
    assert not [each for each in job.log.annotations if each.level != "notice"], job.text
    assert {"report.json", "build.db"} <= artifact(hub, event).keys()


def test_a_second_push_and_a_re_run_take_what_was_recorded(hub):
    """The same commit again calls nothing, and neither does a push of what nothing depends on: it is the same FAIL."""
    change(hub, FAILS)
    first = hub.pull(1, "change")
    assert hub.run(first).result == "failure"
    assert sum(hub.repo.calls().values()) >= 160
    again = hub.run(first.again())
    assert (again.result, again.steps["gate"].outputs["verdict"]) == ("failure", "FAIL")
    assert hub.repo.calls() == {}
    hub.repo.git("checkout", "-q", "change")
    hub.repo.write("notes.md", "more\n")
    hub.repo.commit("notes")
    hub.repo.git("checkout", "-q", "main")
    pushed = hub.run(hub.pull(1, "change"))
    assert (pushed.result, pushed.steps["gate"].outputs["verdict"]) == ("failure", "FAIL")
    assert hub.repo.calls() == {}
    change(hub, 4)
    mended = hub.run(hub.pull(1, "change"))
    assert (mended.result, mended.steps["gate"].outputs["verdict"]) == ("success", "PASS")


def test_a_push_to_main_keeps_what_pull_requests_read(hub):
    """main's answers are the baseline of a pull request, which runs its own task alone."""
    assert hub.run(hub.push()).result == "success"
    assert hub.repo.calls() == {"5": 120}
    change(hub, 4)
    job = hub.run(hub.pull(2, "change"))
    assert job.result == "success", job.text
    assert hub.repo.calls() == {"4": 40}


def test_a_public_repository_shares_nothing_that_nobody_said_may_be_shared(hub):
    """Of a public repository main's caches are read by forks and artifacts by anybody; a pull request keeps its own."""
    hub.private = False
    pushed = hub.push()
    assert hub.run(pushed).result == "success"
    assert not hub.host.caches.entries
    assert artifact(hub, pushed).keys() == {"report.json"}
    change(hub, 4)
    event = hub.pull(2, "change")
    hub.run(event)
    assert {each.scope for each in hub.host.caches.entries} == {"refs/pull/2/merge"}
    assert artifact(hub, event).keys() == {"report.json"}
    recorded = hub.run(hub.pull(2, "change"), mode="record")
    assert recorded.steps["gate"].outputs["exit-code"] == "2"
    assert "set share-cache: true" in recorded.messages[0]
    hub.repo.calls()
    shared = hub.push()
    hub.run(shared, share_cache="true")
    assert hub.host.caches.entries[-1].scope == "refs/heads/main"
    assert {"build.db", "report.html"} <= artifact(hub, shared).keys()


def test_nothing_is_kept_where_a_strangers_event_runs_on_main(hub):
    """workflow_run has main's scope: what it brings along must not be what main starts from."""
    from dataclasses import replace

    change(hub, 4)
    event = replace(hub.push(), name="workflow_run")
    workflow = {**hub.declared(share_cache="true"), "on": "workflow_run"}
    job = hub.workflow(workflow, event).only
    assert job.steps["gate"].outputs["exit-code"] == "0", job.text
    assert not hub.host.caches.entries


def test_a_cancelled_run_keeps_what_it_paid_for(hub):
    """The gate hears of it, its answers are saved, and the next attempt asks for the rest alone."""
    slow = (
        (hub.repo.folder / "app.py")
        .read_text()
        .replace("def answer(input):\n", "def answer(input):\n    import time; time.sleep(0.1)\n")
    )
    hub.repo.write("app.py", slow)
    hub.repo.git("commit", "-q", "-a", "--amend", "-m", "slow")
    event = hub.push()

    def some() -> bool:
        return sum(len(path.read_text().splitlines()) for path in hub.repo.counted.iterdir()) >= 10

    job = hub.run(event, cancel=some)
    assert job.result == "cancelled"
    assert job.steps["gate/gate"].outcome == "cancelled"
    paid = sum(hub.repo.calls().values())
    assert 10 <= paid < 60
    assert hub.host.caches.entries
    again = hub.run(event.again())
    assert again.result == "success", again.text
    assert paid + sum(hub.repo.calls().values()) <= 120 + 2


def test_a_cache_that_is_switched_off_is_neither_read_nor_written(hub):
    hub.run(hub.push(), cache="false", artifact="")
    assert not hub.host.caches.entries
    assert not hub.host.artifacts.kept


@pytest.fixture
def step(project, tmp_path):
    """Run the action in a folder that is no repository, with inputs as a workflow gives them."""
    runner = host(tmp_path / "host")

    def run(env=None, event=None, **inputs):
        given = {"doctor": "false", **{name.replace("_", "-"): value for name, value in inputs.items()}}
        workflow = {
            "on": "push",
            "jobs": {"gate": {"env": env or {}, "steps": [{"id": "gate", "uses": ACTION, "with": given}]}},
        }
        project.prepare()
        return run_workflow(runner, workflow, event or events.push("1" * 40), workspace=project.folder).only

    return run


@pytest.fixture
def project(tmp_path):
    (tmp_path / "work").mkdir()
    return Project(tmp_path / "work")


def breaks(project: Project) -> None:
    project.write("v2/app.py", "def answer(input):\n    return {'answer': -1}\n")


def test_a_failing_gate_writes_everything_before_it_fails(project, step):
    """Exit 1 with outputs, summary and one annotation; hostile answers are text in all of them."""
    hostile = "::error::x\\n<!-- evalgate --> ![x](http://example.org/x.png) @everyone\\x1b[31m"
    project.write("v2/app.py", f"def answer(input):\n    return {{'answer': '{hostile}'}}\n")
    job = step()
    assert job.result == "failure"
    assert job.steps["gate"].outputs["verdict"] == "FAIL"
    assert len(job.messages) == 2, job.messages  # ours, and the runner's about the exit code
    assert "exit code 1" in job.messages[1]
    assert "FAIL" in job.summary.splitlines()[0]
    assert "\x1b" not in job.summary + job.text
    assert not re.search(r"(?<!`)!\[x\]\(http", re.sub(r"(?s)(`{3,}).*?\1", "", job.summary))


def test_a_misconfigured_gate_is_exit_2_and_says_where(project, step):
    """The config's place is in the log; the verdict's output stays empty."""
    project.suite = {"checks": {"exact_macht": {"no_regression": {}}}}
    job = step()
    assert job.result == "failure"
    assert "exact_match" in job.text
    assert (job.steps["gate"].outputs["verdict"], job.steps["gate"].outputs["exit-code"]) == ("", "2")
    assert "evalgate.yaml" in job.summary
    assert "exit code 2" in job.messages[-1]


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"mode": "both"}, "the input mode is none of run, record, decide, fork, release, verify"),
        ({"suites": "doublin"}, "did you mean doubling"),
        ({"config": "other.yaml"}, "other.yaml"),
        ({"fail_on": "maybe"}, "'maybe' is not one of"),
        ({"gate": "perhaps"}, "perhaps"),
        ({"set": "policy.mode"}, "is not KEY=VALUE"),
        ({"arguments": "--no-such-option"}, "--no-such-option"),
        ({"mode": "decide", "builds": "nowhere"}, "nowhere"),
        ({"working_directory": "nowhere"}, "nowhere"),
    ],
)
def test_a_wrong_input_is_named(project, step, inputs, said):
    """One message, and no run."""
    job = step(**inputs)
    assert job.result == "failure"
    assert said in job.text
    assert not (project.folder / ".evalgate/report.json").exists()


def test_the_gate_can_be_shown_and_let_through(project, step):
    """gate: false is exit 0 with the verdict still FAIL."""
    breaks(project)
    job = step(gate="false")
    assert (job.result, job.steps["gate"].outputs["verdict"]) == ("success", "FAIL")


def test_what_fails_the_job_can_be_said_by_the_workflow(project, step):
    """fail-on: inconclusive blocks where the policy warns; fail alone lets an UNMEASURABLE through."""
    project.write("v2/app.py", TASK.replace("input['q'] * 2", "input['q'] * 2 if input['q'] > 1 else -1"))
    assert (job := step()).result == "success", job.text
    assert job.steps["gate"].outputs["verdict"] == "INCONCLUSIVE"
    assert step(fail_on="fail inconclusive").steps["gate"].outputs["exit-code"] == "3"
    project.write("v2/app.py", "def answer(input):\n    raise OSError\n")
    assert step().result == "failure"
    assert (job := step(fail_on="fail")).steps["gate"].outputs["verdict"] in {"UNMEASURABLE", "FAIL"}, job.text


def test_a_subdirectory_chosen_suites_and_files(project, step):
    """Where it runs, what it runs and what it writes are honoured; outputs count from the workspace."""
    project.prepare()
    for name in ("evalgate.yaml", "golden.jsonl", "v1", "v2"):
        (project.folder / "service").mkdir(exist_ok=True)
        (project.folder / name).rename(project.folder / "service" / name)
    project.prepare = lambda: project
    files = {"junit": "out/r.xml", "markdown": "out/r.md", "report_json": "out/r.json", "journal": "out/j.db"}
    job = step(working_directory="service", suites="doubling", summary="false", **files)
    assert job.result == "success", job.text
    assert job.steps["gate"].outputs["report-json"] == "service/out/r.json"
    assert job.steps["gate"].outputs["journal"] == "service/out/j.db"
    assert all((project.folder / "service" / path).is_file() for path in files.values())
    assert job.summary == ""


HOSTILE = {
    "evalgate/__init__.py": "raise SystemExit(0)\n",
    "evalgate/__main__.py": "raise SystemExit(0)\n",
    "click.py": "raise SystemExit(0)\n",
    "sitecustomize.py": "import os; os._exit(0)\n",
    "usercustomize.py": "import os; os._exit(0)\n",
    "uv.toml": "not a config\n",
    "pyproject.toml": "[tool.uv]\nindex-url = 'http://127.0.0.1:9/'\nrequired-version = '==0.0.1'\n",
    "pip.conf": "[global]\nindex-url = http://127.0.0.1:9/\n",
    ".env": "EVALGATE_RUN_GATE=false\nGITHUB_OUTPUT=/dev/null\n",
    ".python-version": "2.7\n",
    "requirements/run.txt": "no-such-package==1\n",
    "--no-gate": "",
    "tests.pth": "import os; os._exit(0)\n",
}


def test_nothing_in_a_hostile_tree_runs_in_evalgate(project, step):
    """Modules, configs of tools and programs of the change's have no say: its task is wrong, and that is said."""
    breaks(project)
    for name, content in HOSTILE.items():
        project.write(name, content)
    shim = "#!/bin/sh\ntouch shim-was-here\nexit 0\n"
    for name in ("python", "python3", "uv", "git", "bash"):
        project.write(name, shim).chmod(0o755)
    folder = str(project.folder)
    env = {
        "PYTHONPATH": folder,
        "PYTHONSTARTUP": f"{folder}/sitecustomize.py",
        "PYTHONHOME": "/nowhere",
        "PYTHONUSERBASE": folder,
    }
    job = step(env={**env, "PYTHONSAFEPATH": "", "VIRTUAL_ENV": folder, "UV_PROJECT": folder}, arguments="--quiet")
    assert job.steps["gate"].outputs.get("verdict") in {"FAIL", "UNMEASURABLE"}, job.text
    assert job.result == "failure"
    assert not (project.folder / "shim-was-here").exists()


def test_git_is_told_nothing_by_the_tree(hub):
    """Filters and hooks that a change names are not run where evalgate makes trees of its own."""
    mark = hub.repo.folder.parent / "mark"
    change(hub, FAILS)
    hub.repo.git("checkout", "-q", "change")
    hub.repo.write(".gitattributes", "*.py filter=evil diff=evil\n")
    hub.repo.write(
        ".gitconfig",
        f'[filter "evil"]\n smudge = touch {mark}\n[core]\n hooksPath = hooks\n fsmonitor = touch {mark}\n',
    )
    hub.repo.write("hooks/post-checkout", f"#!/bin/sh\ntouch {mark}\n").chmod(0o755)
    hub.repo.commit("hostile")
    hub.repo.git("checkout", "-q", "main")
    assert hub.run(hub.pull(1, "change")).steps["gate"].outputs["verdict"] == "FAIL"
    assert not mark.exists()


@pytest.mark.parametrize("link", [".evalgate", ".evalgate/journal.db"])
def test_a_committed_link_in_the_place_of_what_is_kept_is_refused(hub, tmp_path, link):
    """A pull request would be measured by what it brings along, or have it written elsewhere."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    change(hub, 4)
    hub.repo.git("checkout", "-q", "change")
    path = hub.repo.folder / link
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(elsewhere if link == ".evalgate" else elsewhere / "journal.db")
    hub.repo.git("add", "-f", link)
    hub.repo.git("commit", "-q", "-m", "link")
    hub.repo.git("checkout", "-q", "-f", "main")
    job = hub.run(hub.pull(1, "change"))
    assert job.steps["gate"].outputs["exit-code"] == "2", job.text
    assert not list(elsewhere.rglob("*.json"))


@pytest.mark.parametrize("name", ["report.json", "report.html"])
def test_a_committed_link_in_the_place_of_a_report_is_refused(hub, tmp_path, name):
    """A pull request that brings no code would write over any file of the machine."""
    target = tmp_path / "target"
    target.write_text("precious")
    change(hub, 4)
    hub.repo.git("checkout", "-q", "change")
    path = hub.repo.folder / ".evalgate" / name
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(target)
    hub.repo.git("add", "-f", f".evalgate/{name}")
    hub.repo.git("commit", "-q", "-m", "link")
    hub.repo.git("checkout", "-q", "-f", "main")
    job = hub.run(hub.pull(1, "change"))
    assert job.steps["gate"].outputs["exit-code"] == "2", job.text
    assert f".evalgate/{name} is, or goes through, a link that is committed" in job.text
    assert target.read_text() == "precious"


def test_what_is_locked_is_all_that_the_gate_needs(project, tmp_path):
    """Installed by uv itself into an environment that has nothing else; the doctor says nothing that ends the run."""
    runner = host(tmp_path / "host")
    runner.tools = None
    workflow = {"on": "push", "jobs": {"gate": {"steps": [{"id": "gate", "uses": ACTION}]}}}
    project.prepare()
    job = run_workflow(runner, workflow, events.push("1" * 40), workspace=project.folder).only
    assert (job.result, job.steps["gate"].outputs["verdict"]) == ("success", "PASS"), job.text
    installed = job.temp / "evalgate-venv"
    assert not list(installed.rglob("_pytest"))
    assert (project.folder / job.steps["gate"].outputs["report-html"]).is_file()


def test_the_environment_is_isolated_and_locked(project, step):
    """uv is told to read no config and to take nothing without a hash; it runs outside of the workspace."""
    job = step(extra_requirements="left-pad==1 --hash=sha256:00")
    assert job.result == "success", job.text
    calls = [json.loads(line) for line in (job.host.folder / "tools/calls.log").read_text().splitlines()]
    assert [each["folder"] for each in calls] == [str(job.temp)] * 2
    assert (job.temp / "evalgate-extra.txt").read_text() == "left-pad==1 --hash=sha256:00\n"
