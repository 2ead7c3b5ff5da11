"""The transport against a real server that misbehaves."""

from __future__ import annotations

import asyncio
import socket
import time
import traceback

import pytest
from aiohttp import web

from evalgate.llm.call import Request, Response
from evalgate.llm.chat import ChatReply, chat
from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.failures import (
    BadRequest,
    ContentFiltered,
    Garbled,
    RateLimited,
    Refused,
    ServerFault,
    TimedOut,
    TooLarge,
    Unreachable,
)
from evalgate.llm.transport import Transport
from evalgate.records import ErrorKind
from tests.fake_model import FakeModel, Rule

KEY = "sk-very-secret-0123456789"


def endpoint_of(fake: FakeModel, **changes: object) -> ModelEndpoint:
    given: dict = {"name": "fake", "base_url": fake.base_url, "timeout": 5.0, "secrets": (KEY,), **changes}
    return ModelEndpoint(**{"headers": {"Authorization": f"Bearer {KEY}"}, **given})


async def ask(transport: Transport, endpoint: ModelEndpoint, text: str = "hello") -> ChatReply:
    return await chat(transport, endpoint, model="small", messages=[{"role": "user", "content": text}], sample="r1")


async def test_an_answer_arrives_with_its_latency_and_the_key_was_sent(fake_model, transport):
    fake_model.rules = [Rule(latency=0.05)]
    reply = await ask(transport, endpoint_of(fake_model), "ping")
    assert (reply.text, reply.attempts) == ("ping", 1)
    assert 0.05 <= reply.latency < 1
    assert fake_model.requests[0]["headers"]["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    "rule",
    [
        Rule(fault="status", status=429),
        Rule(fault="status", status=408),
        Rule(fault="status", status=409),
        Rule(fault="status", status=500),
        Rule(fault="status", status=503, headers={"Retry-After": "0"}),
        Rule(fault="reset"),
        Rule(fault="reset_mid_body"),
        Rule(fault="truncated_json"),
        Rule(fault="wrong_content_type"),
        Rule(fault="error_in_200", status=502),
        Rule(fault="error_in_200", status=0),
    ],
    ids=lambda rule: f"{rule.fault}-{rule.status}",
)
async def test_what_another_attempt_can_mend_is_mended(fake_model, transport, rule):
    rule.times = 2
    fake_model.rules = [rule]
    reply = await ask(transport, endpoint_of(fake_model), "again")
    assert (reply.text, reply.attempts, fake_model.calls) == ("again", 3, 3)


@pytest.mark.parametrize(
    ("rule", "raised", "kind", "says"),
    [
        (Rule(fault="status", status=400), BadRequest, ErrorKind.TASK, "status 400 on demand"),
        (Rule(fault="status", status=422), BadRequest, ErrorKind.TASK, "status 422 on demand"),
        (Rule(fault="status", status=401), Refused, ErrorKind.INFRASTRUCTURE, "status 401 on demand"),
        (Rule(fault="status", status=403), Refused, ErrorKind.INFRASTRUCTURE, "status 403 on demand"),
        (Rule(fault="status", status=404), Refused, ErrorKind.INFRASTRUCTURE, "status 404 on demand"),
        (Rule(fault="quota"), Refused, ErrorKind.INFRASTRUCTURE, "exceeded your current quota"),
        (Rule(fault="filtered_prompt"), ContentFiltered, ErrorKind.TASK, "The prompt was filtered"),
        (Rule(fault="error_in_200", status=401), Refused, ErrorKind.INFRASTRUCTURE, "upstream failed (inside a 200)"),
        (Rule(fault="huge", size=2_000_000), TooLarge, ErrorKind.INFRASTRUCTURE, "more than 1,000,000 bytes"),
    ],
    ids=lambda value: f"{value.fault}-{value.status}" if isinstance(value, Rule) else None,
)
async def test_what_no_attempt_can_mend_fails_at_once_with_the_providers_message(
    fake_model, transport, rule, raised, kind, says
):
    fake_model.rules = [rule]
    with pytest.raises(raised) as caught:
        await ask(transport, endpoint_of(fake_model))
    assert says in caught.value.message
    assert caught.value.message.startswith("fake: ")
    assert caught.value.failure().kind is kind
    assert fake_model.calls == 1


async def test_retry_after_is_honoured(fake_model, transport):
    fake_model.rules = [Rule(fault="status", status=429, headers={"Retry-After": "0.3"}, times=1)]
    began = time.monotonic()
    await ask(transport, endpoint_of(fake_model))
    assert 0.3 <= time.monotonic() - began < 4


async def test_a_retry_after_beyond_the_deadline_is_not_waited_for(fake_model, transport):
    fake_model.rules = [Rule(fault="status", status=429, headers={"Retry-After": "120"})]
    began = time.monotonic()
    with pytest.raises(RateLimited, match="status 429 on demand"):
        await ask(transport, endpoint_of(fake_model))
    assert time.monotonic() - began < 4


async def test_retries_end_at_the_deadline_with_the_last_failure(fake_model, transport):
    fake_model.rules = [Rule(fault="status", status=503)]
    with pytest.raises(ServerFault, match=r"status 503 on demand \(gave up after \d+ attempts in \d\.\d s\)"):
        await ask(transport, endpoint_of(fake_model, timeout=0.3))
    assert fake_model.calls > 2


async def test_a_server_that_hangs_is_a_timeout_of_infrastructure(fake_model, transport):
    fake_model.rules = [Rule(fault="hang")]
    with pytest.raises(TimedOut, match=r"no answer within 0\.2 s") as caught:
        await ask(transport, endpoint_of(fake_model, timeout=0.2))
    assert caught.value.failure().kind is ErrorKind.INFRASTRUCTURE


async def test_a_hang_after_a_throttle_is_blamed_on_the_throttle(fake_model, transport):
    fake_model.rules = [Rule(fault="status", status=429, times=1), Rule(fault="hang")]
    with pytest.raises(RateLimited):
        await ask(transport, endpoint_of(fake_model, timeout=0.3))


async def test_nobody_listening_is_given_up_before_the_deadline(transport):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        endpoint = ModelEndpoint(name="gone", base_url=f"http://127.0.0.1:{taken.getsockname()[1]}/v1", timeout=60)
        with pytest.raises(Unreachable, match=r"gone: cannot be reached: .*gave up after 5 attempts"):
            await ask(transport, endpoint)


async def test_concurrency_is_per_endpoint_and_waiting_for_a_slot_costs_no_deadline(fake_model, transport):
    fake_model.rules = [Rule(latency=0.1)]
    endpoint = endpoint_of(fake_model, concurrency=3, timeout=0.25)
    replies = await asyncio.gather(*(ask(transport, endpoint, str(i)) for i in range(12)))
    assert [reply.text for reply in replies] == [str(i) for i in range(12)]
    assert fake_model.most_in_flight == 3


async def test_one_endpoint_full_does_not_hold_another(fake_model, transport):
    fake_model.rules = [Rule(when="slow", fault="hang")]
    full = asyncio.create_task(ask(transport, endpoint_of(fake_model, concurrency=1), "slow"))
    await asyncio.sleep(0.05)
    reply = await asyncio.wait_for(ask(transport, endpoint_of(fake_model, name="other", concurrency=1)), 1)
    assert reply.text == "hello"
    full.cancel()
    with pytest.raises(asyncio.CancelledError):
        await full


async def test_keys_appear_in_no_message_repr_or_traceback(fake_model, transport):
    endpoint = endpoint_of(fake_model)
    fake_model.rules = [Rule(fault="echo_key")]
    with pytest.raises(Refused, match=r"Incorrect API key provided: \*\*\*") as caught:
        await ask(transport, endpoint)
    shown = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert KEY not in shown
    assert KEY not in repr(caught.value) + repr(endpoint) + str(caught.value.failure())


async def test_a_key_that_is_repeated_in_a_good_answer_is_taken_out_and_a_short_one_is_a_word(fake_model, transport):
    reply = await ask(transport, endpoint_of(fake_model), f"your key is {KEY}")
    assert reply.text == "your key is ***"
    local = endpoint_of(fake_model, name="local", headers={"Authorization": "Bearer EMPTY"}, secrets=("EMPTY",))
    assert (await ask(transport, local, "an EMPTY answer")).text == "an EMPTY answer"


@pytest.mark.parametrize("location", ["http://localhost:{port}/v1/chat/completions", "https://example.org/x?token=1"])
async def test_a_redirect_to_another_host_is_not_followed(fake_model, transport, location):
    fake_model.rules = [Rule(fault="redirect", location=location.format(port=fake_model.port))]
    with pytest.raises(Refused, match="redirect to http") as caught:
        await ask(transport, endpoint_of(fake_model))
    assert fake_model.calls == 1
    assert "token" not in caught.value.message


async def test_a_redirect_within_the_host_that_keeps_the_method_is_followed_but_not_for_ever(fake_model, transport):
    rule = Rule(fault="redirect", location="/v1/chat/completions", times=1)
    fake_model.rules = [rule]
    assert (await ask(transport, endpoint_of(fake_model))).text == "hello"
    rule.times = None
    with pytest.raises(Refused, match="redirects more than 3 times"):
        await ask(transport, endpoint_of(fake_model))


async def test_a_redirect_that_would_turn_post_into_get_is_refused(fake_model, transport):
    fake_model.rules = [Rule(fault="redirect", status=302, location="/v1/chat/completions")]
    with pytest.raises(Refused, match="answered 302, a redirect"):
        await ask(transport, endpoint_of(fake_model))


async def test_a_body_that_is_no_http_is_garbled(transport):
    async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(Garbled, match="not an HTTP response"):
            await ask(transport, ModelEndpoint(name="x", base_url=f"http://127.0.0.1:{port}", timeout=0.3))


async def test_a_compressed_body_is_bounded_by_what_it_unpacks_to(transport):
    async def bomb(_: web.Request) -> web.Response:
        response = web.Response(body=b"0" * 30_000_000)
        response.enable_compression(web.ContentCoding.gzip)
        return response

    app = web.Application()
    app.router.add_get("/", bomb)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        endpoint = ModelEndpoint(name="x", base_url=f"http://127.0.0.1:{runner.addresses[0][1]}")
        request = Request(endpoint=endpoint, url=endpoint.url("/"), sample="r1", timeout=10, method="GET")
        with pytest.raises(TooLarge):
            await transport.send(request, lambda response: response)
    finally:
        await runner.cleanup()


async def test_proxies_of_the_environment_are_used_only_when_trusted_and_never_for_loopback(fake_model, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{fake_model.port}")
    monkeypatch.setenv("no_proxy", "direct.test")
    request = Request(
        endpoint=ModelEndpoint(name="far", base_url="http://far.test/v1"),
        url="http://far.test/v1/chat/completions",
        sample="r1",
        timeout=5,
        body=b'{"model": "m", "messages": []}',
    )

    def status(response: Response) -> int:
        return response.status

    async with Transport(trust_env=True) as trusting:
        assert await trusting.send(request, status) == 200
        assert (await ask(trusting, endpoint_of(fake_model))).text == "hello"
    assert fake_model.requests[0]["headers"]["Host"] == "far.test"
    assert fake_model.calls == 2
    assert Transport()._proxy(request.url) is None
    assert Transport(trust_env=True)._proxy("http://direct.test/v1") is None


async def test_a_transport_may_be_closed_twice_and_unused():
    transport = Transport()
    await transport.close()
    await transport.close()


async def test_with_a_third_of_calls_failing_nothing_is_lost_and_nothing_is_answered_twice(fake_model, transport):
    fake_model.rules = [Rule(fault="status", status=429, share=0.2), Rule(fault="reset_mid_body", times=15)]
    replies = await asyncio.gather(*(ask(transport, endpoint_of(fake_model), str(i)) for i in range(100)))
    assert [reply.text for reply in replies] == [str(i) for i in range(100)]
    assert fake_model.calls == sum(reply.attempts for reply in replies) > 115
