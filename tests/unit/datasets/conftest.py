"""The demo's golden data and what its programs answer, each version in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

DATASETS = Path(__file__).parents[3] / "datasets"

_ANSWER_ALL = """
import importlib, json, sys
sys.path.insert(0, ".")
function = getattr(importlib.import_module(sys.argv[1]), sys.argv[2])
json.dump([function(line) for line in json.load(sys.stdin)], sys.stdout)
"""


def read_examples(path):
    """Return the examples of a JSONL file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def answers_of(version, module, function, examples):
    """Return what `function` of the module in the folder `version` answers to each example, in order."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", _ANSWER_ALL, module, function],
        input=json.dumps([example["input"] for example in examples]),
        capture_output=True,
        text=True,
        cwd=version,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="session")
def datasets():
    """Return the folder of the demo."""
    return DATASETS


@pytest.fixture(scope="session")
def questions():
    """Return the examples of the analytics suite."""
    return read_examples(DATASETS / "analytics" / "golden.jsonl")


@pytest.fixture(scope="session")
def queries():
    """Return the examples of the recipes suite."""
    return read_examples(DATASETS / "recipes" / "golden.jsonl")


@pytest.fixture(scope="session")
def sql_answers(questions):
    """Return each version's answers to the questions."""
    folder = DATASETS / "analytics"
    return {version: answers_of(folder / version, "assistant", "answer", questions) for version in ("v1", "v2")}


@pytest.fixture(scope="session")
def route_answers(queries):
    """Return each version's answers to the queries."""
    folder = DATASETS / "recipes"
    return {version: answers_of(folder / version, "router", "route", queries) for version in ("v1", "v2")}
