"""What a server lists: what is no listing says nothing of what is not there, so it is an error and not an empty one."""

from datetime import UTC, datetime

import pytest
from aiohttp import web

from evalgate.phoenix.connection import PhoenixError, connect
from evalgate.phoenix.datasets.reading import list_datasets
from evalgate.phoenix.experiments.pruning import old_experiments
from evalgate.phoenix.experiments.writing import find_experiment, list_experiments
from evalgate.phoenix.prompts.versions import versions_of
from tests.unit.phoenix.test_connection import at, serving

PAGES = {None: ("a", "1"), "1": ("b", "2"), "2": ("c", None)}


def saying(answer):
    async def handle(request, number):
        return web.json_response(answer)

    return handle


@pytest.mark.parametrize("answer", [{}, {"data": None}, {"data": {}}, [], "none"])
async def test_an_experiment_is_not_made_twice_because_a_listing_could_not_be_read(answer):
    async with serving(saying(answer)) as (base_url, _), connect(at(base_url)) as connection:
        with pytest.raises(PhoenixError, match=r"the experiments of a dataset could not be read: .* no usable answer"):
            await find_experiment(connection, "D", "uid")


@pytest.mark.parametrize("answer", [{}, {"data": [{"id": "D"}]}, {"data": ["D"]}, []])
async def test_nothing_is_said_to_be_old_by_a_listing_that_could_not_be_read(answer):
    async with serving(saying(answer)) as (base_url, _), connect(at(base_url)) as connection:
        with pytest.raises(PhoenixError, match=r"the datasets could not be listed: .* no usable answer"):
            _ = [old async for old in old_experiments(connection, datetime.now(UTC))]


async def test_every_page_is_read_and_asked_for_once():
    async def handle(request, number):
        name, following = PAGES[request.query.get("cursor")]
        listed = [{"id": name, "name": name, "created_at": "now"}]
        return web.json_response({"data": listed, "next_cursor": following})

    async with serving(handle) as (base_url, seen), connect(at(base_url)) as connection:
        assert [each.id async for each in list_datasets(connection)] == ["a", "b", "c"]
        assert [each.id async for each in list_experiments(connection, "D")] == ["a", "b", "c"]
        assert [each.id for each in await versions_of(connection, "answer")] == ["c", "b", "a"]
    assert len(seen) == 9


@pytest.mark.parametrize("circle", ["1", "2"])
async def test_a_listing_without_an_end_is_left(circle):
    async def handle(request, number):
        name, following = PAGES[request.query.get("cursor")]
        return web.json_response({"data": [{"id": name}], "next_cursor": following or circle})

    async with serving(handle) as (base_url, seen), connect(at(base_url)) as connection:
        with pytest.raises(PhoenixError, match="lists pages without an end"):
            _ = [each async for each in list_experiments(connection, "D")]
    assert len(seen) == 3
