"""What a judge is asked about two answers to one example: neither is called by its side, both stand between tags."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Final

from evalgate.errors import CandidateError, ConfigurationError
from evalgate.evaluators.judge.prompts import EXPECTED, PLACE, FilePrompt
from evalgate.evaluators.view import View, text_of
from evalgate.paths import parse
from evalgate.records import Json, JsonObject
from evalgate.suite.delimiting import GUARD, code_for, delimited
from evalgate.suite.evaluators import Evaluator
from evalgate.suite.judge_file import LoadedJudge, load_judge
from evalgate.suite.judge_prompts import PROMPTS
from evalgate.suite.judges import JUDGES, SHOWN

_A, _B = "answer_a", "answer_b"
_OF_EXAMPLE: Final = ("input", "expected", "reference", "metadata", "example")
_ANSWER: Final = "output"
"""The parameter that says what of a run is the answer."""


class PairPrompt(ABC):
    """What one judge is asked about two answers."""

    def load(self) -> None:  # noqa: B027 - one kind is whole by itself
        """Compile what filling it takes. Raises ConfigurationError."""

    @abstractmethod
    def fill(self, view: View, first: str, second: str) -> list[JsonObject]:
        """Return the messages that show `first` as A and `second` as B; `view` is of either, for the example alone.

        Raises EvaluatorFaultError where the example lacks something.
        """


def answer_of(view: View) -> str:
    """Return the answer of a run as text. Raises OutputFaultError where it gave none."""
    return text_of(view.mapped(_ANSWER))


def is_pairwise(judge: str, root: Path) -> bool:
    """Return whether a judge is shown two answers. Raises CandidateError for a file in error."""
    named = JUDGES.get(judge)
    return load_judge(root, judge).judge.pairwise if named is None else named.pairwise


def pair_mapping(evaluator: Evaluator) -> dict[str, str]:
    """Return what each parameter is, as a path. Raises ConfigurationError for one that is of one side alone."""
    mapping = {"input": "input", _ANSWER: _ANSWER, **evaluator.input_mapping}
    for name, path in mapping.items():
        if name != _ANSWER and parse(path)[0] not in _OF_EXAMPLE:
            raise ConfigurationError(
                f"the judge {evaluator.label} is shown two answers, and {path}, which input_mapping names for {name},"
                " is of one of them",
                next_step=f"map {name} to a part of the example ({', '.join(_OF_EXAMPLE)}); `output` says what of a"
                " run is its answer",
            )
    return mapping


def pair_prompt_of(evaluator: Evaluator, root: Path) -> PairPrompt:
    """Return the prompt of a judge that is pairwise. Raises CandidateError for a file in error."""
    judge = evaluator.judge or ""
    return NamedPairPrompt(judge) if judge in JUDGES else FilePairPrompt(load_judge(root, judge), judge)


class NamedPairPrompt(PairPrompt):
    """A prompt of evalgate's own."""

    def __init__(self, name: str) -> None:
        self._template = PROMPTS[name]

    def fill(self, view: View, first: str, second: str) -> list[JsonObject]:
        """Put question and answers in."""
        values = {"input": text_of(view.mapped("input")), _A: first, _B: second}
        code = code_for(values.values())
        text = PLACE.sub(lambda found: delimited(values[found[1]], code), self._template)
        return [{"role": "system", "content": GUARD}, {"role": "user", "content": text}]


class FilePairPrompt(PairPrompt):
    """A prompt of the user's own."""

    def __init__(self, loaded: LoadedJudge, file: str) -> None:
        self._prompt = FilePrompt(loaded, file)

    def load(self) -> None:
        """Compile the templates. Raises CandidateError for one that does not show both answers, or shows one side's."""
        prompt = self._prompt
        prompt.load()
        lacking = sorted({_A, _B} - prompt.reads)
        if lacking:
            raise CandidateError(
                f"a pairwise judge that is not shown {' and '.join(lacking)}",
                location=prompt.loaded.place(("messages",)),
                next_step=f"show both answers: {{{{ {_A} }}}} and {{{{ {_B} }}}}",
            )
        if _ANSWER in prompt.reads:
            raise CandidateError(
                f"a pairwise judge has two answers, and `{_ANSWER}` is that of one side",
                location=prompt.loaded.place(("messages",)),
                next_step=f"show both: {{{{ {_A} }}}} and {{{{ {_B} }}}}",
            )

    def fill(self, view: View, first: str, second: str) -> list[JsonObject]:
        """Put in what the templates name."""
        fields = view.subject.fields()
        variables: dict[str, Json] = {name: fields[name] for name in _OF_EXAMPLE}
        variables.update({name: value for name, value in view.every_mapped().items() if name != _ANSWER})
        variables.update({_A: first, _B: second})
        if self._prompt.reads & EXPECTED and not view.has("expected") and view.subject.expected is None:
            view.dataset_fault("has no expected answer; give it an `output`")
        return self._prompt.rendered(view.subject.example.id, variables, SHOWN)
