"""Who is asked: each model of a judge, with what goes into its requests."""

from __future__ import annotations

from collections.abc import Mapping

from evalgate.errors import ConfigurationError
from evalgate.evaluators.judge.juror import Juror
from evalgate.evaluators.models import Models
from evalgate.llm.chat import OWN_KEYS, check_sayable
from evalgate.llm.endpoint import ModelEndpoint, resolve_endpoint
from evalgate.llm.failures import BadRequest
from evalgate.records import Json
from evalgate.suite.evaluators import Evaluator


def at_once(evaluator: Evaluator, models: Models) -> int:
    """Return how many answers its endpoints can look at at once."""
    endpoints = {model.partition("/")[0] for model in evaluator.models}
    return sum(models.endpoints[name].concurrency for name in endpoints if name in models.endpoints) or 1


def jury(evaluator: Evaluator, environ: Mapping[str, str], models: Models) -> list[Juror]:
    """Return what asks each of its models. Raises ConfigurationError for endpoints or parameters in error."""
    parameters, droppable = _parameters(evaluator)
    found = []
    for model in evaluator.models:
        name = model.partition("/")[0]
        endpoint = models.endpoints.get(name)
        if endpoint is None:
            raise ConfigurationError(
                f"the judge's model {model!r} is at an endpoint {name!r} that is not configured",
                next_step=f"declare it: endpoints: {{{name}: {{base_url: …, api_key_env: …}}}}",
            )
        resolved = resolve_endpoint(name, endpoint, environ)
        juror = Juror(
            models.sender(),
            resolved,
            model,
            explain=evaluator.explain,
            parameters=_sayable(resolved, parameters, droppable),
            droppable=droppable,
            within=evaluator.timeout,
        )
        found.append(juror)
    return found


def _sayable(endpoint: ModelEndpoint, parameters: Mapping[str, Json], droppable: frozenset[str]) -> dict[str, Json]:
    """Return the parameters without those that the endpoint's protocol has no words for, where they may be left out.

    Raises ConfigurationError for one that may not.
    """
    left = dict(parameters)
    while True:
        try:
            check_sayable(endpoint, parameters=left)
        except BadRequest as refused:
            named = next((name for name in sorted(droppable & left.keys()) if name in refused.message), None)
            if named is None:
                raise ConfigurationError(
                    f"endpoints.{endpoint.name} speaks {endpoint.api}: {refused.message}",
                    next_step="take it out of the judge's parameters",
                ) from None
            del left[named]
        else:
            return left


def _parameters(evaluator: Evaluator) -> tuple[dict[str, Json], frozenset[str]]:
    """Return what goes into a request beside messages, and which of it may be left out where it is refused.

    Raises ConfigurationError for what is set twice or elsewhere.
    """
    named: dict[str, Json] = {
        "temperature": evaluator.temperature,
        "seed": evaluator.seed,
        "max_tokens": evaluator.max_tokens,
    }
    for key in evaluator.sent:
        elsewhere = key in OWN_KEYS
        twice = key in named and key in evaluator.model_fields_set
        if elsewhere or twice:
            raise ConfigurationError(
                f"the judge {evaluator.label}: parameters cannot set {key!r}"
                + (", which is set by itself" if twice else ""),
                next_step=f"take {key} out of `parameters`",
            )
    given = {key: value for key, value in named.items() if value is not None}
    defaults = {"temperature", "seed"} - evaluator.model_fields_set - set(evaluator.sent)
    return {**given, **evaluator.sent}, frozenset(defaults)
