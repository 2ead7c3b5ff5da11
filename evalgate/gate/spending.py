"""What the calls of models in a build took: in all, by side and by evaluator, and for which examples the most."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from evalgate.decision.reserve import PerRun
from evalgate.journal.builds import ExperimentRow
from evalgate.journal.store import Journal
from evalgate.llm.budget import Spent
from evalgate.records import Usage
from evalgate.report.model import Spending

_DEAREST = 5


def spent(journal: Journal, build_id: int | None) -> Spent:
    """Return what a build that is gone on with has paid for; nothing for a new one."""
    if build_id is None:
        return Spent()
    paid = [
        part
        for experiment in journal.experiments(build_id)
        for _, _, usage, earlier in _drawn(journal, experiment)
        for part in usage or ()
        if not (earlier or part.from_cache)
    ]
    return Spent(
        usd=math.fsum(part.cost or 0.0 for part in paid),
        tokens=sum(part.input_tokens + part.output_tokens for part in paid),
        calls=sum(part.calls for part in paid),
        seconds=journal.build(build_id).seconds,
    )


def per_run(journal: Journal, suite: str) -> PerRun | None:
    """Return what models took for each run of a suite in the latest complete build that ran it; None before one did."""
    for build in journal.builds():
        if not build.complete or build.partial:
            continue
        own = [row for row in journal.experiments(build.id) if row.suite == suite and not row.stored]
        runs = sum(journal.pace(row.id)[0] for row in own)
        if not runs:
            continue
        parts = suite_spending(journal, own, whole=False).parts
        return PerRun(
            build=build.id,
            calls=sum(part.calls for part in parts) / runs,
            tokens=sum(part.tokens for part in parts) / runs,
            usd=None
            if any(part.unpriced or part.unseen for part in parts)
            else sum(part.cost for part in parts) / runs,
        )
    return None


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteSpending:
    """What is shown of one suite: each side and evaluator that called models, and the dearest examples."""

    parts: tuple[Spending, ...] = ()
    dearest: tuple[tuple[str, float], ...] = ()
    priced_examples: int = 0


@dataclass(kw_only=True, slots=True)
class _Sum:
    calls: int = 0
    cached: int = 0
    taken_over: int = 0
    tokens: int = 0
    cost: float = 0.0
    paid: float = 0.0
    unpriced: int = 0
    unseen: int = 0
    together: int = 0

    def add(self, part: Usage, *, earlier: bool) -> None:
        self.calls += part.calls
        self.cached += part.calls if part.from_cache and not earlier else 0
        self.taken_over += part.calls if earlier else 0
        self.tokens += part.input_tokens + part.output_tokens
        if part.cost is None:
            self.unpriced += part.calls
        else:
            self.cost += part.cost
            self.paid += 0.0 if part.from_cache or earlier else part.cost


@dataclass(kw_only=True, slots=True)
class _Sums:
    by_part: dict[str, _Sum] = field(default_factory=dict)
    by_example: dict[str, float] = field(default_factory=dict)


def suite_spending(journal: Journal, experiments: Iterable[ExperimentRow], *, whole: bool = True) -> SuiteSpending:
    """Return what one suite's experiments took; a stored baseline was paid for by its own build.

    Without `whole`, what a change's own evaluators took is left out, as the next build has none of them; so is what
    earlier builds took.
    """
    sums = _Sums()
    for experiment in experiments:
        for example_id, evaluator, usage, earlier in _drawn(journal, experiment, whole=whole):
            if usage == () or (earlier and not whole):
                continue
            of = sums.by_part.setdefault(evaluator or experiment.side.value, _Sum())
            of.unseen += usage is None
            of.together += any(part.shared for part in usage or ())
            for part in usage or ():
                of.add(part, earlier=earlier)
                if part.cost is not None and not part.shared:
                    sums.by_example[example_id] = sums.by_example.get(example_id, 0.0) + part.cost
    if not any(of.calls for of in sums.by_part.values()):
        return SuiteSpending()
    dearest = sorted(sums.by_example.items(), key=lambda item: (-item[1], item[0]))[:_DEAREST]
    return SuiteSpending(
        parts=tuple(
            Spending(
                who=who,
                calls=of.calls,
                cached=of.cached,
                taken_over=of.taken_over,
                tokens=of.tokens,
                cost=of.cost,
                paid=of.paid,
                unpriced=of.unpriced,
                unseen=of.unseen,
                together=of.together,
            )
            for who, of in sums.by_part.items()
        ),
        dearest=tuple(dearest),
        priced_examples=len(sums.by_example),
    )


def _drawn(
    journal: Journal, experiment: ExperimentRow, *, whole: bool = True
) -> Iterator[tuple[str, str, tuple[Usage, ...] | None, bool]]:
    """Yield (example id, evaluator, usage, whether an earlier build paid), of stored runs none."""
    found = journal.usages(experiment.id, stored=not experiment.stored, own=whole)
    yield from ((example_id, evaluator, usage, earlier) for example_id, _, evaluator, usage, earlier in found)
