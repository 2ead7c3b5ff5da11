"""Ids of traces and spans: read, and derived."""

import pytest

from evalgate.trace_ids import evaluation_trace_id, read_trace_id, span_id, trace_of, traceparent_of

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize("text", [TRACE, TRACE.upper()])
def test_a_trace_id_is_read_in_either_case(text):
    assert read_trace_id(text) == TRACE


@pytest.mark.parametrize("text", [None, "", "t1", "0" * 32, TRACE[:-1], f"{TRACE}0", f"{TRACE[:-1]}g", f"{TRACE}\n"])
def test_what_is_none_is_none(text):
    assert read_trace_id(text) is None


def test_a_traceparent_names_the_tasks_span_as_the_parent():
    assert traceparent_of(TRACE) == f"00-{TRACE}-{span_id(TRACE)}-01"
    assert trace_of(traceparent_of(TRACE)) == TRACE


@pytest.mark.parametrize("text", [None, "", "00", f"00-{TRACE}-01", f"00-{'0' * 32}-{'1' * 16}-01"])
def test_a_broken_traceparent_has_no_trace(text):
    assert trace_of(text) is None


def test_ids_follow_from_the_trace_and_differ_by_what_they_are_of():
    ids = {span_id(TRACE), span_id(TRACE, "call", "0"), span_id(TRACE, "call", "1"), span_id(TRACE, "call0")}
    assert len(ids) == 4
    assert {len(each) for each in ids} == {16}
    evaluations = {evaluation_trace_id(TRACE, uid, name) for uid in "ab" for name in ("exact", "judge")}
    assert len(evaluations) == 4
    assert all(read_trace_id(each) == each for each in evaluations)
    assert evaluation_trace_id(TRACE, "a", "judge") == evaluation_trace_id(TRACE, "a", "judge")
