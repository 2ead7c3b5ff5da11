"""The world of the tests of curation: it is the same every time, and its truth is true."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import timedelta

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from evalgate.curate.pulling.spans import completed, content_of
from evalgate.phoenix.spans.stored import StoredSpan
from tests.curation_world.assistant import Assistant, Ids, root_id
from tests.curation_world.kitchen import SYSTEM
from tests.curation_world.plan import END, NEW_TOPICS, STATES, SYMPTOMS, TURN, world
from tests.curation_world.recorded import MODELS, called, said

HARD = 'How "do" I\nmake crème ☃ \\ of 100 %?'


@pytest.fixture(scope="module")
def small():
    return world(600, seed=3)


def test_it_is_the_same_every_time_and_another_by_another_seed(small):
    assert small == world(600, seed=3)
    assert small.asked[5] != world(600, seed=4).asked[5]


def test_what_is_planted_stands_where_it_is_said_to(small):
    copies = Counter(each.copy for each in small.asked)
    assert min(copies["exact"], copies["near"]) >= 10
    assert copies["golden"] == 3
    for each in small.asked:
        assert all(it.text in each.question for it in each.planted)
        if each.failed:
            assert each.expected != each.answer
        if each.failed and not each.crashed:
            assert each.answer.startswith(SYMPTOMS[each.failed])
        if each.copy in ("exact", "near"):
            of = small.asked[each.copy_of]
            assert each.copy_of < each.number
            assert (of.copy, of.planted, of.failed) == (None, (), None)
    kinds = {it.kind for each in small.asked for it in each.planted}
    assert kinds == {
        *("name", "email", "phone", "card", "iban", "address", "ip"),
        *("openai_key", "aws_key", "github_token", "jwt", "password"),
    }
    assert {each.failed for each in small.asked} == {None, *STATES}
    assert {each.language for each in small.asked} == {"en", "de", "es", "fr"}


def test_new_topics_are_asked_about_after_the_turn_alone(small):
    new = {each.name for each in NEW_TOPICS}
    before = [each.topic for each in small.asked if each.start < TURN and not each.copy]
    after = [each.topic in new for each in small.asked if each.start >= TURN and not each.copy]
    assert not new & set(before)
    hour = timedelta(hours=1)
    assert not [each for each in small.asked if any(timedelta() < week - each.start <= hour for week in (TURN, END))]
    assert 0.3 < sum(after) / len(after) < 0.5


@pytest.mark.parametrize("form", MODELS)
@pytest.mark.parametrize("kind", ["plan", "compose"])
async def test_a_replayed_call_is_what_the_instrumentation_writes_of_a_real_one(form, kind):
    """All but the counts of tokens, which the recorded call had for its own texts."""
    real = await asyncio.to_thread(called, form, kind, HARD, f"{HARD}!")
    replayed = await asyncio.to_thread(said, form, kind, HARD, f"{HARD}!")

    def without_usage(attributes):
        answer = json.loads(attributes["output.value"])
        answer.pop("usage")
        return {**{key: value for key, value in attributes.items() if "token_count" not in key}, "output.value": answer}

    assert without_usage(real) == without_usage(replayed)


async def test_traces_have_the_ids_the_times_and_the_messages_that_they_should(small):
    exporter, ids = InMemorySpanExporter(), Ids("p")
    provider = TracerProvider(id_generator=ids)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    assistant = Assistant(provider, ids)
    counts = await asyncio.to_thread(lambda: [assistant.answer(each) for each in small.asked])
    spans = exporter.get_finished_spans()
    provider.shutdown()
    assert len(spans) == sum(counts)
    traces = {}
    for each in spans:
        traces.setdefault(each.context.trace_id, []).append(each)
    assert len(traces) == len(small.asked)
    for asked, trace in zip(small.asked, traces.values(), strict=True):
        stored = [_stored(each) for each in trace]
        (root,) = (each for each in stored if each.parent is None)
        assert root.span_id == root_id("p", asked.number)
        assert root.status == ("ERROR" if asked.crashed or asked.flaw == "error" else "OK")
        content = completed(content_of(root), stored)
        if asked.flaw == "empty":
            continue
        expected = asked.messages if not asked.bare else [{"role": "user", "content": asked.question}]
        assert content.input["messages"] == [{"role": "system", "content": SYSTEM}, *expected]
        if asked.answer is not None:
            assert content.output == {"messages": [{"role": "assistant", "content": asked.answer}]}


def _stored(span):
    return StoredSpan(
        trace_id=f"{span.context.trace_id:032x}",
        span_id=f"{span.context.span_id:016x}",
        parent=None if span.parent is None else f"{span.parent.span_id:016x}",
        name=span.name,
        start=f"{span.start_time:020d}",
        end=f"{span.end_time:020d}",
        status=span.status.status_code.name,
        attributes=dict(span.attributes),
    )
