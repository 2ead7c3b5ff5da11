"""What a model is asked to propose of candidates: `label:` of a profile."""

from __future__ import annotations

from pydantic import Field

from evalgate.suite.judging import ModelName
from evalgate.suite.model import ConfigModel


class Label(ConfigModel):
    """Which model labels candidates, and with what."""

    model: ModelName | None = None
    """The model that is asked, as `endpoint/model`."""
    taxonomy: str = Field(default="pipeline_states", min_length=1)
    """A YAML file of labels and their meanings, relative to the config; `pipeline_states` is shipped."""
    answers: bool = True
    """Whether the model proposes the answer that should have been given, too."""
    steps: bool = False
    """Whether the model is shown what was done in each trace: read from Phoenix, and cleaned as `clean` says."""
    annotate: bool = False
    """Whether labels are written to Phoenix, as annotations of the spans."""
