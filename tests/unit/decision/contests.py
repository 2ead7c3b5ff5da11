"""Contests written by hand: each contender's scores as lists, as `builds.scores` reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from evalgate.decision.contest import Compared, Contender, Contest, LeftOut, Spent, SuiteContest
from evalgate.records import EvaluatorSpec
from evalgate.suite.checks import Check, Policy
from tests.unit.decision.builds import ids, scores


def spent(runs: int, *, cost: float | None = 0.001, tokens: float | None = 500, seconds: float = 0.5, errors: int = 0):
    """What runs took that were all alike."""
    answered = runs - errors

    def all_of(value: float | None) -> np.ndarray:
        return np.full(answered, np.nan if value is None else value)

    return Spent(runs=runs, errors=errors, cost=all_of(cost), tokens=all_of(tokens), seconds=all_of(seconds))


def contender(name: str, took: Spent | None = None, **checks: Sequence[object]) -> Contender:
    """One contender; `checks` are its scores by check."""
    found = {check: scores(values) for check, values in checks.items()}
    examples = len(next(iter(found.values())).values)
    return Contender(name=name, label=f"{name}.py:answer", scores=found, spent=took or spent(examples))


def suite(
    *contenders: Contender,
    name: str = "support",
    dataset: str = "support-golden",
    metric: str | None = None,
    clusters: Sequence[str] | None = None,
    rules: Mapping[str, Mapping[str, object]] | None = None,
    specs: Mapping[str, Mapping[str, object]] | None = None,
    notes: Sequence[str] = (),
    units: Mapping[str, str] | None = None,
) -> SuiteContest:
    """One suite of them; each check is `no_regression` unless `rules` says otherwise."""
    first = contenders[0]
    names = list(first.scores)
    examples = len(first.scores[names[0]].values)
    return SuiteContest(
        name=name,
        dataset=dataset,
        file=f"{name}.jsonl",
        example_ids=ids(examples),
        clusters=None if clusters is None else tuple(clusters),
        repetitions=first.scores[names[0]].values.shape[1],
        checks=tuple(
            Compared(
                name=check,
                check=Check.model_validate((rules or {}).get(check, {"no_regression": {}})),
                evaluator=EvaluatorSpec(name=check, **(specs or {}).get(check, {})),
                unit=(units or {}).get(check),
            )
            for check in names
        ),
        metric=metric or names[0],
        contenders=contenders,
        notes=tuple(notes),
    )


def contest(*suites: SuiteContest, left_out: Sequence[LeftOut] = (), **policy: object) -> Contest:
    """Everything that is compared, with the first contender of the first suite as the chosen one."""
    return Contest(
        chosen=suites[0].contenders[0].name,
        suites=suites,
        policy=Policy.model_validate(policy),
        left_out=tuple(left_out),
    )


def passing(number: int, of: int, *, first: int = 0) -> list[float]:
    """Scores of `of` examples of which `number` pass, from the one at `first` on."""
    return [1.0 if first <= index < first + number else 0.0 for index in range(of)]
