"""When something was, as servers, people and candidates write it. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from evalgate.suite.periods import is_period, no_time, seconds_of, timed

_NOTHING: Final = "nothing lies between"


def moment(text: object) -> datetime | None:
    """Return the time that a text in ISO 8601 gives, in UTC, as it is read without a zone; None for what is no time."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
        return None if found is None else (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def time_of(text: str, now: datetime) -> datetime:
    """Return the time that a person wrote, a period before now or a date. Raises ValueError for what is none."""
    if is_period(text):
        return now - timedelta(seconds=seconds_of(text))
    found = moment(timed(text))
    if found is None:
        raise no_time(text)
    return found


def between(since: str, until: str | None, now: datetime) -> tuple[datetime, datetime | None]:
    """Return from when to when, None where nobody said. Raises ValueError where nothing lies between."""
    begin, end = time_of(since, now), None if until is None else time_of(until, now)
    if begin >= (now if end is None else end):
        raise ValueError(f"since {since} is not before {'now' if until is None else f'until {until}'}: {_NOTHING}")
    return begin, end
