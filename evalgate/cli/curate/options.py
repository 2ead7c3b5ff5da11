"""The options that several steps of curation share, each said once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import click

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
STATES: Final = ("new", "out", "chosen", "accepted", "rejected", "golden")
"""How far candidates come, in that order: a test holds them to what candidates themselves know."""

dataset_option: _Decorator = click.option(
    "--dataset", metavar="FILE", help="The golden dataset: a file, or phoenix:NAME for one in Phoenix."
)
profile_option: _Decorator = click.option(
    "--profile", metavar="NAME", help="Take what is not said here from this profile."
)
since_option: _Decorator = click.option(
    "--since",
    metavar="WHEN",
    help="From when on: so long ago (7d, 12h), or a time (2026-01-31, 2026-01-31T12:00Z).  [default: 7d]",
)
until_option: _Decorator = click.option(
    "--until", metavar="WHEN", help="Before when, said in the same way.  [default: now]"
)
embedding_option: _Decorator = click.option(
    "--embedding",
    metavar="ENDPOINT/MODEL",
    help="A model that says what questions are about, in place of their words.",
)
taxonomy_option: _Decorator = click.option(
    "--taxonomy",
    metavar="FILE",
    help="A YAML file of labels and their meanings.  [default: pipeline_states, which is shipped]",
)
steps_option: _Decorator = click.option(
    "--steps/--no-steps", default=None, help="Show the model what was done in each trace, which is read from Phoenix."
)
seed_option: _Decorator = click.option("--seed", type=click.IntRange(min=0), help="Settles every draw.  [default: 0]")


def states_option(default: str) -> _Decorator:
    """Return the option that says which candidates are meant; `default` is said in its help."""
    return click.option(
        "--state",
        "states",
        multiple=True,
        type=click.Choice(STATES),
        help=f"Candidates in this state; several times.  [default: {default}]",
    )


def read_times(
    since: str, until: str | None, now: datetime, *, own: str | None = None
) -> tuple[datetime, datetime | None]:
    """Return from when to when, None where nobody said. `own` is the profile that says both, where no flag does.

    Raises UsageError, or ConfigurationError for what a profile says.
    """
    from evalgate.curate.moments import between, time_of
    from evalgate.errors import ConfigurationError

    for flag, text in (("--since", since), ("--until", until)):
        try:
            if text is not None:
                time_of(text, now)
        except ValueError as error:
            if own is not None:
                key = f"curate.profiles.{own}.{flag.removeprefix('--')}"
                raise ConfigurationError(f"{key}: {error}", next_step=f"correct {key}") from None
            raise click.UsageError(f"{flag}: {error}") from None
    try:
        return between(since, until, now)
    except ValueError as error:
        if own is not None:
            place = f"curate.profiles.{own}"
            raise ConfigurationError(
                f"{place}: {error}", next_step=f"correct {place}.since{', or until' if until is not None else ''}"
            ) from None
        raise click.UsageError(f"{error}; say an earlier --since") from None
