"""The lines of the protocol, without any process."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalgate.workers import protocol
from evalgate.workers.logs import LogTail


@given(st.lists(st.binary(max_size=20).filter(lambda data: b"\n" not in data)), st.integers(1, 7))
def test_lines_come_out_whole_however_they_are_cut(lines, size):
    data = b"".join(line + b"\n" for line in lines) + b"rest"
    reader = protocol.Lines()
    found = [line for start in range(0, len(data), size) for line in reader.feed(data[start : start + size])]
    assert found == lines
    assert reader.rest() == b"rest"


def test_a_line_over_the_limit_is_refused_and_not_kept():
    reader = protocol.Lines()
    for _ in range(protocol.LINE_LIMIT // 2**20):
        assert reader.feed(b"x" * 2**20) == []
    with pytest.raises(protocol.ProtocolError, match="more than 8 MiB"):
        reader.feed(b"x")
    assert reader.rest() == b""


@pytest.mark.parametrize(
    "line",
    [b"", b"text", b"{}", b"[1]", b'{"a": 1}', b'{"a": "evalgate"}', b'{"a": {"evalgate": 1}}', b'{ about "evalgate"'],
)
def test_other_lines_are_logs(line):
    assert protocol.read_line(line) is None


def test_spaces_and_key_order_do_not_matter():
    assert protocol.read_line(b' { "id": "a", "evalgate": 1 } \r') == {"id": "a", "evalgate": 1}


def test_halves_of_characters_are_replaced_and_whole_ones_kept():
    line = json.dumps({"evalgate": 1, "output": ["\ud83d", "😀", {"\udc00": 1}]}).encode()
    assert protocol.read_line(line)["output"] == ["�", "😀", {"�": 1}]


def test_requests_are_one_ascii_line():
    line = protocol.request_line({"input": "é\n\ud800"}, run_id="a", sample="r1", hosted=False)
    assert line.count(b"\n") == 1
    assert line.isascii()


def test_what_is_printed_is_readable():
    assert protocol.readable(b"\x1b[31mred\x1b[0m\r\nbell\x07\tend\xff") == "red\nbell\tend�"


@given(st.lists(st.binary(max_size=9000), max_size=12))
def test_the_log_tail_is_the_end_of_what_was_printed(chunks):
    tail = LogTail()
    for chunk in chunks:
        tail.add(chunk)
    everything = b"".join(chunks)
    assert tail.since(0) == protocol.readable(everything[-protocol.LOG_LIMIT :])
    assert tail.since(tail.seen) == ""


@pytest.mark.parametrize(
    "odd", [{"input_tokens": 10**13}, {"output_tokens": -1}, {"cost": 1e300}, {"cost": 10**400}, {"cost": float("nan")}]
)
def test_a_usage_beyond_what_an_answer_can_take_is_none(odd):
    usage = {"model": "m", "input_tokens": 1, "output_tokens": 1, **odd}
    outcome = protocol.outcome_of({"output": 1, "usage": [usage]}, latency=0.0, logs="")
    assert outcome.failure is not None
    assert "answered with a usage that is not" in outcome.failure.message
