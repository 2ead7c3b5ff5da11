"""What a prompt task sends, wherever the prompt is kept."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evalgate.errors import CandidateError
from evalgate.llm.chat import OWN_KEYS
from evalgate.records import Example, Json, JsonObject
from evalgate.suite.hub_request import SHARED, set_by
from evalgate.suite.tasks import PromptTask


@dataclass(frozen=True, kw_only=True, slots=True)
class PromptSource:
    """A prompt that was found sound. `shown` is what people call it; `parameters` go out beside the messages."""

    shown: str
    tools: Sequence[JsonObject]
    tool_choice: Json
    response_format: JsonObject | None
    parameters: Mapping[str, Json]

    @abstractmethod
    def messages(self, example: Example) -> list[JsonObject]:
        """Return the messages for `example`. Raises TemplateProblem that names the example and what is missing."""


def own_parameters(task: PromptTask) -> dict[str, Json]:
    """Return the parameters that a task sets. Raises CandidateError for what is set twice, or elsewhere."""
    for key in task.parameters:
        if key in OWN_KEYS:
            raise CandidateError(
                f"parameters cannot set {key!r}",
                next_step="take it out; tools and response_format belong into the prompt, the rest is evalgate's",
            )
        if key in SHARED and getattr(task, key) is not None:
            raise CandidateError(
                f"{key!r} is set twice: by itself and under parameters", next_step="remove one of them"
            )
    return set_by(task)
