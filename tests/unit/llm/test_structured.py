"""Replies of a schema: asked for by the way that the endpoint supports, which is found out once."""

import json

import pytest

from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.failures import BadRequest, EmptyAnswer
from evalgate.llm.structured import NAME, Structured, structured_answer
from tests.fake_model import Rule

SCHEMA = {"type": "object", "properties": {"label": {"type": "string", "enum": ["a"]}}, "required": ["label"]}
ASKED = [{"role": "user", "content": "which?"}]


@pytest.fixture
def structured(fake_model, transport):
    endpoint = ModelEndpoint(name="fake", base_url=fake_model.base_url, timeout=5)
    droppable = frozenset({"temperature"})
    return Structured(transport, endpoint, "m", parameters={"temperature": 0, "seed": 7}, droppable=droppable)


async def test_a_reply_comes_as_a_response_format(structured, fake_model):
    reply = await structured.ask(ASKED, SCHEMA, sample="curate", draw=2)
    assert structured_answer(reply) == {"label": "a"}
    body = fake_model.requests[0]["body"]
    assert body["response_format"]["json_schema"] == {
        "name": NAME,
        "schema": {**SCHEMA, "additionalProperties": False},
        "strict": True,
    }
    assert body["seed"] == 9


async def test_where_formats_are_refused_a_tool_is_forced_from_then_on(structured, fake_model):
    fake_model.rules = [Rule(has="response_format", fault="status", status=400, message="no formats here")]
    for _ in range(2):
        assert structured_answer(await structured.ask(ASKED, SCHEMA, sample="curate")) == {"label": "a"}
    assert ["tools" in each["body"] for each in fake_model.requests] == [False, True, True]
    assert fake_model.requests[1]["body"]["tool_choice"]["function"]["name"] == NAME


async def test_a_parameter_that_is_refused_is_left_out_if_it_may_be(structured, fake_model):
    fake_model.rules = [Rule(has="temperature", fault="status", status=400, message="Unsupported value: temperature")]
    assert structured_answer(await structured.ask(ASKED, SCHEMA, sample="curate")) == {"label": "a"}
    assert "temperature" not in fake_model.requests[1]["body"]
    fake_model.rules = [Rule(has="seed", fault="status", status=400, message="Unsupported value: seed")]
    with pytest.raises(BadRequest, match="seed"):
        await structured.ask(ASKED, SCHEMA, sample="curate")


async def test_a_reply_that_is_none_is_no_answer(structured, fake_model):
    fake_model.rules = [Rule(reply=json.dumps(None), fault="null_content")]
    with pytest.raises(EmptyAnswer):
        structured_answer(await structured.ask(ASKED, SCHEMA, sample="curate"))
