"""Whose a span is: the runs of one side, the processes that hold them, and how long a run waits for its spans.

A span is a run's by its trace, where the program passed on the `traceparent` that it was given. A program that begins
traces of its own is known by its process, and the run by the moment at which the span began, where the process held one
run then and no other. What is nobody's is counted.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

from evalgate.records import TaskOutcome
from evalgate.trace_ids import read_trace_id, span_id, trace_of
from evalgate.traces.reading import FIELDS, filled
from evalgate.traces.span import Span

Key = tuple[str, str]
"""A run as a program knows it: the example's id and the sample."""

FIRST_WAIT: Final = 1.0
"""Seconds after the first answer in which a program shows whether it traces: batches are sent every 0.1 s."""
SLACK: Final = 0.01
"""Seconds that two clocks' readings of one moment may differ by."""
_LOOK_AGAIN: Final = 0.02
_MOST_SPANS: Final = 10_000
_MOST_FOREIGN: Final = 64
_MOST_BYTES: Final = 32 * 2**20
_REMEMBERED: Final = 4_096
_OF_ONE_PROCESS: Final = 256
_IN_VAIN: Final = 3


@dataclass(kw_only=True, slots=True, eq=False)
class TracedRun:
    """One run and what came of its spans. `began` and `ended` are in seconds since 1970."""

    trace_id: str
    """The one that it was given."""
    process: int
    began: float
    known_as: str = ""
    """The one that it is recorded under: its own, unless the program began another."""
    ended: float | None = None
    spans: list[Span] = field(default_factory=list)
    number: int = 0
    taken: int = 0
    """Spans that came, and the bytes that they weigh."""
    whole: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the outermost span is there: those within it were sent before it or with it."""
    foreign: dict[str, None] = field(default_factory=dict)
    """Ids of traces that the program began by itself."""
    open: bool = True
    """Whether what comes is still read."""


class Runs:
    """The runs of one side. `now` gives seconds since 1970; `wanted` are the fields that somebody reads.

    `patience` is how many seconds a run of a program that traces waits for its spans, `arriving` says whether some
    program has just begun to send.
    """

    def __init__(
        self,
        *,
        now: Callable[[], float],
        wanted: AbstractSet[str],
        patience: float,
        log: Callable[[str], None],
        arriving: Callable[[], bool] = lambda: False,
    ) -> None:
        self._now, self._wanted, self._patience, self._log = now, wanted, patience, log
        self._arriving = arriving
        self._by_trace: OrderedDict[str, TracedRun] = OrderedDict()
        self._processes: dict[int, deque[TracedRun]] = {}
        self._seen = asyncio.Event()
        self._silent_from: float | None = None
        self._in_vain = 0
        self._told = False
        self.strays = 0
        """Spans that belong to no run."""

    def begin(self, process: int, traceparent: str) -> TracedRun | None:
        """Take up a run that a process was given with its `traceparent`; None where that is none."""
        trace_id = trace_of(traceparent)
        if trace_id is None:
            return None
        run = TracedRun(trace_id=trace_id, known_as=trace_id, process=process, began=self._now())
        self._by_trace[trace_id] = run
        self._processes.setdefault(process, deque(maxlen=_OF_ONE_PROCESS)).append(run)
        while len(self._by_trace) > _REMEMBERED:
            self._by_trace.popitem(last=False)
        return run

    def find(self, trace_id: str | None) -> TracedRun | None:
        """Return the run that was given this trace, None where it is not known any more."""
        return self._by_trace.get(trace_id or "")

    def forget(self, process: int) -> None:
        """Let go of a process that has ended: it begins nothing any more."""
        self._processes.pop(process, None)

    def take(self, process: int, spans: Sequence[Span]) -> dict[str, str]:
        """Take what a process sent. Returns, by span id, the trace that the run it belongs to is recorded under."""
        owners: dict[str, str] = {}
        for span in spans:
            run = self._run_of(process, span)
            if run is None or not self._add(run, span):
                self.strays += 1
                continue
            owners[span.span_id] = run.known_as
        if owners:
            self._seen.set()
        return owners

    def _run_of(self, process: int, span: Span) -> TracedRun | None:
        run = self._by_trace.get(span.trace_id)
        if run is not None:
            return run if run.process == process else None
        held = self._at(process, span.start, 0.0) or self._at(process, span.start, SLACK)
        if len(held) != 1 or len(held[0].foreign) >= _MOST_FOREIGN:
            return None
        held[0].foreign[span.trace_id] = None
        self._by_trace[span.trace_id] = held[0]
        return held[0]

    def _at(self, process: int, moment: float, slack: float) -> list[TracedRun]:
        """Return the runs that a process held at a moment."""
        return [
            each
            for each in self._processes.get(process, ())
            if each.began - slack <= moment and (each.ended is None or moment <= each.ended + slack)
        ]

    def _add(self, run: TracedRun, span: Span) -> bool:
        """Take a span of a run, within bounds: a program may send without an end. Returns whether it was taken."""
        run.taken += sum(len(name) + len(str(value)) for name, value in span.attributes.items())
        run.number += 1
        if run.number > _MOST_SPANS or run.taken > _MOST_BYTES:
            return False
        if run.open:
            run.spans.append(span)
        if span.parent in ("", span_id(run.trace_id)):
            run.whole.set()
        return True

    async def completed(self, run: TracedRun, outcome: TaskOutcome, *, flushed: bool) -> tuple[TaskOutcome, bool]:
        """Return the outcome with what the run's spans say of it, and whether its usage is from them.

        Waits for them where somebody reads what they may say and the program traces; where it has `flushed` them, only
        for what is being read just now.
        """
        if not run.whole.is_set() and self._awaits(outcome):
            await (self._wait_for_arrivals(run) if flushed else self._wait(run))
        if run.whole.is_set():
            self._in_vain = 0
        run.open = False
        foreign = [*run.foreign]
        # What ran under one trace of its own is found under that.
        alone = len(foreign) == 1 and all(span.trace_id == foreign[0] for span in run.spans)
        read = filled(outcome, run.spans) if outcome.failure is None else outcome
        run.spans = []
        counted = outcome.usage is None and read.usage is not None
        run.known_as = read_trace_id(outcome.trace_id) or (foreign[0] if alone else run.trace_id)
        return replace(read, trace_id=outcome.trace_id or run.known_as), counted

    def _awaits(self, outcome: TaskOutcome) -> bool:
        return outcome.failure is None and any(
            getattr(outcome, name) is None for name in FIELDS if name in self._wanted
        )

    async def _wait(self, run: TracedRun) -> None:
        if not self._seen.is_set():
            await self._learn()
        if not self._seen.is_set() or self._in_vain >= _IN_VAIN:
            return
        try:
            async with asyncio.timeout(self._patience):
                await run.whole.wait()
        except TimeoutError:
            self._in_vain += 1
            if self._in_vain == _IN_VAIN and not self._told:
                self._told = True
                self._log(
                    f"traces come later than {self._patience:g} s after their answers, and runs wait for them no more:"
                    " raise `span_wait` of the task, or let the program flush its spans"
                )

    async def _wait_for_arrivals(self, run: TracedRun) -> None:
        until = asyncio.get_running_loop().time() + self._patience
        while self._arriving() and not run.whole.is_set() and asyncio.get_running_loop().time() < until:
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_AGAIN):
                    await run.whole.wait()

    async def _learn(self) -> None:
        """Wait once, together with all others, for the first spans that this side sends, or for those on their way."""
        loop = asyncio.get_running_loop()
        if self._silent_from is None:
            self._silent_from = loop.time() + min(FIRST_WAIT, self._patience)
        while not self._seen.is_set():
            left = self._silent_from - loop.time()
            if left <= 0 and (left < -self._patience or not self._arriving()):
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(max(left, _LOOK_AGAIN)):
                    await self._seen.wait()
