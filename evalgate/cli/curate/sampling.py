"""What sampling and drift need: whose candidates and which golden examples, and what their questions are about."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalgate.cli.asking import tell

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from evalgate.cli.curate.places import Target
    from evalgate.curate.sampling.sampling import Vectors
    from evalgate.suite.config import Config
    from evalgate.suite.curate_sample import Sample

_SAID_FROM = 1_000
"""Texts from which on it is said what takes a while."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What is sampled, and how. `loaded` is None where there is no config."""

    target: Target
    sample: Sample
    loaded: Config | None
    config: Path
    server: str | None

    def step(self, name: str, *more: str) -> str:
        """Return the command that does a step here, as it is typed."""
        return self.target.step(name, *more)


def sampling_place(
    dataset: str | None,
    profile: str | None,
    given: Mapping[str, Any],
    config: Path,
    environ: Mapping[str, str],
    *,
    server: str | None,
) -> Place:
    """Return where candidates are and how they are sampled: what was said over what the profile says.

    Raises UsageError, ConfigurationError.
    """
    from pydantic import ValidationError

    from evalgate.cli.curate.places import chosen_by, named_by, require_candidates, target_of
    from evalgate.cli.options import CONFIG_NAME
    from evalgate.suite.curate_sample import Sample
    from evalgate.suite.loading import load_config

    chosen, curated = chosen_by(config, profile, dataset, environ)
    base = {} if chosen is None else chosen.sample.model_dump(exclude_unset=True)
    try:
        sample = Sample.model_validate({**base, **given})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["loc"][0] == "embedding":
            said = given["embedding"]
            raise click.UsageError(f"--embedding {said} names no endpoint: write it as ENDPOINT/MODEL") from None
        raise click.UsageError(f"--{first['loc'][0]}: {first['msg'].removeprefix('Value error, ')}") from None
    there = config.is_file() or config != Path(CONFIG_NAME) or profile is not None
    loaded = load_config(config, environ=environ, overrides={}, committed=True).config if there else None
    target = target_of(curated, config.parent, named_by(profile, dataset, config, server))
    require_candidates(target)
    where = server or curated.server or (chosen.server if chosen is not None else None)
    return Place(target=target, sample=sample, loaded=loaded, config=config, server=where)


@asynccontextmanager
async def vectors_for(place: Place, *, cache: Path | None, following: str) -> AsyncIterator[Vectors]:
    """Yield what says what texts are about: the embedding model that is configured, else their words.

    Raises as `embeddings_asked` does.
    """
    name = place.sample.embedding
    if name is None:
        yield _of_words
        return
    from evalgate.cli.curate.models import embeddings_asked
    from evalgate.curate.sampling.vectors import vectors_of_model

    about = place.target.candidates
    async with embeddings_asked(name, place.loaded, os.environ, cache=cache, following=following, about=about) as ask:

        async def of_model(texts: Sequence[str]) -> NDArray[np.float64]:
            return vectors_of_model(await ask(texts))

        yield of_model


async def _of_words(texts: Sequence[str]) -> NDArray[np.float64]:
    from evalgate.curate.sampling.vectors import vectors_of_words

    if len(texts) >= _SAID_FROM:
        tell(f"comparing the words of {len(texts):,} questions")
    return await asyncio.to_thread(vectors_of_words, texts)
