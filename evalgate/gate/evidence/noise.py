"""From the journal to what a noise study saw, and from what it found to the rows that later builds take along."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from evalgate.canonical import content_hash
from evalgate.decision.evidence import CheckEvidence, SuiteEvidence
from evalgate.decision.study import FAILED, MISSING, CheckNoise, StudiedSuite, Study, StudyEvidence, SuiteNoise
from evalgate.gate.evidence.config import recorded_config
from evalgate.gate.evidence.grouping import grouping
from evalgate.gate.evidence.resources import resource_evidence
from evalgate.gate.evidence.sides import read_side
from evalgate.journal.builds import BuildRow, ExperimentRow, NoiseRow
from evalgate.journal.store import Journal
from evalgate.records import ErrorKind, Side
from evalgate.report.noise_words import StudyInfo
from evalgate.suite.config import Suite


def sample_names(row: BuildRow) -> tuple[str, ...]:
    """Return the names of a study's samples, `noise1-KEY` …; the key is of when it began and what it runs."""
    key = content_hash({"created_at": row.created_at, "config": row.config, "commit": row.commit})[:10]
    return tuple(f"noise{number}-{key}" for number in range(1, (row.study_runs or 0) + 1))


def again(sample: str) -> str:
    """Return the name of the second evaluation of a run."""
    return f"{sample}~2"


def study_evidence(journal: Journal, study_id: int) -> StudyEvidence:
    """Return what a noise study saw."""
    row = journal.build(study_id)
    config = recorded_config(row)
    names = sample_names(row)
    suites = tuple(
        _studied(journal, experiment, config.suites[experiment.suite], names)
        for experiment in journal.experiments(study_id)
    )
    return StudyEvidence(suites=suites, policy=config.policy, runs=len(names))


def _studied(journal: Journal, experiment: ExperimentRow, suite: Suite, names: tuple[str, ...]) -> StudiedSuite:
    grouped = grouping(suite, journal.examples(experiment.build, experiment.suite))
    index = {example_id: place for place, example_id in enumerate(grouped.example_ids)}
    cells = read_side(journal, experiment, index, names)
    specs = {spec.name: spec for spec in experiment.specs}
    return StudiedSuite(
        suite=SuiteEvidence(
            name=experiment.suite,
            dataset=experiment.dataset,
            example_ids=grouped.example_ids,
            checks=tuple(
                CheckEvidence(
                    name=name,
                    check=check,
                    evaluator=specs[name],
                    candidate=cells.scores[name],
                    baseline=None,
                    redraws={},
                )
                for name, check in suite.scored_checks.items()
                if not specs[name].pairwise  # one side alone has no pairs
            ),
            resources=resource_evidence(
                journal, suite, {Side.CANDIDATE: experiment}, index, names={Side.CANDIDATE: names}
            ),
            clusters=grouped.clusters,
            slices=grouped.slices,
            identical=np.zeros(len(index), dtype=np.bool_),
        ),
        label=experiment.label,
        of_baseline=experiment.side is Side.BASELINE,
        answers=_answers(journal, experiment, index, names),
        again=_second_scores(journal, experiment, index, again(names[0])),
    )


def _answers(
    journal: Journal, experiment: ExperimentRow, index: Mapping[str, int], names: tuple[str, ...]
) -> NDArray[np.int64]:
    """Return a number for each answer, equal where the answers are."""
    columns = {sample: column for column, sample in enumerate(names)}
    numbers: dict[str, int] = {}
    answers = np.full((len(index), len(names)), MISSING, dtype=np.int64)
    for example_id, sample, output, kind in journal.run_facts(experiment.id):
        if sample not in columns or example_id not in index:
            continue
        place = index[example_id], columns[sample]
        if kind is not None:
            answers[place] = FAILED if kind is ErrorKind.TASK else MISSING
        elif output is not None:
            answers[place] = numbers.setdefault(output, len(numbers))
    return answers


def _second_scores(
    journal: Journal, experiment: ExperimentRow, index: Mapping[str, int], sample: str
) -> Mapping[str, NDArray[np.float64]]:
    scores = {spec.name: np.full(len(index), np.nan) for spec in experiment.specs}
    for example_id, scored, evaluator, score, failed in journal.scores(experiment.id):
        if scored == sample and not failed and score is not None and evaluator in scores and example_id in index:
            scores[evaluator][index[example_id]] = score
    return scores


def noise_rows(row: BuildRow, found: Study) -> list[NoiseRow]:
    """Return what later builds take along: of every check that was measured and whose score has a range."""
    return [
        noise
        for suite in found.suites
        for check in suite.checks
        if (noise := _noise_row(row, suite, check, found.runs)) is not None
    ]


def _noise_row(row: BuildRow, suite: SuiteNoise, check: CheckNoise, runs: int) -> NoiseRow | None:
    if check.flip is None or not check.declared:
        return None
    return NoiseRow(
        suite=suite.name,
        name=check.name,
        study=row.id,
        measured_on=row.created_at[:10],
        label=suite.label,
        runs=runs,
        examples=suite.examples,
        flip=check.flip.rate,
        flip_low=check.flip.low,
        flip_high=check.flip.high,
        icc=check.icc,
        is_binary=check.binary,
        shift_p=check.shift_p,
        shift=check.whole_runs.spread if check.whole_runs is not None else 0.0,
    )


def study_info(row: BuildRow) -> StudyInfo:
    """Return where a study comes from."""
    return StudyInfo(
        id=row.id,
        created_at=row.created_at,
        commit=row.commit,
        branch=row.branch,
        dirty=row.dirty,
        config_file=row.config_file,
        evalgate_version=row.evalgate_version,
        seconds=row.seconds,
        resumed=row.resumed,
    )
