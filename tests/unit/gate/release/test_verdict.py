"""The verdict file's form is published, and what evalgate writes follows it."""

import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator, ValidationError

from evalgate.gate.release.verdict import schema
from tests.unit.gate.release.verdicts import body, suite
from tests.workflow_audit import assert_audited

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs" / "release.md").read_text("utf-8")


def test_the_schema_is_the_models_own_and_what_is_written_follows_it():
    published = json.loads((ROOT / "docs" / "verdict.schema.json").read_text("utf-8"))
    assert published == schema()
    validator = Draft202012Validator(published)
    validator.validate({"body": body(), "signature": None})
    for wrong in (body(commit="main"), body(suites=[]), body(extra=1), body(suites=[suite(verdict="GREEN")])):
        with pytest.raises(ValidationError):
            validator.validate({"body": wrong, "signature": None})


def test_the_workflow_of_the_page_is_valid_audited_and_grants_what_it_says(tmp_path):
    """As a reader copies it: GitHub's schema, zizmor's pedantic audit, pins as this project has them, a reason each."""
    (text,) = re.findall(r"<!-- workflow: release -->\n```yaml\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / ".github" / "workflows" / "release.yml"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    assert_audited(file)
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    grants = {name: job["permissions"] for name, job in workflow["jobs"].items()}
    assert grants == {
        "release": {"contents": "read", "id-token": "write", "attestations": "write"},
        "deploy": {"contents": "read", "attestations": "read"},
    }
    assert all("environment" in job for job in workflow["jobs"].values())
    own = "".join(path.read_text("utf-8") for path in (ROOT / ".github/workflows").iterdir())
    own += (ROOT / "action.yml").read_text("utf-8")
    pins = dict(re.findall(r"uses: (actions/(?:checkout|upload-artifact))@(\S+)", text))
    assert all(f"{action}@{pin}" in own for action, pin in pins.items())
    scripts = [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]
    assert scripts
    assert not any("${{" in script for script in scripts)
