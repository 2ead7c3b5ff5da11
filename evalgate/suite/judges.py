"""The judges that go by a name: what each is given, which labels it gives and what they score."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from evalgate.records import Direction

PHOENIX_EVALS: Final = "arize-phoenix-evals"
"""The distribution that most of them come from: its version settles their prompts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedJudge:
    """A judge that goes by its name. `inputs` has, by parameter, the path that it stands for (None: must be mapped)."""

    inputs: Mapping[str, str | None]
    labels: Mapping[str, float]
    direction: Direction = Direction.MAXIMIZE
    phoenix: str | None = None
    """The class of phoenix-evals whose prompt and labels these are; None: evalgate's own."""
    pairwise: bool = False
    """It says which of two answers to one example is the better."""

    @property
    def unmapped(self) -> tuple[str, ...]:
        """Return the parameters that nothing a task returns stands for by itself."""
        return tuple(name for name, path in self.inputs.items() if path is None)


PREFERENCES: Final = {"candidate": 1.0, "tie": 0.5, "baseline": 0.0}
"""What a preference between two answers is called, and what it scores the candidate."""

SHOWN: Final = ("A", "B", "tie")
"""What a judge calls them who is shown two answers: it is never told whose they are."""

_ANSWER: Final = {"input": "input", "output": "output"}
_TOOLS: Final = {"input": "input", "available_tools": None, "tool_selection": "tool_calls"}
_RIGHT: Final = {"correct": 1.0, "incorrect": 0.0}
_MINIMIZE: Final = Direction.MINIMIZE

JUDGES: Final[Mapping[str, NamedJudge]] = {
    "correctness": NamedJudge(inputs={**_ANSWER, "expected": "expected"}, labels=_RIGHT),
    "completeness": NamedJudge(
        inputs={"conversation": "messages"},
        labels={"complete": 1.0, "incomplete": 0.0},
        phoenix="CompletenessEvaluator",
    ),
    "conciseness": NamedJudge(inputs=_ANSWER, labels={"concise": 1.0, "verbose": 0.0}, phoenix="ConcisenessEvaluator"),
    "document_relevance": NamedJudge(
        inputs={"input": "input", "document_text": "context"},
        labels={"relevant": 1.0, "unrelated": 0.0},
        phoenix="DocumentRelevanceEvaluator",
    ),
    "faithfulness": NamedJudge(
        inputs={**_ANSWER, "context": "context"},
        labels={"faithful": 1.0, "unfaithful": 0.0},
        phoenix="FaithfulnessEvaluator",
    ),
    "hallucination": NamedJudge(
        inputs=_ANSWER,
        labels={"hallucinated": 1.0, "grounded": 0.0},
        direction=_MINIMIZE,
        phoenix="HallucinationEvaluator",
    ),
    "phoenix_correctness": NamedJudge(inputs=_ANSWER, labels=_RIGHT, phoenix="CorrectnessEvaluator"),
    "pii_detection": NamedJudge(
        inputs={"conversation": "messages"},
        labels={"pii_detected": 1.0, "no_pii_detected": 0.0},
        direction=_MINIMIZE,
        phoenix="PiiDetectionEvaluator",
    ),
    "preference": NamedJudge(inputs=_ANSWER, labels=PREFERENCES, pairwise=True),
    "refusal": NamedJudge(
        inputs=_ANSWER,
        labels={"refused": 1.0, "answered": 0.0},
        direction=Direction.NEUTRAL,
        phoenix="RefusalEvaluator",
    ),
    "retrieval_relevance": NamedJudge(
        inputs={"input": "input", "context": "context"},
        labels={"relevant": 1.0, "irrelevant": 0.0},
        phoenix="RetrievalRelevanceEvaluator",
    ),
    "tool_invocation": NamedJudge(inputs=_TOOLS, labels=_RIGHT, phoenix="ToolInvocationEvaluator"),
    "tool_response_handling": NamedJudge(
        inputs={**_ANSWER, "tool_call": "tool_calls", "tool_result": None},
        labels=_RIGHT,
        phoenix="ToolResponseHandlingEvaluator",
    ),
    "tool_selection": NamedJudge(inputs=_TOOLS, labels=_RIGHT, phoenix="ToolSelectionEvaluator"),
    "toxicity": NamedJudge(
        inputs={"text": "output"},
        labels={"toxic": 1.0, "non-toxic": 0.0},
        direction=_MINIMIZE,
        phoenix="ToxicityEvaluator",
    ),
    "user_friction": NamedJudge(
        inputs={"conversation": "messages", "user_message": None},
        labels={"friction": 1.0, "no_friction": 0.0},
        direction=_MINIMIZE,
        phoenix="UserFrictionEvaluator",
    ),
}
"""Every judge that goes by a name. What is phoenix-evals' own is held equal to its classes by a test."""
