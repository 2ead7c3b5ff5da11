"""The config that a build was made under, as the journal has it."""

from __future__ import annotations

from pydantic import ValidationError

from evalgate import __version__
from evalgate.errors import JournalError
from evalgate.journal.builds import BuildRow
from evalgate.suite.config import Config


def recorded_config(build: BuildRow) -> Config:
    """Return what the build was made under. Raises JournalError where this version does not read it."""
    unread = JournalError(
        f"the config of build {build.id} is not one that evalgate {__version__} reads",
        next_step=f"decide it with evalgate {build.evalgate_version}, which recorded it, or evalgate run",
    )
    try:
        config = Config.model_validate(build.config)
    except ValidationError as error:
        raise unread from error
    if not config.suites:  # no build measures nothing
        raise unread
    return config
