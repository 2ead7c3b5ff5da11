"""What holding a judge to human labels comes to: pure, from verdicts and labels to a report that people can read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evalgate.records import Direction, Json
from evalgate.stats.judging import Caught, Examined, caught_by, examine
from evalgate.stats.krippendorff import Level, krippendorff_alpha


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """One verdict on one answer; `label` is None where there was none, and `explanation` says why."""

    label: str | None
    explanation: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedAnswer:
    """One labelled answer with every verdict on it.

    `verdicts` in draws; `orders` with the labels named in their order and in reverse, or, of a pair, with the
    candidate's answer shown first and second.
    """

    id: str
    input: Json
    expected: Json
    answer: Json
    people: tuple[str, ...]
    label: str | None
    """What most people said; None where they are split."""
    verdicts: tuple[Verdict, ...]
    orders: tuple[Verdict, Verdict]
    other: Json = None
    """Of a pair, the baseline's answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Disagreement:
    """One answer of which the judge said something else than people, in its first verdict."""

    id: str
    input: Json
    expected: Json
    answer: Json
    people: str
    judge: str
    explanation: str | None
    other: Json = None
    """Of a pair, the baseline's answer; `answer` is the candidate's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Validation:
    """A judge held to human labels. `labels` are in the judge's own order, the rows and columns of the table."""

    labels: tuple[str, ...]
    good: tuple[str, ...]
    """Labels that count as a pass."""
    answers: int
    split: int
    """Answers of which people are split: they say nothing and are left out."""
    draws: int
    examined: Examined
    people_alpha: float | None
    """How well people agree with each other (Krippendorff's alpha), where several labelled an answer."""
    caught: Caught | None
    """What the gate catches on the suite's own examples."""
    disagreements: tuple[Disagreement, ...]
    failures: tuple[str, ...]
    """Why verdicts are missing, each reason once."""
    min_kappa: float
    max_missing: float

    @property
    def measured(self) -> bool:
        """Whether enough verdicts are there to say anything."""
        lacking = self.examined.missing
        return self.examined.items > lacking and lacking <= max(1.0, self.max_missing * self.examined.items)

    @property
    def trusted(self) -> bool:
        """Whether it agrees with people as well as is asked for."""
        return self.measured and self.examined.kappa is not None and self.examined.kappa_low >= self.min_kappa


def validated(
    answers: Sequence[JudgedAnswer],
    *,
    scores: dict[str, float],
    direction: Direction,
    ordered: bool,
    examples: int | None,
    alpha: float,
    min_kappa: float,
    max_missing: float,
    pairwise: bool = False,
) -> Validation:
    """Return what the verdicts say of the judge. `scores` are of its labels; `examples` is the suite's size."""
    labels = tuple(scores)
    number = {label: place for place, label in enumerate(labels)}
    shares = _shares(scores, direction)
    usable = [answer for answer in answers if answer.label is not None]
    found = examine(
        people=np.array([number[str(answer.label)] for answer in usable], dtype=np.int64),
        judged=_numbers([answer.verdicts for answer in usable], number),
        orders=_numbers([answer.orders for answer in usable], number),
        shares=shares,
        lengths=np.array([_length(answer) for answer in usable], dtype=np.float64),
        ordered=ordered,
        longer_than=0.0 if pairwise else None,
    )
    return Validation(
        labels=labels,
        good=tuple(label for label, share in zip(labels, shares, strict=True) if share > 0.5),
        answers=len(answers),
        split=len(answers) - len(usable),
        draws=max((len(answer.verdicts) for answer in answers), default=0),
        examined=found,
        people_alpha=_among_people(answers, number, ordered=ordered),
        caught=caught_by(found, examples, alpha=alpha, binary=len(labels) == 2) if examples else None,
        disagreements=tuple(_disagreements(usable)),
        failures=_failures(usable),
        min_kappa=min_kappa,
        max_missing=max_missing,
    )


def _shares(scores: dict[str, float], direction: Direction) -> NDArray[np.float64]:
    values = np.array(list(scores.values()), dtype=np.float64)
    shares: NDArray[np.float64] = (values - values.min()) / (values.max() - values.min())
    return 1 - shares if direction is Direction.MINIMIZE else shares


def _numbers(verdicts: Sequence[tuple[Verdict, ...]], number: dict[str, int]) -> NDArray[np.int64]:
    width = max((len(each) for each in verdicts), default=1)
    found = np.full((len(verdicts), width), -1, dtype=np.int64)
    for row, draws in enumerate(verdicts):
        for column, verdict in enumerate(draws):
            if verdict.label is not None:
                found[row, column] = number[verdict.label]
    return found


def _among_people(answers: Sequence[JudgedAnswer], number: dict[str, int], *, ordered: bool) -> float | None:
    width = max((len(answer.people) for answer in answers), default=0)
    if width < 2:
        return None
    values = np.full((width, len(answers)), np.nan)
    for column, answer in enumerate(answers):
        for row, label in enumerate(answer.people):
            values[row, column] = number[label]
    alpha = krippendorff_alpha(values, level=Level.INTERVAL if ordered else Level.NOMINAL)
    return None if np.isnan(alpha) else alpha


def _disagreements(answers: Sequence[JudgedAnswer]) -> list[Disagreement]:
    return [
        Disagreement(
            id=answer.id,
            input=answer.input,
            expected=answer.expected,
            answer=answer.answer,
            people=str(answer.label),
            judge=first.label,
            explanation=first.explanation,
            other=answer.other,
        )
        for answer in answers
        if (first := answer.verdicts[0]).label is not None and first.label != answer.label
    ]


def _failures(answers: Sequence[JudgedAnswer]) -> tuple[str, ...]:
    said = (answer.verdicts[0] for answer in answers)
    return tuple(dict.fromkeys(verdict.explanation or "no verdict" for verdict in said if verdict.label is None))


def _length(answer: JudgedAnswer) -> int:
    """Return how long an answer is; of a pair, how much longer the candidate's is than the baseline's."""
    return len(_text(answer.answer)) - (0 if answer.other is None else len(_text(answer.other)))


def _text(value: Json) -> str:
    return value if isinstance(value, str) else repr(value)
