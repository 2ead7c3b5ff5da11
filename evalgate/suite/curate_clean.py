"""What candidates are cleaned of: `clean:` of a profile."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from evalgate.suite.judging import ModelName
from evalgate.suite.model import ConfigModel, Count
from evalgate.suite.phoenix import Variable

Region = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]


Found = Literal["PERSON", "ID_NUMBER", "WALLET", "PLACE"]


class Presidio(ConfigModel):
    """Presidio beside the patterns of evalgate: `pip install 'phoenix-evalgate[curate,presidio]'`."""

    models: dict[Annotated[str, Field(pattern=r"^([a-z]{2}|other)$")], Annotated[str, Field(min_length=1)]] = Field(
        min_length=1
    )
    """spaCy's models by language: {en: en_core_web_lg, de: ./models/de}, and `other` for all else. A package that is
    installed, or a folder, with a / in it, relative to the config. Nothing is downloaded."""
    kinds: tuple[Found, ...] = Field(default=("PERSON", "ID_NUMBER", "WALLET"), min_length=1)
    """What it looks for: names, numbers of people from the countries of `regions`, wallets of cryptocurrencies; PLACE
    are cities and countries too."""
    threshold: float = Field(default=0.5, ge=0, le=0.85)
    """How sure Presidio has to be of a number: 0.5 is a form with a word before it that names it. Names have 0.85."""

    @model_validator(mode="before")
    @classmethod
    def _one_model(cls, data: Any) -> Any:
        return {"models": {"other": data}} if isinstance(data, str) else data


class Clean(ConfigModel):
    """Personal data, and which candidates are left out. Keys, tokens and passwords are always replaced."""

    personal: Literal["later", "replace", "keep"] = "later"
    """Personal data. later: `curate clean` replaces it. replace: `curate pull` does, before anything is written.
    keep: it stays."""
    key_env: Variable = "CURATE_PSEUDONYM_KEY"
    """The environment variable with the key of the pseudonyms; without it one is kept beside the candidates, on this
    machine alone."""
    regions: tuple[Region, ...] = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "PL")
    """Countries whose telephone numbers are known without their +."""
    presidio: Presidio | None = None
    """A model that reads what candidates say, for names that no list has; without it the patterns of evalgate alone."""
    keep: tuple[str, ...] = ()
    """What is nobody's secret, such as your own support's address; `*` stands for anything: `*@shop.example.com`."""
    failed: Literal["out", "keep"] = "out"
    """Candidates whose span failed. A profile that pulls nothing else keeps them."""
    longest: Count = 50_000
    """Characters of an input and its output; what has more is left out."""
    languages: tuple[Language, ...] = ()
    """The languages that are wanted ([en, de]); any, without it."""
    near: float | None = Field(default=0.75, ge=0.6, le=1)
    """How much two inputs have to share for one to be left out, 0.6 to 1; null: only what is the same is."""
    embedding: ModelName | None = None
    """A model of embeddings, as `endpoint/model`: what asks the same in other words is left out too."""
    alike: float = Field(default=0.95, ge=0.5, le=1)
    """How near two inputs are to that model, as a cosine, for one to be left out."""
