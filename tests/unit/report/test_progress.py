"""Progress: one line that changes on a terminal, plain lines elsewhere, nothing when quiet."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from evalgate.records import ErrorKind, Evaluation, Failure, Side, TaskOutcome, Usage
from evalgate.report.console import cells
from evalgate.report.progress import Mode, Progress

_GOOD = TaskOutcome(output="x")
_CACHED = TaskOutcome(output="yes", usage=(Usage(model="m", input_tokens=1, output_tokens=1, from_cache=True),))
_BAD = TaskOutcome(failure=Failure(kind=ErrorKind.TASK, type="KeyError", message="'city'"))


class Clock:
    """A clock that goes on when it is told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def _run(progress: Progress, clock: Clock, *, runs: int, step: float) -> None:
    for number in range(runs):
        clock.now += step
        progress.run_ended(Side.CANDIDATE, _BAD if number == 0 else _GOOD)
        progress.evaluated(Side.CANDIDATE, [Evaluation(name="a", score=1), Evaluation(name="b", score=0)])


def test_it_says_runs_evaluations_errors_time_and_time_left() -> None:
    clock = Clock()
    progress = Progress(io.StringIO(), clock, mode=Mode.QUIET)
    progress.expect(40)
    _run(progress, clock, runs=10, step=0.5)
    failed = Evaluation(name="a", failure=Failure(kind=ErrorKind.EVALUATOR, type="ValueError", message="x"))
    progress.evaluated(Side.BASELINE, [failed])
    assert progress.text() == (
        "10 of 40 runs (25 %), 21 evaluations, 2 errors (1 on the candidate, 1 of evaluators), 5 s, about 15 s left"
    )


def test_runs_of_an_interrupted_build_count_as_done_and_not_as_pace() -> None:
    clock = Clock()
    progress = Progress(io.StringIO(), clock, mode=Mode.QUIET)
    progress.expect(100, done=60)
    _run(progress, clock, runs=20, step=1)
    assert progress.text().startswith("80 of 100 runs (80 %)")
    assert progress.text().endswith("20 s, about 20 s left")


def test_cached_runs_are_counted_and_promise_no_pace() -> None:
    clock = Clock()
    progress = Progress(io.StringIO(), clock, mode=Mode.QUIET)
    progress.expect(100)
    for _ in range(50):
        progress.run_ended(Side.BASELINE, _CACHED)
    clock.now += 2
    assert progress.text() == "50 of 100 runs (50 %), 50 from the cache, no evaluations, 2 s"


def test_a_terminal_has_one_line_that_is_drawn_anew_and_taken_away() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = Progress(stream, clock, mode=Mode.LIVE, width=60)
    progress.expect(1000)
    _run(progress, clock, runs=1000, step=0.01)
    progress.close()
    drawn = stream.getvalue().split("\r\x1b[2K")
    assert "\n" not in stream.getvalue()
    assert 90 <= len(drawn) <= 110
    assert max(map(cells, drawn)) < 60
    assert drawn[-1] == ""


def test_elsewhere_plain_lines_come_every_ten_seconds_and_at_the_end() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = Progress(stream, clock, mode=Mode.PLAIN)
    progress.expect(30)
    _run(progress, clock, runs=30, step=1)
    progress.close()
    progress.close()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 4
    assert lines[0].startswith("10 of 30 runs (33 %)")
    assert lines[-1] == "30 of 30 runs (100 %), 60 evaluations, 1 error (1 on the candidate), 30 s"
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize("mode", [Mode.QUIET, Mode.PLAIN, Mode.LIVE])
def test_quiet_writes_nothing_and_nothing_is_written_after_the_end(mode: Mode) -> None:
    stream, clock = io.StringIO(), Clock()
    progress = Progress(stream, clock, mode=mode)
    progress.close()
    progress.expect(3)
    _run(progress, clock, runs=3, step=100)
    progress.close()
    assert stream.getvalue() == ""


def test_a_full_disk_ends_progress_and_not_the_build() -> None:
    full, clock = Path("/dev/full").open("w", encoding="utf-8"), Clock()  # noqa: SIM115 closing it fails, below
    progress = Progress(full, clock, mode=Mode.PLAIN)
    progress.expect(3)
    _run(progress, clock, runs=3, step=20)
    progress.close()
    assert progress.text().startswith("3 of 3 runs")
    with pytest.raises(OSError, match="No space left"):
        full.close()


def test_a_closed_stream_ends_progress_and_not_the_build() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = Progress(stream, clock, mode=Mode.LIVE)
    stream.close()
    progress.expect(3)
    _run(progress, clock, runs=3, step=20)
    assert progress.text().startswith("3 of 3 runs")
