"""When something was, as servers, people and candidates write it. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(text: object) -> datetime | None:
    """Return the time that a text in ISO 8601 gives, in UTC, as it is read without a zone; None for what is no time."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
        return None if found is None else (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
