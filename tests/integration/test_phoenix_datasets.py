"""Datasets of real Phoenix servers: read, pushed, repaired and pulled, with what goes wrong on the way."""

import asyncio
import json
import urllib.request

import pytest

from evalgate.errors import DatasetError, ErrorGroup
from evalgate.golden.reading import read_examples
from evalgate.golden.versions import dataset_version
from evalgate.phoenix.address import Address
from evalgate.phoenix.connection import PhoenixError, connect
from evalgate.phoenix.datasets.changes import compare_with
from evalgate.phoenix.datasets.copies import Copies
from evalgate.phoenix.datasets.history import history
from evalgate.phoenix.datasets.pulling import Asked, pull
from evalgate.phoenix.datasets.pushing import Why, push
from evalgate.phoenix.datasets.reading import find_dataset, find_version, golden_examples, read_version, versions_of
from evalgate.phoenix.datasets.repair import repair, repair_of
from evalgate.records import Example
from tests.phoenix_server import Fault, FaultProxy

WHY = Why(message="for the test", by="Ada <ada@example.com>", commit="c0ffee", file="golden.jsonl", evalgate="9")
EXAMPLES = [
    Example(id="q-1", input={"z": 1, "a": {"y": [1, 1.0, True, None]}}, output={"answer": "grün"}, metadata={}),
    Example(id="Größe \u2028 2", input={"q": "e\u0301 é"}, output=None, metadata={"lang": "de"}, split="dev"),
    Example(id="q-3", input={"n": 2**53 + 1, "f": 0.1, "s": 1.5e-7}, output={"a": []}, metadata={"": {}}, split="hard"),
    Example(id="q-4", input={"q": "\r\n\t\u0085 𝒳"}, output={"long": "ü" * 300_000}, metadata={"k": "x"}),
]


def example(identity, question="?", **more):
    return Example(**{"id": identity, "input": {"q": question}, "output": None, "metadata": {}, **more})


def at(server, base_url=None, **more):
    return Address(name=None, base_url=base_url or server.base_url, api_key=server.api_key, **{"timeout": 60.0, **more})


async def pushed(address, name, examples, *, delete=False):
    async with connect(address) as connection:
        return await push(connection, await compare_with(connection, name, examples, delete=delete), WHY)


async def held(address, name, version=None):
    """What a dataset holds: its examples, the server's own records, and the ids of its versions, newest first."""
    async with connect(address) as connection:
        dataset = await find_dataset(connection, name)
        found = await find_version(connection, dataset, version)
        stored = await read_version(connection, dataset, found)
        return golden_examples(name, stored), stored, [each.id async for each in versions_of(connection, dataset)]


@pytest.mark.parametrize("flavour", ["phoenix", "phoenix_auth", "phoenix_postgres", "phoenix_prefix"])
async def test_what_is_pushed_is_read_back_with_the_same_hash(request, flavour, tmp_path):
    """On every kind of server: ids, unicode, numbers, key order, empty outputs, splits, and a megabyte."""
    server = request.getfixturevalue(flavour)
    name = server.unique("größe & co")
    done = await pushed(at(server), name, EXAMPLES)
    assert (done.made, done.exact) == (True, True)
    examples, stored, versions = await held(at(server), name)
    assert dataset_version(examples) == dataset_version(EXAMPLES)
    assert {each.id: each.splits for each in stored}["q-3"] == ("hard",)
    assert versions == [done.version.id]
    here = await pull(at(server), Asked(dataset=name, version=done.version.id), Copies(tmp_path / "d"), print)
    assert dataset_version(read_examples(here.path)) == dataset_version(EXAMPLES)
    async with connect(at(server)) as connection:
        (entry,) = await history(connection, await find_dataset(connection, name), limit=5)
    assert (entry.message, entry.by, entry.commit, entry.examples) == (WHY.message, WHY.by, WHY.commit, 4)
    assert (entry.added, entry.edited, entry.removed) == (4, 0, 0)


async def test_ten_thousand_examples_are_one_version_there_and_back(phoenix, tmp_path):
    name, many = phoenix.unique("many"), [example(f"e{n}", f"question {n}", output={"a": n}) for n in range(10_000)]
    done = await pushed(at(phoenix), name, many)
    assert (done.made, done.exact) == (True, True)
    here = await pull(at(phoenix), Asked(dataset=name, version=done.version.id), Copies(tmp_path / "d"), print)
    assert dataset_version(read_examples(here.path)) == dataset_version(many)
    async with connect(at(phoenix)) as connection:
        assert not await compare_with(connection, name, many, delete=True)
        assert [each.id async for each in versions_of(connection, await find_dataset(connection, name))] == [
            done.version.id
        ]


async def test_numbers_that_a_database_writes_in_another_way_are_said_to(phoenix_postgres):
    """1e16 comes back as a whole number: the same number, and another hash."""
    name = phoenix_postgres.unique("numbers")
    done = await pushed(at(phoenix_postgres), name, [example("a", 1e16)])
    assert done.exact is False
    async with connect(at(phoenix_postgres)) as connection:
        assert (await compare_with(connection, name, [example("a", 1e16)], delete=False)).diff.unchanged == 0


async def test_pushing_again_changes_nothing_and_what_changes_is_one_version(phoenix):
    name, address = phoenix.unique("golden"), at(phoenix)
    first = await pushed(address, name, [example("a"), example("b", split="dev"), example("c")])
    async with connect(address) as connection:
        again = await compare_with(
            connection, name, [example("c"), example("b", split="dev"), example("a")], delete=True
        )
    assert not again
    _, before, _ = await held(address, name)
    second = await pushed(address, name, [example("b", "new", output={"a": 1}, split="dev"), example("d")])
    examples, after, versions = await held(address, name)
    assert {each.id: each.input["q"] for each in examples} == {"a": "?", "b": "new", "c": "?", "d": "?"}
    assert versions == [second.version.id, first.version.id]
    nodes = {each.id: each.node_id for each in before}
    assert {each.id: each.node_id for each in after if each.id in nodes} == nodes
    assert (await held(address, name, first.version.id))[0] == golden_examples(name, before)


async def test_what_a_file_lacks_is_removed_only_when_told_and_comes_back_as_what_it_was(phoenix):
    name, address = phoenix.unique("golden"), at(phoenix)
    await pushed(address, name, [example("a"), example("b")])
    _, before, _ = await held(address, name)
    await pushed(address, name, [example("a")], delete=True)
    assert [each.id for each in (await held(address, name))[0]] == ["a"]
    back = await pushed(address, name, [example("a"), example("b", "anew", split="dev")])
    examples, after, _ = await held(address, name)
    assert examples == [example("a"), example("b", "anew", split="dev")]
    assert [each.node_id for each in after] == [each.node_id for each in before]
    assert back.version.description == WHY.message


async def test_splits_change_without_a_version_and_others_memberships_stay(phoenix):
    name, address = phoenix.unique("golden"), at(phoenix)
    first, second = phoenix.unique("split"), phoenix.unique("split")
    done = await pushed(address, name, [example("a", split=first), example("b", split=first), example("c")])
    moved = await pushed(address, name, [example("a", split=second), example("b", split=first), example("c")])
    assert (moved.made, moved.version.id) == (False, done.version.id)
    _, stored, _ = await held(address, name)
    assert [each.splits for each in stored] == [(second,), (first,), ()]
    gone = await pushed(address, name, [example("a"), example("b", split=first), example("c", split=second)])
    _, stored, versions = await held(address, name)
    assert [each.splits for each in stored] == [(), (first,), (second,)]
    assert versions == [gone.version.id]


@pytest.mark.parametrize(("kind", "after"), [("lost", 0), ("lost", 1), ("late", 1), ("garbled", 1)])
async def test_an_answer_that_is_lost_after_the_commit_is_looked_for_and_nothing_is_done_twice(phoenix, kind, after):
    """The first call of a push to a new name makes it, the second puts everything in."""
    name = phoenix.unique("golden")
    async with FaultProxy(
        phoenix.base_url, Fault(kind=kind, method="POST", path="/graphql", after=after, times=1)
    ) as proxy:
        done = await pushed(at(phoenix, proxy.base_url, timeout=2.0), name, [example("a"), example("b")])
    assert (done.made, done.exact) == (True, True)
    examples, _, versions = await held(at(phoenix), name)
    assert ([each.id for each in examples], versions) == (["a", "b"], [done.version.id])


async def test_a_push_that_never_reached_the_server_is_said_and_goes_on_the_next_time(phoenix):
    name = phoenix.unique("golden")
    fault = Fault(kind="reset", method="POST", path="/graphql", after=1)
    async with FaultProxy(phoenix.base_url, fault) as proxy:
        with pytest.raises(PhoenixError, match=r"could not be changed.*was not reached"):
            await pushed(at(phoenix, proxy.base_url), name, [example("a")])
        fault.times = fault.used
        done = await pushed(at(phoenix, proxy.base_url), name, [example("a")])
    assert done.made
    assert len((await held(at(phoenix), name))[2]) == 1


async def test_a_server_that_is_too_old_is_said_to_be(phoenix):
    said = {"data": None, "errors": [{"message": "Unknown type 'PatchDatasetExamplesInput'."}]}
    fault = Fault(kind="status", status=200, body=json.dumps(said), method="POST", path="/graphql", after=1)
    async with FaultProxy(phoenix.base_url, fault) as proxy:
        with pytest.raises(PhoenixError, match="Unknown type") as caught:
            await pushed(at(phoenix, proxy.base_url), phoenix.unique("golden"), [example("a")])
    assert "a newer Phoenix server" in caught.value.next_step


async def test_somebody_elses_change_in_between_is_never_written_over(phoenix):
    name, address = phoenix.unique("golden"), at(phoenix)
    async with connect(address) as connection:
        planned = await compare_with(connection, name, [example("a", "mine")], delete=True)
        await pushed(address, name, [example("z", "theirs")])
        with pytest.raises(PhoenixError, match="somebody else changed the dataset") as caught:
            await push(connection, planned, WHY)
        assert "push again" in caught.value.next_step
        planned = await compare_with(connection, name, [example("a", "mine")], delete=True)
        await pushed(address, name, [example("z", "theirs again")])
        with pytest.raises(PhoenixError, match="somebody else changed the dataset"):
            await push(connection, planned, WHY)
    assert (await held(address, name))[0] == [example("z", "theirs again")]


async def test_two_pushes_at_once_lose_nothing(phoenix):
    """Both may be refused but for one; whoever is told of success is in the dataset."""
    name, address = phoenix.unique("golden"), at(phoenix)
    await pushed(address, name, [example("a")])
    results = await asyncio.gather(
        *(pushed(address, name, [example("a"), example(f"b{n}")]) for n in range(3)), return_exceptions=True
    )
    assert all(isinstance(each, PhoenixError) for each in results if isinstance(each, BaseException))
    there = {each.id for each in (await held(address, name))[0]}
    assert {f"b{n}" for n, each in enumerate(results) if not isinstance(each, BaseException)} < there


async def test_what_phoenix_would_not_keep_as_it_is_is_refused_before_anything_is_asked(phoenix):
    wrong = [example("RGF0YXNldEV4YW1wbGU6MQ=="), example(" a"), example("b", split="dev ")]
    wrong += [example("c", {"deep": [2**64]}), example("d", 1e22), example("e", 2**64 - 1), example("f", -(2**63))]
    with pytest.raises(ErrorGroup) as caught:
        await pushed(at(phoenix), phoenix.unique("golden"), wrong)
    said = str(caught.value)
    assert "reads as one of Phoenix's own ids" in said
    assert "example ' a': its id begins or ends with a space" in said
    assert "example 'b': its split begins or ends with a space" in said
    assert "example 'c': 18446744073709551616 is a number that Phoenix cannot give back" in said
    assert "example 'd': 1e+22 is a number" in said
    assert not any(f"example '{each}'" in said for each in "ef")


async def uploaded(server, name, **body):
    def send():
        content = json.dumps({"action": "append", "name": name, **body}).encode()
        headers = {"Content-Type": "application/json", **server.headers}
        request = urllib.request.Request(f"{server.base_url}/v1/datasets/upload?sync=true", content, headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)["data"]

    return await asyncio.to_thread(send)


async def test_examples_without_ids_get_them_once_with_their_splits(phoenix):
    name, split = phoenix.unique("golden"), phoenix.unique("split")
    inputs = [{"q": 1}, {"q": 2}, {"q": 2}]
    await uploaded(phoenix, name, inputs=inputs, metadata=[{"m": n} for n in range(3)], splits=[split, None, None])
    await uploaded(phoenix, name, inputs=[{"q": 9}], example_ids=["mine"])
    with pytest.raises(DatasetError, match="3 of 4 examples"):
        await held(at(phoenix), name)
    async with connect(at(phoenix)) as connection:
        planned = await repair_of(connection, name)
        assert len({given for _, given in planned.names}) == 3
        version = await repair(connection, planned, WHY)
        assert (await repair_of(connection, name)).names == ()
    examples, stored, versions = await held(at(phoenix), name)
    assert sorted(each.input["q"] for each in examples) == [1, 2, 2, 9]
    assert {each.id for each in examples} == {"mine", *(given for _, given in planned.names)}
    assert [each.splits for each in stored if each.input["q"] == 1] == [(split,)]
    assert (versions[0], version.description) == (version.id, WHY.message)


async def test_a_repair_that_was_cut_off_goes_on(phoenix):
    name = phoenix.unique("golden")
    await uploaded(phoenix, name, inputs=[{"q": 1}, {"q": 2}])
    fault = Fault(kind="status", status=403, method="POST", path="/graphql")
    async with FaultProxy(phoenix.base_url) as proxy, connect(at(phoenix, proxy.base_url)) as connection:
        planned = await repair_of(connection, name)
        proxy.faults.append(fault)
        with pytest.raises(PhoenixError, match="answered 403"):
            await repair(connection, planned, WHY)
        proxy.faults.clear()
        await repair(connection, await repair_of(connection, name), WHY)
    examples, _, _ = await held(at(phoenix), name)
    assert sorted(each.input["q"] for each in examples) == [1, 2]
    assert {each.id for each in examples} == {given for _, given in planned.names}


async def test_a_version_of_another_dataset_is_not_this_ones(phoenix):
    name, other = phoenix.unique("golden"), phoenix.unique("golden")
    await pushed(at(phoenix), name, [example("a")])
    elsewhere = await pushed(at(phoenix), other, [example("a")])
    with pytest.raises(DatasetError, match="has no version"):
        await held(at(phoenix), name, elsewhere.version.id)


async def test_a_pinned_version_is_fetched_once_and_does_without_the_server(phoenix, tmp_path):
    name, said, copies = phoenix.unique("golden"), [], Copies(tmp_path / "datasets")
    done = await pushed(at(phoenix), name, [example("a"), example("b")])
    asked = Asked(dataset=name, version=done.version.id)
    async with FaultProxy(phoenix.base_url) as proxy:
        address = at(phoenix, proxy.base_url)
        first = await pull(address, asked, copies, said.append)
        assert await pull(address, asked, copies, said.append) == first
        assert proxy.count("/examples") == 1
        assert said == [f"pulling {name} from Phoenix at {proxy.base_url}"]
        await pushed(at(phoenix), name, [example("c")])
        assert (await pull(address, asked, copies, said.append)).path == first.path
        newest = await pull(address, Asked(dataset=name), copies, said.append)
        assert newest.version != done.version.id
        assert [each.id for each in read_examples(newest.path)] == ["a", "b", "c"]
        await proxy.down()
        said.clear()
        assert await pull(address, asked, copies, said.append) == first
        assert len(said) == 1
        assert "was not reached" in said[0]
        assert f"the copy of {name} of 20" in said[0]
        with pytest.raises(PhoenixError, match="was not reached") as caught:
            await pull(address, Asked(dataset=name), copies, said.append)
        assert "pinned" in caught.value.next_step


async def test_several_builds_pull_at_once_and_all_have_it(phoenix, tmp_path):
    name, copies = phoenix.unique("golden"), Copies(tmp_path / "datasets")
    await pushed(at(phoenix), name, [example(f"e{n}") for n in range(200)])
    pulls = [pull(at(phoenix), Asked(dataset=name), copies, lambda line: None) for _ in range(6)]
    (path,) = {each.path for each in await asyncio.gather(*pulls)}
    assert len(list(read_examples(path))) == 200
    assert sorted(each.suffix for each in path.parent.iterdir()) == [".json", ".jsonl"]


async def test_a_server_that_refuses_is_not_away(phoenix_auth, tmp_path):
    name, copies = phoenix_auth.unique("golden"), Copies(tmp_path / "datasets")
    done = await pushed(at(phoenix_auth), name, [example("a")])
    asked = Asked(dataset=name, version=done.version.id)
    await pull(at(phoenix_auth), asked, copies, print)
    wrong = Address(name=None, base_url=phoenix_auth.base_url, api_key="sk-wrong-key")
    with pytest.raises(PhoenixError, match=r"refused the key \(401\)") as caught:
        await pull(wrong, asked, copies, print)
    assert "sk-wrong-key" not in str(caught.value)


async def test_other_splits_make_another_copy_and_a_dataset_made_anew_is_not_taken_for_the_pinned_one(
    phoenix, tmp_path
):
    name, said, copies = phoenix.unique("golden"), [], Copies(tmp_path / "datasets")
    split = phoenix.unique("split")
    done = await pushed(at(phoenix), name, [example("a"), example("b")])
    asked = Asked(dataset=name, version=done.version.id)
    first = await pull(at(phoenix), asked, copies, said.append)
    await pushed(at(phoenix), name, [example("a", split=split), example("b")])
    second = await pull(at(phoenix), asked, copies, said.append)
    assert first.path != second.path
    assert [each.split for each in read_examples(second.path)] == [split, None]
    assert any("who is in which split" in line for line in said)
    (note,) = (tmp_path / "datasets").glob("*.json")
    kept = json.loads(note.read_text())
    kept["origin"]["version_created_at"] = "2020-01-01T00:00:00+00:00"
    note.write_text(json.dumps(kept))
    with pytest.raises(DatasetError, match="made the dataset anew") as caught:
        await pull(at(phoenix), asked, copies, said.append)
    assert "evalgate dataset pin" in caught.value.next_step


async def test_a_dataset_that_is_deleted_while_it_is_read_is_said_to_be_gone(phoenix, tmp_path):
    name = phoenix.unique("golden")
    done = await pushed(at(phoenix), name, [example("a")])

    def deleting(method, path):
        if "/examples" in path:
            request = urllib.request.Request(f"{phoenix.base_url}/v1/datasets/{done.dataset.id}", method="DELETE")
            urllib.request.urlopen(request, timeout=30).close()

    async with FaultProxy(phoenix.base_url) as proxy:
        proxy.watched.append(deleting)
        with pytest.raises(PhoenixError) as caught:
            await pull(at(phoenix, proxy.base_url), Asked(dataset=name), Copies(tmp_path / "d"), print)
    assert f"the examples of {name} could not be read" in caught.value.message
    assert caught.value.status == 404
    with pytest.raises(DatasetError, match="has no dataset"):
        await held(at(phoenix), name)
