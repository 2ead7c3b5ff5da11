"""The response cache through the command line: what a second run pays, and where it can run without a model."""

import asyncio
import json
import sqlite3
from contextlib import closing

import pytest

from evalgate.report.formatting import number
from tests.fake_model import Rule
from tests.fake_model.fixtures import fake_model

__all__ = ["fake_model"]

PROMPT = "messages:\n  - {role: user, content: '{\"answer\": {{ q * 2 }} }'}\n"
KEY = "sk-very-secret-0123456789"


@pytest.fixture
def asking(project, fake_model):
    """A prompt on two models, each example asked of both."""
    fake_model.rules = [Rule(usage={"prompt_tokens": 1_000, "completion_tokens": 100})]
    project.suite = {
        "task": {"prompt": "p.yaml", "model": "fake/new", "variables": {"q": "input.q"}, "output": "json"},
        "baseline": {"task": {"model": "fake/old"}},
    }
    project.write("p.yaml", PROMPT)
    project.prepare()
    path = project.folder / "evalgate.yaml"
    endpoint = {"base_url": fake_model.base_url, "api_key_env": "MODEL_KEY", "timeout": 20}
    path.write_text(path.read_text() + f"endpoints: {{fake: {json.dumps(endpoint)}}}\n")
    return project


async def run(project, *arguments, command="run", **env):
    return await asyncio.to_thread(project.evalgate, command, *arguments, **env)


async def test_a_second_run_calls_nobody_and_says_the_same(asking, fake_model):
    first = await run(asking, MODEL_KEY=KEY)
    assert (first.code, fake_model.calls) == (0, 80), first.text
    again = await run(asking, MODEL_KEY=KEY)
    assert (again.code, fake_model.calls) == (0, 80), again.text
    assert "80 from the cache" in again.err
    assert KEY.encode() not in b"".join(path.read_bytes() for path in (asking.folder / ".evalgate").iterdir())


async def test_no_cache_draws_anew_and_keeps_what_it_drew(asking, fake_model):
    await run(asking, MODEL_KEY=KEY)
    assert (await run(asking, "--no-cache", MODEL_KEY=KEY)).code == 0
    assert fake_model.calls == 160
    assert (await run(asking, MODEL_KEY=KEY)).code == 0
    assert fake_model.calls == 160


async def test_a_replay_needs_no_key_and_no_model(asking, fake_model):
    await run(asking, MODEL_KEY=KEY)
    exported = await run(asking, "export", "--to", "answers.db", command="cache")
    assert exported.out == (
        "80 answers written to answers.db; with nothing else: evalgate run --replay --cache answers.db\n"
    )
    before = (asking.folder / "answers.db").read_bytes()
    replayed = await run(asking, "--replay", "--cache", "answers.db")
    assert (replayed.code, fake_model.calls) == (0, 80), replayed.text
    assert (asking.folder / "answers.db").read_bytes() == before


async def test_replay_and_no_cache_contradict_each_other(asking):
    ended = await run(asking, "--replay", "--no-cache")
    assert ended.code == 2
    assert "--replay takes every answer from the cache and --no-cache none" in ended.text


async def test_stats_say_what_is_there_and_clear_removes_it(asking, fake_model):
    none = await run(asking, "stats", command="cache")
    assert none.code == 2
    assert "there is no cache at .evalgate/cache.db" in none.text
    await run(asking, MODEL_KEY=KEY)
    with closing(sqlite3.connect(asking.folder / ".evalgate" / "cache.db")) as db, db:
        db.execute("UPDATE answer SET drawn_at = 1795246900, cost = 0.002")
        db.execute("UPDATE answer SET cost = NULL WHERE model = 'old'")
        size = db.execute("SELECT sum(length(body)) FROM answer").fetchone()[0]
    stats = await run(asking, "stats", command="cache")
    assert stats.out == (
        f".evalgate/cache.db: 80 answers, {number(size / 1e6)} MB, drawn on 2026-11-21\n"
        "\n"
        "  model     answers  cost when drawn\n"
        "  fake/new       40            $0.08\n"
        "  fake/old       40          unknown\n"
    )
    as_json = json.loads((await run(asking, "stats", "--json", command="cache")).out)
    assert (as_json["answers"], as_json["bytes"], as_json["oldest"]) == (80, size, "2026-11-21T07:41:40+00:00")
    assert as_json["models"][0] == {"model": "fake/new", "answers": 40, "usd": 0.08, "unpriced": 0}
    assert as_json["models"][1] == {"model": "fake/old", "answers": 40, "usd": None, "unpriced": 40}
    cleared = await run(asking, "clear", "--older-than", "9999w", command="cache")
    assert cleared.out == "no answers removed from .evalgate/cache.db, 80 left\n"
    cleared = await run(asking, "clear", command="cache")
    assert cleared.out == "80 answers removed from .evalgate/cache.db, 0 left\n"
    assert (
        await run(asking, "stats", command="cache")
    ).out == ".evalgate/cache.db: no answers yet; next: evalgate run\n"


async def test_two_builds_at_once_agree_on_every_sample(asking, fake_model):
    """Both draw what neither finds; each records what is kept, so that its rerun says the same."""
    fake_model.rules = [Rule(reply="random", latency=0.2)]
    path = asking.folder / "evalgate.yaml"
    path.write_text(path.read_text().replace("output: json", "output: text"))
    names = ["one.db", "two.db"]
    await asyncio.gather(*(run(asking, "--no-gate", "--journal", name, MODEL_KEY=KEY) for name in names))
    assert fake_model.calls > 80
    first, second = ({*outputs(asking.folder / name)} for name in names)
    assert len(first) == 80
    assert first == second


def outputs(journal):
    with closing(sqlite3.connect(journal)) as db, db:
        yield from db.execute("SELECT experiment, example_id, sample, output FROM run WHERE failure IS NULL")
