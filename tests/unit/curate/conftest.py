"""A model of the fake endpoint, as steps of curation ask it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evalgate.curate.asking.model import Model
from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.structured import Structured
from tests.fake_model import FakeModel, Rule
from tests.fake_model.fixtures import fake_model
from tests.unit.llm.conftest import transport

__all__ = ["fake_model", "transport"]


def says(when: str | None = None, *, times: int | None = None, **reply: Any) -> Rule:
    """A rule that replies with a JSON object."""
    return Rule(when=when, times=times, reply=json.dumps(reply))


@pytest.fixture
def model(fake_model: FakeModel, transport: Any) -> Model:
    """The model `fake/m`."""
    endpoint = ModelEndpoint(name="fake", base_url=fake_model.base_url, timeout=5)
    structured = Structured(transport, endpoint, "m", parameters={"temperature": 0}, droppable=frozenset())
    return Model(structured, "fake/m", concurrency=4)
