"""One way for every test here to score an answer: build from config, start, evaluate, close."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from evalgate.evaluators.registry import build
from evalgate.records import Evaluation, Example, Subject, TaskOutcome
from evalgate.suite.evaluators import Evaluator

Evaluate = Callable[..., Awaitable[Evaluation]]


def subject(
    output: Any = None, expected: Any = None, *, example: dict[str, Any] | None = None, **outcome: Any
) -> Subject:
    """Return one run as an evaluator sees it."""
    fields = {"id": "e1", "input": {"question": "which?"}, "output": expected, **(example or {})}
    return Subject(example=Example(**fields), sample="r1", outcome=TaskOutcome(output=output, **outcome))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The suite's directory."""
    return tmp_path


@pytest.fixture
def runner(root: Path) -> Callable[[Any], Any]:
    """Build a runner from what stands in the config."""
    return lambda config: build(Evaluator.model_validate(config), root=root, environ=os.environ)


@pytest.fixture
def evaluate(runner: Callable[[Any], Any]) -> Evaluate:
    """Score one output by one evaluator."""

    async def scored(config: Any, output: Any = None, expected: Any = None, **fields: Any) -> Evaluation:
        built = runner(config)
        try:
            await built.start()
            return await built.evaluate(subject(output, expected, **fields))
        finally:
            await built.close()

    return scored
