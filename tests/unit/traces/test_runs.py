"""Whose a span is, and how long a run waits for its own."""

import asyncio
import time

import pytest

from evalgate.records import ErrorKind, Failure, TaskOutcome
from evalgate.trace_ids import span_id, traceparent_of
from evalgate.traces import runs as waiting
from evalgate.traces.runs import Runs
from evalgate.traces.span import Span

ONE, TWO, OWN = ("1" * 32, "2" * 32, "3" * 32)
DOCUMENT = {"openinference.span.kind": "RETRIEVER", "retrieval.documents.0.document.content": "d"}
ANSWERED = TaskOutcome(output=1)


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def side(clock, *, wanted=("context",), patience=0.3, log=None, arriving=lambda: False):
    return Runs(
        now=clock,
        wanted=frozenset(wanted),
        patience=patience,
        log=(lambda _: None) if log is None else log.append,
        arriving=arriving,
    )


def span(trace=ONE, key="a1" * 8, parent=None, start=100.0, **more):
    above = span_id(trace) if parent is None else parent
    return Span(trace_id=trace, span_id=key, parent=above, start=start, end=start + 1, attributes=DOCUMENT, **more)


def began(runs, trace=ONE, process=1):
    run = runs.begin(process, traceparent_of(trace))
    assert run is not None
    return run


async def completed(runs, run, outcome=ANSWERED, *, flushed=False):
    return await runs.completed(run, outcome, flushed=flushed)


async def test_spans_of_a_trace_are_its_runs(clock):
    runs = side(clock)
    one, two = began(runs, ONE), began(runs, TWO)
    assert runs.take(1, [span(ONE, "aa" * 8), span(TWO, "bb" * 8)]) == {"aa" * 8: ONE, "bb" * 8: TWO}
    first, told = await completed(runs, one)
    assert (first.context, first.trace_id, told) == (["d"], ONE, False)
    assert (await completed(runs, two))[0].context == ["d"]
    assert runs.strays == 0


async def test_a_process_cannot_tell_of_anothers_run(clock):
    runs = side(clock)
    run = began(runs, ONE, process=1)
    assert runs.take(2, [span(ONE)]) == {}
    assert runs.strays == 1
    assert (await completed(runs, run, flushed=True))[0].context is None


async def test_a_program_that_begins_its_own_traces_is_known_by_its_process(clock):
    """And its run is recorded under the trace that it began."""
    runs = side(clock)
    run = began(runs)
    assert runs.take(1, [span(OWN, "aa" * 8, "bb" * 8), span(OWN, "bb" * 8, "")]) == {"aa" * 8: ONE, "bb" * 8: ONE}
    outcome, _ = await completed(runs, run)
    assert (outcome.context, outcome.trace_id, run.known_as) == (["d"], OWN, OWN)
    late = span(OWN, "cc" * 8, "bb" * 8)
    assert runs.take(1, [late]) == {"cc" * 8: OWN}
    assert runs.take(2, [late]) == {}


async def test_of_two_runs_that_a_process_holds_at_once_nobody_knows(clock):
    runs = side(clock)
    run = began(runs, ONE)
    began(runs, TWO)
    assert runs.take(1, [span(OWN, parent="")]) == {}
    assert runs.strays == 1
    assert (await completed(runs, run, flushed=True))[0].context is None


async def test_a_batch_that_comes_late_is_told_apart_by_when_its_spans_began(clock):
    runs = side(clock)
    one = began(runs, ONE)
    clock.now = one.ended = 110.0
    clock.now = 111.0
    two = began(runs, TWO)
    clock.now = 112.0
    first, second = span("4" * 32, "aa" * 8, "", start=105.0), span("5" * 32, "bb" * 8, "", start=111.5)
    before = span("6" * 32, "cc" * 8, "", start=90.0)
    assert runs.take(1, [first, second, before]) == {"aa" * 8: ONE, "bb" * 8: TWO}
    assert runs.strays == 1
    assert (await completed(runs, one))[0].trace_id == "4" * 32
    assert (await completed(runs, two))[0].trace_id == "5" * 32


async def test_several_traces_of_a_programs_own_leave_the_run_its_name(clock):
    runs = side(clock)
    run = began(runs)
    runs.take(1, [span("4" * 32, "aa" * 8, ""), span("5" * 32, "bb" * 8, "")])
    assert (await completed(runs, run))[0].trace_id == ONE


async def test_a_trace_that_the_task_names_is_the_runs(clock):
    runs = side(clock)
    run = began(runs)
    named = TaskOutcome(output=1, trace_id=TWO.upper())
    assert (await completed(runs, run, named, flushed=True))[0].trace_id == TWO.upper()
    assert run.known_as == TWO


async def test_a_run_waits_for_its_spans_where_the_program_traces(clock):
    runs = side(clock, patience=5)
    first, second = began(runs, ONE), began(runs, TWO)
    runs.take(1, [span(ONE)])
    asyncio.get_running_loop().call_later(0.1, runs.take, 1, [span(TWO, "bb" * 8)])
    began_at = time.monotonic()
    outcomes = await asyncio.gather(completed(runs, first), completed(runs, second))
    assert [outcome.context for outcome, _ in outcomes] == [["d"], ["d"]]
    assert 0.09 < time.monotonic() - began_at < 3


async def test_the_first_runs_wait_a_moment_together_and_then_nobody_does(clock, monkeypatch):
    monkeypatch.setattr(waiting, "FIRST_WAIT", 0.2)
    runs = side(clock, patience=5)
    began_at = time.monotonic()
    await asyncio.gather(*(completed(runs, began(runs, f"{n:032x}")) for n in range(1, 20)))
    assert 0.15 < time.monotonic() - began_at < 2
    began_at = time.monotonic()
    await completed(runs, began(runs, TWO))
    assert time.monotonic() - began_at < 0.1


async def test_whoever_has_begun_to_send_is_waited_for(clock, monkeypatch):
    """The first request finds nothing imported, on a machine that is busy."""
    monkeypatch.setattr(waiting, "FIRST_WAIT", 0.05)
    arriving = [True]
    runs = side(clock, patience=5, arriving=lambda: bool(arriving))
    run, flushed = began(runs, ONE), began(runs, TWO)
    asyncio.get_running_loop().call_later(0.3, runs.take, 1, [span(ONE), span(TWO, "bb" * 8)])
    outcomes = await asyncio.gather(completed(runs, run), completed(runs, flushed, flushed=True))
    assert [outcome.context for outcome, _ in outcomes] == [["d"], ["d"]]


@pytest.mark.parametrize(
    ("outcome", "wanted", "flushed"),
    [
        (ANSWERED, (), False),
        (ANSWERED, ("usage",), True),
        (TaskOutcome(output=1, context=["own"]), ("context",), False),
        (TaskOutcome(failure=Failure(kind=ErrorKind.TASK, type="E", message="m")), ("context",), False),
    ],
    ids=["nobody reads it", "all is sent", "it is there", "failed"],
)
async def test_nobody_waits_in_vain(clock, outcome, wanted, flushed):
    runs = side(clock, wanted=wanted, patience=30)
    run = began(runs, ONE)
    runs.take(1, [span(TWO, parent="")])  # it traces
    began_at = time.monotonic()
    await completed(runs, run, outcome, flushed=flushed)
    other = began(runs, TWO)
    await completed(runs, other, outcome, flushed=flushed)
    assert time.monotonic() - began_at < 1


async def test_after_three_times_in_vain_it_is_said_once_and_nobody_waits(clock):
    log = []
    runs = side(clock, patience=0.1, log=log)
    runs.take(1, [span(began(runs, ONE).trace_id)])
    for n in range(10, 16):
        await completed(runs, began(runs, f"{n:032x}"))
    assert len(log) == 1
    assert "later than 0.1 s" in log[0]
    assert "span_wait" in log[0]
    began_at = time.monotonic()
    await completed(runs, began(runs, TWO))
    assert time.monotonic() - began_at < 0.05


async def test_what_comes_when_the_run_is_recorded_changes_it_no_more(clock):
    runs = side(clock)
    run = began(runs)
    outcome, _ = await completed(runs, run, flushed=True)
    assert runs.take(1, [span(ONE)]) == {"a1" * 8: ONE}  # it is kept for Phoenix all the same
    assert (outcome.context, run.spans) == (None, [])


async def test_what_is_taken_of_a_run_is_bounded(clock, monkeypatch):
    """In number, in bytes, and in traces that the program begins: it may send without an end."""
    monkeypatch.setattr(waiting, "_MOST_SPANS", 3)
    monkeypatch.setattr(waiting, "_MOST_BYTES", 1_000)
    monkeypatch.setattr(waiting, "_MOST_FOREIGN", 2)
    runs = side(clock)
    run, other = began(runs), began(runs, TWO, process=2)
    assert len(runs.take(1, [span(ONE, f"{n:016x}") for n in range(9)])) == 3
    assert (len(run.spans), runs.strays) == (3, 6)
    big = Span(trace_id=TWO, span_id="b1" * 8, start=100.0, attributes={"x": "y" * 2_000})
    assert runs.take(2, [big]) == {}
    assert other.spans == []
    third = began(runs, "7" * 32, process=3)
    own = [span(f"{n:032x}", f"{n:016x}", "") for n in range(10, 15)]
    assert len(runs.take(3, own)) == 2
    assert len(third.foreign) == 2


@pytest.mark.parametrize("text", ["", "nonsense", f"00-{'0' * 32}-{'1' * 16}-01"])
async def test_a_traceparent_that_is_none_begins_nothing(clock, text):
    assert side(clock).begin(1, text) is None
