"""From the journal to what a change's own evaluators said, in the place of those of the same name that decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Ours:
    """Whose scores are the change's: those of `evaluators`, and of the `reworded` examples those of `anew` too."""

    evaluators: frozenset[str] = frozenset()
    anew: frozenset[str] = frozenset()
    reworded: frozenset[str] = frozenset()

    def has(self, evaluator: str, example_id: str) -> bool:
        """Return whether the change's score counts in the place of the one that decides."""
        return evaluator in self.evaluators or (evaluator in self.anew and example_id in self.reworded)


NOTHING_OURS: Final = Ours()


def scores_of(journal: Journal, experiment: int, ours: Ours) -> Iterator[tuple[str, str, str, float | None, bool]]:
    """Yield (example id, sample, evaluator, score, whether it failed), where it is `ours` what the change's said."""
    for each in journal.scores(experiment):
        if not ours.has(each[2], each[0]):
            yield each
    if ours.evaluators or ours.anew:
        yield from (each for each in journal.own_scores(experiment) if ours.has(each[2], each[0]))
