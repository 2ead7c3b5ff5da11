"""Spans on their way to a server: what a real HTTP server on loopback gets of them."""

import json

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from evalgate.phoenix.address import Address
from evalgate.phoenix.connection import PhoenixError, connect
from evalgate.phoenix.spans import sending
from evalgate.phoenix.spans.sending import send
from evalgate.phoenix.spans.tree import SpanOut
from tests.unit.traces.otlp_bodies import TRACE, body

PROJECT = "openinference.project.name"


class Server:
    """Takes traces, or refuses them with `status`."""

    def __init__(self):
        self.status, self.requests, self.headers = 200, [], []

    async def take(self, asked):
        self.headers.append(asked.headers)
        self.requests.append(ExportTraceServiceRequest.FromString(await asked.read()))
        return web.Response(status=self.status)

    def spans(self):
        """Every span with its project and its attributes' texts and numbers."""
        for request in self.requests:
            for resource in request.resource_spans:
                projects = [pair.value.string_value for pair in resource.resource.attributes if pair.key == PROJECT]
                for scope in resource.scope_spans:
                    for span in scope.spans:
                        yield projects, span


@pytest.fixture
async def server():
    found = Server()
    app = web.Application()
    app.router.add_post("/v1/traces", found.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    found.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


def out(number=1, **more):
    said = {"name": "task", "start": 1.5, "end": 2.5, "attributes": {}, **more}
    return SpanOut(trace_id=TRACE, span_id=f"{number:016x}", parent=None, **said)


async def sent(server, spans, received=(), *, withhold=False):
    async with connect(Address(name=None, base_url=server.base_url, api_key="secret-key")) as connection:
        return await send(connection, "mine", spans, received, withhold=withhold)


async def test_spans_go_to_the_project_with_all_that_they_say(server):
    attributes = {"t": "a\x00\ud800b", "n": 2**40, "f": 0.5, "b": True}
    one = out(attributes=attributes, error="it failed")
    assert await sent(server, [one, out(2, start=3.0, end=2.0)]) == 2
    (projects, first), (_, second) = server.spans()
    assert projects == ["mine"]
    assert (first.trace_id.hex(), first.span_id.hex(), first.name) == (TRACE, f"{1:016x}", "task")
    assert (first.start_time_unix_nano, first.end_time_unix_nano) == (1_500_000_000, 2_500_000_000)
    assert [pair.value.WhichOneof("value") for pair in first.attributes] == [
        "string_value",
        "int_value",
        "double_value",
        "bool_value",
    ]
    assert first.attributes[0].value.string_value == "a\\x00?b"  # as a database takes it
    assert (first.status.code, first.status.message) == (2, "it failed")
    assert second.end_time_unix_nano == second.start_time_unix_nano
    assert len(server.requests) == 1
    headers = server.headers[0]
    assert (headers["Content-Type"], headers["Content-Encoding"]) == ("application/x-protobuf", "gzip")
    assert headers["Authorization"] == "Bearer secret-key"


async def test_a_programs_spans_stay_as_they_are_but_for_the_project(server):
    received = body({"attributes": {"k": "v"}}, resource={PROJECT: "production", "service.name": "app"})
    assert await sent(server, [], [received]) == 1
    (request,) = server.requests
    before = ExportTraceServiceRequest.FromString(received)
    assert request.resource_spans[0].scope_spans == before.resource_spans[0].scope_spans
    said = {pair.key: pair.value.string_value for pair in request.resource_spans[0].resource.attributes}
    assert said == {PROJECT: "mine", "service.name": "app"}


async def test_what_programs_said_can_be_withheld(server):
    secret = "sesame"
    attributes = {
        "llm.model_name": "m",
        "llm.token_count.prompt": 7,
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": secret,
        "list": [secret],
        "object": {"k": secret},
    }
    received = ExportTraceServiceRequest.FromString(body({"attributes": attributes}))
    span = received.resource_spans[0].scope_spans[0].spans[0]
    span.status.message = secret
    span.events.add(name="exception").attributes.add(key="exception.message").value.string_value = secret
    await sent(server, [], [received.SerializeToString()], withhold=True)
    assert secret not in repr(server.requests)
    (_, got), *_ = server.spans()
    said = {pair.key: pair.value for pair in got.attributes}
    assert said["llm.model_name"].string_value == "m"
    assert said["llm.token_count.prompt"].int_value == 7
    assert said["llm.input_messages.0.message.role"].string_value == "user"
    assert {*json.loads(said["list"].string_value)} == {"sha256", "length"}


async def test_many_spans_go_in_batches(server, monkeypatch):
    monkeypatch.setattr(sending, "_MOST", 10)
    monkeypatch.setattr(sending, "_LARGEST", 5_000)
    received = [body(*({"id": f"{100 * n + k:016x}"} for k in range(4))) for n in range(1, 6)]
    spans = [out(n, attributes={"x": "y" * 2_000}) for n in range(1000, 1006)]
    assert await sent(server, spans, received) == 26
    counts = [sum(len(s.spans) for r in each.resource_spans for s in r.scope_spans) for each in server.requests]
    assert sum(counts) == 26
    assert max(counts) <= 10
    assert len(counts) >= 5
    assert len({span.span_id for _, span in server.spans()}) == 26


async def test_a_server_that_refuses_is_said(server):
    server.status = 401
    with pytest.raises(PhoenixError) as refused:
        await sent(server, [out()])
    assert refused.value.status == 401
    assert "the traces of runs could not be sent" in refused.value.message
    assert "secret-key" not in str(refused.value)
