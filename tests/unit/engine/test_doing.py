"""A piece of work that is seen from its beginning to its end, where somebody wants to know."""

import time

from evalgate.engine.doing import doing
from evalgate.llm.call import Request, Response
from evalgate.llm.endpoint import ModelEndpoint
from evalgate.llm.tab import on_tab, put_on_tab, show, tab_beside
from evalgate.llm.usage import TokenUsage
from evalgate.records import TaskOutcome

ENDPOINT = ModelEndpoint(name="m", base_url="http://127.0.0.1:1")
REQUEST = Request(endpoint=ENDPOINT, url="http://127.0.0.1:1/x", sample="r1", timeout=1, body=b"asked", model="small")
USED = TokenUsage(input_tokens=3, output_tokens=2)


class Tracer:
    def __init__(self):
        self.told = []

    def new_trace(self):
        return "9" * 32

    def trace(self, step, **of):
        self.told.append((step, of))


def called(*, from_cache=False):
    headers = {"content-type": "application/json"}
    response = Response(status=200, headers=headers, body=b"answered", latency=0.2, cost=0.5, from_cache=from_cache)
    put_on_tab(REQUEST, response, USED)


def test_what_was_called_is_told_with_when_it_was():
    tracer = Tracer()
    began = time.time()
    with doing("e1", tracer) as done:
        called()
        called(from_cache=True)
    outcome = done.named(TaskOutcome(output=1))
    assert outcome.trace_id == "9" * 32
    assert done.named(TaskOutcome(output=1, trace_id="own")).trace_id == "own"
    done.tell(outcome, experiment=3, evaluator="judge")
    ((step, of),) = tracer.told
    assert of == {"trace_id": "9" * 32, "experiment": 3, "evaluator": "judge"}
    assert began <= step.started <= step.ended <= time.time()
    first, second = step.calls
    assert (first.asked, first.answered, first.model, first.seconds) == (b"asked", b"answered", "small", 0.2)
    assert first.usage == USED.of("m/small", cost=0.5)
    assert second.seconds == 0  # it took nothing now
    assert second.usage.from_cache


def test_what_a_program_calls_through_a_door_is_shown_and_counted_once():
    """The door has a tab of its own, opened within the run that it is for."""
    tracer = Tracer()
    with doing("e1", tracer) as done:
        beside = tab_beside("e1")
        with on_tab(beside):
            called()
        show(beside.made)
    assert (done.tab.calls, beside.calls, len(done.tab.made)) == (0, 1, 1)


def test_nothing_is_kept_where_nobody_wants_to_know():
    with doing("e1", None) as done:
        called()
        beside = tab_beside("e1")
    outcome = TaskOutcome(output=1)
    assert done.named(outcome) is outcome
    done.tell(outcome, experiment=1)
    assert (done.tab.calls, done.tab.made, beside.keeps) == (1, [], False)
    show(beside.made)
