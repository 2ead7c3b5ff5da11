"""What production traces become golden examples, by profile: `curate:` of the config."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, field_validator, model_validator

from evalgate.suite.curate_clean import Clean
from evalgate.suite.curate_label import Label
from evalgate.suite.curate_run import Told, When
from evalgate.suite.curate_sample import Sample
from evalgate.suite.model import ConfigModel, DottedPath
from evalgate.suite.periods import Period, Time
from evalgate.suite.phoenix import ServerName

Per = Literal["trace", "call"]
Errors = Literal["with", "without", "only"]
Annotator = Literal["HUMAN", "LLM", "CODE"]
_IN_PHOENIX: Final = "phoenix:"
"""How the name of a dataset in Phoenix begins where it stands alone, as `--dataset` takes it."""
Kind = Annotated[str, Field(pattern=r"^[A-Za-z]+$")]


class AnnotationFilter(ConfigModel):
    """What has to be said of a span under one name, by one annotation that is all of this."""

    name: str = Field(min_length=1)
    """The annotation's name, as Phoenix shows it."""
    label: str | None = None
    """Its label."""
    at_least: float | None = None
    """Its score is this or more."""
    at_most: float | None = None
    """Its score is this or less."""
    annotator: Annotator | None = None
    """Who said it: a person, a model or a program."""


class SpanFilter(ConfigModel):
    """Which spans of a project are taken. Of one key any value will do; every key has to hold."""

    kind: tuple[Kind, ...] = ()
    """Kinds of spans: LLM, CHAIN, AGENT … Without it, with `per: call`: LLM."""
    name: tuple[str, ...] = ()
    """Names of spans."""
    status: tuple[Literal["OK", "ERROR", "UNSET"], ...] = ()
    """Their status."""
    errors: Errors = "with"
    """Whether spans are taken that failed: with, without, or only those."""
    attributes: dict[DottedPath, str | int | float | bool] = Field(default_factory=dict)
    """Attributes and their values: {metadata.tier: gold}."""
    session: tuple[str, ...] = ()
    """Ids of sessions."""
    annotation: tuple[AnnotationFilter, ...] = ()
    """What has to be said of a span in Phoenix."""
    where: str | None = Field(default=None, min_length=1)
    """A condition as Phoenix's filter takes it: `latency_ms > 5000 and 'refund' in input.value`."""
    per: Per = "trace"
    """trace: one example of a trace, from its root. call: one of every call of a model."""

    @field_validator("kind", mode="after")
    @classmethod
    def _upper(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(each.upper() for each in value)


class CuratedDataset(ConfigModel):
    """The golden dataset that candidates are for: a file or one in Phoenix."""

    file: str | None = None
    """A file, relative to the config."""
    phoenix: str | None = Field(default=None, min_length=1)
    """The name of a dataset in Phoenix, instead of a file."""
    server: ServerName | None = None
    """Which of `phoenix.servers` has it."""

    @model_validator(mode="after")
    def _one_place(self) -> CuratedDataset:
        if (self.file is None) == (self.phoenix is None):
            raise ValueError("a dataset is either `file` or `phoenix`: say one of them")
        return self


class Profile(SpanFilter):
    """One tenant, product or kind of question: what is taken from where, and for which dataset."""

    project: str = Field(min_length=1)
    """The project in Phoenix."""
    server: ServerName | None = None
    """Which of `phoenix.servers` has it."""
    since: Time = "7d"
    """From when on spans have begun: so long ago (`7d`, `12h`), or a time (`2026-01-31`, `2026-01-31T12:00Z`)."""
    until: Time | None = None
    """Before when, said in the same way; without it until now."""
    settle: Period = "1m"
    """Spans that ended less than this ago are left for the next time: more of their trace may be on its way."""
    dataset: CuratedDataset
    """The golden dataset: a file's name, `phoenix:NAME` for one in Phoenix, or what stands below. Its candidates are
    beside it."""
    clean: Clean = Clean()
    """What candidates are cleaned of."""
    sample: Sample = Sample()
    """Which candidates are chosen for people to look at."""
    label: Label | None = None
    """Which model proposes labels and answers; without it `curate run` asks none."""
    when: When = When()
    """When `evalgate curate run` does anything at all."""

    @model_validator(mode="before")
    @classmethod
    def _short_dataset(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("dataset"), str):
            named = data["dataset"]
            there = named.removeprefix(_IN_PHOENIX)
            data = {**data, "dataset": {"file": named} if there == named else {"phoenix": there}}
        return data


ProfileName = Annotated[str, Field(pattern=r"^[\w.-]+$")]


class Curate(ConfigModel):
    """How golden datasets grow from production (docs/curation.md). In a pull request nothing of it runs by itself."""

    profiles: dict[ProfileName, Profile] = Field(default_factory=dict)
    """By a name of your own: what `evalgate curate` takes with `--profile`."""
    notify: Told | None = None
    """A message to a channel about a run of profiles; without it nobody is told."""
