"""A server on loopback whose answers are none: each is one error in plain words, and nothing goes on without an end."""

import asyncio
import json

import pytest
from aiohttp import web

from evalgate.phoenix import answers
from evalgate.phoenix.connection import PhoenixError, connect
from evalgate.phoenix.datasets.mirrors import mirrored_ground
from evalgate.phoenix.datasets.reading import versions_of
from evalgate.phoenix.datasets.records import Dataset
from evalgate.phoenix.experiments.pruning import old_experiments
from evalgate.phoenix.experiments.writing import find_experiment, list_experiments, tags_of
from tests.unit.phoenix.test_connection import answering, at, refused, serving

DEEP = '{"detail": ' + "[" * 100_000 + "]" * 100_000 + "}"


async def drained(listing):
    return [each async for each in listing]


@pytest.mark.parametrize("kind", ["application/json", "text/plain; charset=rot13", "text/plain; charset=hex"])
@pytest.mark.parametrize("body", [DEEP, "[" * 100_000, "no json"])
async def test_a_refusal_in_any_shape_and_encoding_is_a_refusal(body, kind):
    async def handle(request, number):
        return web.Response(status=422, body=body.encode(), headers={"Content-Type": kind})

    async with serving(handle) as (base_url, _):
        error = await refused(base_url)
    assert error.status == 422
    assert "answered 422: " in error.message


@pytest.mark.parametrize("answer", [None, 5, [], {}, {"data": None}, {"data": 5}, {"data": {}}, {"data": [5]}])
@pytest.mark.parametrize(
    "ask",
    [
        lambda connection: find_experiment(connection, "D", "u"),
        lambda connection: tags_of(connection, "E"),
        lambda connection: mirrored_ground(connection, "golden", [], of="golden.jsonl", withhold=False),
        lambda connection: drained(old_experiments(connection, None)),
    ],
)
async def test_a_listing_that_is_none_is_not_taken_for_an_empty_one(ask, answer):
    """What is there already would be written a second time."""
    async with serving(answering(200, json.dumps(answer))) as (base_url, _), connect(at(base_url)) as connection:
        with pytest.raises(PhoenixError, match=r"gave no usable answer|answer is none"):
            await ask(connection)


@pytest.mark.parametrize(
    "ask",
    [
        lambda connection: list_experiments(connection, "D"),
        lambda connection: versions_of(connection, Dataset(id="D", name="golden", created_at="now")),
    ],
)
async def test_pages_without_an_end_come_to_one(ask, monkeypatch):
    async def handle(request, number):
        new = {"id": f"E{number}", "version_id": f"V{number}", "created_at": "now"}
        return web.json_response({"data": [new], "next_cursor": str(number)})

    monkeypatch.setattr(answers, "_PAGES", 5)
    async with serving(handle) as (base_url, seen), connect(at(base_url)) as connection:
        with pytest.raises(PhoenixError, match="pages without an end"):
            await drained(ask(connection))
    assert len(seen) == 5


async def test_an_answer_that_never_ends_is_given_up(monkeypatch):
    async def handle(request, number):
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        while True:
            await answer.write(b" ")
            await asyncio.sleep(0.05)

    monkeypatch.setattr("evalgate.phoenix.connection._TRYING_S", 0.1)
    async with serving(handle) as (base_url, seen):
        error = await refused(base_url, timeout=0.2)
    assert "did not answer within 0.2 s" in error.message
    assert error.passing
    assert len(seen) == 1
