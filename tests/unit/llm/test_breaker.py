"""An endpoint that answers nothing ends the run; one that stumbles does not."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from evalgate.llm.breaker import Guarded
from evalgate.llm.chat import chat
from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.failures import BadRequest, CallFailed, Refused, Stopped
from evalgate.llm.halt import Halt
from evalgate.suite.checks import Unmeasurable
from tests.fake_model import Rule
from tests.unit.llm.test_transport import ask, endpoint_of


@pytest.fixture
def stops() -> list[bool]:
    return []


@pytest.fixture
def halt(stops) -> Halt:
    return Halt(lambda: stops.append(True))


async def test_a_refusing_endpoint_halts_the_run_with_what_it_said_and_is_called_no_more(
    fake_model, transport, halt, stops
):
    fake_model.rules = [Rule(fault="echo_key")]
    guarded = Guarded(transport, halt)
    for _ in range(5):
        with pytest.raises(Refused):
            await ask(guarded, endpoint_of(fake_model))
    assert stops == [True]
    assert halt.reason.kind is Unmeasurable.SERVICE
    assert halt.reason.message == (
        "fake/small answers no call at all: 5 in a row failed, the last one with: answered 401: Incorrect API key"
        " provided: ***."
    )
    assert halt.reason.next_step == "mend endpoints.fake, its key or the model's name, then evalgate run --resume"
    with pytest.raises(Stopped, match="answers no call at all"):
        await ask(guarded, endpoint_of(fake_model))
    assert fake_model.calls == 5


async def test_calls_that_were_not_made_say_nothing_of_the_endpoint(halt):
    class Ending:
        async def send(self, request, read):
            raise Stopped("fake: the run is being ended")

    guarded = Guarded(Ending(), halt)
    endpoint = ModelEndpoint(name="fake", base_url="http://127.0.0.1:9/v1", timeout=60)
    for _ in range(25):
        with pytest.raises(Stopped):
            await ask(guarded, endpoint)
    assert halt.reason is None


async def test_one_model_that_is_gone_halts_although_others_answer(fake_model, transport, halt):
    fake_model.rules = [Rule(model="gone", fault="status", status=404)]
    guarded, endpoint = Guarded(transport, halt), endpoint_of(fake_model)
    for _ in range(5):
        await ask(guarded, endpoint)
        with pytest.raises(Refused):
            await chat(guarded, endpoint, model="gone", messages=[{"role": "user", "content": "x"}], sample="r1")
    assert halt.reason.message.startswith("fake/gone answers no call at all")


async def test_nobody_listening_is_known_within_seconds(transport, halt):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        endpoint = ModelEndpoint(name="gone", base_url=f"http://127.0.0.1:{taken.getsockname()[1]}/v1", timeout=60)
        guarded = Guarded(transport, halt)
        began = time.monotonic()
        await asyncio.gather(*(ask(guarded, endpoint, str(n)) for n in range(32)), return_exceptions=True)
        assert time.monotonic() - began < 8
    assert "cannot be reached" in halt.reason.message


async def test_what_the_task_does_wrong_is_an_answer(fake_model, transport, halt):
    fake_model.rules = [Rule(fault="status", status=400)]
    guarded = Guarded(transport, halt)
    for _ in range(30):
        with pytest.raises(BadRequest):
            await ask(guarded, endpoint_of(fake_model))
    assert halt.reason is None


async def test_an_endpoint_that_answered_before_is_given_more_time(fake_model, transport, halt):
    guarded, endpoint = Guarded(transport, halt), endpoint_of(fake_model)
    await ask(guarded, endpoint)
    fake_model.rules = [Rule(fault="status", status=403, times=19)]
    for _ in range(19):
        with pytest.raises(CallFailed):
            await ask(guarded, endpoint)
    await ask(guarded, endpoint)
    assert halt.reason is None
    fake_model.rules = [Rule(fault="status", status=403)]
    for _ in range(20):
        with pytest.raises(CallFailed):
            await ask(guarded, endpoint)
    assert halt.reason.message.startswith("fake/small answers no call any more: 20 in a row failed")


def test_the_first_reason_stays(halt, stops):
    halt(Unmeasurable.BUDGET, "first", "a")
    halt(Unmeasurable.SERVICE, "second", "b")
    assert (halt.reason.message, stops) == ("first", [True])
