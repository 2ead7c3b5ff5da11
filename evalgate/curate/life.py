"""The life of one example: what was done to it before it was golden, and what versions did to it since. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from evalgate.curate.candidates import Candidate
from evalgate.curate.moments import moment
from evalgate.golden.curated import CURATED, uncurated
from evalgate.golden.differences import diff
from evalgate.records import Example

_PLACES: Final = 5
"""Places of an edit that are named; the rest is counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One thing that happened to an example. `at` is in ISO 8601, `where` a commit or a version, empty for neither."""

    at: str
    what: str
    by: str
    why: str = ""
    where: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """A dataset's version: its name, when it was made, by whom and why; and the example as it has it, None for not."""

    name: str
    at: str
    by: str
    why: str
    example: Example | None


def steps_of(candidate: Candidate) -> list[Event]:
    """Return what was done to a candidate, as its file says."""
    source = candidate.source
    named = {"span": "span", "project": "of", "trace": "in the trace"}
    origin = " ".join(f"{word} {source[key]}" for key, word in named.items() if isinstance(source.get(key), str))
    return [
        Event(at=each.at, what=each.what, by=each.by, why=each.why or (origin if each.what == "pulled" else ""))
        for each in candidate.history
    ]


def steps_in(metadata: Mapping[str, Any]) -> list[Event]:
    """Return what was done to an example before it was golden, as its own `metadata.curated` says."""
    curated = metadata.get(CURATED)
    said = curated if isinstance(curated, Mapping) else {}
    history = said.get("history")
    steps = [each for each in history if isinstance(each, Mapping)] if isinstance(history, list) else []
    texts = [{key: each.get(key) for key in ("at", "what", "by", "why")} for each in steps]
    found = [Event(**{key: str(text or "") for key, text in each.items()}) for each in texts]
    if found and found[0].what == "pulled" and not found[0].why:
        found[0] = replace(found[0], why=f"span {said.get('span')} of {said.get('project')}")
    return found


def changes_of(versions: Iterable[Version], *, whole: bool) -> list[Event]:
    """Return what versions, oldest first, did to an example: added, edited (where), removed.

    `whole`: the first of them is the dataset's first, so that what it has is added by it. An addition that the next
    version completes with where the example came from is that version's.
    """
    found: list[Event] = []
    before: Example | None = None
    known, fresh = whole, False
    for each in versions:
        now = each.example
        if now is not None and before is None:
            found.append(_event(each, "added" if known else "there already"))
            fresh = known
        elif now is None and before is not None:
            found.append(_event(each, "removed"))
        elif now is not None and before is not None and now != before:
            if _bare(now) == _bare(before):
                if fresh:
                    found[-1] = _event(each, "added")
            else:
                found.append(_event(each, f"edited {_places(before, now)}"))
            fresh = False
        before, known = now, True
    return found


def in_order(*lives: Sequence[Event]) -> list[Event]:
    """Return events by when they were; of the same moment as they came."""
    return sorted((event for life in lives for event in life), key=lambda event: moment(event.at) or _NEVER)


def life_lines(events: Iterable[Event]) -> Iterator[str]:
    """Yield a line for each event: when, what, by whom, where, why."""
    for each in events:
        at = moment(each.at)
        when = at.strftime("%Y-%m-%d %H:%M") if at is not None else each.at[:16]
        parts = [when, each.what, f"by {each.by}" if each.by else "", each.where, each.why]
        yield "  ".join(" ".join(part.split()) for part in parts if part)


_NEVER: Final = datetime.min.replace(tzinfo=UTC)


def _event(version: Version, what: str) -> Event:
    return Event(at=version.at, what=what, by=version.by, why=version.why, where=version.name)


def _bare(example: Example) -> Example:
    return replace(example, metadata=uncurated(example.metadata))


def _places(before: Example, after: Example) -> str:
    edits = diff([_bare(before)], [_bare(after)]).edited
    paths = [change.path for edit in edits for change in edit.changes]
    more = len(paths) - _PLACES
    return ", ".join(paths[:_PLACES]) + (f" and {more:,} more" if more > 0 else "")
