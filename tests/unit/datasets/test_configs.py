"""The demo's config and the project's own gate: valid, on the same datasets, naming files that exist."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from evalgate.paths import MISSING, resolve
from evalgate.suite.config import Config

ROOT = Path(__file__).parents[3]


def _load(path):
    return Config.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("file", ["datasets/demo.yaml", "evalgate.yaml"])
def test_config_is_valid_and_names_files_that_exist(file):
    """Every path stands where `root` says."""
    for suite in _load(ROOT / file).suites.values():
        root = (ROOT / file).parent / suite.root
        tasks = [suite.task.model_dump(), suite.baseline_task or {}]
        targets = [task["python"].rpartition(":")[0] for task in tasks if task]
        databases = [e.sql.database for e in suite.evaluators if e.sql]
        schemas = [e.json_schema_.schema_ for e in suite.evaluators if e.json_schema_]
        for named in [suite.dataset.file, *targets, *databases, *schemas]:
            assert (root / named).is_file(), named
        for pattern in [*tasks[0]["inputs"], *tasks[1].get("inputs", ())]:
            assert list(root.glob(pattern)), pattern


@pytest.mark.parametrize("file", ["datasets/demo.yaml", "evalgate.yaml"])
def test_checks_and_slices_name_what_is_there(file, questions, queries):
    """A check on no evaluator, or a slice of no example, would never decide anything."""
    examples = {"analytics": questions, "recipes": queries}
    config = _load(ROOT / file)
    assert set(config.suites) == set(examples)
    for name, suite in config.suites.items():
        assert set(suite.checks) == {evaluator.label for evaluator in suite.evaluators}
        slices = [s for check in suite.checks.values() if check.no_regression for s in check.no_regression.slices]
        assert slices
        for part in slices:
            assert MISSING not in [resolve(part.path, example) for example in examples[name]]


def test_the_demo_compares_two_versions_of_one_function():
    """The candidate is v2, the baseline v1, and each is watched by its own files."""
    for suite in _load(ROOT / "datasets" / "demo.yaml").suites.values():
        candidate, baseline = suite.task.model_dump(), suite.baseline_task
        assert baseline is not None
        assert candidate["python"].replace("v2/", "v1/") == baseline["python"]
        assert (candidate["inputs"], tuple(baseline["inputs"])) == (("v2/*.py",), ("v1/*.py",))


def test_the_own_gate_measures_v1_against_a_stored_build():
    """Until the baseline comes from git, an unchanged program stays green."""
    for suite in _load(ROOT / "evalgate.yaml").suites.values():
        assert "/v1/" in suite.task.model_dump()["python"]
        assert suite.baseline == "file:datasets/baseline.db"
