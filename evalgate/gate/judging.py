"""A judge asked about answers that people have labelled, and what was found out kept in the journal."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evalgate import __version__
from evalgate.canonical import content_hash
from evalgate.decision.validation import JudgedAnswer, Validation, Verdict, validated
from evalgate.engine.ports import EvaluatorRunner, PairRunner
from evalgate.errors import ConfigurationError
from evalgate.gate.prepared import PreparedSuite
from evalgate.golden.labelled import Labelled
from evalgate.journal.judges import HumanLabel, ValidationRow
from evalgate.journal.store import Journal
from evalgate.llm.tab import opened_tab
from evalgate.records import Direction, Evaluation, Usage
from evalgate.suite.checks import Policy
from evalgate.suite.evaluators import Evaluator


@dataclass(frozen=True, kw_only=True, slots=True)
class ChosenJudge:
    """The judge that is held to labels: of which suite it is, and what is known of it before it is asked."""

    suite: PreparedSuite
    evaluator: Evaluator
    scores: dict[str, float]
    direction: Direction
    ordered: bool
    pairwise: bool = False
    """It is shown two answers and says which is the better."""

    @property
    def fingerprint(self) -> str:
        """Return what was found out about it is kept by."""
        return self.suite.judges[self.evaluator.label]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """Every verdict that was asked for, and what that took. `cost` is None where a price or a usage is not known."""

    answers: tuple[JudgedAnswer, ...]
    calls: int
    from_cache: int
    """Calls that the response cache answered."""
    input_tokens: int
    output_tokens: int
    cost: float | None


def judges_of(suites: Sequence[PreparedSuite]) -> Iterator[tuple[PreparedSuite, Evaluator]]:
    """Yield every judge of the suites, one that several suites share once."""
    seen: set[str] = set()
    for suite in suites:
        for evaluator in suite.suite.evaluators:
            judge = suite.judges.get(evaluator.label)
            if judge is not None and judge not in seen:
                seen.add(judge)
                yield suite, evaluator


def choose(suites: Sequence[PreparedSuite], name: str | None) -> tuple[PreparedSuite, Evaluator]:
    """Return the judge called `name`, or the only one. Raises ConfigurationError where that is not one."""
    found = list(judges_of(suites))
    names = [evaluator.label for _, evaluator in found]
    if not found:
        raise ConfigurationError(
            "no evaluator here is a judge", next_step="add one under `evaluators`: {judge: correctness, model: …}"
        )
    if name is None and len(found) > 1:
        raise ConfigurationError(
            f"there are {len(found)} judges: {', '.join(names)}", next_step=f"name one: --judge {names[0]}"
        )
    chosen = [each for each in found if name in {None, each[1].label}]
    if len(chosen) > 1:
        where = ", ".join(suite.name for suite, _ in chosen)
        raise ConfigurationError(
            f"several suites have a judge called {name}: {where}", next_step=f"name one: --suite {chosen[0][0].name}"
        )
    if not chosen:
        near = difflib.get_close_matches(name or "", names, n=1)
        raise ConfigurationError(
            f"there is no judge {name}" + (f"; did you mean {near[0]}?" if near else ""),
            next_step=f"name one of {', '.join(names)}",
        )
    return chosen[0]


async def ask(
    answers: Sequence[Labelled],
    runner: EvaluatorRunner | PairRunner,
    reverse: EvaluatorRunner | None,
    *,
    draws: int,
    stop: asyncio.Event,
    tell: Callable[[int, int], None],
) -> Asked | None:
    """Ask for `draws` verdicts on every answer, and one with the labels named in reverse; None where it was stopped.

    A judge of pairs has no `reverse`: each of its verdicts is asked for in both orders. The draws are named judge1,
    judge2 …: they are none of any build's. `tell` hears (done, of how many).
    """
    times = draws + (reverse is not None)
    asked = [(place, draw) for draw in range(times) for place in range(len(answers))]
    found: dict[tuple[int, int], Evaluation] = {}
    usages: list[tuple[Usage, ...] | None] = []
    waiting = iter(asked)

    async def lane() -> None:
        for place, draw in waiting:
            if stop.is_set():
                return
            judge = reverse if reverse is not None and draw == draws else runner
            sample = "judge1" if draw == draws else f"judge{draw + 1}"
            with opened_tab(answers[place].id) as tab:
                found[place, draw] = await _evaluated(judge, answers[place], sample)
            usages.append(tab.usage())
            tell(len(found), len(asked))

    async with asyncio.TaskGroup() as group:
        for _ in range(max(1, runner.concurrency)):
            group.create_task(lane())
    if len(found) < len(asked):
        return None
    parts = [part for usage in usages for part in usage or ()]
    costs = [part.cost for part in parts]
    known = None not in usages and None not in costs
    return Asked(
        answers=tuple(_judged(answer, place, found, draws) for place, answer in enumerate(answers)),
        calls=sum(part.calls for part in parts if not part.from_cache),
        from_cache=sum(part.calls for part in parts if part.from_cache),
        input_tokens=sum(part.input_tokens for part in parts),
        output_tokens=sum(part.output_tokens for part in parts),
        cost=sum(cost or 0.0 for cost in costs) if known else None,
    )


async def _evaluated(judge: EvaluatorRunner | PairRunner, answer: Labelled, sample: str) -> Evaluation:
    if isinstance(judge, PairRunner):
        return await judge.prefer(answer.subject(sample), [answer.other(sample)])
    return await judge.evaluate(answer.subject(sample))


def _judged(answer: Labelled, place: int, found: Mapping[tuple[int, int], Evaluation], draws: int) -> JudgedAnswer:
    return JudgedAnswer(
        id=answer.id,
        input=answer.example.input,
        expected=answer.example.output,
        answer=answer.outcome.output,
        people=answer.labels,
        label=answer.label,
        verdicts=tuple(_verdict(found[place, draw]) for draw in range(draws)),
        orders=_orders(found[place, 0], found.get((place, draws))),
        other=None if answer.baseline is None else answer.baseline.output,
    )


def _orders(first: Evaluation, reversed_: Evaluation | None) -> tuple[Verdict, Verdict]:
    """Return the verdict in one order and in the other: of the labels, or of the two answers."""
    if reversed_ is not None:
        return _verdict(first), _verdict(reversed_)
    orders = first.metadata.get("orders")
    if isinstance(orders, list) and orders:
        one, other = orders[0]
        return Verdict(label=str(one)), Verdict(label=str(other))
    return Verdict(label=None), Verdict(label=None)


def _verdict(evaluation: Evaluation) -> Verdict:
    if evaluation.failure is not None:
        return Verdict(label=None, explanation=evaluation.failure.message)
    if "judges" not in evaluation.metadata:  # the worst score of an output that is none: nobody was asked
        return Verdict(label=None, explanation=evaluation.explanation)
    return Verdict(label=evaluation.label, explanation=evaluation.explanation)


def conclude(judge: ChosenJudge, answers: Sequence[JudgedAnswer], policy: Policy) -> Validation:
    """Return what was found out."""
    return validated(
        answers,
        scores=judge.scores,
        direction=judge.direction,
        ordered=judge.ordered,
        examples=judge.suite.count,
        alpha=policy.alpha,
        min_kappa=policy.min_kappa,
        max_missing=policy.max_missing,
        pairwise=judge.pairwise,
    )


def keep(
    journal: Journal,
    judge: ChosenJudge,
    answers: Sequence[Labelled],
    validation: Validation,
    *,
    file: str,
    now: str,
    report: Mapping[str, Any],
) -> None:
    """Write what was found out under the judge's fingerprint, and the labels that it was held to."""
    found = validation.examined
    summary = {
        "labelled": found.items - found.missing,
        "measured_on": now[:10],
        "kappa": found.kappa,
        "kappa_low": found.kappa_low,
    }
    labels = [
        HumanLabel(
            example_id=answer.example.id,
            output_hash=content_hash(answer.outcome.output),
            score=judge.scores[answer.label],
        )
        for answer in answers
        if answer.label is not None and not judge.pairwise  # what people say of a pair is of neither answer alone
    ]
    row = ValidationRow(
        judge=judge.fingerprint,
        name=judge.evaluator.label,
        created_at=now,
        file=file,
        labels=content_hash(
            [[answer.id, *answer.labels] for answer in answers]
            if judge.pairwise
            else [asdict(label) for label in labels]
        ),
        evalgate_version=__version__,
        summary=summary,
        report=report,
    )
    journal.add_validation(row, labels)
