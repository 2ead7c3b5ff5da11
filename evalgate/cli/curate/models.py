"""A model that a step of curation asks: by the config's endpoints, cache and budget, through the one transport."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evalgate.cli.asking import tell

if TYPE_CHECKING:
    from evalgate.cli.models import Models
    from evalgate.curate.asking.model import Model
    from evalgate.llm.embeddings import Vector
    from evalgate.llm.endpoint import ModelEndpoint
    from evalgate.suite.config import Config

_ASKING: Final = ".asking"


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """A model that may be asked. `stop` is set where nothing more should be; `ended` says why, where that is known."""

    model: Model
    stop: asyncio.Event
    ended: Callable[[], tuple[str, str] | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedModel:
    """A model that was named: the config that has its endpoint, and what that endpoint calls it."""

    config: Config
    endpoint: ModelEndpoint
    model: str


def named_model(name: str, config: Config | None, environ: Mapping[str, str], *, instead: str) -> NamedModel:
    """Return what `endpoint/model` names; `instead` is what else may be done.

    Raises ConfigurationError for an endpoint that is not declared, or cannot be called.
    """
    from evalgate.errors import ConfigurationError
    from evalgate.llm.endpoint import resolve_endpoint
    from evalgate.suite.model import nearest

    endpoint, _, model = name.partition("/")
    declared = {} if config is None else config.endpoints
    if config is None or endpoint not in declared:
        how = nearest(endpoint, declared) if declared else "none is declared"
        raise ConfigurationError(
            f"the model {name} is of the endpoint `{endpoint}`, which the config does not have: {how}",
            next_step=f"add it under `endpoints:` of the config, or {instead}",
        )
    return NamedModel(config=config, endpoint=resolve_endpoint(endpoint, declared[endpoint], environ), model=model)


def _models(
    config: Config, cache: Path | None, stop: asyncio.Event, following: str, *, ended: Callable[[], None]
) -> Models:
    """Return how calls are made; `ended` is told of what ends them all, and `stop` is set where nobody wants more."""
    from evalgate.cli.builds import cache_path
    from evalgate.cli.models import CacheChoice, Models

    return Models(
        config,
        choice=CacheChoice(path=cache_path(cache), alone=True),
        stop=ended,
        log=tell,
        goes_on=following,
        stopped=stop.is_set,
    )


@asynccontextmanager
async def model_asked(
    name: str, config: Config, environ: Mapping[str, str], *, cache: Path | None, following: str, about: Path
) -> AsyncIterator[Asking]:
    """Yield the model `endpoint/model`; `following` is the command that goes on once what ended it is mended.

    Of the steps that ask `about` a candidates file one is at work: two would pay for the same. The first SIGINT or
    SIGTERM stops it softly. Raises ConfigurationError for an endpoint that cannot be called, and as `held` does.
    """
    from evalgate.cli.signals import soft_stop
    from evalgate.curate.asking.model import Model
    from evalgate.curate.holding import held
    from evalgate.llm.structured import Structured

    instead = "name a model of another one: --model ENDPOINT/MODEL"
    named = named_model(name, config, environ, instead=instead)
    stop = asyncio.Event()
    models = _models(config, cache, stop, following, ended=stop.set)
    structured = Structured(
        models.sender(),
        named.endpoint,
        named.model,
        parameters={"temperature": 0.0, "seed": 1},
        droppable=frozenset({"temperature", "seed"}),
    )
    try:
        with held(about, _ASKING), soft_stop(stop):
            models.begin()
            yield Asking(
                model=Model(structured, name, concurrency=named.endpoint.concurrency),
                stop=stop,
                ended=lambda: (
                    None if models.halt.reason is None else (models.halt.reason.message, models.halt.reason.next_step)
                ),
            )
    finally:
        await models.close()


@asynccontextmanager
async def embeddings_asked(
    name: str, config: Config | None, environ: Mapping[str, str], *, cache: Path | None, following: str, about: Path
) -> AsyncIterator[Callable[[Sequence[str]], Awaitable[list[Vector]]]]:
    """Yield what asks the embedding model `endpoint/model` for a vector of each text, `about` one candidates file.

    Raises ConfigurationError for a model that cannot be asked, MeasurementError where it stopped answering, Interrupted
    after a signal; and as `held` does.
    """
    from evalgate.cli.signals import soft_stop
    from evalgate.curate.holding import held
    from evalgate.errors import Interrupted, MeasurementError
    from evalgate.llm.embeddings import check_embeds, embed
    from evalgate.llm.failures import CallFailed, Stopped

    named = named_model(name, config, environ, instead="leave the embedding out")
    check_embeds(named.endpoint)
    stop = asyncio.Event()
    models = _models(named.config, cache, stop, following, ended=lambda: None)

    async def ask(texts: Sequence[str]) -> list[Vector]:
        tell(f"asking {name} what {len(texts):,} questions are about")
        try:
            with soft_stop(stop):
                vectors = await embed(models.sender(), named.endpoint, model=named.model, texts=texts)
        except Stopped:
            if not stop.is_set():
                raise
        except CallFailed as error:
            raise MeasurementError(error.message, next_step=error.next_step or following) from None
        if stop.is_set():
            raise Interrupted(f"stopped; what {name} answered by then is kept", next_step=following)
        return vectors

    try:
        with held(about, _ASKING):
            models.begin()
            yield ask
    finally:
        halted = models.halt.reason
        await models.close()
        if halted is not None:
            raise MeasurementError(halted.message, next_step=halted.next_step)
