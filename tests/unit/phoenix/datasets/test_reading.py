"""What a server says of datasets is checked before anything believes it; no server is needed for that."""

import json

import pytest
from aiohttp import web

from evalgate.errors import DatasetError, ErrorGroup
from evalgate.phoenix.connection import PhoenixError, connect
from evalgate.phoenix.datasets.changes import is_node_id
from evalgate.phoenix.datasets.reading import aligned, find_dataset, find_version, golden_examples, read_version
from evalgate.phoenix.datasets.records import Dataset, StoredExample, Version
from evalgate.phoenix.experiments.baselines import Kept
from evalgate.phoenix.experiments.writing import RemoteExperiment
from evalgate.records import Example
from tests.unit.phoenix.test_connection import at, serving

DATASET = Dataset(id="D", name="golden", created_at="now")
VERSION = Version(id="V", created_at="now")


def stored(identity="a", node="n1", **more):
    return StoredExample(**{"id": identity, "node_id": node, "input": {"q": 1}, "output": {}, "metadata": {}, **more})


def test_an_empty_output_is_no_expected_answer_and_the_first_split_is_the_one_shown():
    (example,) = golden_examples("golden", [stored(splits=("hard", "test"), metadata={"lang": "de"})])
    assert example == Example(id="a", input={"q": 1}, output=None, metadata={"lang": "de"}, split="hard")
    assert golden_examples("golden", [stored(splits=("hard", "test"))], split="test")[0].split == "test"
    assert golden_examples("golden", [stored(splits=("hard", "test"))], split="other")[0].split == "hard"


def test_a_files_own_split_is_the_one_that_counts_where_an_example_is_in_it():
    own = {"a": Example(id="a", input={}, output=None, metadata={}, split="test")}
    (in_it, not_in_it) = (("hard", "test"), ("hard",))
    assert [each.splits for each in aligned([stored(splits=in_it)], own)] == [("test",)]
    assert [each.splits for each in aligned([stored(splits=not_in_it)], own)] == [not_in_it]
    assert [each.splits for each in aligned([stored("b", splits=in_it)], own)] == [in_it]


def test_examples_without_an_id_of_their_own_are_counted_named_and_repaired_by_a_command():
    some = [stored(None, f"node{n}") for n in range(8)]
    with pytest.raises(DatasetError) as caught:
        golden_examples("golden", [stored(), *some])
    assert "8 of 9 examples of golden have no external id (node0, node1, node2, node3, node4, …)" in str(caught.value)
    assert caught.value.next_step == "evalgate dataset repair golden"


def test_content_that_no_golden_dataset_can_have_is_refused_by_the_examples_name():
    wrong = [
        stored("nan", "n1", output={"x": [float("nan")]}),
        stored("null", "n2", input={"q": "a\0b"}),
        stored("half", "n3", metadata={"x": "\ud800"}),
        stored("with\nline", "n4"),
    ]
    with pytest.raises(ErrorGroup) as caught:
        golden_examples("golden", wrong)
    said = str(caught.value)
    assert "example nan of golden: nan is not a JSON number" in said
    assert "example null of golden: text holds a null character" in said
    assert "example half of golden: text holds half a character" in said
    assert "id holds a control character" in said
    assert caught.value.exit_code == 2


def test_ids_that_phoenix_would_take_for_its_own_are_known():
    assert is_node_id("RGF0YXNldEV4YW1wbGU6MQ==")
    assert not any(is_node_id(each) for each in ("q-001", "RGF0YXNldDox", "größe", "", "===="))


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"data": [{}]},
        {"data": [{"id": 1, "name": "golden", "created_at": "x"}]},
        {"data": "x"},
        {"data": None},
    ],
)
async def test_an_answer_of_another_shape_is_one_error_in_plain_words(answer):
    async def handle(request, number):
        return web.json_response(answer)

    async with serving(handle) as (base_url, _), connect(at(base_url)) as connection:
        with pytest.raises(PhoenixError) as caught:
            await find_dataset(connection, "golden")
    assert "the dataset golden could not be looked up" in caught.value.message
    assert "gave no usable answer" in caught.value.message


async def test_a_dataset_of_another_name_is_not_taken_for_the_one_that_was_asked_for():
    """An older server ignores the filter, and a stranger's answer may hold anything."""

    async def handle(request, number):
        listed = [{"id": "D", "name": "golden-2\x1b[2J", "created_at": "now"}]
        return web.json_response({"data": listed})

    async with serving(handle) as (base_url, _), connect(at(base_url)) as connection:
        with pytest.raises(DatasetError, match="has no dataset 'golden'; did you mean") as caught:
            await find_dataset(connection, "golden")
    assert "\x1b" not in str(caught.value)


async def test_versions_are_looked_for_on_every_page_and_a_listing_without_an_end_says_nothing_of_what_is_not_there():
    last = None

    async def handle(request, number):
        cursor = request.query.get("cursor")
        versions = [{"version_id": f"V{cursor}", "created_at": "now", "description": None, "metadata": None}]
        return web.json_response({"data": versions, "next_cursor": {None: "1", "1": "2", "2": last}[cursor]})

    async with serving(handle) as (base_url, seen), connect(at(base_url)) as connection:
        assert (await find_version(connection, DATASET, "V2")).id == "V2"
        assert (await find_version(connection, DATASET, "latest")).id == "VNone"
        with pytest.raises(DatasetError, match="has no version V9") as caught:
            await find_version(connection, DATASET, "V9")
        last = "1"
        with pytest.raises(PhoenixError, match="lists pages without an end"):
            await find_version(connection, DATASET, "V9")
    assert caught.value.next_step == "evalgate dataset history golden lists those that it has"
    assert len(seen) == 3 + 1 + 3 + 3


async def test_nan_and_a_dataset_that_went_away_are_refused():
    async def handle(request, number):
        if request.path == "/graphql":
            return web.json_response({"data": {"node": None}})
        example = {"id": "a", "node_id": "n", "input": {"q": float("nan")}, "output": {}, "metadata": {}}
        return web.Response(text=json.dumps({"data": {"version_id": "V", "examples": [example]}}))

    async with serving(handle) as (base_url, _), connect(at(base_url)) as connection:
        with pytest.raises(PhoenixError, match="does not have it any more") as caught:
            await read_version(connection, DATASET, VERSION)
    assert caught.value.status == 404


async def test_examples_that_an_experiment_ran_on_are_said_to_be_of_its_dataset():
    """What repairs them takes the dataset's name, and not the experiment's."""

    async def handle(request, number):
        if request.path == "/graphql":
            return web.json_response({"data": {"node": {"splits": []}}})
        if request.path.endswith("/examples"):
            example = {"id": "n", "node_id": "n", "input": {"q": 1}, "output": {}, "metadata": {}}
            return web.json_response({"data": {"version_id": "V", "examples": [example]}})
        return web.json_response({"data": {"id": "D", "name": "golden", "created_at": "now"}})

    remote = RemoteExperiment(
        id="E", dataset="D", dataset_version="V", name="main", description=None, created_at="now", project=None,
        metadata={},
    )  # fmt: skip
    async with serving(handle) as (base_url, _), connect(at(base_url)) as connection:
        with pytest.raises(DatasetError, match="1 of 1 examples of golden have no external id") as caught:
            await Kept(record=None, remote=remote, connection=connection).bodies()
    assert caught.value.next_step == "evalgate dataset repair golden"
