"""What sampling and drift need: whose candidates and which golden examples, and what their questions are about."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalgate.cli.asking import tell
from evalgate.cli.curate.settings import Named, Settings, settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from evalgate.curate.cleaning.findings import Pseudonyms
    from evalgate.curate.sampling.sampling import Vectors
    from evalgate.suite.curate_clean import Clean
    from evalgate.suite.curate_sample import Sample

_SAID_FROM = 1_000
"""Texts from which on it is said what takes a while."""


def sampling_settings(
    dataset: str | None, profile: str | None, config: Path, server: str | None, given: Mapping[str, Any]
) -> Settings[Sample]:
    """Return how which candidates are sampled. Raises UsageError, ConfigurationError, also where nothing was pulled."""
    from evalgate.cli.curate.places import require_candidates
    from evalgate.suite.curate_sample import Sample

    named = Named(dataset=dataset, profile=profile, config=config, server=server, environ=dict(os.environ))
    found = settings(Sample, lambda profile: profile.sample, named, given)
    require_candidates(found.target)
    return found


def clean_of(place: Settings[Sample]) -> Clean:
    """Return how sessions are replaced where something is sampled."""
    from evalgate.suite.curate_clean import Clean

    return Clean() if place.profile is None else place.profile.clean


def pseudonyms_at_hand(place: Settings[Sample]) -> Pseudonyms:
    """Return those of the key that is given or kept here. Raises ConfigurationError for one that is none."""
    from evalgate.cli.curate.cleaning import pseudonyms_of

    return pseudonyms_of(clean_of(place), place.target.candidates, place.named.environ)


@asynccontextmanager
async def vectors_for(place: Settings[Sample], *, cache: Path | None, following: str) -> AsyncIterator[Vectors]:
    """Yield what says what texts are about: the embedding model that is configured, else their words.

    Raises as `embeddings_asked` does.
    """
    name = place.own.embedding
    if name is None:
        yield _of_words
        return
    from evalgate.cli.curate.models import embeddings_asked
    from evalgate.curate.sampling.vectors import vectors_of_model

    async with embeddings_asked(
        name, place.config, os.environ, cache=cache, following=following, about=place.target.candidates
    ) as ask:

        async def of_model(texts: Sequence[str]) -> NDArray[np.float64]:
            return vectors_of_model(await ask(texts))

        yield of_model


async def _of_words(texts: Sequence[str]) -> NDArray[np.float64]:
    from evalgate.curate.sampling.vectors import vectors_of_words

    if len(texts) >= _SAID_FROM:
        tell(f"comparing the words of {len(texts):,} questions")
    return await asyncio.to_thread(vectors_of_words, texts)
