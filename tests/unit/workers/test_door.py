"""Several doors of one process as one."""

from evalgate.records import ErrorKind, Failure, TaskOutcome
from evalgate.workers.door import Doors

KEY = ("e1", "r1")


class Door:
    def __init__(self, token, **environment):
        self.token, self.environment, self.defaults = token, environment, {f"{token}_default": "x"}
        self.heard = []

    def enter(self, key, trace):
        self.heard.append((key, trace))

    def settle(self, key, outcome):
        self.heard.append(key)
        return TaskOutcome(**{**{name: getattr(outcome, name) for name in outcome.__slots__}, "steps": [self.token]})

    def close(self):
        self.heard.append("closed")


def test_a_run_goes_through_each_in_their_order():
    first, second = Door("t1", a="1", b="1"), Door("t2", b="2")
    doors = Doors([first, second])
    assert doors.environment == {"a": "1", "b": "2"}
    assert doors.defaults == {"t1_default": "x", "t2_default": "x"}
    doors.enter(KEY, "trace")
    assert doors.settle(KEY, TaskOutcome(output=1)).steps == ["***"]
    doors.close()
    assert first.heard == second.heard == [(KEY, "trace"), KEY, "closed"]


def test_tokens_are_in_nothing_that_comes_out():
    failed = Failure(kind=ErrorKind.TASK, type="E", message="cannot reach http://127.0.0.1:1/t1/v1")
    doors = Doors([Door("t1"), Door("t2")])
    outcome = doors.settle(KEY, TaskOutcome(failure=failed, logs="at t2", context=["t1", {"t2": 1}], messages=["ä"]))
    assert outcome.failure is not None
    assert outcome.failure.message == "cannot reach http://127.0.0.1:1/***/v1"
    assert (outcome.logs, outcome.context, outcome.messages) == ("at ***", ["***", {"***": 1}], ["ä"])


def test_without_doors_an_outcome_is_as_it_was():
    outcome = TaskOutcome(output=1)
    assert Doors([]).settle(KEY, outcome) is outcome
