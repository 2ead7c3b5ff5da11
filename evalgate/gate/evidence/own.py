"""From the journal to what a change's own evaluators said, in the place of those of the same name that decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from evalgate.decision.evidence import Judged, KnownJudge
from evalgate.journal.own import OwnEvaluatorRow
from evalgate.journal.store import Journal
from evalgate.records import EvaluatorSpec


def own_specs(specs: Sequence[EvaluatorSpec], own: Mapping[str, OwnEvaluatorRow]) -> tuple[EvaluatorSpec, ...]:
    """Return what is known of a suite's evaluators, with the change's own in the place of the others."""
    ours = [row.spec for row in own.values() if row.spec is not None]
    return (*(spec for spec in specs if spec.name not in own), *ours)


def own_judges(own: Mapping[str, OwnEvaluatorRow]) -> dict[str, Judged]:
    """Return what was known of those that are judges."""
    return {
        name: Judged(known=None if (known := row.known["summary"]) is None else KnownJudge(**known), people=None)
        for name, row in own.items()
        if row.known is not None
    }


def scores_of(
    journal: Journal, experiment: int, own: frozenset[str]
) -> Iterator[tuple[str, str, str, float | None, bool]]:
    """Yield (example id, sample, evaluator, score, whether it failed), of those among `own` what the change's said."""
    for each in journal.scores(experiment):
        if each[2] not in own:
            yield each
    if own:
        yield from (each for each in journal.own_scores(experiment) if each[2] in own)
