"""The response cache: one SQLite file of whole and valid answers, by what was asked and for which sample.

Bodies are kept as they came. No header is kept beside the content type, and of the address only its hash: no secret can
get in. Several processes may use one file at once.
"""

from __future__ import annotations

import hashlib
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from evalgate.errors import ConfigurationError
from evalgate.llm.cache_file import VERSION, explained, opened
from evalgate.llm.call import Request, Response
from evalgate.records import MOST_DOLLARS

MEANINGFUL: Final = ("anthropic-beta", "anthropic-version", "openai-beta")
"""Headers that change what a request asks for; all others say who asks, or how."""

MEANINGFUL_PREFIX: Final = "x-amzn-bedrock-"
"""Of headers that do so too: guardrails, latency classes."""

_DAY: Final = 86_400.0
_MB: Final = 1_000_000
_LAST_DAY: Final = 253_402_214_400.0  # of the year 9999: what another hand wrote may be beyond any calendar
_LEVEL: Final = 1  # the fast end: what matters is that a CI cache is not three times as large

_PUT: Final = (
    "INSERT INTO answer (key, endpoint, model, sample, status, content_type, body, latency, cost, drawn_at, used_at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET endpoint = excluded.endpoint,"
    " model = excluded.model, sample = excluded.sample, status = excluded.status, content_type = excluded.content_type,"
    " body = excluded.body, latency = excluded.latency, cost = excluded.cost, drawn_at = excluded.drawn_at,"
    " used_at = excluded.used_at WHERE answer.drawn_at < ?"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What a cache may hold: bytes of answers, and days since an answer was drawn.

    `used_days`: answers that were drawn longer ago stay, and are not used.
    """

    megabytes: float
    days: float
    used_days: float = math.inf


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelShare:
    """What a cache holds of one model. `cost` is what its answers cost when they were drawn; `unpriced` have none."""

    endpoint: str
    model: str
    answers: int
    cost: float
    unpriced: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheStats:
    """What a cache holds. `oldest` and `newest` are when answers were drawn, in seconds since 1970."""

    answers: int
    stored_bytes: int
    oldest: float | None
    newest: float | None
    models: tuple[ModelShare, ...]


def key_of(request: Request) -> bytes:
    """Return what a request is stored under: where it goes, what it says, and which sample it draws.

    The body counts byte by byte: models answer in the order of the keys that they are sent.
    """
    named = {name.lower(): value for name, value in request.headers.items()}
    names = (*MEANINGFUL, *sorted(name for name in named if name.startswith(MEANINGFUL_PREFIX)))
    asked = [f"{name}:{named[name]}" for name in names if name in named]
    digest = hashlib.sha256()
    for part in (request.method, request.url, request.sample, *asked):
        raw = part.encode("utf-8", "surrogatepass")
        digest.update(b"%d:%s," % (len(raw), raw))
    digest.update(request.body)
    return digest.digest()


class ResponseCache:
    """One open cache file. `now()` gives seconds since 1970. Close it: how recently answers were used is written then.

    With `frozen` the file is read as it is, however old its answers are, and never written. Raises ConfigurationError
    for a file that is no cache, CacheError where it cannot be read or written.
    """

    def __init__(self, path: Path, *, limits: Limits, now: Callable[[], float], frozen: bool = False) -> None:
        self.path = path
        self._limits = limits
        self.now = now
        self._frozen = frozen
        self._used: dict[bytes, float] = {}
        self._written = False
        with explained(path):
            self._db = opened(path, frozen=frozen)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write what was used when, drop what is beyond the limits, and close the file. May be called twice."""
        try:
            if not self._frozen:
                self._settle()
        finally:
            self._used.clear()
            self._written = False
            self._db.close()

    def get(self, key: bytes) -> Response | None:
        """Return the answer stored under `key`, unless there is none or it is too old."""
        with explained(self.path):
            row = self._db.execute(
                "SELECT status, content_type, body, latency, cost FROM answer WHERE key = ? AND drawn_at >= ?",
                (key, self._oldest()),
            ).fetchone()
        if row is None:
            return None
        status, content_type, body, latency, cost = row
        if not (0 <= latency < math.inf and (cost is None or 0 <= cost <= MOST_DOLLARS)):
            return None
        try:
            whole = zlib.decompress(body)
        except zlib.error:
            return None  # another hand wrote it: the call is made again and overwrites it
        self._used[key] = self.now()
        return Response(
            status=status,
            headers={"content-type": content_type},
            body=whole,
            latency=latency,
            cost=cost,
            from_cache=True,
        )

    def put(self, key: bytes, request: Request, response: Response, *, since: float = 0.0) -> Response | None:
        """Store an answer that its reader accepted, in the file when this returns: None.

        Another process may have drawn the same since it was looked for. What it stored after `since`, or within the
        age that answers may have, stands and is returned: a sample has one answer, the first one written. Nothing
        stands with an infinite `since`.
        """
        since = max(since, self._oldest())
        if self._write(key, request, response, before=since):
            return None
        standing = self.get(key)
        if standing is None:  # nobody can read it
            self._write(key, request, response, before=math.inf)
        return standing

    def prove(self) -> None:
        """Write to the file and change nothing in it. Raises CacheError where it cannot be written."""
        with explained(self.path):
            self._db.execute(f"PRAGMA user_version = {VERSION}")

    def _write(self, key: bytes, request: Request, response: Response, *, before: float) -> bool:
        """Store an answer unless there is one that was drawn at `before` or later. Returns whether it was stored."""
        now = self.now()
        row = (
            *(key, request.endpoint.name, request.model, request.sample, response.status),
            *(response.headers.get("content-type", ""), zlib.compress(response.body, _LEVEL)),
            *(response.latency, response.cost, now, now, before),
        )
        with explained(self.path):
            written = self._db.execute(_PUT, row).rowcount > 0
        self._written = True
        return written

    def _oldest(self) -> float:
        """Return when the oldest answer was drawn that may still be used."""
        if self._frozen:
            return 0.0
        return self.now() - min(self._limits.days, self._limits.used_days) * _DAY

    def stats(self) -> CacheStats:
        """Return what the file holds."""
        with explained(self.path):
            answers, size, oldest, newest = self._db.execute(
                "SELECT count(*), coalesce(sum(length(body)), 0), min(max(min(drawn_at), 0), ?1),"
                " min(max(max(drawn_at), 0), ?1) FROM answer",
                (_LAST_DAY,),
            ).fetchone()
            models = self._db.execute(
                "SELECT endpoint, model, count(*), total(cost) FILTER (WHERE known), count(*) FILTER (WHERE NOT known)"
                " FROM (SELECT *, coalesce(cost BETWEEN 0 AND ?, 0) AS known FROM answer)"
                " GROUP BY endpoint, model ORDER BY endpoint, model",
                (MOST_DOLLARS,),
            ).fetchall()
        return CacheStats(
            answers=answers,
            stored_bytes=size,
            oldest=oldest,
            newest=newest,
            models=tuple(
                ModelShare(endpoint=endpoint, model=model, answers=count, cost=cost, unpriced=unpriced)
                for endpoint, model, count, cost, unpriced in models
            ),
        )

    def clear(self, *, older_than: timedelta | None = None) -> int:
        """Remove every answer, or those drawn longer ago, give the room back, and return how many there were."""
        before = None if older_than is None else self.now() - older_than.total_seconds()
        with explained(self.path):
            gone = self._db.execute("DELETE FROM answer WHERE ?1 IS NULL OR drawn_at < ?1", (before,)).rowcount
            self._give_back()
        return gone

    def export(self, target: Path) -> None:
        """Write a copy as one plain file. Raises ConfigurationError where there is a file already."""
        if target.exists():
            raise ConfigurationError(f"{target} exists already", next_step="give a name that is free")
        with explained(target):
            self._db.execute("VACUUM INTO ?", (str(target),))

    def _settle(self) -> None:
        with explained(self.path):
            if self._used:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany(
                    "UPDATE answer SET used_at = max(used_at, ?) WHERE key = ?",
                    [(at, key) for key, at in self._used.items()],
                )
                self._db.execute("COMMIT")
            if self._written and self._prune():
                self._give_back()

    def _prune(self) -> bool:
        """Drop what is too old, then what was used longest ago until the rest fits. Returns whether anything went."""
        expired = self.now() - self._limits.days * _DAY
        gone = self._db.execute("DELETE FROM answer WHERE drawn_at < ?", (expired,)).rowcount
        gone += self._db.execute(
            "DELETE FROM answer WHERE key IN (SELECT key FROM (SELECT key, sum(length(body)) OVER"
            " (ORDER BY used_at DESC, key) AS held FROM answer) WHERE held > ?)",
            (self._limits.megabytes * _MB,),
        ).rowcount
        return gone > 0

    def _give_back(self) -> None:
        self._db.executescript("PRAGMA incremental_vacuum")  # `execute` would give back a single page
