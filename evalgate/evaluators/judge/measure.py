"""A judge as an evaluator: its prompt filled from a run, its models asked, their verdicts put together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from evalgate.errors import ConfigurationError
from evalgate.evaluators.judge.juror import Juror
from evalgate.evaluators.judge.prompts import Prompt, prompt_of
from evalgate.evaluators.judge.verdicts import Verdict, agreed
from evalgate.evaluators.measure import Measure, Traits
from evalgate.evaluators.models import Models
from evalgate.evaluators.score import EvaluatorFaultError, Given
from evalgate.evaluators.view import View
from evalgate.llm.chat import OWN_KEYS, check_sayable
from evalgate.llm.endpoint import ModelEndpoint, resolve_endpoint
from evalgate.llm.failures import BadRequest
from evalgate.records import EvaluatorKind, Json
from evalgate.suite.evaluators import Evaluator


class JudgeMeasure(Measure):
    """Asks every model of a judge, as often as it says, about one run at a time."""

    def __init__(
        self,
        evaluator: Evaluator,
        *,
        root: Path,
        environ: Mapping[str, str],
        models: Models,
        reverse: bool = False,
    ) -> None:
        """Read a judge file, where it is one; `reverse` tells of the labels in the opposite order.

        Raises ConfigurationError for a file in error.
        """
        assert evaluator.judge is not None  # noqa: S101 - the registry builds this for judges alone
        self._evaluator = evaluator
        self._environ = environ
        self._models = models
        self._prompt: Prompt = prompt_of(evaluator.judge, root)
        self._reverse = reverse
        self.scores: Mapping[str, float] = evaluator.scores or self._prompt.scores
        """What each label scores."""
        self.steps = self._prompt.steps
        """Whether the labels are steps of a scale."""
        self._jurors: list[Juror] = []
        self.inputs = self._prompt.parameters  # type: ignore[misc]  # a file has any, a named judge its own
        own = self._prompt.scores
        self.traits = Traits(
            kind=EvaluatorKind.LLM,
            direction=self._prompt.direction,
            low=min(own.values()),
            high=max(own.values()),
            labels=tuple(own),
        )
        endpoints = {model.partition("/")[0] for model in evaluator.models}
        self.concurrency = (
            sum(models.endpoints[name].concurrency for name in endpoints if name in models.endpoints) or 1
        )

    @property
    def mapping(self) -> dict[str, str]:
        """Return what each parameter of the prompt is, as a path."""
        return {**self._prompt.inputs, **self._evaluator.input_mapping}

    async def start(self) -> None:
        """Load the prompt and find the endpoints and their keys. Raises ConfigurationError: nothing was paid."""
        await asyncio.to_thread(self._prompt.load)
        parameters, droppable = _parameters(self._evaluator)
        self._jurors = [self._juror(model, parameters, droppable) for model in self._evaluator.models]

    async def measure(self, view: View) -> Given:
        """Give what the verdicts come to."""
        verdicts = await self._verdicts(view)
        how = self._evaluator.vote or ("mean" if self._prompt.steps else "majority")
        direction = self._evaluator.direction or self._prompt.direction
        return agreed(verdicts, self.scores, how, direction)

    async def _verdicts(self, view: View) -> list[Verdict]:
        if not self._jurors:
            raise EvaluatorFaultError("it was not started", type="NotStarted")
        order = list(self._prompt.scores)[:: -1 if self._reverse else 1]
        messages = self._prompt.fill(view, order)
        return await asyncio.gather(
            *(
                juror.judge(messages, order, sample=view.subject.sample, draw=draw)
                for juror in self._jurors
                for draw in range(self._evaluator.repetitions)
            )
        )

    def _juror(self, model: str, parameters: Mapping[str, Json], droppable: frozenset[str]) -> Juror:
        name = model.partition("/")[0]
        endpoint = self._models.endpoints.get(name)
        if endpoint is None:
            raise ConfigurationError(
                f"the judge's model {model!r} is at an endpoint {name!r} that is not configured",
                next_step=f"declare it: endpoints: {{{name}: {{base_url: …, api_key_env: …}}}}",
            )
        resolved = resolve_endpoint(name, endpoint, self._environ)
        return Juror(
            self._models.sender(),
            resolved,
            model,
            explain=self._evaluator.explain,
            parameters=_sayable(resolved, parameters, droppable),
            droppable=droppable,
            within=self._evaluator.timeout,
        )


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
