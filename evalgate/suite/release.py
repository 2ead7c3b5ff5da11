"""What a release asks for beyond a merge: `release:` of the config, strict where nothing is said."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from evalgate.suite.baselines import PROMOTED
from evalgate.suite.model import ConfigModel
from evalgate.suite.periods import Period
from evalgate.suite.phoenix import Variable


def _not_the_baseline(tag: str) -> str:
    if tag == PROMOTED:
        raise ValueError(f"the tag {PROMOTED} is what pull requests are compared with, and no release moves it")
    return tag


ReleaseTag = Annotated[str, Field(pattern=r"^[a-z0-9]([_a-z0-9-]*[a-z0-9])?$"), AfterValidator(_not_the_baseline)]
"""As Phoenix takes the name of a prompt's tag."""


class ReleaseCheck(ConfigModel):
    """What a release asks of one check beyond what a merge does. What is left out is as for a merge."""

    rule_out_drop: float | None = Field(default=None, gt=0, le=1)
    """The drop that has to be ruled out, as a share of the score's range: no more than the check's own."""
    allow_increase: float | None = Field(default=None, gt=0, le=1)
    """The same of cost, tokens and latency: the rise that is allowed, as a share of what the baseline takes."""
    at_least: float | None = None
    """The candidate's mean is at least this, in the score's own units: no less than the check's own."""
    at_most: float | None = None
    """The candidate's mean is at most this: no more than the check's own."""

    @model_validator(mode="after")
    def _says_something(self) -> ReleaseCheck:
        if not self.model_fields_set:
            raise ValueError("nothing is asked: say rule_out_drop, allow_increase, at_least or at_most")
        if self.rule_out_drop is not None and self.allow_increase is not None:
            raise ValueError("rule_out_drop is for scores and allow_increase for cost, tokens and latency: say one")
        return self


class Release(ConfigModel):
    """What `evalgate release` asks for."""

    tag: ReleaseTag = "production"
    """What a release moves in Phoenix, on the experiment and on the prompt, and what it is compared with."""
    checks: dict[str, dict[str, ReleaseCheck]] = Field(default_factory=dict)
    """By suite and by check: what is asked beyond the check's own rules, {support: {correctness: {at_least: 0.9}}}."""
    validated_judges: bool = True
    """Every judge that a gating check goes by has to agree with people (`evalgate judge validate`), as it is now."""
    max_age: Period = "7d"
    """Answers that were recorded longer ago, of either side, are measured anew."""
    on_inconclusive: Literal["warn", "fail"] = "fail"
    """fail: exit 3 where the run cannot tell, and nothing is released."""
    honour_accepted: bool = False
    """Whether a regression that was accepted in a pull request is released too."""
    key_env: Variable | None = None
    """The variable that holds the private key that verdicts are signed with, Ed25519 as PEM or OpenSSH write it."""
