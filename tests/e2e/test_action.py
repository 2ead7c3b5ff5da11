"""The step that the action runs, as a runner runs it: inputs in the environment, outputs and summary in files."""

import re
import subprocess
import sys

import pytest
import yaml

from tests.e2e.project import REPOSITORY, Ended, environment

ACTION = yaml.safe_load((REPOSITORY / "action.yml").read_text())


@pytest.fixture
def step(project, tmp_path_factory):
    """Run the gate's step of action.yml over the project, with inputs as a workflow gives them."""
    files = tmp_path_factory.mktemp("runner")
    gate = next(each for each in ACTION["runs"]["steps"] if each.get("id") == "gate")
    (files / "evalgate-venv").symlink_to(sys.prefix)

    def run(**inputs: str) -> tuple[Ended, str, str]:
        given = {name: str(value.get("default", "")) for name, value in ACTION["inputs"].items()} | inputs
        env = {
            name: re.sub(r"\$\{\{ inputs\.([a-z-]+) \}\}", lambda match: given[match.group(1)], value)
            for name, value in gate["env"].items()
        }
        outputs, summary = files / "outputs", files / "summary.md"
        ended = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", gate["run"]],
            cwd=project.folder / given["working-directory"],
            env={
                **{k: v for k, v in environment().items() if k != "PYTHONPATH"},
                **env,
                "GITHUB_ACTIONS": "true",
                "GITHUB_ACTION_PATH": str(REPOSITORY),
                "GITHUB_OUTPUT": str(outputs),
                "GITHUB_STEP_SUMMARY": str(summary),
                "RUNNER_TEMP": str(files),
            },
            capture_output=True,
            encoding="utf-8",
            check=False,
            stdin=subprocess.DEVNULL,
        )
        read = [path.read_text() if path.exists() else "" for path in (outputs, summary)]
        return Ended(ended.returncode, ended.stdout, ended.stderr), read[0], read[1]

    return run


def output(text: str, name: str) -> str:
    found = re.search(rf"^{name}<<(\S+)\n(.*?)\n\1$", text, re.MULTILINE | re.DOTALL)
    assert found, text
    return found.group(2)


def test_a_passing_gate_leaves_its_outputs_and_its_summary(project, step):
    """Exit 0, verdict PASS, the report where the input says, the summary's first line in words."""
    ended, outputs, summary = step_of(step, project)
    assert ended.code == 0, ended.text
    assert output(outputs, "verdict") == "PASS"
    assert output(outputs, "exit-code") == "0"
    assert (project.folder / output(outputs, "report-json")).is_file()
    assert (project.folder / output(outputs, "journal")).is_file()
    assert "PASS" in summary.splitlines()[0]


def test_a_failing_gate_writes_everything_before_it_fails(project, step):
    """Exit 1 with outputs, summary and one annotation; hostile answers are text in all of them."""
    hostile = "::error::x\\n<!-- evalgate --> ![x](http://example.org/x.png) @everyone\\x1b[31m"
    project.write("v2/app.py", f"def answer(input):\n    return {{'answer': '{hostile}'}}\n")
    ended, outputs, summary = step_of(step, project)
    assert ended.code == 1, ended.text
    assert output(outputs, "verdict") == "FAIL"
    annotations = [line for line in ended.err.splitlines() if line.startswith("::error")]
    assert len(annotations) == 1
    assert ended.out.startswith("::stop-commands::")
    token = ended.out.splitlines()[0].removeprefix("::stop-commands::")
    assert ended.out.rstrip().endswith(f"::{token}::")
    assert "FAIL" in summary.splitlines()[0]
    assert "\x1b" not in summary + ended.text
    assert not re.search(r"(?<!`)!\[x\]\(http", re.sub(r"(?s)(`{3,}).*?\1", "", summary))


def test_a_misconfigured_gate_is_exit_2_and_says_where(project, step):
    """The config's place is in the log; the verdict's output stays empty."""
    project.suite = {"checks": {"exact_macht": {"no_regression": {}}}}
    ended, outputs, summary = step_of(step, project)
    assert ended.code == 2, ended.text
    assert "exact_match" in ended.err
    assert output(outputs, "verdict") == ""
    assert output(outputs, "exit-code") == "2"
    assert "evalgate.yaml" in summary


def test_a_folder_of_the_pull_request_does_not_shadow_evalgate(project, step):
    """A decoy package in the working directory is not imported."""
    project.write("evalgate/__init__.py", "raise SystemExit(0)\n")
    project.write("evalgate/__main__.py", "raise SystemExit(0)\n")
    project.write("v2/app.py", "def answer(input):\n    return {'answer': -1}\n")
    ended, _, _ = step_of(step, project)
    assert ended.code == 1, ended.text


def test_the_gate_can_be_shown_and_let_through(project, step):
    """gate: false is exit 0 with the verdict still FAIL."""
    project.write("v2/app.py", "def answer(input):\n    return {'answer': -1}\n")
    ended, outputs, _ = step_of(step, project, gate="false")
    assert ended.code == 0, ended.text
    assert output(outputs, "verdict") == "FAIL"


def test_a_subdirectory_and_chosen_suites(project, step):
    """working-directory and suites are honoured; a suite that is not there is exit 2."""
    inner = project.folder / "service"
    inner.mkdir()
    project.prepare()
    for name in ("evalgate.yaml", "golden.jsonl", "v1", "v2"):
        (project.folder / name).rename(inner / name)
    ended, _, _ = step(**{"working-directory": "service", "suites": "doubling"})
    assert ended.code == 0, ended.text
    ended, _, _ = step(**{"working-directory": "service", "suites": "doublin"})
    assert ended.code == 2, ended.text
    assert "did you mean doubling" in ended.err


def step_of(step, project, **inputs):
    project.prepare()
    return step(**inputs)
