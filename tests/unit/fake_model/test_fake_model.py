"""The fake server itself: other tests rest on it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.fake_model import FAULTS, FakeModel, Rule
from tests.fake_model.fixtures import fake_model

__all__ = ["fake_model"]


async def post(fake: FakeModel, path: str, body: object) -> dict:
    async with aiohttp.ClientSession() as session, session.post(fake.base_url + path, json=body) as reply:
        return await reply.json()


async def test_equal_requests_get_equal_answers_and_random_ones_differ_by_draw_and_repeat_by_seed():
    async def answers() -> list[str]:
        async with FakeModel(Rule(when="dice", reply="random"), seed=5) as fake:
            bodies = [
                {"model": "m", "messages": [{"role": "user", "content": text}]} for text in ("hi", "dice", "dice")
            ]
            replies = [await post(fake, "/chat/completions", body) for body in bodies]
            return [reply["choices"][0]["message"]["content"] for reply in replies]

    first = await answers()
    assert first[0] == "hi"
    assert first[1] != first[2]
    assert await answers() == first


async def test_the_responses_api_answers_too(fake_model):
    reply = await post(fake_model, "/responses", {"model": "m", "input": "ping"})
    assert reply["output"][0]["content"][0]["text"] == "ping"


async def test_rules_are_set_and_calls_counted_over_http(fake_model):
    root = fake_model.base_url.removesuffix("/v1")
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{root}/__rules", json=[{"fault": "status", "status": 418, "times": 1}]) as reply:
            assert reply.status == 200
        async with session.post(f"{root}/__rules", json=[{"falt": "x"}]) as reply:
            assert (reply.status, "unknown keys: falt" in await reply.text()) == (400, True)
        body = {"model": "m", "messages": []}
        for status in (418, 200):
            async with session.post(fake_model.base_url + "/chat/completions", json=body) as reply:
                assert reply.status == status
        async with session.get(f"{root}/__calls") as reply:
            assert await reply.json() == {"total": 2, "by_model": {"m": 2}, "most_in_flight": 1}
        async with session.post(f"{root}/__reset") as reply:
            assert reply.status == 200
    assert (fake_model.calls, fake_model.rules) == (0, [])


async def test_a_share_of_calls_fails_and_it_is_the_same_share_every_time(fake_model):
    fake_model.rules = [Rule(fault="status", status=500, share=0.3)]
    body = {"model": "m", "messages": []}
    failed = [number for number in range(60) if "error" in await post(fake_model, "/chat/completions", body)]
    assert 8 <= len(failed) <= 28
    fake_model.forget()
    assert [n for n in range(60) if "error" in await post(fake_model, "/chat/completions", body)] == failed


def test_an_unknown_fault_is_refused_with_the_list():
    with pytest.raises(ValueError, match="'429' is no fault: status"):
        Rule(fault="429")
    assert "hang" in FAULTS


def test_it_runs_as_a_program_and_stops_when_told(tmp_path):
    (tmp_path / "rules.json").write_text('[{"reply": "canned"}]')
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.fake_model", "--rules", str(tmp_path / "rules.json")],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert program.stdout.readline().startswith("http://127.0.0.1:")
        program.send_signal(signal.SIGTERM)
        assert program.wait(10) == 0
    finally:
        program.kill()
        program.communicate()
