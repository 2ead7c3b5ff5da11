"""`evalgate curate push` in files and on a real Phoenix: once, linked, with its history, however it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import uuid
from pathlib import Path

import pytest
from click.testing import CliRunner

from evalgate.cli.curate.places import decided_candidates
from evalgate.cli.curate.push import command
from evalgate.cli.dataset_history import history as history_command
from evalgate.curate.candidates import Candidate, State, Step, read_candidates, write_candidates
from evalgate.curate.holding import held
from evalgate.curate.reviewing.reviews import Review, append_reviews
from evalgate.curate.reviewing.standing import seen_of
from evalgate.errors import EvalgateError
from evalgate.golden.reading import read_examples
from evalgate.phoenix.address import Address
from evalgate.phoenix.connection import connect
from evalgate.phoenix.datasets.history import history
from evalgate.phoenix.datasets.reading import find_dataset, find_version, read_version
from tests.integration.team import Team, span
from tests.phoenix_server.faults import Fault, FaultProxy

PULLED = Step(at="2026-01-05T12:00:00+00:00", what="pulled", by="evalgate")
WHEN = "2026-01-06T09:00:00+00:00"


def candidate(question="?", *, span_id=None, trace="ab" * 16, project="shop", split=None):
    own = span_id or uuid.uuid4().hex[:16]
    return Candidate(
        id=f"span:{own}",
        input={"messages": [{"role": "user", "content": question}]},
        output={"messages": [{"role": "assistant", "content": f"{question} ☃"}]},
        metadata={"lang": "en"},
        split=split,
        state=State.CHOSEN,
        source={"server": "http://x", "project": project, "trace": trace, "span": own},
        history=(PULLED,),
    )


@pytest.fixture
def store(tmp_path, phoenix):
    """Candidates of a file or a dataset in Phoenix, and pushing them."""
    return Store(tmp_path, phoenix)


class Store:
    def __init__(self, folder, server):
        self.folder, self.server = folder, server
        (folder / "evalgate.yaml").write_text(
            "suites: {s: {dataset: some.jsonl, task: {python: 'a.py:b'}, evaluators: [exact_match],"
            " checks: {exact_match: {at_least: 1.0}}}}\n"
        )

    def candidates(self, name="some"):
        return self.folder / f"{name}.candidates.jsonl"

    def accept(self, *made, name="some", by="ann", rejected=()):
        path = self.candidates(name)
        write_candidates(path, [*read_candidates(path), *made])
        reviews = [
            Review(
                id=each.id,
                who=by,
                at=WHEN,
                decision="rejected" if each in rejected else "accepted",
                seen=seen_of(each),
                reason="right",
            )
            for each in made
        ]
        append_reviews(path, reviews)

    def states(self, name="some"):
        return {each.id: each.state.value for each in decided_candidates(self.candidates(name))}

    async def push(self, *arguments, dataset="some.jsonl", code=0, yes=True, url=None):
        place = dataset if dataset.startswith("phoenix:") else str(self.folder / dataset)
        wanted = [
            *("--dataset", place, "--config", str(self.folder / "evalgate.yaml"), "--json", *arguments),
            *(["--yes"] if yes else []),
        ]
        env = {"PHOENIX_ENDPOINT": url or self.server.base_url}
        ended = await asyncio.to_thread(CliRunner().invoke, command, wanted, env=env)
        if isinstance(ended.exception, EvalgateError):
            assert ended.exception.exit_code == code, ended.exception
            return str(ended.exception)
        assert ended.exit_code == code, ended.output + str(ended.exception)
        return json.loads(ended.stdout) if code == 0 else ended.output

    async def held(self, name):
        """What Phoenix holds: its examples by id, and the dataset's versions, newest first."""
        address = Address(name=None, base_url=self.server.base_url, api_key=None, timeout=60.0)
        async with connect(address) as connection:
            dataset = await find_dataset(connection, name)
            version = await find_version(connection, dataset, None)
            stored = {each.id: each for each in await read_version(connection, dataset, version)}
            return stored, await history(connection, dataset, limit=10)


async def test_two_names_of_one_dataset_are_pushed_one_after_the_other(store):
    (store.folder / "other.jsonl").symlink_to("some.jsonl")
    one, two = candidate("one"), candidate("two")
    store.accept(one)
    store.accept(two, name="other")
    with held(store.folder / "some.jsonl"):
        refused = await store.push(dataset="other.jsonl", code=2)
    assert "another step is at work on" in refused
    assert store.states("other") == {two.id: "accepted"}
    await store.push()
    await store.push(dataset="other.jsonl")
    assert {each.id for each in read_examples(store.folder / "some.jsonl")} == {one.id, two.id}
    assert (store.folder / "other.jsonl").is_symlink()


async def test_accepted_candidates_go_into_the_file_once_with_what_was_done_to_them(store):
    file = store.folder / "some.jsonl"
    before = '{"metadata": {"z": 1, "a": 2},   "id": "old", "input": {"q": 1.0}}'  # without a line end
    file.write_text(before)
    first, second, third = candidate("one", split="regression"), candidate("two"), candidate("three")
    store.accept(first, second, third, rejected=(third,))
    refused = await store.push(yes=False, code=2)
    assert "--yes" in refused
    assert file.read_text() == before
    done = await store.push()
    assert (done["added"], done["known"]) == ([first.id, second.id], [])
    assert done["tag"].startswith("golden-20")
    assert file.read_text().startswith(before + "\n")
    old, one, two = read_examples(file)
    assert (old.id, one.id, two.id, one.split) == ("old", first.id, second.id, "regression")
    assert (one.input, one.output) == (first.input, first.output)
    curated = one.metadata["curated"]
    assert {key: curated[key] for key in ("span", "trace", "project")} == {
        key: first.source[key] for key in ("span", "trace", "project")
    }
    assert [(each["what"], each["by"], each.get("why")) for each in curated["history"]] == [
        ("pulled", "evalgate", None),
        ("accepted", "person", "ann: right"),
    ]
    assert store.states() == {first.id: "golden", second.id: "golden", third.id: "rejected"}
    marked = next(read_candidates(store.candidates()))
    assert marked.marks["pushed"] == {"tag": done["tag"], "dataset": "some.jsonl", "version": done["version"]}
    content = file.read_bytes(), store.candidates().read_bytes()
    again = await store.push()
    assert (again["added"], again["known"]) == ([], [])
    assert (file.read_bytes(), store.candidates().read_bytes()) == content


async def test_a_push_is_finished_by_the_next_one_wherever_it_was_killed(store):
    made = [candidate("one"), candidate("two")]
    store.accept(*made)
    accepted = store.candidates().read_bytes()
    done = await store.push()
    content = (store.folder / "some.jsonl").read_bytes()
    golden = store.candidates().read_bytes()
    store.candidates().write_bytes(accepted)  # killed after the dataset, before the candidates
    again = await store.push()
    assert (again["added"], again["known"]) == ([], [each.id for each in made])
    assert (again["tag"], again["version"]) == (done["tag"], done["version"])
    assert (store.folder / "some.jsonl").read_bytes() == content
    read = [json.loads(line) for line in store.candidates().read_bytes().splitlines()]
    was = [json.loads(line) for line in golden.splitlines()]
    for each in (*read, *was):
        each["history"][-1].pop("at")
    assert read == was


async def test_what_was_edited_in_the_dataset_stays_unless_it_is_to_be_replaced(store):
    one = candidate("one")
    store.accept(one)
    edited = {"id": one.id, "input": {"q": "somebody's own"}}
    (store.folder / "some.jsonl").write_text(json.dumps(edited) + "\n")
    done = await store.push()
    assert (done["differing"], done["added"], done["replaced"]) == ([one.id], [], [])
    assert json.loads((store.folder / "some.jsonl").read_text()) == edited
    assert store.states() == {one.id: "accepted"}
    done = await store.push("--replace")
    assert done["replaced"] == [one.id]
    assert [each.input for each in read_examples(store.folder / "some.jsonl")] == [one.input]
    assert store.states() == {one.id: "golden"}


async def test_a_span_that_is_golden_under_another_id_is_not_there_twice(store):
    one = candidate("one")
    store.accept(one)
    renamed = {"id": "renamed", "input": {}, "metadata": {"curated": {"span": one.source["span"]}}}
    (store.folder / "some.jsonl").write_text(json.dumps(renamed) + "\n")
    done = await store.push()
    assert (done["added"], done["known"]) == ([], [one.id])
    (after,) = read_candidates(store.candidates())
    assert (after.state, after.marks["pushed"]["as"]) == (State.GOLDEN, "renamed")
    assert len((store.folder / "some.jsonl").read_text().splitlines()) == 1


async def test_in_phoenix_they_are_linked_to_their_spans_in_a_version_that_says_why(store, phoenix):
    team, project, name = Team(phoenix), phoenix.unique("shop"), phoenix.unique("golden")
    spans = [span("yes", input="q") for _ in range(2)]
    await team.spans(project, spans)
    contexts = [each["context"] for each in spans]
    made = [candidate(str(n), span_id=each["span_id"], project=project) for n, each in enumerate(contexts)]
    gone = candidate("its span was deleted", project=project)
    await asyncio.to_thread(_place, store, name, made, gone)
    done = await store.push("--tag", "first", dataset=f"phoenix:{name}")
    stored, versions = await store.held(name)
    assert {each.id: each.span_id for each in stored.values()} == {
        made[0].id: contexts[0]["span_id"],
        made[1].id: contexts[1]["span_id"],
        gone.id: None,
    }
    assert done["phoenix"]["unlinked"] == [gone.id]
    assert stored[made[0].id].metadata["curated"]["history"][1]["why"] == "ann: right"
    newest = versions[0]
    assert newest.version == done["version"]
    assert newest.message == f"first: 3 examples made of spans of {project}; accepted: 3 by a person"
    assert (newest.added, newest.edited, newest.examples) == (3, 0, 3)
    again = await store.push(dataset=f"phoenix:{name}")
    assert (again["added"], again["version"]) == ([], None)
    assert [each.version for each in (await store.held(name))[1]] == [each.version for each in versions]


def _place(store, name, made, gone):
    (store.folder / "curate").mkdir()
    store.accept(*made, gone, name=f"curate/{name}")


@pytest.mark.parametrize("after", [0, 1, 2], ids=["first", "between", "answer lost"])
async def test_phoenix_away_in_the_middle_is_exit_4_and_the_same_again_finishes(store, phoenix, after):
    team, project, name = Team(phoenix), phoenix.unique("shop"), phoenix.unique("golden")
    own = span("yes", input="q")
    await team.spans(project, [own])
    one = candidate("one", span_id=own["context"]["span_id"], project=project)
    store.accept(one)
    fault = [
        Fault(kind="status", status=500, method="POST", path="datasets/upload"),
        Fault(kind="status", status=500, method="POST", path="graphql", after=1),  # the first one makes the dataset
        Fault(kind="lost", method="POST", path="datasets/upload"),
    ][after]
    async with FaultProxy(phoenix.base_url, fault) as proxy:
        said = await store.push("--phoenix", name, url=proxy.base_url, code=4)
    assert "run the same again" in said
    assert store.states() == {one.id: "accepted"}
    assert [each.id for each in read_examples(store.folder / "some.jsonl")] == [one.id]
    done = await store.push("--phoenix", name)
    assert store.states() == {one.id: "golden"}
    stored, versions = await store.held(name)
    assert {each.id: each.span_id for each in stored.values()} == {one.id: own["context"]["span_id"]}
    assert (versions[0].version, versions[0].added, versions[0].edited) == (done["phoenix"]["version"], 1, 0)
    assert versions[0].message.startswith(done["tag"])
    assert (await store.push("--phoenix", name))["phoenix"]["version"] == versions[0].version
    assert len((await store.held(name))[1]) == len(versions) == 2


KILLED = """
import inspect, os, sys
from evalgate.cli import main
import evalgate.{module} as module
done = module.{name}
async def late(*given, **more):
    await done(*given, **more)
    os.kill(os.getpid(), 9)
def soon(*given, **more):
    done(*given, **more)
    os.kill(os.getpid(), 9)
module.{name} = late if inspect.iscoroutinefunction(done) else soon
sys.argv = ["evalgate", "curate", "push", "--dataset", "some.jsonl", "--phoenix", {dataset!r}, "--yes"]
main()
"""


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("curate.pushing.golden_file", "put"),
        ("phoenix.datasets.pushing", "upload_linked"),
        ("phoenix.datasets.pushing", "patch_examples"),
        ("curate.candidates", "write_candidates"),
    ],
)
async def test_killed_anywhere_the_same_again_ends_as_it_would_have(store, phoenix, module, name):
    team, project, dataset = Team(phoenix), phoenix.unique("shop"), phoenix.unique("golden")
    own = [span("yes", input="q") for _ in range(2)]
    await team.spans(project, own)
    made = [candidate(str(n), span_id=each["context"]["span_id"], project=project) for n, each in enumerate(own)]
    store.accept(*made)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", KILLED.format(module=module, name=name, dataset=dataset)),
        cwd=store.folder,
        env={**os.environ, "PHOENIX_ENDPOINT": phoenix.base_url, "PYTHONPATH": str(Path.cwd())},
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == -signal.SIGKILL
    done = await store.push("--phoenix", dataset)
    assert [each.id for each in read_examples(store.folder / "some.jsonl")] == [each.id for each in made]
    stored, versions = await store.held(dataset)
    assert {each.id: each.span_id for each in stored.values()} == {each.id: each.source["span"] for each in made}
    assert (versions[0].message or "").startswith(f"{done['tag'] or 'golden-'}")
    assert [(each.added, each.edited, each.message is None) for each in versions] == [
        (2, 0, False),
        (None, None, True),  # the upload: Phoenix takes no description with it
    ]
    assert set(store.states().values()) == {"golden"}
    history_of = await asyncio.to_thread(
        CliRunner().invoke,
        history_command,
        [dataset, made[0].source["span"], "--config", str(store.folder / "evalgate.yaml"), "--json"],
        env={"PHOENIX_ENDPOINT": phoenix.base_url},
    )
    events = json.loads(history_of.stdout)["events"]
    assert [each["what"] for each in events] == ["pulled", "accepted", "added"]
    assert events[-1]["where"] == f"version {versions[0].version}"
