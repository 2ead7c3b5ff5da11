"""The loopback endpoint, over real HTTP."""

import asyncio
import gzip
import io
import subprocess
import sys
import time

import aiohttp
import pytest

from evalgate.records import TaskOutcome
from evalgate.trace_ids import span_id, traceparent_of
from evalgate.traces.door import LINGER, TOKEN_HEADER, surroundings
from evalgate.traces.otlp import LARGEST_BODY, PROTOBUF, request_of, spans_of
from evalgate.traces.receiver import Receiver
from tests.unit.traces.otlp_bodies import OTHER, TRACE, body

KEY = ("e1", "r1")
KIND = {"Content-Type": PROTOBUF}
DOCUMENT = {"openinference.span.kind": "RETRIEVER", "retrieval.documents.0.document.content": "d"}
CHILD = {"parent": span_id(TRACE), "attributes": DOCUMENT}


class Keeper:
    def __init__(self):
        self.kept, self.renamed = [], []

    def keep(self, trace_id, part):
        self.kept.append((trace_id, part))

    def rename(self, trace_id, known_as):
        self.renamed.append((trace_id, known_as))


@pytest.fixture
async def here():
    """A receiver with one side whose runs are read for their context, and what it kept and logged."""
    log, keeper = [], Keeper()
    receiver = Receiver(log=log.append, keeper=keeper)
    side = await receiver.side({}, wanted={"context"}, patience=2, flushes=False)
    yield receiver, side, keeper, log
    await receiver.close()


async def post(url, data, **headers):
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=io.BytesIO(data), headers=KIND | headers) as answer,
    ):
        return answer.status, await answer.read(), answer.content_type


async def test_a_run_has_what_its_program_sent(here):
    _, side, keeper, _ = here
    door = side.open()
    door.enter(KEY, traceparent_of(TRACE))
    url = door.defaults["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
    assert await post(url, body(CHILD)) == (200, b"", PROTOBUF)
    answered = door.settle(KEY, TaskOutcome(output=1))
    outcome, by_spans = await side.completed(traceparent_of(TRACE), answered)
    assert (outcome.context, outcome.trace_id, by_spans) == (["d"], TRACE, False)
    assert keeper.kept == [(TRACE, body(CHILD))]
    assert keeper.renamed == []


async def test_phoenix_own_library_comes_by_a_header(here):
    """It takes no other path than /v1/traces for OTLP over HTTP, and the port from PHOENIX_GRPC_PORT."""
    _, side, keeper, _ = here
    door = side.open()
    door.enter(KEY, traceparent_of(TRACE))
    address = door.defaults["PHOENIX_COLLECTOR_ENDPOINT"]
    assert address == f"http://127.0.0.1:{door.defaults['PHOENIX_GRPC_PORT']}/v1/traces"
    name, _, token = door.defaults["OTEL_EXPORTER_OTLP_HEADERS"].partition("=")
    packed = gzip.compress(body(CHILD))
    assert (await post(address, packed, **{name: token, "Content-Encoding": "gzip"}))[0] == 200
    assert [trace for trace, _ in keeper.kept] == [TRACE]


async def test_json_is_answered_in_json(here):
    _, side, _, _ = here
    door = side.open()
    url = door.defaults["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
    said = {"Content-Type": "application/json"}
    assert await post(url, b'{"resourceSpans": []}', **said) == (200, b"{}", "application/json")


async def test_a_token_that_is_nobodys_is_refused_and_one_of_a_process_long_gone(here):
    receiver, side, keeper, _ = here
    door, gone = side.open(), side.open()
    gone.close()
    gone.closed_at -= LINGER
    door.enter(KEY, traceparent_of(TRACE))
    address = door.defaults["OTEL_EXPORTER_OTLP_ENDPOINT"].rpartition("/")[0]
    for path, headers in (
        ("/v1/traces", {}),
        ("/v1/traces", {TOKEN_HEADER: "f" * 32}),
        (f"/{'f' * 32}/v1/traces", {}),
        ("/", {}),
    ):
        assert (await post(address + path, body(CHILD), **headers))[0] == 403
    assert (await post(gone.defaults["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"], body(CHILD)))[0] == 403
    assert (keeper.kept, receiver.refused) == ([], 5)


async def test_the_last_breath_of_a_process_is_read(here):
    """It was asked once, and ended while its spans were on their way."""
    _, side, _, _ = here
    door = side.open()
    door.enter(KEY, traceparent_of(TRACE))
    answered = door.settle(KEY, TaskOutcome(output=1))
    door.close()
    sending = asyncio.create_task(post(door.defaults["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"], body(CHILD)))
    outcome, _ = await side.completed(traceparent_of(TRACE), answered)
    assert outcome.context == ["d"]
    await sending


async def test_another_processs_token_tells_nothing_of_a_run(here):
    receiver, side, keeper, log = here
    door, other = side.open(), side.open()
    door.enter(KEY, traceparent_of(TRACE))
    sent = body(CHILD, {"trace": OTHER, "start": 1.0})
    assert (await post(other.defaults["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"], sent))[0] == 200
    assert keeper.kept == []
    await receiver.close()
    assert log == ["2 spans of programs belonged to no run, and were dropped"]


@pytest.mark.parametrize(
    ("sent", "headers", "status"),
    [
        (b"\xff\xff", {}, 400),
        (b"\xff\xff", {"Content-Encoding": "gzip"}, 400),
        (b"", {"Content-Encoding": "br"}, 415),
        (b"", {"Content-Type": "text/plain"}, 415),
        (bytes(LARGEST_BODY + 1), {}, 413),
        (gzip.compress(bytes(2**27), mtime=0), {"Content-Encoding": "gzip"}, 413),
    ],
    ids=["protobuf", "gzip", "packing", "type", "large", "bomb"],
)
async def test_a_bad_body_is_refused_and_nothing_of_it_kept(here, sent, headers, status):
    receiver, side, keeper, _ = here
    door = side.open()
    door.enter(KEY, traceparent_of(TRACE))
    assert (await post(door.defaults["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"], sent, **headers))[0] == status
    assert (keeper.kept, receiver.refused) == ([], 1)


async def test_other_signals_are_taken_and_not_read(here):
    """An exporter of metrics that is refused would fill the program's own logs."""
    _, side, keeper, _ = here
    address = side.open().defaults["OTEL_EXPORTER_OTLP_ENDPOINT"]
    for path in ("/v1/metrics", "/v1/logs"):
        assert (await post(address + path, b"\xff"))[0] == 200
    assert (await post(f"{address}/v1/other", b""))[0] == 404
    assert keeper.kept == []


async def test_a_run_that_is_recorded_under_another_trace_is_kept_under_that(here):
    _, side, keeper, _ = here
    door = side.open()
    door.enter(KEY, traceparent_of(TRACE))
    named = TaskOutcome(output=1, trace_id=OTHER, context=[])
    await side.completed(traceparent_of(TRACE), door.settle(KEY, named))
    assert keeper.renamed == [(TRACE, OTHER)]
    assert await side.completed(traceparent_of("9" * 32), named) == (named, False)


async def test_no_token_is_kept_of_what_a_program_says(here):
    """Spans of HTTP clients have addresses: of this endpoint, and of the one that it calls models through."""
    _, side, keeper, _ = here
    door = side.open(["c0ffee" * 5])
    door.enter(KEY, traceparent_of(TRACE))
    url = door.defaults["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
    told = {"url.full": url, "other": f"http://127.0.0.1:1/{'c0ffee' * 5}/v1"}
    assert (await post(url, body({**CHILD, "attributes": told})))[0] == 200
    ((_, kept),) = keeper.kept
    assert spans_of(request_of(kept, PROTOBUF))[0].attributes == {
        "url.full": url.replace(door.token, "*" * 32),
        "other": f"http://127.0.0.1:1/{'*' * 30}/v1",
    }
    assert door.token not in repr(door)


async def test_many_connections_at_once_that_all_are_the_first(here):
    _, side, keeper, _ = here
    doors = [side.open() for _ in range(12)]
    for n, door in enumerate(doors):
        door.enter(KEY, traceparent_of(f"{n + 1:032x}"))
    spans = [body({"trace": f"{n + 1:032x}", "id": f"{n + 1:016x}"}) for n in range(12)]
    urls = [door.defaults["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] for door in doors]
    answers = await asyncio.gather(*(post(url, data) for url, data in zip(urls, spans, strict=True)))
    assert {status for status, *_ in answers} == {200}
    assert sorted(trace for trace, _ in keeper.kept) == [f"{n + 1:032x}" for n in range(12)]


async def test_nothing_is_lost_that_comes_before_there_is_who_reads_it(monkeypatch):
    """Python 3.11.2 begins to read after `connection_made` though that paused it: here each Python does."""
    transports = asyncio.selector_events._SelectorTransport

    def as_it_was(transport, *reader):
        if not transport.is_closing():
            transport._loop._add_reader(*reader)

    monkeypatch.setattr(transports, "_add_reader", as_it_was)
    monkeypatch.setattr("evalgate.traces.receiver._import", lambda: time.sleep(0.3))
    keeper = Keeper()
    receiver = Receiver(keeper=keeper)
    side = await receiver.side({}, wanted=set(), patience=2, flushes=True)
    door = side.open()
    door.enter(KEY, traceparent_of(TRACE))
    async with asyncio.timeout(10):
        answered = await post(door.defaults["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"], body(CHILD))
    await receiver.close()
    assert answered == (200, b"", PROTOBUF)
    assert keeper.kept == [(TRACE, body(CHILD))]


async def test_sides_that_are_made_ready_at_once_share_one_socket():
    receiver = Receiver()
    sides = await asyncio.gather(*(receiver.side({}, wanted=set(), patience=1, flushes=False) for _ in range(4)))
    assert len({side.open().defaults["PHOENIX_GRPC_PORT"] for side in sides}) == 1
    await receiver.close()


def test_what_a_programs_own_environment_says_stands_whole():
    """A half of each would send spans with our token to its server, or its key to ours."""
    ours = surroundings(1, "t", {})
    assert ours["PHOENIX_DISCOVER_CONFIG"] == "false"  # a file of the checkout names no other address
    own = surroundings(1, "t", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://own"})
    assert not [name for name in own if name.startswith("OTEL_EXPORTER_OTLP_") and name != "OTEL_EXPORTER_OTLP_HEADERS"]
    own = surroundings(1, "t", {"PHOENIX_COLLECTOR_ENDPOINT": "http://own"})
    assert not [name for name in own if name.startswith("PHOENIX")]


def test_listening_imports_nothing():
    """A Python function that traces nothing costs a socket."""
    program = """
import asyncio, sys
from evalgate.traces.receiver import Receiver
async def main():
    receiver = Receiver()
    side = await receiver.side({}, wanted=set(), patience=1, flushes=True)
    side.open()
    await receiver.close()
asyncio.run(main())
print(sorted({"aiohttp", "opentelemetry", "google.protobuf", "sqlite3"} & {*sys.modules}))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"
