"""The engine against tasks that are written for one behaviour each."""

import asyncio
import time

import pytest

from evalgate.engine.measure import Effects, measure
from evalgate.engine.work import Answered, Draw, Work
from evalgate.errors import JournalError
from evalgate.records import ErrorKind, Evaluation, EvaluatorSpec, Example, Failure, Side, TaskOutcome


class Task:
    """Answers after a pause; knows how many runs it held at once."""

    queue = None

    def __init__(self, concurrency=4, pause=0.0, outcomes=None):
        self.concurrency, self.pause, self.outcomes = concurrency, pause, outcomes or {}
        self.calls, self.held, self.most = [], 0, 0

    async def start(self):
        pass

    async def run(self, example, sample):
        self.calls.append((example.id, sample))
        self.held += 1
        self.most = max(self.most, self.held)
        await asyncio.sleep(self.pause)
        self.held -= 1
        planned = self.outcomes.get(example.id)
        return planned.pop(0) if planned else TaskOutcome(output=example.id)

    async def close(self):
        pass


class Evaluator:
    def __init__(self, name="m", pause=0.0, concurrency=1):
        self.concurrency, self.held, self.most = concurrency, 0, 0
        self.spec, self.pause, self.seen = EvaluatorSpec(name=name), pause, []

    async def start(self):
        pass

    async def evaluate(self, subject):
        self.seen.append(subject.example.id)
        self.held += 1
        self.most = max(self.most, self.held)
        await asyncio.sleep(self.pause)
        self.held -= 1
        return Evaluation(name=self.spec.name, score=1.0)

    async def close(self):
        pass


class Memory:
    """A recorder and an observer in memory."""

    def __init__(self):
        self.runs, self.evaluations, self.events = {}, {}, []

    def record(self, *, experiment, example_id, sample, outcome, started_at):
        self.runs[experiment, example_id, sample] = outcome
        self.events.append(("run", example_id))

    def record_evaluations(self, *, experiment, example_id, sample, evaluations):
        self.evaluations[experiment, example_id, sample] = evaluations
        self.events.append(("evaluated", example_id))

    def run_ended(self, side, outcome):
        pass

    def evaluated(self, side, evaluations):
        pass


def effects(memory, stop=None, seed="1"):
    return Effects(recorder=memory, observer=memory, now=lambda: "now", stop=stop or asyncio.Event(), seed=seed)


def work(task, evaluators=(), n=20, experiment=1, side=Side.CANDIDATE, **more):
    draws = (Draw(example=Example(id=f"e{i}", input={}), sample="r1") for i in range(n))
    return Work(experiment=experiment, suite="s", side=side, task=task, evaluators=evaluators, draws=draws, **more)


async def test_every_draw_is_answered_and_evaluated_once():
    """No more at once than the task can hold."""
    memory, task, evaluators = Memory(), Task(pause=0.002), (Evaluator("a"), Evaluator("b"))
    assert await measure([work(task, evaluators)], effects(memory))
    assert sorted(task.calls) == sorted((f"e{i}", "r1") for i in range(20))
    assert task.most == 4
    assert {len(found) for found in memory.evaluations.values()} == {2}
    assert len(memory.evaluations) == 20


class Shared(Task):
    """A side of two that wait for the slots of one endpoint, as prompt tasks do."""

    queue = "endpoint"

    def __init__(self, slots, served, **more):
        super().__init__(**more)
        self.slots, self.served = slots, served

    async def run(self, example, sample):
        async with self.slots:
            self.served.append((self, example.id))
            return await super().run(example, sample)


async def asked_first(n=200, *, slots=8, seed="1"):
    """Return, by example, whether the candidate was the first to get a slot; and who was served, in order."""
    room, served = asyncio.Semaphore(slots), []
    sides = [Shared(room, served, concurrency=slots, pause=0.001) for _ in Side]
    works = [work(task, n=n, experiment=i, side=side) for i, (task, side) in enumerate(zip(sides, Side, strict=True))]
    await measure(works, effects(Memory(), seed=seed))
    first = {}
    for task, example in served:
        first.setdefault(example, task is sides[0])
    return list(first.values()), [task is sides[0] for task, _ in served]


async def test_lots_decide_which_side_asks_an_endpoint_first():
    """In each example anew: with equal times whoever was first once would be so for ever."""
    first, served = await asked_first()
    assert len(served) == 400
    assert 70 <= sum(first) <= 130
    assert 70 <= sum(a == b for a, b in zip(first, first[8:], strict=False)) <= 126
    assert {sum(served[i : i + 2]) for i in range(0, 400, 2)} == {1}, "the sides take one example at a time"


async def test_the_order_of_a_build_is_drawn_by_its_seed():
    assert await asked_first(40) == await asked_first(40)
    assert await asked_first(40) != await asked_first(40, seed="2")


async def test_a_side_goes_on_while_a_run_of_the_other_takes_its_time():
    """They keep step over some examples, not within each: a long run must not leave the other side idle."""
    done = asyncio.Event()

    class Long(Task):
        async def run(self, example, sample):
            if example.id == "e0":
                await done.wait()
            return await super().run(example, sample)

    class Ahead(Task):
        async def run(self, example, sample):
            if example.id == "e1":
                done.set()
            return await super().run(example, sample)

    works = [
        work(task(concurrency=1), n=4, experiment=i, side=side)
        for i, (task, side) in enumerate(zip((Long, Ahead), Side, strict=True))
    ]
    async with asyncio.timeout(5):
        assert await measure(works, effects(Memory()))


async def test_evaluations_start_as_soon_as_a_run_ends():
    """The first evaluation is recorded long before the last run."""
    memory = Memory()
    await measure([work(Task(concurrency=1, pause=0.002), (Evaluator(),))], effects(memory))
    assert memory.events.index(("evaluated", "e0")) < memory.events.index(("run", "e5"))


async def test_a_slow_judge_looks_at_as_many_runs_as_it_can_hold():
    """Not as few as the task can: a function in one process and a judge at an endpoint with many slots."""
    memory, judge = Memory(), Evaluator(pause=0.05, concurrency=8)
    await measure([work(Task(concurrency=1), (judge, Evaluator("code")))], effects(memory))
    assert judge.most == 8
    assert len(memory.evaluations) == 20


async def test_both_sides_go_at_once():
    """Candidate and baseline calls interleave."""
    memory = Memory()
    sides = [work(Task(concurrency=1, pause=0.001), n=10, experiment=i, side=s) for i, s in enumerate(Side)]
    await measure(sides, effects(memory))
    order = [experiment for experiment, _, _ in memory.runs]
    assert order != sorted(order)


async def test_draws_are_read_lazily():
    """With slow evaluators the answers wait in a bounded queue, not in memory."""
    taken = []

    def draws():
        for i in range(10_000):
            taken.append(i)
            yield Draw(example=Example(id=f"e{i}", input={}), sample="r1")

    memory, stop = Memory(), asyncio.Event()
    slow = Work(
        experiment=1, suite="s", side=Side.CANDIDATE, task=Task(), evaluators=(Evaluator(pause=0.05),), draws=draws()
    )
    running = asyncio.create_task(measure([slow], effects(memory, stop)))
    await asyncio.sleep(0.12)
    stop.set()
    assert not await running
    assert len(taken) < 60


@pytest.mark.parametrize(("kind", "calls", "score"), [(ErrorKind.INFRASTRUCTURE, 3, "ok"), (ErrorKind.TASK, 1, None)])
async def test_only_infrastructure_errors_are_tried_again(monkeypatch, kind, calls, score):
    """What the task did is recorded at once; what the transport did is tried thrice."""
    monkeypatch.setattr("evalgate.engine.measure._FIRST_PAUSE_S", 0.001)
    failed = TaskOutcome(failure=Failure(kind=kind, type="E", message="m"))
    task, memory, evaluator = Task(outcomes={"e0": [failed, failed]}), Memory(), Evaluator()
    await measure([work(task, (evaluator,), n=1)], effects(memory))
    assert len(task.calls) == calls
    assert evaluator.seen == ([] if score is None else ["e0"])


async def test_an_infrastructure_error_that_stays_is_recorded_as_one(monkeypatch):
    """After three tries the run is missing, not lost."""
    monkeypatch.setattr("evalgate.engine.measure._FIRST_PAUSE_S", 0.001)
    failed = TaskOutcome(failure=Failure(kind=ErrorKind.INFRASTRUCTURE, type="E", message="m"))
    memory = Memory()
    await measure([work(Task(outcomes={"e0": [failed] * 3}), n=1)], effects(memory))
    assert memory.runs[1, "e0", "r1"] == failed


async def test_what_was_answered_before_is_only_evaluated():
    """A run whose evaluation was lost to a kill costs no second call."""
    memory, task, evaluator = Memory(), Task(), Evaluator()
    answered = Answered(example=Example(id="old", input={}), sample="r1", outcome=TaskOutcome(output=1))
    await measure([work(task, (evaluator,), n=0, answered=[answered])], effects(memory))
    assert task.calls == []
    assert evaluator.seen == ["old"]


async def test_a_stop_lets_runs_in_flight_end_and_begins_nothing_new():
    """What is paid for is recorded."""
    memory, stop, task = Memory(), asyncio.Event(), Task(concurrency=2, pause=0.05)
    running = asyncio.create_task(measure([work(task, (Evaluator(),))], effects(memory, stop)))
    await asyncio.sleep(0.02)
    stop.set()
    assert await running is False
    assert len(task.calls) == 2
    assert len(memory.evaluations) == 2


async def test_a_stop_sends_nothing_that_still_waits_for_its_endpoint():
    """Of two sides in one queue no more are asked at once than the endpoint takes, and none after the stop."""
    stop, served, slots = asyncio.Event(), [], asyncio.Semaphore(99)
    sides = [Shared(slots, served, concurrency=3, pause=0.3) for _ in Side]
    works = [work(task, experiment=i, side=side) for i, (task, side) in enumerate(zip(sides, Side, strict=True))]
    running = asyncio.create_task(measure(works, effects(Memory(), stop)))
    while len(served) < 3:  # noqa: ASYNC110 - a list tells nobody
        await asyncio.sleep(0)
    stop.set()
    assert await running is False
    assert len(served) == 3


async def test_a_stop_does_not_wait_for_a_run_that_never_ends(monkeypatch):
    """After the grace it is cancelled."""
    monkeypatch.setattr("evalgate.engine.measure._GRACE_S", 0.05)
    memory, stop = Memory(), asyncio.Event()
    running = asyncio.create_task(measure([work(Task(pause=60))], effects(memory, stop)))
    await asyncio.sleep(0.02)
    stop.set()
    started = time.monotonic()
    assert await running is False
    assert time.monotonic() - started < 5
    assert memory.runs == {}


async def test_an_error_of_the_journal_ends_everything_as_itself():
    """No exception group, no lane left behind."""

    class Full(Memory):
        def record(self, **_):
            raise JournalError("the disk is full")

    with pytest.raises(JournalError, match="disk is full"):
        await measure([work(Task(), (Evaluator(),)), work(Task(), experiment=2)], effects(Full()))
    assert len(asyncio.all_tasks()) == 1
