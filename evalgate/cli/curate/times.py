"""`--since WHEN` and `--until WHEN`: one way to say from when to when."""

from __future__ import annotations

from datetime import datetime

import click

since_option = click.option(
    "--since",
    metavar="WHEN",
    help="From when on: so long ago (7d, 12h), or a time (2026-01-31, 2026-01-31T12:00Z).  [default: 7d]",
)
until_option = click.option("--until", metavar="WHEN", help="Before when, said in the same way.  [default: now]")


def read_times(since: str, until: str | None, now: datetime) -> tuple[datetime, datetime | None]:
    """Return from when to when, None where nobody said. Raises UsageError."""
    from evalgate.curate.moments import between, time_of

    for flag, text in (("--since", since), ("--until", until)):
        try:
            if text is not None:
                time_of(text, now)
        except ValueError as error:
            raise click.UsageError(f"{flag}: {error}") from None
    try:
        return between(since, until, now)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
