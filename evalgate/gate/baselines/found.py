"""Stored runs of a baseline: looked up example by example, taken over, and what differs between them and now.

They are found by what answers and by what an example says, never by date. What scored them matters for their scores
alone: those of an evaluator that is another one now, or of which not everything is known, are left behind, and the
answers are evaluated again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

from evalgate import __version__
from evalgate.decision import stored_words
from evalgate.decision.stored_words import Apart
from evalgate.gate.prepared import PreparedSuite
from evalgate.gate.samples import samples
from evalgate.journal.baselines import StoredDraw
from evalgate.journal.builds import ExperimentRow, NoteRow
from evalgate.journal.rows import body_hash, example_body
from evalgate.journal.store import Journal
from evalgate.journal.transfer import Drawn, copy_drawn, copy_own, copy_scores
from evalgate.records import EvaluatorSpec, Side
from evalgate.suite.checks import Policy
from evalgate.suite.judges import PHOENIX_EVALS


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """What one draw has of the examples that are wanted."""

    draw: StoredDraw
    examples: frozenset[str]

    def named(self, repetitions: int) -> Drawn:
        """Return its runs, each by what it is called as a stored one."""
        names = samples(repetitions, self.draw.key)
        return Drawn(
            experiment=self.draw.experiment.id,
            names=dict(zip(names, samples(repetitions), strict=True)),
            examples=self.examples,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundRuns:
    """Stored runs of a baseline, `repetitions` of each example that is not among the `lacking`.

    `apart` is None where these very examples were measured with it before; `damaged` runs were left out.
    """

    repetitions: int
    parts: tuple[Part, ...]
    lacking: tuple[str, ...]
    damaged: int
    apart: Apart | None

    @property
    def drawn_on(self) -> str:
        """The day on which they were drawn, or the first and the last of them."""
        days = sorted({part.draw.created_at[:10] for part in self.parts})
        return days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scoring:
    """What scores: each evaluator, the fingerprint of all, and of those of which everything is known."""

    specs: Sequence[EvaluatorSpec]
    evaluators: str
    scorers: Mapping[str, str]

    @classmethod
    def of(cls, row: ExperimentRow) -> Self:
        """Return what scored, or is to score, an experiment."""
        return cls(specs=row.specs, evaluators=row.evaluators, scorers=row.scorers)


def contents_of(suite: PreparedSuite) -> dict[str, str]:
    """Return the hash of what each example says, by its id, as a journal would have it."""
    return {example.id: body_hash(example_body(example)) for example in suite.examples()}


def stored_repetitions(suite: PreparedSuite, policy: Policy) -> int | None:
    """Return how many stored runs of each example are looked for; None where a policy wants none."""
    if policy.baseline_runs == "fresh" or suite.selection.words is not None:
        return None
    if policy.baseline_runs == "stored":
        return max(policy.confirm_repetitions, suite.suite.repetitions)
    return policy.confirm_repetitions


def find_stored(
    journal: Journal, suite: PreparedSuite, task: str, contents: Mapping[str, str], policy: Policy
) -> FoundRuns | None:
    """Return what there is of a baseline whose task has this fingerprint; None where there is nothing.

    Of each example the latest draw counts that has all its runs. Runs of a candidate never become a baseline by
    themselves, nor do those of a sample, nor an outage.
    """
    repetitions = stored_repetitions(suite, policy)
    if repetitions is None:
        return None
    draws = journal.drawn_baselines(task)
    left = dict(contents)
    parts: list[Part] = []
    damaged = 0
    for draw in draws:
        if not left:
            break
        if draw.times < repetitions or (suite.since is not None and draw.created_at < suite.since):
            continue
        row = draw.experiment
        same = {name for name, digest in journal.example_hashes(row.build, row.suite) if left.get(name) == digest}
        if same:
            whole, unsound = journal.whole_runs(row.id, samples(repetitions, draw.key), own=draw.filled)
            damaged += unsound
            if taken := whole & same:
                parts.append(Part(draw=draw, examples=taken))
                for name in taken:
                    del left[name]
    if not parts:
        return None
    return FoundRuns(
        repetitions=repetitions,
        parts=tuple(parts),
        lacking=tuple(left),
        damaged=damaged,
        apart=_apart(journal, suite, task, contents, parts),
    )


def _apart(
    journal: Journal, suite: PreparedSuite, task: str, contents: Mapping[str, str], parts: Iterable[Part]
) -> Apart | None:
    most = max(parts, key=lambda part: len(part.examples)).draw.experiment
    measured = {most.dataset_version, *(row.dataset_version for row in journal.copies_of(task))}
    if suite.dataset_version in measured:
        return None
    return apart(contents, dict(journal.example_hashes(most.build, most.suite)))


def apart(contents: Mapping[str, str], stored: Mapping[str, str]) -> Apart:
    """Return how examples differ from stored ones; both are hashes of what they say, by id."""
    return Apart(
        edited=tuple(name for name, digest in contents.items() if stored.get(name, digest) != digest),
        added=tuple(name for name in contents if name not in stored),
        removed=tuple(name for name in stored if name not in contents),
    )


def add_found(
    journal: Journal, build_id: int, suite: PreparedSuite, row: ExperimentRow, policy: Policy
) -> ExperimentRow:
    """Write an experiment and return it; the baseline of a commit with the stored runs that there are of it."""
    found = None
    if row.commit is not None:
        found = find_stored(journal, suite, row.task, dict(journal.example_hashes(build_id, suite.name)), policy)
    if found is not None:
        row = replace(row, stored=True, repetitions=found.repetitions, drawn_on=found.drawn_on)
    written = replace(row, id=journal.add_experiment(build_id, row), build=build_id)
    if found is not None:
        _take_over(journal, found, written)
    return written


def take_for_candidate(journal: Journal, build_id: int, suite: PreparedSuite, policy: Policy) -> int:
    """Take stored runs of what is checked out over as its candidate's, and return how many of each example.

    0 where some example has none, or where the baseline has none to compare them with. They were drawn for whoever
    would compare with that commit later, and for no verdict on it: nobody has chosen them.
    """
    rows = {row.side: row for row in journal.experiments(build_id) if row.suite == suite.name}
    candidate, baseline = rows.get(Side.CANDIDATE), rows.get(Side.BASELINE)
    if candidate is None or baseline is None or not baseline.stored or journal.draws(build_id):
        return 0
    contents = dict(journal.example_hashes(build_id, suite.name))
    found = find_stored(journal, suite, candidate.task, contents, policy)
    if found is None or found.lacking or found.repetitions != baseline.repetitions:
        return 0
    _take_over(journal, found, candidate)
    return found.repetitions


def go_on(journal: Journal, suite: PreparedSuite, experiment: ExperimentRow, policy: Policy) -> None:
    """Take over what a build that was killed had not taken over yet."""
    if experiment.stored and experiment.commit is not None:
        contents = dict(journal.example_hashes(experiment.build, suite.name))
        found = find_stored(journal, suite, experiment.task, contents, policy)
        if found is not None and found.repetitions == experiment.repetitions:
            _take_over(journal, found, experiment)


def _take_over(journal: Journal, found: FoundRuns, experiment: ExperimentRow) -> None:
    """Copy the runs in, each with the scores that are still what its evaluators would give."""
    for part in found.parts:
        drawn = part.named(found.repetitions)
        copy_drawn(journal.path, drawn, journal.path, experiment.id)
        wanted = {spec.name: spec for spec in experiment.specs if spec.name in experiment.scorers}
        for holder in _holders(journal, part.draw.experiment, experiment.task):
            if not wanted:
                break
            alike = scored_alike(holder, Scoring.of(experiment)) if holder.id != experiment.id else []
            if specs := [wanted[name] for name in alike if name in wanted]:
                held = replace(drawn, experiment=holder.id)
                for name in copy_scores(journal.path, held, journal.path, experiment.id, specs):
                    del wanted[name]
    scorers = experiment.scorers
    beside = {
        spec.name: copy_own(journal.path, experiment.id, spec, scorers[spec.name], decides=True)
        for spec in experiment.specs
        if spec.name in scorers and not spec.pairwise
    }
    if known := {name: answers for name, answers in beside.items() if answers}:
        message = stored_words.scored_beside(known, experiment.label)
        journal.add_note(experiment.build, NoteRow(suite=experiment.suite, message=message))


def _holders(journal: Journal, first: ExperimentRow, task: str) -> Iterable[ExperimentRow]:
    """Yield what drew the runs, then whatever took them over before: they may have been evaluated anew there."""
    yield first
    yield from (row for row in journal.copies_of(task) if row.id != first.id)


def scored_alike(stored: ExperimentRow, now: Scoring) -> list[str]:
    """Return the evaluators whose stored scores are what they would give now, for certain.

    A judge of pairs is none of them: what it said was of other pairs.
    """
    versions = {spec.name: spec.version for spec in stored.specs}
    same = {spec.name for spec in now.specs if versions.get(spec.name) == spec.version and not spec.pairwise}
    if not stored.scorers and stored.evaluators == now.evaluators:
        return [name for name in now.scorers if name in same]  # recorded before each evaluator's own fingerprint was
    return [name for name, digest in now.scorers.items() if name in same and stored.scorers.get(name) == digest]


def unscored(journal: Journal, row: ExperimentRow) -> dict[str, int]:
    """Return how many stored answers each evaluator has to score anew, those that have any."""
    answers, scored = journal.scored_answers(row.id, samples(row.repetitions))
    alone = [name for name in row.scorers if name not in {spec.name for spec in row.specs if spec.pairwise}]
    return {name: answers - scored.get(name, 0) for name in alone if scored.get(name, 0) < answers}


def scored_again(journal: Journal, found: FoundRuns, task: str, now: Scoring) -> dict[str, int]:
    """Return how many stored answers would be scored again, by evaluator."""
    again: dict[str, int] = {}
    for part in found.parts:
        drawer = part.draw.experiment
        alike = {name for row in _holders(journal, drawer, task) for name in scored_alike(row, now)}
        names = {*samples(found.repetitions, part.draw.key)}
        for spec in now.specs:
            if spec.name in alike or spec.pairwise:
                continue
            own = journal.own_said(drawer.id, spec.name, now.scorers[spec.name]) if spec.name in now.scorers else ()
            known = sum(example in part.examples and sample in names for example, sample in own)
            if left := len(part.examples) * found.repetitions - known:
                again[spec.name] = again.get(spec.name, 0) + left
    return again


def told_of_found(journal: Journal, suite: PreparedSuite, row: ExperimentRow, policy: Policy) -> Iterator[str]:
    """Yield what a report says of stored runs that are compared with: what differs, what is made again."""
    contents = dict(journal.example_hashes(row.build, suite.name))
    found = find_stored(journal, suite, row.task, contents, policy)
    if found is None or not row.stored:
        return
    if found.apart is not None:
        yield f"{stored_words.edits(found.apart, f'the stored baseline ({found.drawn_on})')}."
    if found.damaged:
        yield stored_words.damaged(found.damaged, row.label)
    if found.lacking:
        yield stored_words.lacking(found.lacking, found.repetitions)
    if again := unscored(journal, row):
        yield stored_words.scored_again(again, row.label)
    if said := _versions(found, suite):
        yield said


def _versions(found: FoundRuns, suite: PreparedSuite) -> str | None:
    """Return which versions are others than those with which stored runs were made and scored."""
    draws = [part.draw for part in found.parts]
    then = {"evalgate": _listed(draw.evalgate_version for draw in draws)}
    now = {"evalgate": __version__}
    judged = [draw.experiment.watched[PHOENIX_EVALS] for draw in draws if PHOENIX_EVALS in draw.experiment.watched]
    if judged and PHOENIX_EVALS in suite.evaluator_files:
        then[PHOENIX_EVALS] = _listed(judged)
        now[PHOENIX_EVALS] = suite.evaluator_files[PHOENIX_EVALS]
    return stored_words.versions(then, now)


def _listed(versions: Iterable[str]) -> str:
    return " and ".join(sorted({*versions}))
