"""The action and the workflows: valid, audited, pinned, and without a way in for what a pull request says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from evalgate.report.github_files import OUTPUTS

_ROOT = Path(__file__).parents[3]
_ACTION = yaml.safe_load((_ROOT / "action.yml").read_text("utf-8"))
_PINS = _ROOT / ".github" / "actions" / "pin-prompts" / "action.yml"
_WORKFLOWS = sorted((_ROOT / ".github" / "workflows").glob("*.yml"))
_RUN_STEP = _ACTION["runs"]["steps"][-1]


def _tool(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    tool = Path(sys.executable).parent / name
    return subprocess.run([tool, *arguments], cwd=_ROOT, capture_output=True, text=True, check=False, timeout=60)


def test_zizmor_finds_nothing_in_the_action_and_the_workflows() -> None:
    result = _tool("zizmor", "--offline", "--pedantic", "--quiet", "action.yml", ".github")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("schema", "files"),
    [("vendor.github-workflows", _WORKFLOWS), ("vendor.github-actions", [_ROOT / "action.yml", _PINS])],
)
def test_files_follow_githubs_schemas(schema: str, files: list[Path]) -> None:
    result = _tool("check-jsonschema", "--builtin-schema", schema, *files)
    assert result.returncode == 0, result.stdout + result.stderr


def _steps(document: Any) -> list[dict[str, Any]]:
    jobs = document["jobs"].values() if "jobs" in document else [document["runs"]]
    return [step for job in jobs for step in job["steps"]]


def test_shellcheck_finds_nothing_in_the_script_that_opens_pull_requests() -> None:
    result = _tool("shellcheck", ".github/actions/pin-prompts/propose.sh")
    assert result.returncode == 0, result.stdout


def test_both_actions_install_alike() -> None:
    """What one locks and pins, the other does."""
    ours, theirs = (_steps(each)[:3] for each in (_ACTION, yaml.safe_load(_PINS.read_text("utf-8"))))
    assert str(theirs).replace("$GITHUB_ACTION_PATH/../../..", "$GITHUB_ACTION_PATH") == str(ours)


@pytest.mark.parametrize("path", [*_WORKFLOWS, _ROOT / "action.yml", _PINS], ids=lambda path: path.parent.name)
def test_no_expression_stands_in_a_script_and_every_action_is_pinned(path: Path) -> None:
    text = path.read_text("utf-8")
    for step in _steps(yaml.safe_load(text)):
        assert "${{" not in step.get("run", "")
        uses = step.get("uses", "./")
        assert uses == "./" or re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", uses), uses
    pinned = re.findall(r"uses: \S+@[0-9a-f]{40}(.*)", text)
    assert all(re.fullmatch(r" # v\d+\.\d+\.\d+", comment) for comment in pinned)


@pytest.mark.parametrize("path", _WORKFLOWS, ids=lambda path: path.name)
def test_workflows_grant_nothing_at_the_top_and_keep_no_credentials(path: Path) -> None:
    document = yaml.safe_load(path.read_text("utf-8"))
    assert document["permissions"] == {}
    assert "concurrency" in document
    for step in _steps(document):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


def test_each_input_reaches_the_command_line_by_its_own_variable_and_no_other_way() -> None:
    """click reads EVALGATE_RUN_<option>; an empty string counts as not given."""
    for name in set(_ACTION["inputs"]) - {"working-directory"}:
        variable = f"EVALGATE_RUN_{name.upper().replace('-', '_')}"
        assert _RUN_STEP["env"][variable] == f"${{{{ inputs.{name} }}}}"
    assert len(_RUN_STEP["env"]) == len(_ACTION["inputs"]) - 1
    assert _RUN_STEP["working-directory"] == "${{ inputs.working-directory }}"


def test_each_output_is_one_that_a_report_writes() -> None:
    assert tuple(_ACTION["outputs"]) == OUTPUTS
    for name, output in _ACTION["outputs"].items():
        assert output["value"] == f"${{{{ steps.{_RUN_STEP['id']}.outputs.{name} }}}}"


def test_every_input_and_output_is_described() -> None:
    assert all(each["description"].endswith(".") for kind in ("inputs", "outputs") for each in _ACTION[kind].values())


def test_nothing_in_the_workspace_can_shadow_the_actions_code(tmp_path: Path) -> None:
    """The command of the action, with an `evalgate/` in the working directory as a pull request may have one."""
    (tmp_path / "evalgate").mkdir()
    (tmp_path / "evalgate" / "__init__.py").write_text("raise SystemExit('shadowed')", "utf-8")
    script = _RUN_STEP["run"].replace('"$RUNNER_TEMP/evalgate-venv/bin/python"', '"$PYTHON"')
    script = script.replace("-m evalgate run", "-c 'import evalgate; print(evalgate.__file__)'")
    assert script.startswith('PYTHONPATH="$GITHUB_ACTION_PATH" "$PYTHON" -P ')
    result = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHON": sys.executable, "GITHUB_ACTION_PATH": str(_ROOT)},
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert result.stdout.strip() == str(_ROOT / "evalgate" / "__init__.py"), result.stderr


@pytest.mark.parametrize("name", ["run.txt", "dev.txt"])
def test_what_is_installed_is_locked_by_hash_and_names_no_index(name: str) -> None:
    text = (_ROOT / "requirements" / name).read_text("utf-8")
    assert not re.search(r"--(?:extra-)?index-url|--find-links|://|^-e |^/", text, flags=re.MULTILINE)
    requirements = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert len(requirements) > 30
    assert all(re.match(r"[\w.-]+==\S+", each) and "--hash=sha256:" in each for each in requirements)
