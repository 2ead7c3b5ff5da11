"""A judge from its config to its evaluation, over the real transport, against the fake model."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from evalgate.evaluators.models import Models
from evalgate.evaluators.registry import build
from evalgate.records import Evaluation
from evalgate.suite.config import Endpoint
from evalgate.suite.evaluators import Evaluator
from tests.fake_model import FakeModel
from tests.fake_model.fixtures import fake_model
from tests.unit.evaluators.conftest import subject
from tests.unit.llm.conftest import transport

__all__ = ["fake_model", "transport"]

Judged = Callable[..., Awaitable[Evaluation]]


@pytest.fixture
def models(fake_model: FakeModel, transport: Any) -> Models:
    """The fake model as the endpoint `fake`."""
    endpoint = Endpoint.model_validate({"base_url": fake_model.base_url, "timeout": 5, "concurrency": 8})
    return Models(endpoints={"fake": endpoint}, sender=lambda: transport)


@pytest.fixture
def judged(root: Path, models: Models) -> Judged:
    """Judge one output; the model is `fake/m` unless the config says otherwise."""

    async def scored(config: dict[str, Any], output: Any = "Paris", expected: Any = None, **fields: Any) -> Evaluation:
        given = Evaluator.model_validate({"model": "fake/m", **config})
        built = build(given, root=root, environ=os.environ, models=models)
        try:
            await built.start()
            return await built.evaluate(subject(output, expected, **fields))
        finally:
            await built.close()

    return scored
