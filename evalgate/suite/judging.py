"""What an evaluator that is a judge may say in the config, beside what every evaluator may."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, field_validator

from evalgate.suite.judges import JUDGES
from evalgate.suite.model import ConfigModel, Count, Repetitions, nearest

ModelName = Annotated[str, Field(pattern=r"^[^/\s]+/\S+$")]
"""`endpoint/model`; the endpoint is one of `endpoints`."""

_FILES: Final = (".yaml", ".yml")
JUDGE_OPTIONS: Final = ("model", "temperature", "seed", "repetitions", "vote", "explain", "max_tokens", "sent")
"""The keys that mean something to judges alone."""


class JudgeOptions(ConfigModel):
    """A model that scores answers."""

    judge: str | None = None
    """A judge by its name (docs/judges.md), or a YAML file with the prompt of your own, relative to `root`."""
    model: ModelName | tuple[ModelName, ...] | None = None
    """`endpoint/model` of a judge; a list of several lets them vote."""
    temperature: float | None = Field(default=0.0, ge=0)
    """Sent to a judge's model; null leaves it out. A model that refuses 0 as a value is asked without it."""
    seed: int | None = 1
    """Sent to a judge's model, one higher for each repetition; null leaves it out. So does a model that refuses it."""
    repetitions: Repetitions = 1
    """How often each of a judge's models is asked about one answer."""
    vote: Literal["majority", "mean"] | None = None
    """What several verdicts of a judge come to: the label most of them give (the worse one of a tie), or the mean of
    their scores. Default: majority; mean for a rubric."""
    explain: bool = True
    """Ask a judge for its reasons, which it then gives before its label."""
    max_tokens: Count | None = None
    """The longest reply of a judge, in tokens."""
    sent: dict[str, Any] = Field(default_factory=dict, alias="parameters")
    """Anything else that a judge's endpoint takes (reasoning effort); sent as it stands."""

    @field_validator("judge")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and value not in JUDGES and not value.endswith(_FILES):
            raise ValueError(f"there is no judge `{value}`: {nearest(value, JUDGES)}")
        return value

    @field_validator("model")
    @classmethod
    def _asks_somebody(cls, value: str | tuple[str, ...] | None) -> str | tuple[str, ...] | None:
        if value == ():
            raise ValueError("`model` is an empty list: name at least one model")
        if isinstance(value, tuple) and len(set(value)) < len(value):
            raise ValueError("`model` names a model twice: raise `repetitions` to ask one several times")
        return value

    @property
    def models(self) -> tuple[str, ...]:
        """Return the models that judge, none for what is no judge."""
        if self.model is None:
            return ()
        return (self.model,) if isinstance(self.model, str) else self.model

    @property
    def judge_file(self) -> str | None:
        """Return the prompt file of a judge of the user's own, or None."""
        return self.judge if self.judge is not None and self.judge.endswith(_FILES) else None
