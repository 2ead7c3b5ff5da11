"""What is going on while a build runs: one line that changes on a terminal, plain lines now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, TextIO

from evalgate.records import Evaluation, Side, TaskOutcome
from evalgate.report.console import cells, fitted
from evalgate.report.formatting import count, seconds

_REDRAW_S: Final = 0.1
_PLAIN_S: Final = 10.0
_CLEAR: Final = "\r\x1b[2K"


class Mode(Enum):
    """How progress is shown."""

    LIVE = "live"
    PLAIN = "plain"
    QUIET = "quiet"


@dataclass(frozen=True, kw_only=True, slots=True)
class HowFar:
    """How far a build is: runs that ended of all that there are, errors among them, seconds since it began."""

    done: int
    planned: int
    errors: int
    seconds: float


class Progress:
    """Counts what ended and writes it to `stream`. It fits the engine's observer.

    `clock` gives seconds from any origin. On a stream that cannot be written any more it falls silent: a closed pipe
    must not end a build.
    """

    def __init__(self, stream: TextIO, clock: Callable[[], float], *, mode: Mode, width: int = 80) -> None:
        self._stream = stream
        self._clock = clock
        self._mode = mode
        self._width = width
        self._began = self._written_at = clock()
        self._expected = self._resumed = 0
        self._runs = self._cached = self._evaluations = 0
        self._errors = dict.fromkeys(Side, 0)
        self._evaluator_errors = 0
        self._on_screen = ""

    def expect(self, runs: int, *, done: int = 0) -> None:
        """Say how many more runs there are in all, `done` of them by an earlier, interrupted run."""
        self._expected += runs
        self._resumed += done
        self._show()

    def run_ended(self, side: Side, outcome: TaskOutcome) -> None:
        """Count one run; it came from the cache where all that it used did."""
        self._runs += 1
        self._cached += bool(outcome.usage) and all(part.from_cache for part in outcome.usage or ())
        self._errors[side] += outcome.failure is not None
        self._show()

    def evaluated(self, side: Side, evaluations: Sequence[Evaluation]) -> None:
        """Count the evaluations of one run."""
        self._evaluations += len(evaluations)
        self._evaluator_errors += sum(evaluation.failure is not None for evaluation in evaluations)
        self._show()

    def note(self, text: str) -> None:
        """Write one line that stays, above the line that changes."""
        if self._mode is not Mode.QUIET:
            self._write(f"{_CLEAR if self._on_screen else ''}{text}\n")
            self._on_screen = ""

    def close(self) -> None:
        """Take the live line away, or write the last plain one. May be called twice."""
        if self._mode is Mode.LIVE and self._on_screen:
            self._write(_CLEAR)
            self._on_screen = ""
        elif self._mode is Mode.PLAIN and self._runs:
            self._write(f"{self.text()}\n")
        self._mode = Mode.QUIET

    def how_far(self) -> HowFar:
        """Return what is known now."""
        done = self._runs + self._resumed
        return HowFar(
            done=done,
            planned=max(self._expected, done),
            errors=sum(self._errors.values()),
            seconds=self._clock() - self._began,
        )

    def text(self) -> str:
        """Return what is known now, as one line."""
        done = self._runs + self._resumed
        total = max(self._expected, done)
        share = f" ({int(done * 100 / total)} %)" if total else ""
        parts = [
            f"{done:,} of {count(total, 'run')}{share}",
            f"{self._cached:,} from the cache" if self._cached else None,
            count(self._evaluations, "evaluation"),
            self._error_text(),
            seconds(self._clock() - self._began),
            self._time_left(total - done),
        ]
        return ", ".join(part for part in parts if part)

    def _error_text(self) -> str | None:
        parts = [f"{amount:,} on the {side.value}" for side, amount in self._errors.items() if amount]
        parts += [f"{self._evaluator_errors:,} of evaluators"] if self._evaluator_errors else []
        total = sum(self._errors.values()) + self._evaluator_errors
        return f"{count(total, 'error')} ({', '.join(parts)})" if total else None

    def _time_left(self, runs: int) -> str | None:
        """Say it once a few runs tell the pace; cached ones take no time and would promise too much."""
        paced = self._runs - self._cached
        elapsed = self._clock() - self._began
        if runs <= 0 or paced < 3 or elapsed < 1:
            return None
        return f"about {seconds(max(1.0, runs * elapsed / paced))} left"

    def _show(self) -> None:
        if self._mode is Mode.QUIET:
            return
        now = self._clock()
        live = self._mode is Mode.LIVE
        if now - self._written_at < (_REDRAW_S if live else _PLAIN_S) and (self._on_screen or not live):
            return
        self._written_at = now
        text = self.text()
        if not live:
            self._write(f"{text}\n")
        elif text != self._on_screen:
            self._on_screen = text
            self._write(_CLEAR + (text if cells(text) < self._width else fitted(text, self._width - 1)))

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._mode = Mode.QUIET
