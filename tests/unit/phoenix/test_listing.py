"""Pages without an end: whoever lists for ever, with nothing new on what he lists, is left after a few pages."""

from __future__ import annotations

import json

import pytest
from aiohttp import web

from evalgate.phoenix import listing as module
from evalgate.phoenix.annotations.spans import Project, annotated_spans
from evalgate.phoenix.connection import PhoenixError, connect
from evalgate.phoenix.listing import Listing
from evalgate.phoenix.spans.reading import Remark, Selection, selected_spans
from evalgate.phoenix.spans.stored import spans_of
from tests.unit.phoenix.test_connection import at, serving

PROJECT = Project(id="P", name="shop", annotations=("correct",))
ENDLESS = "lists pages without an end, and nothing new on them"
KINDS = ["empty", "same", "alternating", "one cursor", "no cursor"]


def stored(number, kind="LLM"):
    return {
        "name": "ask",
        "context": {"trace_id": f"t{number}", "span_id": f"s{number}"},
        "span_kind": kind,
        "start_time": "2026-01-01T00:00:00Z",
        "end_time": "2026-01-01T00:00:01Z",
        "attributes": {},
    }


def annotated(number):
    said = {"name": "correct", "label": "no", "score": 0, "annotatorKind": "HUMAN"}
    more = {"explanation": None, "identifier": "", "updatedAt": "2026-01-01", "user": None}
    return {"spanId": f"s{number}", "parentId": None, "trace": {"traceId": "t"}, "spanAnnotations": [{**said, **more}]}


def endless(kind, number):
    """Which spans the next page has, and its cursor."""
    on_it = {"empty": [], "alternating": [number % 2]}.get(kind, [0])
    return on_it, {"one cursor": "1", "no cursor": None}.get(kind, f"c{number}")


def hostile(kind):
    """A server that answers what is asked of spans with pages without an end."""
    count = 0

    async def handle(request, _):
        nonlocal count
        query = (await request.json())["query"] if request.method == "POST" else ""
        if not query and "span_id" in request.query:
            return web.json_response({"data": [stored(0)], "next_cursor": None})
        on_it, cursor = endless(kind, count)
        count += 1
        if not query:
            return web.json_response({"data": list(map(stored, on_it)), "next_cursor": cursor or "again"})
        page = {"hasNextPage": True, "endCursor": cursor}
        spans = {"edges": [{"node": annotated(each)} for each in on_it], "pageInfo": page}
        return web.json_response({"data": {"node": {"spans": spans}}})

    return handle


async def drained(listing):
    return [each async for each in listing]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "ask",
    [
        lambda connection: selected_spans(connection, PROJECT, Selection()),
        lambda connection: selected_spans(connection, PROJECT, Selection(remarks=(Remark(name="correct"),))),
        lambda connection: annotated_spans(connection, PROJECT, "correct"),
        lambda connection: spans_of(connection, PROJECT, ["t0"]),
    ],
    ids=["listed", "named", "annotated", "of traces"],
)
async def test_nothing_is_read_without_an_end(ask, kind):
    async with serving(hostile(kind)) as (base_url, seen), connect(at(base_url)) as connection:
        with pytest.raises(PhoenixError, match=ENDLESS) as left:
            await drained(ask(connection))
    assert left.value.exit_code == 4
    assert left.value.next_step == "look at that server, and at what stands before it"
    assert len(seen) <= 12


async def test_pages_that_our_own_filter_empties_are_no_end():
    """A server that does not know a filter gives everything: what is wanted may come after many pages."""

    async def handle(request, _):
        number = int(request.query.get("cursor", 0))
        kind = "LLM" if number == 9 else "TOOL"
        return web.json_response(
            {"data": [stored(number, kind)], "next_cursor": str(number + 1) if number < 9 else None}
        )

    async with serving(handle) as (base_url, _), connect(at(base_url)) as connection:
        found = await drained(selected_spans(connection, PROJECT, Selection(kinds=("LLM",))))
    assert [len(each.spans) for each in found] == [0] * 9 + [1]


async def test_a_pull_that_goes_on_is_held_to_it_as_well():
    async with serving(hostile("same")) as (base_url, seen), connect(at(base_url)) as connection:
        with pytest.raises(PhoenixError, match=ENDLESS):
            await drained(selected_spans(connection, PROJECT, Selection(), cursor="c7"))
    assert [json.dumps(dict(each.query)) for each in seen if each.query["cursor"] == "c7"]


async def test_a_page_or_two_that_bring_nothing_new_are_forgiven():
    async with serving(hostile("empty")) as (base_url, _), connect(at(base_url)) as connection:
        listing = Listing(connection, doing="x")
        pages = [["a"], ["a"], [], ["b"], ["a", "b"], [], ["c"]]
        assert [listing.following(each, str(n)) for n, each in enumerate(pages)] == list("0123456")
        assert listing.following([], "7") == "7"
        assert listing.following([], None, more=False) is None


async def test_what_was_long_ago_is_forgotten(monkeypatch):
    """Memory stays what it is however long a listing is, and one that goes in circles is still left."""
    monkeypatch.setattr(module, "_REMEMBERED", 20)
    async with serving(hostile("empty")) as (base_url, _), connect(at(base_url)) as connection:
        listing = Listing(connection, doing="x")
        for number in range(100):
            listing.following([str(number), str(number + 1)], f"c{number}")
            assert len(listing._seen) <= 23
        for number in range(2):
            listing.following(["99", "100"], f"d{number}")
        with pytest.raises(PhoenixError, match=ENDLESS):
            listing.following(["99", "100"], "d2")
