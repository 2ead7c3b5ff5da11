"""`evalgate curate pull` against a real Phoenix: what is taken, what is left and why, and a pull that is ended."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from evalgate.cli.curate.pull import command
from evalgate.curate.candidates import read_candidates
from evalgate.errors import EvalgateError
from evalgate.phoenix.connection import Connection
from evalgate.phoenix.spans import reading, stored
from tests.integration.team import Team, span
from tests.phoenix_server.faults import Fault, FaultProxy

NOW = datetime.now(UTC)


def call(question, answer, *, ago=60.0, lasts=1.0, status="OK", **more):
    """Return a call of a model that ended some minutes `ago`."""
    end = NOW - timedelta(minutes=ago)
    made = span(
        kind="LLM",
        **{
            "llm.input_messages.0.message.role": "user",
            "llm.input_messages.0.message.content": question,
            **(
                {"llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": answer}
                if answer is not None
                else {}
            ),
        }
        if question is not None
        else {},
        **more,
    )
    times = {"start_time": (end - timedelta(seconds=lasts)).isoformat(), "end_time": end.isoformat()}
    return {**made, **times, "status_code": status}


CONFIG = """\
suites:
  s:
    dataset: data/some.jsonl
    task: {python: 'a.py:b'}
    evaluators: [exact_match]
    checks: {exact_match: {at_least: 1.0}}
"""


@pytest.fixture
def pull(tmp_path, phoenix):
    """Pull into the test's own dataset; returns what was said as JSON, or all of it where that failed."""

    async def run(*arguments, dataset="some.jsonl", code=0, **env):
        wanted = [*arguments, "--config", str(tmp_path / "evalgate.yaml"), "--json"]
        if "--profile" not in arguments:
            place = dataset if dataset.startswith("phoenix:") else str(tmp_path / dataset)
            wanted += ["--dataset", place]
        given = {"PHOENIX_ENDPOINT": phoenix.base_url, **env}
        ended = await asyncio.to_thread(CliRunner().invoke, command, wanted, env=given)
        if isinstance(ended.exception, EvalgateError):
            assert ended.exception.exit_code == code, ended.exception
            return str(ended.exception)
        assert ended.exit_code == code, ended.output
        return json.loads(ended.stdout) if code == 0 else ended.output

    (tmp_path / "evalgate.yaml").write_text(CONFIG)
    run.candidates = lambda dataset="some": {
        each.id: each for each in read_candidates(tmp_path / f"{dataset}.candidates.jsonl")
    }
    run.folder = tmp_path
    return run


def id_of(each):
    return f"span:{each['context']['span_id']}"


async def test_a_second_pull_adds_what_is_new_and_golden_examples_are_known(pull, phoenix):
    team, project = Team(phoenix), phoenix.unique("shop")
    first = [call(f"question {n} ☃", f"answer {n}") for n in range(5)]
    await team.spans(project, [*first, call(None, None), call("only asked", None, status="ERROR")])
    golden = {"id": id_of(first[0]), "input": {}}
    curated = {"id": "renamed", "input": {}, "metadata": {"curated": {"span": first[1]["context"]["span_id"]}}}
    (pull.folder / "some.jsonl").write_text(f"{json.dumps(golden)}\n{json.dumps(curated)}\n")
    found = await pull(project)
    assert {key: found[key] for key in ("read", "new", "known", "without_input", "without_output")} == {
        "read": 7,
        "new": 4,
        "known": 2,
        "without_input": 1,
        "without_output": 1,
    }
    one = pull.candidates()[id_of(first[2])]
    assert one.input == {"messages": [{"role": "user", "content": "question 2 ☃"}]}
    assert one.output == {"messages": [{"role": "assistant", "content": "answer 2"}]}
    assert (one.source["project"], one.source["trace"]) == (project, first[2]["context"]["trace_id"])
    before = (pull.folder / "some.candidates.jsonl").read_bytes()
    more = call("one more", "yes")
    await team.spans(project, [more])
    found = await pull(project)
    assert (found["new"], found["known"], found["read"]) == (1, 6, 8)
    after = (pull.folder / "some.candidates.jsonl").read_bytes()
    assert after.startswith(before)
    assert [json.loads(line)["id"] for line in after.removeprefix(before).splitlines()] == [id_of(more)]
    assert [each.name for each in (pull.folder / ".curate").iterdir() if "pulling" in each.name] == []


async def test_the_filters_take_what_they_say(pull, phoenix):
    team, project = Team(phoenix), phoenix.unique("shop")
    gold = call("gold?", "yes", **{"metadata": {"tier": "gold"}, "session.id": "s1"})
    failed = call("failed?", None, status="ERROR", ago=30)
    old = call("old?", "yes", ago=3 * 24 * 60)
    named = {**call("named?", "yes", **{"session.id": "s2"}), "name": "other"}
    chain = span("done", input={"question": "chain?"})
    chain |= {"start_time": gold["start_time"], "end_time": gold["end_time"]}
    await team.spans(project, [gold, failed, old, named, chain])
    await team.say("correctness", {gold["context"]["span_id"]: "bad"}, by="ann", score=0.2)
    await team.say("correctness", {named["context"]["span_id"]: "good"}, by="ann", score=0.9, kind="LLM")

    async def taken(*arguments):
        dataset = f"{uuid.uuid4().hex}.jsonl"
        await pull(project, *arguments, dataset=dataset)
        return set(pull.candidates(dataset.removesuffix(".jsonl")))

    everything = set(map(id_of, (gold, failed, old, named, chain)))
    assert await taken() == everything
    assert await taken("--since", "1d") == everything - {id_of(old)}
    assert await taken("--until", (NOW - timedelta(days=2)).isoformat()) == {id_of(old)}
    assert await taken("--until", "2d") == {id_of(old)}
    assert await taken("--errors", "without") == everything - {id_of(failed)}
    assert await taken("--errors", "only") == {id_of(failed)}
    assert await taken("--attribute", "metadata.tier=gold") == {id_of(gold)}
    assert await taken("--session", "s1", "--session", "s2") == {id_of(gold), id_of(named)}
    assert await taken("--name", "other") == {id_of(named)}
    assert await taken("--kind", "chain") == {id_of(chain)}
    assert await taken("--per", "call") == everything - {id_of(chain)}
    assert await taken("--annotation", "correctness") == {id_of(gold), id_of(named)}
    assert await taken("--annotation", "correctness=bad") == {id_of(gold)}
    assert await taken("--annotation", "correctness>=0.5") == {id_of(named)}
    assert await taken("--annotation", "correctness", "--annotator", "HUMAN") == {id_of(gold)}
    assert await taken("--where", "name == 'other' or status_code == 'ERROR'") == {id_of(named), id_of(failed)}
    assert await taken("--where", "name == 'other'", "--errors", "only") == set()


async def test_what_cannot_be_is_one_message(pull, phoenix):
    team, project = Team(phoenix), phoenix.unique("shop")
    await team.spans(project, [call("q", "a")])
    assert f"did you mean '{project}'" in await pull(f"{project[:-1]}x", code=2)
    assert "does not understand the condition 'name ==='" in await pull(project, "--where", "name ===", code=2)
    assert "since: 'soon' is no time" in await pull(project, "--since", "soon", code=2)
    assert "until: '2026-02-31' is no time" in await pull(project, "--until", "2026-02-31", code=2)
    assert "nothing lies between" in await pull(project, "--since", "1d", "--until", "2d", code=2)
    now = await pull(project, "--since", "0d", code=2)
    assert "since 0d is not before now: nothing lies between; say an earlier --since" in now
    assert "since: '' is no time" in await pull(project, "--since", "", code=2)
    assert "no score" in await pull(project, "--annotation", "a>=b", code=2)
    away = await pull(project, code=4, PHOENIX_ENDPOINT="http://127.0.0.1:9")
    assert "was not reached" in away
    (pull.folder / "some.candidates.jsonl").write_text("{}\n")
    assert "some.candidates.jsonl:1:1" in await pull(project, code=2)


async def test_odd_spans_are_taken_marked_or_left_and_counted(pull, phoenix):
    """Spans that still arrive, clocks that are wrong, circles, ids that are none, large and malformed ones."""
    team, project = Team(phoenix), phoenix.unique("shop")
    now = datetime.now(UTC)
    arriving = {**call("arriving", "a"), "end_time": now.isoformat()}
    ahead = call("ahead", "a")
    ahead |= {"start_time": (now + timedelta(days=1)).isoformat(), "end_time": (now + timedelta(days=1)).isoformat()}
    large = call("x" * 10_000_000, "a")
    deep = call(None, None, **{"input.value": "[" * 99 + "1" + "]" * 99, "input.mime_type": "application/json"})
    malformed = call(None, None, **{"input.value": '{"q": ', "input.mime_type": "application/json"})
    a, b = call("circle a", "a"), call("circle b", "b")
    b["context"]["trace_id"] = a["context"]["trace_id"]
    a["parent_id"], b["parent_id"] = b["context"]["span_id"], a["context"]["span_id"]
    await team.spans(project, [arriving, ahead, large, deep, malformed, a, b])
    found = await pull(project)
    assert {key: found[key] for key in ("read", "new", "arriving", "too_large")} == {
        "read": 5,
        "new": 2,
        "arriving": 1,
        "too_large": 2,
    }
    candidates = pull.candidates()
    assert candidates[id_of(ahead)].marks == {"clock": "it began after it was pulled"}
    assert candidates[id_of(malformed)].marks == {"malformed": ["input"]}
    assert candidates[id_of(malformed)].input == {"messages": [{"role": "user", "content": '{"q": '}]}
    found = await pull(project, "--per", "call", "--settle", "0s")
    assert (found["new"], found["known"]) == (3, 2)


async def test_a_root_that_says_nothing_has_the_first_question_and_the_last_answer_below_it(pull, phoenix):
    team, project = Team(phoenix), phoenix.unique("shop")
    root = {**call(None, None), "span_kind": "CHAIN"}
    calls = [call(f"question {n}", f"answer {n}", ago=60 - n) for n in range(3)]
    for each in calls:
        each["context"]["trace_id"] = root["context"]["trace_id"]
        each["parent_id"] = root["context"]["span_id"]
    own = {**call(None, None), "span_kind": "CHAIN"}
    own["attributes"] |= {
        "input.value": '{"question": "own?", "lang": "en"}',
        "input.mime_type": "application/json",
        "output.value": "plain",
    }
    await team.spans(project, [*calls[::-1], own, root])
    found = await pull(project)
    assert (found["read"], found["new"]) == (2, 2)
    candidates = pull.candidates()
    assert candidates[id_of(root)].input["messages"][0]["content"] == "question 0"
    assert candidates[id_of(root)].output["messages"][0]["content"] == "answer 2"
    assert candidates[id_of(own)].input == {"question": "own?", "lang": "en"}
    assert candidates[id_of(own)].output == {"messages": [{"role": "assistant", "content": "plain"}]}


@pytest.mark.parametrize("when", ["a page", "the merge"])
async def test_a_pull_that_is_killed_goes_on_and_ends_as_it_would_have(pull, phoenix, when):
    team, project = Team(phoenix), phoenix.unique("shop")
    await team.spans(project, [call(f"question {n}", f"answer {n}") for n in range(60)])
    whole = await pull(project, dataset="whole.jsonl")
    place = f"evalgate.curate.pulling.spool.Spool.{'add' if when == 'a page' else 'clear'}"
    program = f"""
import os, sys
from evalgate.cli import main
from evalgate.curate.pulling import spool, pull
from evalgate.phoenix.spans import reading, stored
reading._FIRST = 8
stored._SPANS = 8
owner, name = spool.Spool, {place.rpartition(".")[2]!r}
done, calls = getattr(owner, name), []
def killed(self, *given):
    calls.append(1)
    if len(calls) == {4 if when == "a page" else 2}:
        with open(self.file, "ab") as file:
            file.write(b'{{"id": "torn')
        os.kill(os.getpid(), {int(signal.SIGKILL)})
    return done(self, *given)
setattr(owner, name, killed)
sys.argv = ["evalgate", "curate", "pull", {project!r}, "--dataset", "some.jsonl"]
main()
"""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program),
        cwd=pull.folder,
        env={**os.environ, "PHOENIX_ENDPOINT": phoenix.base_url, "PYTHONPATH": str(Path.cwd())},
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == -signal.SIGKILL
    if when == "the merge":
        with (pull.folder / ".curate" / "some.candidates.pulling.jsonl").open("r+b") as file:
            file.seek(-12, os.SEEK_END)
            file.truncate()
    found = await pull(project)
    assert found["resumed"]
    assert (found["read"], found["new"], found["known"]) == (whole["read"], 60, 0)
    assert list(pull.candidates()) == list(pull.candidates("whole"))
    assert not (pull.folder / ".curate" / "some.candidates.pulling.jsonl").exists()


async def test_what_the_same_again_does_not_mend_has_its_next_step(pull, phoenix):
    project = phoenix.unique("shop")
    await Team(phoenix).spans(project, [call("question", "a")])
    async with FaultProxy(phoenix.base_url) as proxy:
        proxy.faults = [Fault(kind="status", status=404, path="/spans")]
        said = await pull(project, code=4, PHOENIX_ENDPOINT=proxy.base_url)
    assert said.endswith("next: check the address and the names; then run the same again: it goes on")


async def test_a_server_that_goes_away_loses_nothing(pull, phoenix, monkeypatch):
    team, project = Team(phoenix), phoenix.unique("shop")
    await team.spans(project, [call(f"question {n}", "a") for n in range(40)])
    monkeypatch.setattr(reading, "_FIRST", 8)
    monkeypatch.setattr(stored, "_SPANS", 8)
    async with FaultProxy(phoenix.base_url) as proxy:
        proxy.faults = [Fault(kind="status", status=500, path="/spans", after=2)]
        said = await pull(project, code=4, PHOENIX_ENDPOINT=proxy.base_url)
        assert "answered 500: out of order; what was read so far is kept" in said
        assert said.endswith("next: run the same again: it goes on")
        proxy.faults = []
        found = await pull(project, PHOENIX_ENDPOINT=proxy.base_url)
    assert (found["resumed"], found["new"], found["read"]) == (True, 40, 40)
    assert len(pull.candidates()) == 40


async def test_what_came_of_it_is_said_in_a_line(pull, phoenix):
    team, project = Team(phoenix), phoenix.unique("shop")
    await team.spans(project, [call("q", "a"), call("q", None), call(None, None)])
    wanted = [project, "--dataset", str(pull.folder / "some.jsonl")]
    env = {"PHOENIX_ENDPOINT": phoenix.base_url}
    ended = await asyncio.to_thread(CliRunner().invoke, command, wanted, env=env)
    assert ended.stdout.splitlines()[:2] == ["2 new of 3; 1 without input", "1 of the new ones has no output"]
    ended = await asyncio.to_thread(CliRunner().invoke, command, [*wanted, "--name", "none"], env=env)
    assert ended.stdout.splitlines()[1].startswith(
        f"no trace of {project} that began in the last 7d is as asked; next: an earlier --since"
    )
    assert "--per call takes what is below" in ended.stdout


async def test_spans_that_are_large_come_in_smaller_pages(pull, phoenix, monkeypatch):
    team, project = Team(phoenix), phoenix.unique("shop")
    spans = [call(f"{n} " + "x" * 3000, "a") for n in range(20)]
    await team.spans(project, spans)
    monkeypatch.setattr(stored, "_LARGE", 10_000)
    sizes = []
    bounded = Connection.rest

    async def watched(self, *given, **more):
        sizes.append(more.get("query", {}).get("limit"))
        return await bounded(self, *given, **more)

    monkeypatch.setattr(Connection, "rest", watched)
    assert (await pull(project))["new"] == 20
    assert list(pull.candidates()) == list(map(id_of, spans))
    assert sizes[sizes.index(200) :][:3] == [200, 25, 3]


async def test_a_profile_says_it_once_and_a_flag_overrides_it(pull, phoenix):
    team, project = Team(phoenix), phoenix.unique("shop")
    await team.spans(project, [call("q", "a"), call("failed", "a", status="ERROR")])
    (pull.folder / "evalgate.yaml").write_text(
        CONFIG + f"curate:\n  profiles:\n    shop: {{project: {project}, errors: without, dataset: data/some.jsonl}}\n"
    )
    assert (await pull("--profile", "shop"))["new"] == 1
    assert (await pull("--profile", "shop", "--errors", "with"))["new"] == 1
    assert len(pull.candidates("data/some")) == 2
    assert "did you mean `shop`" in await pull("--profile", "shpo", code=2)


async def test_a_dataset_in_phoenix_knows_its_spans(pull, phoenix):
    team, project = Team(phoenix), phoenix.unique("shop")
    spans = [call(f"q {n}", "a") for n in range(3)]
    await team.spans(project, spans)
    _, name = await team.dataset([{"id": id_of(spans[0]), "input": {"q": 1}, "output": {"a": 1}}])
    found = await pull(project, dataset=f"phoenix:{name}")
    assert (found["new"], found["known"]) == (2, 1)
    assert set(pull.candidates(f"curate/{name}")) == {id_of(each) for each in spans[1:]}


async def test_a_dataset_on_another_server_than_the_spans_is_looked_up_there(pull, phoenix):
    team, project = Team(phoenix), phoenix.unique("shop")
    await team.spans(project, [call("q", "a")])
    (pull.folder / "evalgate.yaml").write_text(
        CONFIG
        + "phoenix: {servers: {shop: {endpoint_env: SHOP}, golden: {endpoint_env: GOLDEN}}}\n"
        + "curate:\n  profiles:\n    shop:\n"
        + f"      {{project: {project}, server: shop, dataset: {{phoenix: some, server: golden}}}}\n"
    )
    nobody = "http://127.0.0.1:9"
    assert nobody in await pull("--profile", "shop", code=4, SHOP=phoenix.base_url, GOLDEN=nobody)
    assert (await pull("--profile", "shop", SHOP=phoenix.base_url, GOLDEN=phoenix.base_url))["new"] == 1
