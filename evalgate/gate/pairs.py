"""The pairs of answers that a build's judges of pairs have left, of what the journal has of both sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from evalgate.canonical import content_hash
from evalgate.engine.pairs import BETWEEN, Pair, PairWork
from evalgate.gate.evidence.preferences import Opponents, opponents
from evalgate.gate.loading import Loaded
from evalgate.journal.builds import ExperimentRow
from evalgate.journal.store import Journal
from evalgate.records import ErrorKind, Side, Subject


def preference_works(build_id: int, able: Sequence[Loaded], journal: Journal) -> Iterator[PairWork]:
    """Yield what judges of pairs have left of what decides: pairs that were not judged, or whose judge was away."""
    rows = {(row.suite, row.side): row for row in journal.experiments(build_id)}
    for each in able:
        candidate = rows.get((each.suite.name, Side.CANDIDATE))
        baseline = rows.get((each.suite.name, Side.BASELINE))
        if not each.preferences or candidate is None or baseline is None:
            continue
        draws = [draw for draw in journal.draws(build_id) if draw.suite == each.suite.name]
        against = opponents(candidate, baseline, draws)
        for judge in each.preferences:
            pairs = _pairs(journal, candidate, baseline, against, judge.spec.name)
            yield PairWork(experiment=candidate.id, judge=judge, pairs=pairs)


def _pairs(
    journal: Journal, candidate: ExperimentRow, baseline: ExperimentRow, against: Opponents, judge: str
) -> Iterator[Pair]:
    theirs = {sample for samples in against.values() for sample in samples}
    ours_said = _said(journal, candidate.id, set(against))
    theirs_said = _said(journal, baseline.id, theirs)
    judged = {
        (example, sample): metadata.get(BETWEEN)
        for example, sample, metadata, failure in journal.judgements(candidate.id, judge)
        if failure is not ErrorKind.INFRASTRUCTURE
    }
    for example in journal.examples(candidate.build, candidate.suite):
        for sample, others in against.items():
            able = [other for other in others if (example.id, other) in theirs_said]
            # Every answer that is due, or none: what a mean is over must not go by what a provider failed to give.
            if (example.id, sample) not in ours_said or len(able) < len(others):
                continue
            between = content_hash([ours_said[example.id, sample], *(theirs_said[example.id, one] for one in others)])
            if judged.get((example.id, sample)) == between:
                continue
            runs = (
                journal.run(candidate.id, example.id, sample),
                *(journal.run(baseline.id, example.id, one) for one in others),
            )
            subjects = [
                Subject(example=example, sample=name, outcome=run)
                for name, run in zip((sample, *others), runs, strict=True)
                if run is not None
            ]
            yield Pair(candidate=subjects[0], baselines=tuple(subjects[1:]), between=between)


def _said(journal: Journal, experiment: int, samples: set[str]) -> dict[tuple[str, str], str]:
    """Return the hash of each answer, or that the run failed by its own doing; those that are missing are not in."""
    return {
        (example, sample): output if output is not None else "failed"
        for example, sample, output, kind in journal.run_facts(experiment)
        if sample in samples and kind is not ErrorKind.INFRASTRUCTURE
    }
