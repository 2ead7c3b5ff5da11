"""Which build a command means."""

from __future__ import annotations

from evalgate.errors import ConfigurationError
from evalgate.journal.store import Journal


def chosen(journal: Journal, build: int | None, *, unfinished: bool = False) -> int:
    """Return `build`, or the latest complete one (with `unfinished`, the latest of any kind).

    Raises ConfigurationError when there is none.
    """
    if build is not None:
        return journal.build(build).id
    for row in journal.builds():
        if row.complete or unfinished:
            return row.id
    raise ConfigurationError(f"{journal.path} holds no complete build", next_step="evalgate run")
