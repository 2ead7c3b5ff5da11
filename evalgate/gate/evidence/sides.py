"""One side of a suite as the journal has it, and where the two sides gave the same answers."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from evalgate.decision.evidence import Cell, Scores
from evalgate.gate.evidence.own import NOTHING_OURS, Ours, scores_of
from evalgate.gate.samples import REDRAW
from evalgate.journal.builds import ExperimentRow
from evalgate.journal.store import Journal
from evalgate.records import ErrorKind, Side


@dataclass(frozen=True, kw_only=True, slots=True)
class SideCells:
    """One side's rows: per evaluator (examples, repetitions) scores and cells, output hashes, and redraws."""

    scores: Mapping[str, Scores]
    outputs: Mapping[tuple[int, str], str | None]
    redraws: Mapping[str, Mapping[str, float | None]]


def read_side(
    journal: Journal,
    experiment: ExperimentRow,
    index: Mapping[str, int],
    names: Sequence[str],
    *,
    redraw: str = REDRAW,
    ours: Ours = NOTHING_OURS,
) -> SideCells:
    """Return what the journal has of the samples `names` of one side; `index` has the place of each example.

    What is `ours` is what the change's own evaluators said.
    """
    columns = {sample: column for column, sample in enumerate(names)}
    shape = (len(index), len(columns))
    base = np.full(shape, Cell.MISSING, dtype=np.uint8)
    outputs: dict[tuple[int, str], str | None] = {}
    redrawn: dict[str, ErrorKind | None] = {}
    for example_id, sample, output_hash, kind in journal.run_facts(experiment.id):
        row = index.get(example_id)
        if row is None:
            continue
        if sample == redraw:
            redrawn[example_id] = kind
        elif sample in columns:
            outputs[row, sample] = output_hash
            if kind is ErrorKind.TASK:
                base[row, columns[sample]] = Cell.TASK_ERROR
    values = {spec.name: array("d", [np.nan]) * base.size for spec in experiment.specs}
    redraws: dict[str, dict[str, float | None]] = {
        spec.name: {id_: spec.worst if kind is ErrorKind.TASK else None for id_, kind in redrawn.items()}
        for spec in experiment.specs
    }
    width = len(columns)
    for example_id, sample, evaluator, score, failed in scores_of(journal, experiment.id, ours):
        if failed or score is None or evaluator not in values or example_id not in index:
            continue
        if sample in columns:
            values[evaluator][index[example_id] * width + columns[sample]] = score
        elif sample == redraw:
            redraws[evaluator][example_id] = score
    scores = {name: _scores(np.array(flat).reshape(shape), base) for name, flat in values.items()}
    return SideCells(scores=scores, outputs=outputs, redraws=redraws)


def _scores(
    values: np.ndarray[tuple[int, ...], np.dtype[np.float64]], base: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
) -> Scores:
    """Return the scores of one evaluator; where it gave none, `base` says why. A stored score is never NaN."""
    return Scores(values=values, cells=np.where(np.isnan(values), base, np.uint8(Cell.SCORED)))


def identical(sides: Mapping[Side, SideCells], examples: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return where every sample of one side has an answer and the other side gave the same bytes.

    Sides that drew differently often are the same where there is one answer alone.
    """
    same = np.zeros(examples, dtype=np.bool_)
    if len(sides) < len(Side):
        return same
    ours, theirs = sides[Side.CANDIDATE].outputs, sides[Side.BASELINE].outputs
    if {sample for _, sample in ours} != {sample for _, sample in theirs}:
        return _one_answer(ours, theirs, examples)
    same[[row for row, _ in ours]] = True
    for (row, sample), output in ours.items():
        if output is None or theirs.get((row, sample)) != output:
            same[row] = False
    for row, sample in theirs:
        if (row, sample) not in ours:
            same[row] = False
    return same


def _one_answer(
    ours: Mapping[tuple[int, str], str | None], theirs: Mapping[tuple[int, str], str | None], examples: int
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Return where both sides answered, with the same bytes in every sample."""
    answers: dict[int, set[str | None]] = {}
    for (row, _), output in (*ours.items(), *theirs.items()):
        answers.setdefault(row, set()).add(output)
    both = {row for row, _ in ours} & {row for row, _ in theirs}
    same = np.zeros(examples, dtype=np.bool_)
    same[[row for row in sorted(both) if len(answers[row]) == 1 and None not in answers[row]]] = True
    return same
