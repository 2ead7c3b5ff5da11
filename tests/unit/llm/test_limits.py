"""Limits of an endpoint: what it says of itself, what the config says, and what a 429 does to everybody."""

from __future__ import annotations

import asyncio
import time

import pytest

from evalgate.llm.bucket import Bucket
from evalgate.llm.limits import Limits
from evalgate.llm.ratelimits import Stated, stated_limits
from tests.fake_model import Rule, Throttle
from tests.unit.llm.test_transport import ask, endpoint_of

DATE = "Sat, 21 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0),
        ("120ms", 0.12),
        ("6m0s", 360.0),
        ("1h2m3.5s", 3723.5),
        ("1d", 86_400.0),
        ("12", 12.0),
        ("2026-11-21T10:00:09Z", 9.0),
        ("soon", 60.0),
        (None, 60.0),
    ],
)
def test_times_are_read_in_every_form(text, seconds):
    headers = {"x-ratelimit-limit-tokens": "1000", "x-ratelimit-remaining-tokens": "250", "date": DATE}
    if text is not None:
        headers["x-ratelimit-reset-tokens"] = text
    assert list(stated_limits(headers)) == [Stated(kind="tokens", limit=1000, remaining=250, reset=seconds)]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-ratelimit-limit-requests": "100"},
        {"x-ratelimit-remaining-requests": "many"},
        {"x-ratelimit-remaining-requests": "nan", "x-ratelimit-limit-requests": "inf"},
        {"x-ratelimit-remaining-requests": "-1"},
        {"x-ratelimit-remaining-requests": "0", "x-ratelimit-limit-requests": "0"},
    ],
)
def test_what_says_nothing_is_left_out(headers):
    assert list(stated_limits(headers)) == []


def test_anthropics_names_are_read_too():
    headers = {
        "anthropic-ratelimit-requests-limit": "50",
        "anthropic-ratelimit-requests-remaining": "49",
        "anthropic-ratelimit-requests-reset": "2026-11-21T10:00:02Z",
        "date": DATE,
    }
    assert list(stated_limits(headers)) == [Stated(kind="requests", limit=50, remaining=49, reset=2.0)]


def test_a_bucket_keeps_its_rate_in_every_minute_its_first_burst_included():
    bucket, now, sent = Bucket.per_minute(60, 0.0, burst=1), 0.0, []
    while len(sent) < 200:
        now += bucket.wait(1, now)
        bucket.take(1, now)
        sent.append(now)
    assert max(sum(start <= at < start + 60 for at in sent) for start in sent) <= 60
    assert sent[59] - sent[0] < 62


def test_what_was_underestimated_is_owed_and_what_was_overestimated_comes_back():
    bucket = Bucket(capacity=100, rate=10, level=100, now=0)
    bucket.take(80, 0)
    assert bucket.wait(50, 0) == pytest.approx(3.0)
    bucket.take(40, 0)
    assert bucket.wait(50, 0) == pytest.approx(7.0)
    bucket.take(-200, 0)
    assert bucket.wait(100, 0) == 0.0


def test_a_call_larger_than_the_limit_goes_when_the_bucket_is_full_and_no_wait_is_for_ever():
    bucket = Bucket(capacity=100, rate=10, level=0, now=0)
    assert bucket.wait(1_000, 0) == pytest.approx(10.0)
    assert Bucket(capacity=10, rate=0, level=0, now=0).wait(1, 0) == 60.0
    assert Bucket(capacity=10, rate=0.001, level=0, now=0).wait(1, 0) == 60.0


def test_what_the_endpoint_says_is_taken_over_unless_more_is_on_its_way():
    bucket = Bucket(capacity=10, rate=1, level=10, now=0)
    bucket.learn(limit=100, remaining=40, reset=6, now=0)
    assert bucket.wait(11, 0) == pytest.approx(0.1)
    bucket = Bucket(capacity=100, rate=1, level=100, now=0)
    bucket.learn(limit=100, remaining=40, reset=6, now=0)
    assert bucket.wait(41, 0) == pytest.approx(0.1)


async def test_requests_a_minute_are_spread(fake_model, transport):
    endpoint = endpoint_of(fake_model, requests_per_minute=600)
    began = time.monotonic()
    await asyncio.gather(*(ask(transport, endpoint, str(n)) for n in range(20)))
    # ten at once, ten more at 9.8 a second
    assert 0.9 < time.monotonic() - began < 2.5


async def test_tokens_a_minute_are_spread_by_what_answers_take(fake_model, transport):
    fake_model.rules = [Rule(usage={"prompt_tokens": 900, "completion_tokens": 100})]
    endpoint = endpoint_of(fake_model, tokens_per_minute=120_000, concurrency=2)
    began = time.monotonic()
    await asyncio.gather(*(ask(transport, endpoint, str(n)) for n in range(24)))
    # twenty thousand at once, the rest at 1,960 a second
    assert 1.2 < time.monotonic() - began < 4


@pytest.mark.parametrize("told", [("retry-after", "x-ratelimit"), ("x-ratelimit",), ("retry-after",), ()])
async def test_an_endpoint_that_throttles_gets_what_it_bears_and_loses_nothing(fake_model, transport, told):
    fake_model.throttle = Throttle(requests=20, seconds=0.5, told=told)
    fake_model.rules = [Rule(latency=0.05)]
    endpoint = endpoint_of(fake_model, concurrency=16, timeout=30)
    began = time.monotonic()
    replies = await asyncio.gather(*(ask(transport, endpoint, str(n)) for n in range(80)))
    took = time.monotonic() - began
    assert [reply.text for reply in replies] == [str(n) for n in range(80)]
    # 20 at once and 40 a second: 1.5 s at best
    assert took < 6
    assert fake_model.refused <= (16 if "x-ratelimit" in told else 160)


async def test_a_429_pauses_every_call_of_the_endpoint_and_of_no_other(fake_model, transport):
    fake_model.rules = [Rule(fault="status", status=429, headers={"Retry-After": "0.5"}, times=1)]
    endpoint = endpoint_of(fake_model, concurrency=4)
    first = asyncio.create_task(ask(transport, endpoint, "first"))
    await asyncio.sleep(0.15)
    began = time.monotonic()
    await ask(transport, endpoint_of(fake_model, name="other"), "elsewhere")
    assert time.monotonic() - began < 0.2
    await ask(transport, endpoint, "second")
    assert 0.2 < time.monotonic() - began < 2
    assert (await first).attempts == 2


async def test_the_window_halves_when_everything_is_refused_and_opens_again_call_by_call():
    limits = Limits(concurrency=8, requests_per_minute=None, tokens_per_minute=None, jitter=lambda: 0.0)
    passes = [await limits.enter(10, again=False) for _ in range(8)]
    for one in passes:
        limits.throttled(one, None)
        limits.leave(one)
    assert limits._window == 4  # once for all that were on their way together
    for _ in range(40):
        one = await limits.enter(10, again=False)
        limits.answered(one, None)
        limits.leave(one)
    assert limits._window == 8


async def test_whoever_gives_up_waiting_leaves_the_queue_and_takes_no_slot():
    limits = Limits(concurrency=1, requests_per_minute=None, tokens_per_minute=None, jitter=lambda: 0.0)
    held = await limits.enter(1, again=False)
    waiting = [asyncio.create_task(limits.enter(1, again=False)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    limits.leave(held)
    waiting[1].cancel()  # it was let go in this very moment
    done = await asyncio.wait_for(waiting[2], 1)
    assert done is not None
    assert [task.cancelled() for task in waiting] == [True, True, False]


async def test_a_call_that_was_refused_goes_before_those_that_were_never_sent():
    limits = Limits(concurrency=1, requests_per_minute=None, tokens_per_minute=None, jitter=lambda: 0.0)
    held = await limits.enter(1, again=False)
    order: list[str] = []

    async def wait(name: str, *, again: bool) -> None:
        one = await limits.enter(1, again=again)
        order.append(name)
        limits.leave(one)

    tasks = [asyncio.create_task(wait("new", again=False))]
    await asyncio.sleep(0)
    tasks.append(asyncio.create_task(wait("again", again=True)))
    await asyncio.sleep(0)
    limits.leave(held)
    await asyncio.gather(*tasks)
    assert order == ["again", "new"]
