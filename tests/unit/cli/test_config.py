"""`evalgate config`, as typed."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from evalgate.cli.config import command
from evalgate.errors import ErrorGroup
from evalgate.suite.json_schema import schema_json

CONFIG = """\
suites:
  s:
    dataset: data.jsonl
    task:
      http:
        url: https://user:hunter2@example.com/answer?api_key=hunter2&lang=en
        headers:
          Authorization: Bearer hunter2
          X-Api-Key: ${KEY}
          Accept: application/json
        body: {token: hunter2, question: "{{ input.q }}"}
        serve: {command: "serve --port {port} --api-key hunter2 --max-tokens 5"}
      setup: make TOKEN=hunter2
    evaluators: [json_valid]
    checks: {json_valid: {at_least: 1}}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "data.jsonl").write_text('{"id": "a", "input": {}}\n')
    path = tmp_path / "evalgate.yaml"
    path.write_text(CONFIG)
    return path


def typed(*arguments: str | Path, **environ: str) -> Result:
    return CliRunner(env=environ).invoke(command, [str(argument) for argument in arguments], standalone_mode=False)


def test_every_setting_is_shown_with_its_source(config):
    result = typed("show", "--config", config, "--set", "policy.alpha=0.2", "--json", EVALGATE_POLICY__SEED="7")
    assert result.return_value == 0
    listed = {one["key"]: (one["value"], one["source"]) for one in json.loads(result.output)["settings"]}
    assert listed["policy.alpha"] == (0.2, "--set policy.alpha")
    assert listed["policy.seed"] == (7, "EVALGATE_POLICY__SEED")
    assert listed["policy.mode"] == ("enforce", "default")
    assert listed["suites.s.dataset.file"] == ("data.jsonl", f"{config}:3:14")
    assert listed["suites.s.checks.json_valid.at_least.threshold"] == (1.0, f"{config}:15:37")


def test_the_config_is_found_by_its_variable_and_read_by_people(config):
    result = typed("show", EVALGATE_CONFIG=str(config))
    (line,) = [line for line in result.output.splitlines() if line.startswith("policy.mode ")]
    assert line.split() == ["policy.mode", '"enforce"', "default"]


def test_secrets_are_never_shown(config):
    output = typed("show", "--config", config).output
    assert "hunter2" not in output
    assert "hunter2" not in typed("show", "--config", config, "--json").output
    for visible in ("${KEY}", "application/json", "lang=en", "--max-tokens 5", "example.com/answer", "{{ input.q }}"):
        assert visible in output


def test_mistakes_are_raised_and_flags_checked(config):
    assert isinstance(typed("show", "--config", config, "--set", "policy.alpa=1").exception, ErrorGroup)
    assert "KEY=VALUE" in str(typed("show", "--config", config, "--set", "policy").exception)


def test_the_schema_is_printed_as_it_is_checked_in():
    assert typed("schema").output == schema_json()
