"""`curate pull`: the spans that were asked for become candidates; what is known is left, what is cut off goes on."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Final

from evalgate.curate.candidates import Candidate, read_candidates, write_candidates
from evalgate.curate.holding import WAIT_S, held
from evalgate.curate.moments import moment
from evalgate.curate.pulling.remarks import REMARKS
from evalgate.curate.pulling.spans import Content, candidate_id, candidate_of, completed, content_of, is_call
from evalgate.curate.pulling.spool import Notes, Spool
from evalgate.phoenix.annotations.spans import Project
from evalgate.phoenix.connection import Connection
from evalgate.phoenix.spans.reading import Annotation, Selection, SpanPage, selected_spans
from evalgate.phoenix.spans.stored import StoredSpan, spans_of
from evalgate.records import Json

LARGEST: Final = 1_000_000
"""Characters of the texts of one candidate: the file is read by people, and committed."""
_DEEPEST: Final = 80
"""Levels of one candidate's values: some more and no file of it could be read."""
_RESUMED_WITHIN: Final = timedelta(days=1)
"""A pull that was ended longer ago begins anew."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What is pulled. `per_trace` fills what roots lack from their traces; `calls_only` takes nothing but calls of
    models; `errors` is with, without or only.

    `spec` is all of it as it was asked for, by which a pull that was ended knows itself again.
    """

    selection: Selection
    per_trace: bool
    calls_only: bool
    errors: str
    settle: timedelta
    spec: Json


@dataclass(frozen=True, kw_only=True, slots=True)
class Pulled:
    """What came of a pull, in spans: `read` is all that were looked at, each of which is in one other count.

    new: candidates now. known: candidates or golden before. twice: one id again. without_input: took nothing.
    too_large: over LARGEST, or nested over 80 levels. arriving: ended too short a time ago. unusable: its id is none.
    left_out: no call, or by `errors`. unlike: not what was looked for. Of the new ones, `without_output` gave nothing.
    """

    read: int = 0
    new: int = 0
    known: int = 0
    twice: int = 0
    without_input: int = 0
    without_output: int = 0
    too_large: int = 0
    arriving: int = 0
    unusable: int = 0
    left_out: int = 0
    unlike: int = 0
    resumed: bool = False


class Known:
    """Ids that are taken, 16 bytes each however long they are."""

    def __init__(self, ids: Iterable[str] = ()) -> None:
        self._hashes = {_hash(each) for each in ids}

    def __contains__(self, identity: object) -> bool:
        return isinstance(identity, str) and _hash(identity) in self._hashes

    def add(self, identity: str) -> None:
        """Take one more."""
        self._hashes.add(_hash(identity))


async def pull(
    connection: Connection,
    project: Project,
    asked: Asked,
    *,
    candidates: Path,
    golden: Iterable[str],
    now: datetime,
    looked_for: Callable[[Candidate], Candidate | None] = lambda each: each,
    prepared: Callable[[Candidate], Candidate] = lambda each: each,
    tell: Callable[[Pulled], None] = lambda _: None,
) -> Pulled:
    """Take spans of a project as candidates, and return what came of it.

    `golden` are the ids of what the dataset has. `looked_for` returns None for what is not wanted, `prepared` is done
    to each candidate before any of it is written, and `tell` hears after each page. Ended at any moment, it goes on
    where it was when it is asked for the same again.
    Raises PhoenixError, DatasetError for a candidates file that cannot be read, ConfigurationError.
    """
    with held(candidates, ".pull"):
        spool = Spool(candidates)
        taken = Known(chain((each.id for each in read_candidates(candidates)), golden))
        notes, resumed = _begun(spool, asked, now)
        seen = Known(each.id for each in spool.candidates())
        one = _Pull(
            connection=connection,
            project=project,
            asked=asked,
            taken=taken,
            seen=seen,
            now=now,
            looked_for=looked_for,
        )
        counts = Counter(notes.counts)
        if not notes.done:
            async for page in one.pages(notes):
                found = [prepared(each) async for each in one.candidates(page, counts)]
                done = page.cursor is None
                notes = spool.add(found, Notes(asked=notes.asked, cursor=page.cursor, counts=dict(counts), done=done))
                tell(Pulled(**counts, resumed=resumed))
        if notes.size:
            with held(candidates, seconds=WAIT_S):
                write_candidates(candidates, _merged(candidates, spool))
        spool.clear()
    return Pulled(**counts, resumed=resumed)


def _begun(spool: Spool, asked: Asked, now: datetime) -> tuple[Notes, bool]:
    """Return where to go on, and whether that is in the middle of an earlier pull of the same."""
    notes = spool.resume()
    if notes is not None and notes.asked.get("spec") == asked.spec:
        began = moment(notes.asked.get("at"))
        counted = notes.counts.keys() <= {each.name for each in fields(Pulled)}
        if counted and began is not None and timedelta() <= now - began < _RESUMED_WITHIN:
            return notes, True
    wanted = asked.selection
    said: dict[str, Json] = {"spec": asked.spec, "start": wanted.start, "end": wanted.end, "at": now.isoformat()}
    return spool.begin(Notes(asked=said, counts={})), False


def _merged(candidates: Path, spool: Spool) -> Iterator[Candidate]:
    """Yield what is there, and what arrived that is not there."""
    there = Known()
    for each in read_candidates(candidates):
        there.add(each.id)
        yield each
    yield from (each for each in spool.candidates() if each.id not in there)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Pull:
    """One pull at work."""

    connection: Connection
    project: Project
    asked: Asked
    taken: Known
    seen: Known
    now: datetime
    looked_for: Callable[[Candidate], Candidate | None]

    def pages(self, notes: Notes) -> AsyncIterator[SpanPage]:
        """Yield the pages that are left, of the time that was meant when the pull began."""
        times = (notes.asked.get(key) for key in ("start", "end"))
        start, end = (each if isinstance(each, str) else None for each in times)
        wanted = replace(self.asked.selection, start=start, end=end)
        return selected_spans(self.connection, self.project, wanted, cursor=notes.cursor)

    async def candidates(self, page: SpanPage, counts: Counter[str]) -> AsyncIterator[Candidate]:
        """Yield what becomes of a page of spans, and count every one of them."""
        kept: list[tuple[StoredSpan, Content]] = []
        for span in page.spans:
            counts["read"] += 1
            why = self._why_not(span)
            if why:
                counts[why] += 1
                continue
            self.seen.add(f"span:{span.span_id}")
            kept.append((span, content_of(span)))
        for span, content in await self._completed(kept):
            made = candidate_of(
                span,
                content,
                server=self.connection.address.base_url,
                project=self.project.name,
                now=self.now,
                settle=self.asked.settle,
            )
            why = "without_input" if made is None else "too_large" if _size(made) > LARGEST else "new"
            if made is not None and why == "new":
                made = self.looked_for(made)
                why = "unlike" if made is None else why
            counts[why] += 1
            if made is not None and why == "new":
                counts["without_output"] += made.output is None
                yield _remarked(made, page.said.get(span.span_id, ()))

    def _why_not(self, span: StoredSpan) -> str:
        """Return under what a span is counted that is not taken; empty for one that is."""
        identity = candidate_id(span)
        failed = span.status == "ERROR"
        if identity is None:
            return "unusable"
        if identity in self.taken:
            return "known"
        if identity in self.seen:
            return "twice"
        if (self.asked.errors == "without" and failed) or (self.asked.errors == "only" and not failed):
            return "left_out"
        if self.asked.calls_only and not is_call(span):
            return "left_out"
        return "arriving" if self._arriving(span) else ""

    def _arriving(self, span: StoredSpan) -> bool:
        """Return whether more of a span's trace may be on its way; a clock that is far ahead says nothing of it."""
        end = moment(span.end)
        return end is not None and abs(self.now - end) < self.asked.settle

    async def _completed(self, kept: list[tuple[StoredSpan, Content]]) -> list[tuple[StoredSpan, Content]]:
        """Return roots that do not say what they took or gave with what the calls below them say."""
        lacking = {
            span.trace_id for span, content in kept if self.asked.per_trace and None in (content.input, content.output)
        }
        if not lacking:
            return kept
        traces: defaultdict[str, list[StoredSpan]] = defaultdict(list)
        async for each in spans_of(self.connection, self.project, sorted(lacking)):
            if is_call(each):
                traces[each.trace_id].append(each)
        return [
            (span, completed(content, traces[span.trace_id]) if span.trace_id in lacking else content)
            for span, content in kept
        ]


def _remarked(candidate: Candidate, said: Iterable[Annotation]) -> Candidate:
    remarks: list[Json] = [
        {"name": each.name, "label": each.label, "score": each.score, "annotator": each.annotator} for each in said
    ]
    return candidate.marked(REMARKS, remarks) if remarks else candidate


def _size(candidate: Candidate) -> int:
    return sum(map(_length, (candidate.input, candidate.output, candidate.metadata)))


def _length(value: Json, levels: int = _DEEPEST) -> int:
    if not levels:
        return LARGEST + 1
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(len(key) + _length(each, levels - 1) for key, each in value.items())
    return sum(_length(each, levels - 1) for each in value) if isinstance(value, list) else 1


def _hash(identity: str) -> bytes:
    return hashlib.blake2b(identity.encode("utf-8", "surrogatepass"), digest_size=16).digest()
