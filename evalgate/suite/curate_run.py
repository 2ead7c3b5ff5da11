"""When a profile of `curate:` does anything by itself, and who is told of it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from evalgate.suite.model import ConfigModel
from evalgate.suite.periods import Period
from evalgate.suite.phoenix import Variable

RunOutcome = Literal["done", "nothing", "failed"]
"""What became of a profile: its steps were done, there was nothing to do, or one of them could not be done."""


class When(ConfigModel):
    """What has to hold before the steps of a profile are done."""

    at_least: int = Field(default=1, ge=1)
    """So many spans have become candidates since the last time."""
    every: Period | None = None
    """The last time is so long ago (a tenth of it less, at most an hour, counts: schedules are late and early). Before
    that nothing is read."""


class Told(ConfigModel):
    """A message to a channel about a run of profiles, as Slack's incoming webhooks take it."""

    webhook_env: Variable = "SLACK_WEBHOOK_URL"
    """The variable that holds the webhook's address, which is a secret: it is never written down, and without it nobody
    is told."""
    on: tuple[RunOutcome, ...] = Field(default=("done", "failed"), min_length=1)
    """What of some profile is told: done, failed, nothing."""
