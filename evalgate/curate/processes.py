"""A stream that several processes work on, what they make of it in its order: `python -m evalgate.curate.processes`.

A process gets a few items at a time and answers before it gets more, so that neither side holds a stream, and none
waits for one that waits for it. One whose parent is gone finds its input at an end, and ends too.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import IO, Any, BinaryIO, Final, TypeVar

from evalgate.errors import MeasurementError

T = TypeVar("T")
R = TypeVar("R")
_TOGETHER: Final = 20
"""Items that a process gets at a time."""
_MOST: Final = 4
"""Processes at once: one more than these have to wait for what reads and writes the stream."""

_KEPT: Final = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "LD_LIBRARY_PATH")


def processors() -> int:
    """Return how many processes are worth having here: one for each processor that this one may use, 4 at most."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(_MOST, there)


def worked(make: Callable[[], Callable[[T], R]], items: Iterable[T], *, processes: int) -> Iterator[R]:
    """Yield what the function that `make` returns makes of each item, in the order of the items.

    `make` is called once in each process. It, the items and the results are pickled. What it or its function raises is
    raised here; MeasurementError where a process ended by itself.
    """
    several = iter(items)
    crew = [_started(make) for _ in range(processes)]
    try:
        busy: deque[subprocess.Popen[bytes]] = deque()
        for each in crew:
            if some := list(islice(several, _TOGETHER)):
                _send(each, some)
                busy.append(each)
        while busy:
            first = busy.popleft()
            answer = _answer(first)
            if some := list(islice(several, _TOGETHER)):
                _send(first, some)
                busy.append(first)
            yield from answer
    finally:
        for each in crew:
            each.kill()
            each.communicate()


def _started(make: Callable[[], Any]) -> subprocess.Popen[bytes]:
    found = subprocess.Popen(
        [sys.executable, "-P", "-m", "evalgate.curate.processes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environment(),
    )
    _send(found, make)
    return found


def _environment() -> dict[str, str]:
    """Return what a Python needs to start and to find what this one finds; no secret is among it."""
    given = {name: os.environ[name] for name in _KEPT if name in os.environ}
    places = os.pathsep.join(str(Path(each).absolute()) for each in sys.path)
    return {**given, "PYTHONPATH": places, "OPENBLAS_NUM_THREADS": "1"}


def _send(process: subprocess.Popen[bytes], value: Any) -> None:
    # One that is gone has no answer either, and that is told.
    with suppress(BrokenPipeError):
        pipe = _there(process.stdin)
        pickle.dump(value, pipe)
        pipe.flush()


def _answer(process: subprocess.Popen[bytes]) -> list[Any]:
    try:
        answer = pickle.load(_there(process.stdout))  # noqa: S301 a process of ours said it
    except (EOFError, pickle.UnpicklingError):
        raise MeasurementError(
            f"a process that did a part of this ended by itself (code {process.wait()}), perhaps for lack of memory",
            next_step="run the same again: nothing was written",
        ) from None
    if isinstance(answer, BaseException):
        raise answer
    found: list[Any] = answer
    return found


def _there(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise ValueError("a process that was started has pipes")
    return pipe


def work(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer until there is no more: first the function is made, then it is called for every item of each list."""
    do: Callable[[Any], Any] | None = None
    with suppress(EOFError, BrokenPipeError):
        make = pickle.load(source)  # noqa: S301 the process that started this one says it
        while True:
            some = pickle.load(source)  # noqa: S301
            answer: Any
            try:
                do = do or make()
                answer = list(map(do, some))
            except Exception as error:  # noqa: BLE001 whatever it is, it is raised where this one was started
                answer = error
            pickle.dump(answer, sink)
            sink.flush()


def main() -> None:
    """Work for the process that started this one: it alone is told of a Ctrl-C, and nothing else is printed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    work(sys.stdin.buffer, sink)


if __name__ == "__main__":
    main()
