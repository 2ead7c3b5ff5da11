"""What is kept for Phoenix of how runs came about: their steps and the spans of their programs, in a file of its own.

It lies beside the journal and nothing is decided by it: it may be deleted, and then there are fewer traces. Rows are
written a moment later and together, so that no run waits for them; a kill loses that moment. What cannot be written is
dropped and counted.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from evalgate.errors import ConfigurationError
from evalgate.records import ModelCall, Step, Usage
from evalgate.sqlite_file import keep_a_log, make_folder, make_tables, marks_of

APPLICATION_ID: Final = 0x65767431  # "evt1"
VERSION: Final = 1
FILE: Final = "traces.db"
"""Its name, in the folder of the journal."""

_DAYS: Final = 30
_DAY: Final = 86_400.0
_MOST_BYTES: Final = 1_000_000_000
_LONGEST_BODY: Final = 2**20
_AFTER_S: Final = 0.5
_AT_ONCE: Final = 500
_BUSY_TIMEOUT_S: Final = 10.0
_TABLES: Final = """
CREATE TABLE step (
    trace_id TEXT NOT NULL,     -- that its run is recorded under
    experiment INTEGER NOT NULL,
    evaluator TEXT NOT NULL,    -- "": the task
    started REAL NOT NULL,      -- seconds since 1970
    ended REAL NOT NULL,
    calls BLOB NOT NULL,        -- JSON list, deflated
    PRIMARY KEY (trace_id, experiment, evaluator)
) STRICT, WITHOUT ROWID;
CREATE TABLE received (
    id INTEGER PRIMARY KEY,
    trace_id TEXT NOT NULL,
    at REAL NOT NULL,
    body BLOB NOT NULL          -- an OTLP request, deflated
) STRICT;
CREATE INDEX received_by_trace ON received (trace_id);
"""

_Statement = tuple[str, tuple[Any, ...]]


class TraceStore:
    """One open file. `now` gives seconds since 1970. It is made when the first row is written.

    Raises ConfigurationError for a file that is something else. After that it never raises: `log` is told once.
    """

    def __init__(self, path: Path, *, now: Callable[[], float], log: Callable[[str], None] = lambda _: None) -> None:
        self.path = path
        self._now, self._log = now, log
        self._waiting: list[_Statement] = []
        self._timer: asyncio.TimerHandle | None = None
        self._db: sqlite3.Connection | None = _opened(path) if path.exists() else None
        self.dropped = 0
        """Rows that could not be written."""

    def new_trace(self) -> str:
        """Return the id of a new trace."""
        return secrets.token_hex(16)

    def trace(self, step: Step, *, trace_id: str, experiment: int, evaluator: str = "") -> None:
        """Keep what was done for the run of a trace: by its task, or by an evaluator."""
        calls = zlib.compress(json.dumps([_call(each) for each in step.calls]).encode(), 1)
        row = (trace_id, experiment, evaluator, step.started, step.ended, calls)
        self._later(("INSERT OR REPLACE INTO step VALUES (?, ?, ?, ?, ?, ?)", row))

    def keep(self, trace_id: str, body: bytes) -> None:
        """Keep spans of the run that is recorded under this trace, as OTLP."""
        row = (trace_id, self._now(), zlib.compress(body, 1))
        self._later(("INSERT INTO received (trace_id, at, body) VALUES (?, ?, ?)", row))

    def rename(self, trace_id: str, known_as: str) -> None:
        """Keep under another trace what was kept under this one."""
        self._later(("UPDATE received SET trace_id = ? WHERE trace_id = ?", (known_as, trace_id)))

    def flush(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            if self._db is None:
                make_folder(self.path.parent)
                self._db = _opened(self.path)
            self._db.execute("BEGIN IMMEDIATE")
            try:
                for statement, values in waiting:
                    self._db.execute(statement, values)
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except (sqlite3.Error, OSError, ConfigurationError) as error:
            if not self.dropped:
                self._log(f"traces are not kept ({self.path}: {error}): Phoenix will have fewer of them")
            self.dropped += len(waiting)

    def close(self) -> None:
        """Write what waits, let go of what is old or too much, and close. May be called twice."""
        self.flush()
        if self._db is None:
            return
        db, self._db = self._db, None
        try:
            _prune(db, self._now())
        except sqlite3.Error as error:
            self._log(f"old traces were not removed ({self.path}: {error})")
        db.close()

    def _later(self, statement: _Statement) -> None:
        self._waiting.append(statement)
        if len(self._waiting) >= _AT_ONCE:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_AFTER_S, self.flush)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What is kept of one run: what was done for it, by evaluator and its task under "", and what its program sent."""

    steps: Mapping[str, Step] = field(default_factory=dict)
    received: tuple[bytes, ...] = ()


def kept_of(path: Path, trace_id: str, experiment: int) -> Kept:
    """Return what a file of traces has of a run in one experiment; nothing where it cannot be read."""
    if not path.exists():
        return Kept()
    steps = "SELECT evaluator, started, ended, calls FROM step WHERE trace_id = ? AND experiment = ?"
    received = "SELECT body FROM received WHERE trace_id = ? ORDER BY id"
    try:
        with closing(sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)) as db:
            return Kept(
                steps={
                    evaluator: Step(started=started, ended=ended, calls=tuple(_calls(calls)))
                    for evaluator, started, ended, calls in db.execute(steps, (trace_id, experiment))
                },
                received=tuple(zlib.decompress(body) for (body,) in db.execute(received, (trace_id,))),
            )
    except (sqlite3.Error, zlib.error, ValueError, TypeError):
        return Kept()


def _opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None)
    try:
        _prepare(db, path)
    except sqlite3.DatabaseError as error:
        db.close()
        if isinstance(error, sqlite3.OperationalError):
            raise
        raise _refused(path) from None
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection, path: Path) -> None:
    marks = marks_of(db)
    if (marks.application != APPLICATION_ID and not marks.untouched) or marks.version > VERSION:
        raise _refused(path)
    keep_a_log(db, patience=_BUSY_TIMEOUT_S)
    if marks.empty:
        make_tables(db, _TABLES, application=APPLICATION_ID, version=VERSION)


def _refused(path: Path) -> ConfigurationError:
    return ConfigurationError(
        f"{path} is no file of traces that this evalgate reads", next_step="move it away, then run again"
    )


def _prune(db: sqlite3.Connection, now: float) -> None:
    db.execute("DELETE FROM step WHERE started < ?", (now - _DAYS * _DAY,))
    db.execute("DELETE FROM received WHERE at < ?", (now - _DAYS * _DAY,))
    db.execute(
        "DELETE FROM received WHERE id IN (SELECT id FROM (SELECT id, sum(length(body)) OVER (ORDER BY id DESC) AS held"
        " FROM received) WHERE held > ?)",
        (_MOST_BYTES,),
    )


def _call(call: ModelCall) -> Mapping[str, Any]:
    said = {"asked": call.asked, "answered": call.answered}
    texts = {name: body[:_LONGEST_BODY].decode("utf-8", "replace") for name, body in said.items()}
    return {
        "endpoint": call.endpoint,
        "model": call.model,
        "content_type": call.content_type,
        "started": call.started,
        "seconds": call.seconds,
        "usage": None if call.usage is None else asdict(call.usage),
        **texts,
    }


def _calls(packed: bytes) -> Iterator[ModelCall]:
    for fields in json.loads(zlib.decompress(packed)):
        texts = {name: fields[name].encode() for name in ("asked", "answered")}
        usage = None if fields["usage"] is None else Usage(**fields["usage"])
        yield ModelCall(**{**fields, **texts, "usage": usage})
