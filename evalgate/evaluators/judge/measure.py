"""A judge as an evaluator: its prompt filled from a run, its models asked, their verdicts put together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from evalgate.evaluators.judge.juror import Juror
from evalgate.evaluators.judge.jury import at_once, jury
from evalgate.evaluators.judge.prompts import Prompt, prompt_of
from evalgate.evaluators.judge.verdicts import Verdict, agreed
from evalgate.evaluators.measure import Measure, Traits
from evalgate.evaluators.models import Models
from evalgate.evaluators.score import EvaluatorFaultError, Given
from evalgate.evaluators.view import View
from evalgate.records import EvaluatorKind
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
        self.concurrency = at_once(evaluator, models)

    @property
    def mapping(self) -> dict[str, str]:
        """Return what each parameter of the prompt is, as a path."""
        return {**self._prompt.inputs, **self._evaluator.input_mapping}

    async def start(self) -> None:
        """Load the prompt and find the endpoints and their keys. Raises ConfigurationError: nothing was paid."""
        await asyncio.to_thread(self._prompt.load)
        self._jurors = jury(self._evaluator, self._environ, self._models)

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
