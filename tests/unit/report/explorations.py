"""What a page shows beside a report that was made by hand: scores that fit its decision, and examples to be read."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from evalgate.decision.each_example import EachExample, EachScore
from evalgate.decision.results import CheckDecision, SuiteDecision
from evalgate.records import Example, Side
from evalgate.report.html.explored import ExploredExample, ExploredSuite, Margin, Sample, Took
from evalgate.report.model import BuildReport, ExampleView, SideView, SuiteReport


def explored(report: BuildReport, **changes) -> dict[str, ExploredSuite]:
    return {suite.name: explored_suite(suite, shown, **changes) for suite, shown in report.each_suite()}


def explored_suite(suite: SuiteDecision, shown: SuiteReport, **changes) -> ExploredSuite:
    """Every example that the decision names, and as many as it counts; those that nobody names are alike."""
    named = dict.fromkeys(
        [flip.example_id for check in suite.checks for flip in (*check.regressed, *check.improved)]
        + [name for check in suite.checks for rule in check.rules for name in rule.example_ids]
        + list(shown.examples)
    )
    ids = (*named, *(f"x-{number:03}" for number in range(len(named), suite.examples)))
    compared = shown.baseline_label is not None
    given = {
        "each": EachExample(
            suite=suite.name,
            example_ids=ids,
            scores=tuple(_scores(check, ids, compared=compared) for check in suite.checks),
            slices=(("metadata.lang", tuple("de" if place % 2 else "en" for place in range(len(ids)))),),
        ),
        "build": 7,
        "read": lambda example_id: read(shown.examples, example_id, compared=compared),
        "margins": {check.name: Margin(low=-0.1, told="drop to rule out") for check in suite.checks},
        "took": {side: Took(seconds=[0.2] * len(ids), dollars=[0.01] * len(ids)) for side in Side},
        "settings": {"suite": {"dataset": shown.dataset}, "policy": {"mode": "enforce"}},
        "fingerprints": (("task, candidate", "0a1b2c"),),
        "differs": ("v2/app.py",),
    }
    return ExploredSuite(**given | changes)


def read(examples: Mapping[str, ExampleView], example_id: str, *, compared: bool) -> ExploredExample:
    view = examples.get(example_id)
    if view is None:
        example = Example(id=example_id, input={"question": f"what is {example_id}?"}, output={"answer": "1"})
        same = (Sample(view=SideView(output="1")),)
        return ExploredExample(example=example, candidate=same, baseline=same if compared else ())
    baseline = () if view.baseline is None else (Sample(view=view.baseline),)
    return ExploredExample(
        example=view.example, candidate=(Sample(view=view.candidate),), baseline=baseline, link=view.link
    )


def _scores(check: CheckDecision, ids: tuple[str, ...], *, compared: bool) -> EachScore:
    places = {name: place for place, name in enumerate(ids)}
    candidate, baseline = np.ones(len(ids)), np.ones(len(ids))
    for flip in (*check.regressed, *check.improved):
        candidate[places[flip.example_id]] = math.nan if flip.candidate is None else flip.candidate
        baseline[places[flip.example_id]] = math.nan if flip.baseline is None else flip.baseline
    return EachScore(
        name=check.name,
        candidate=candidate,
        baseline=baseline if compared else None,
        delta=candidate - baseline if compared else np.full(len(ids), math.nan),
        failed=np.isnan(candidate),
    )
