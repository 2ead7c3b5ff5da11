"""The action and the workflows: valid, audited, pinned, and without a way in for what a pull request says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from evalgate.curate.scheduling.turns import outputs
from evalgate.report.github_files import OUTPUTS

_ROOT = Path(__file__).parents[3]
_ACTION = yaml.safe_load((_ROOT / "action.yml").read_text("utf-8"))
_PINS = _ROOT / ".github" / "actions" / "pin-prompts" / "action.yml"
_CURATES = _ROOT / ".github" / "actions" / "curate" / "action.yml"
_ACTIONS = [_ROOT / "action.yml", _PINS, _CURATES]
_PAGE = _ROOT / "docs" / "github.md"
_WORKFLOWS = sorted((_ROOT / ".github" / "workflows").glob("*.yml"))
_STEPS = {step["id"]: step for step in _ACTION["runs"]["steps"] if "id" in step}
_GATE = _STEPS["gate"]
_BESIDE = {"mode", "arguments", "working-directory", "artifact", "cache", "share-cache", "extra-requirements"}
"""Inputs that are no option of a command: the action's own steps go by them."""
_VARIABLES = {
    "token": "EVALGATE_GITHUB_TOKEN",
    "report-html": "EVALGATE_RUN_HTML",
    "set": "EVALGATE_RUN_ASSIGNMENTS",
    "builds": "EVALGATE_DECIDE_BUILDS",
    "expect": "EVALGATE_DECIDE_EXPECTED",
    "phoenix-endpoint": "ENDPOINT",
    "phoenix-api-key": "API_KEY",
}
"""Inputs that go by another variable than that of the option of their name."""


def _tool(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    tool = Path(sys.executable).parent / name
    return subprocess.run([tool, *arguments], cwd=_ROOT, capture_output=True, text=True, check=False, timeout=60)


def test_zizmor_finds_nothing_in_the_action_and_the_workflows() -> None:
    result = _tool("zizmor", "--offline", "--pedantic", "--quiet", "action.yml", ".github")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("schema", "files"),
    [("vendor.github-workflows", _WORKFLOWS), ("vendor.github-actions", _ACTIONS)],
)
def test_files_follow_githubs_schemas(schema: str, files: list[Path]) -> None:
    result = _tool("check-jsonschema", "--builtin-schema", schema, *files)
    assert result.returncode == 0, result.stdout + result.stderr


def _steps(document: Any) -> list[dict[str, Any]]:
    jobs = document["jobs"].values() if "jobs" in document else [document["runs"]]
    return [step for job in jobs for step in job["steps"]]


def test_shellcheck_finds_nothing_in_the_scripts_that_open_pull_requests() -> None:
    shared = _PINS.parents[1] / "pull-request.sh"
    result = _tool("shellcheck", shared, *(action.with_name("propose.sh") for action in (_PINS, _CURATES)))
    assert result.returncode == 0, result.stdout


def test_shellcheck_finds_nothing_in_the_steps_of_the_action(tmp_path: Path) -> None:
    """The gate's arguments are words on purpose."""
    scripts = [(number, step["run"]) for number, step in enumerate(_ACTION["runs"]["steps"]) if "run" in step]
    for number, text in scripts:
        (tmp_path / f"{number}.sh").write_text(f"#!/usr/bin/env bash\nset -eo pipefail\n{text}", "utf-8")
    result = _tool("shellcheck", "--exclude=SC2086", *sorted(tmp_path.iterdir()))
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("action", "lock"), [(_PINS, "run.txt"), (_CURATES, "curate.txt")], ids=["pin", "curate"])
def test_all_actions_install_alike(action: Path, lock: str) -> None:
    """What one locks and pins, the others do, curation with more; requirements of the user's own are the gate's."""
    ours, theirs = (_steps(yaml.safe_load(path.read_text("utf-8")))[:3] for path in (_ROOT / "action.yml", action))
    del ours[2]["env"]["EXTRA"]
    lines = [line for line in ours[2]["run"].splitlines() if '"$EXTRA"' not in line]
    ours[2]["run"] = "".join(f"{line}\n" for line in lines).replace(" evalgate-extra.txt", "")
    theirs[2]["run"] = theirs[2]["run"].replace("$GITHUB_ACTION_PATH/../../..", "$GITHUB_ACTION_PATH")
    theirs[2]["run"] = theirs[2]["run"].replace(f"/requirements/{lock}", "/requirements/run.txt")
    assert theirs == ours


@pytest.mark.parametrize(
    "path", [*_WORKFLOWS, _ROOT / "action.yml", _PINS, _CURATES], ids=lambda path: path.parent.name
)
def test_no_expression_stands_in_a_script_and_every_action_is_pinned(path: Path) -> None:
    text = path.read_text("utf-8")
    for step in _steps(yaml.safe_load(text)):
        assert "${{" not in step.get("run", "")
        uses = step.get("uses", "./")
        assert uses == "./" or re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", uses), uses
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
    for name in set(_ACTION["inputs"]) - _BESIDE:
        variable = _VARIABLES.get(name, f"EVALGATE_RUN_{name.upper().replace('-', '_')}")
        assert f"inputs.{name}" in _GATE["env"][variable], name
    assert _GATE["working-directory"] == "${{ inputs.working-directory }}"


def test_each_variable_of_the_gate_is_one_that_a_command_reads() -> None:
    """An option that is renamed would otherwise be an input that does nothing."""
    from evalgate.cli import decide, run

    known = {
        variable for module, name in ((run, "RUN"), (decide, "DECIDE")) for variable in _read(module.command, name)
    }
    given = {name for name in _GATE["env"] if name.startswith(("EVALGATE_RUN_", "EVALGATE_DECIDE_"))}
    assert given <= known


def _read(command: click.Command, name: str) -> Iterator[str]:
    for parameter in command.params:
        given = parameter.envvar or []
        yield from [given] if isinstance(given, str) else given
        yield f"EVALGATE_{name}_{str(parameter.name).upper()}"


def test_inputs_that_are_no_option_are_used() -> None:
    text = (_ROOT / "action.yml").read_text("utf-8").partition("\nruns:")[2]
    assert all(f"inputs.{name}" in text for name in _BESIDE)


def test_the_token_is_in_the_environment_of_the_gate_alone() -> None:
    holders = [step for step in _ACTION["runs"]["steps"] if "inputs.token" in str(step) or "github.token" in str(step)]
    assert holders == [_GATE]


def test_each_output_of_curation_is_one_that_a_run_writes() -> None:
    declared = yaml.safe_load(_CURATES.read_text("utf-8"))["outputs"]
    assert {*declared} == {*outputs([])}
    assert {each["value"] for each in declared.values()} == {
        f"${{{{ steps.curate.outputs.{name} }}}}" for name in declared
    }


def test_each_output_is_one_that_a_report_writes() -> None:
    assert tuple(_ACTION["outputs"]) == OUTPUTS
    for name, output in _ACTION["outputs"].items():
        assert output["value"] == f"${{{{ steps.gate.outputs.{name} }}}}"


def test_every_input_and_output_is_described() -> None:
    assert all(each["description"].endswith(".") for kind in ("inputs", "outputs") for each in _ACTION[kind].values())


@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_the_page_has_every_input_and_output_as_the_action_says_it(kind: str) -> None:
    """EVALGATE_WRITE_GOLDEN=1 writes them there."""
    text = _PAGE.read_text("utf-8")
    begin, end = f"<!-- {kind} -->\n", f"<!-- /{kind} -->\n"
    before, _, rest = text.partition(begin)
    table, _, after = rest.partition(end)
    if os.environ.get("EVALGATE_WRITE_GOLDEN"):
        table = _table(kind)
        _PAGE.write_text(before + begin + table + end + after, "utf-8")
    assert table == _table(kind)


def _table(kind: str) -> str:
    heads = ("input", "default", "what it says") if kind == "inputs" else ("output", "what it holds")
    rows = [heads, ("---",) * len(heads)]
    for name, each in _ACTION[kind].items():
        default = each.get("default") or ""
        shown = (f"`{default}`" if default else "",) if kind == "inputs" else ()
        rows.append((f"`{name}`", *shown, each["description"]))
    return "".join(
        "|" + "|".join(f" {cell} " if cell != "---" and cell else cell or " " for cell in row) + "|\n" for row in rows
    )


def test_what_runs_evalgate_takes_the_shells_place_and_nothing_of_the_tree_comes_before_it() -> None:
    """A shell would not pass on the signal of a cancelled job; `-I` looks neither here nor at PYTHON variables."""
    assert re.search(r"^exec \"\$PYTHON\" -I -X utf8 -m evalgate \$command \$ARGUMENTS$", _GATE["run"], re.MULTILINE)
    for step in _ACTION["runs"]["steps"]:
        for command in re.findall(r".*-m evalgate.*", step.get("run", "")):
            assert re.match(r'\s*(exec )?"\$PYTHON" -I (-X utf8 )?-m evalgate ', command), command


@pytest.mark.parametrize("name", ["run.txt", "curate.txt", "dev.txt"])
def test_what_is_installed_is_locked_by_hash_and_names_no_index(name: str) -> None:
    text = (_ROOT / "requirements" / name).read_text("utf-8")
    assert not re.search(r"--(?:extra-)?index-url|--find-links|://|^-e |^/", text, flags=re.MULTILINE)
    requirements = re.split(r"\n(?=[a-z0-9])", text.strip())
    assert len(requirements) > 30
    assert all(re.match(r"[\w.-]+(\[[\w, -]+\])?==\S+", each) and "--hash=sha256:" in each for each in requirements)
