"""Who is told of a verdict elsewhere: `notify:` and `mlflow:` of the config."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from evalgate.suite.model import ConfigModel
from evalgate.suite.phoenix import Variable

Occasion = Literal["pass", "fail", "inconclusive", "unmeasurable", "budget"]
"""A verdict, or the budget that ended a run."""


class Notify(ConfigModel):
    """A message to a channel, as Slack's incoming webhooks take it. Of a pull request the base decides."""

    webhook_env: Variable = "SLACK_WEBHOOK_URL"
    """The variable that holds the webhook's address, which is a secret: it is never written down, and without it nobody
    is told."""
    on: tuple[Occasion, ...] = Field(default=("fail", "unmeasurable"), min_length=1)
    """Which verdicts are told, and `budget`, where that ended the run."""


class Mlflow(ConfigModel):
    """Summary metrics of each build as a run in MLflow, at MLFLOW_TRACKING_URI. Of a pull request the base decides."""

    experiment: str = Field(min_length=1)
    """The name of the experiment; it is made where there is none."""
