"""From the journal to what a decision sees. Only the journal is read, so an old build decides again as it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from evalgate.decision.evidence import (
    Acceptance,
    BuildEvidence,
    CheckEvidence,
    History,
    KnownNoise,
    Labels,
    Problem,
    Quarantined,
    StoredRuns,
    SuiteEvidence,
)
from evalgate.decision.study import SHIFT_LEVEL
from evalgate.gate.evidence.accepted import recorded_acceptances, recorded_label
from evalgate.gate.evidence.checks import Known, check_evidence, recorded_labels
from evalgate.gate.evidence.config import recorded_config
from evalgate.gate.evidence.grouping import grouping
from evalgate.gate.evidence.judges import judged
from evalgate.gate.evidence.own import Ours, own_judges, own_specs
from evalgate.gate.evidence.preferences import of_pairs
from evalgate.gate.evidence.problems import recorded_problems
from evalgate.gate.evidence.resources import resource_evidence
from evalgate.gate.evidence.sides import SideCells, identical, read_side
from evalgate.gate.family import family_of
from evalgate.gate.samples import deciding_samples, is_screen, redraw_sample
from evalgate.journal.builds import BuildRow, DrawRow, ExperimentRow, NoiseRow
from evalgate.journal.changes import QuarantineRow
from evalgate.journal.judges import KnownJudgeRow
from evalgate.journal.own import OwnEvaluatorRow
from evalgate.journal.store import Journal
from evalgate.records import Side
from evalgate.suite.checks import Policy
from evalgate.suite.config import Suite


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What is asked of one recorded suite: by which definitions, without which examples."""

    suite: Suite
    without: frozenset[str] = frozenset()
    compared: bool = True
    """Whether its baseline counts."""
    added: frozenset[str] = frozenset()
    """Its checks that only a change has."""
    own: Mapping[str, OwnEvaluatorRow] = field(default_factory=dict)
    """The change's evaluators whose scores are read in the place of those that decide."""
    anew: frozenset[str] = frozenset()
    """Evaluators of which that holds on the `reworded` examples alone."""
    reworded: frozenset[str] = frozenset()


def build_evidence(journal: Journal, build_id: int) -> BuildEvidence:
    """Return what the decision on one build sees: one of a part of its config's suites is decided at their share of
    alpha, unless it was recorded to be decided together with the others.
    """
    build = journal.build(build_id)
    config = recorded_config(build)
    kept = (build.gate or {}).get("suites", {})
    asked = {name: _asked(suite, kept.get(name)) for name, suite in config.suites.items()}
    family = family_of(build.family)
    return BuildEvidence(
        suites=recorded_suites(journal, build, asked, config.policy),
        policy=config.policy,
        history=recorded_history(build),
        share=family.share(asked) if family is not None and not family.together else None,
    )


def _asked(suite: Suite, kept: Mapping[str, Any] | None) -> Asked:
    """Return a suite as it decides: without the examples that a change brought along, which were run all the same."""
    if kept is None:
        return Asked(suite=suite)
    return Asked(suite=suite, without=frozenset(kept["added"]), added=frozenset(kept["checks"]))


def recorded_suites(
    journal: Journal, build: BuildRow, asked: Mapping[str, Asked], policy: Policy
) -> tuple[SuiteEvidence, ...]:
    """Return what a build recorded of suites, each as it is asked; `policy` is the one that they were drawn by."""
    experiments = journal.experiments(build.id)
    noise = {(row.suite, row.name): known_noise(row) for row in journal.noise(build.id)}
    judges, draws = journal.judges(build.id), journal.draws(build.id)
    unchanged = {note.suite: note.message for note in journal.notes(build.id) if note.unchanged}
    quarantine, accepted = journal.quarantine(build.id), journal.acceptances(build.id)
    return tuple(
        _suite(
            _Recorded(
                journal=journal,
                build_id=build.id,
                name=name,
                asked=each,
                experiments={
                    row.side: replace(row, specs=own_specs(row.specs, each.own))
                    for row in experiments
                    if row.suite == name and (each.compared or not _is_baseline(row))
                },
                problems=recorded_problems(journal, build, name),
                noise={check: known for (of, check), known in noise.items() if of == name},
                drawn=Drawn(
                    draws=tuple(draw for draw in draws if draw.suite == name),
                    policy=policy,
                    unchanged=unchanged.get(name),
                ),
                judges=[row for row in judges if row.suite == name],
                labelled_by=recorded_label([row for row in accepted if row.suite == name]),
                acceptances=recorded_acceptances(
                    build,
                    [row for row in accepted if row.suite == name],
                    {experiment.side: experiment for experiment in experiments if experiment.suite == name},
                ),
                quarantined=_quarantined(build, [row for row in quarantine if row.suite == name]),
            )
        )
        for name, each in asked.items()
    )


def _is_baseline(row: ExperimentRow) -> bool:
    return row.side is Side.BASELINE


def _quarantined(build: BuildRow, found: Sequence[QuarantineRow]) -> list[Quarantined]:
    """Return what was set aside; whether it still was is told by the day on which the build began."""
    return [
        Quarantined(
            example_id=row.example_id,
            check=row.name,
            owner=row.owner,
            reason=row.reason,
            expires=row.expires,
            active=build.created_at[:10] <= row.expires,
        )
        for row in found
    ]


def recorded_history(build: BuildRow) -> History:
    """Return what was measured of a build's change before it, as it was known when it began."""
    return History(measurements=(build.measurement or 1) - 1, failed=build.failed or 0, change=build.change)


def known_noise(row: NoiseRow) -> KnownNoise:
    """Return what a decision sees of a noise study."""
    return KnownNoise(
        flip=row.flip,
        source=f"the {row.runs} runs of noise study {row.study}",
        shift=row.shift if row.shift_p <= SHIFT_LEVEL else None,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """What was drawn of a suite, by which policy; or why nothing was."""

    draws: tuple[DrawRow, ...]
    policy: Policy
    unchanged: str | None

    def as_stored(self, baseline: ExperimentRow | None) -> bool:
        """Return whether the baseline's runs are an earlier build's; a confirmation drew its own beside them."""
        return baseline is not None and baseline.stored and not any(draw.baseline for draw in self.draws)

    def screen(self, baseline: ExperimentRow | None) -> StoredRuns | None:
        """Return what the suite is screened against; None where its baseline was drawn for it, or decides as stored."""
        if baseline is None or self.policy.baseline_runs != "confirm" or not is_screen(baseline, self.draws):
            return None
        return StoredRuns(
            repetitions=baseline.repetitions,
            of=baseline.label,
            date=baseline.drawn_on or "",
            screen_p=self.policy.screen_p,
            confirm=self.policy.confirm_repetitions,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Recorded:
    """What a build recorded of one suite, as it is asked; `experiments` have the specs that its scores are read by."""

    journal: Journal
    build_id: int
    name: str
    asked: Asked
    experiments: Mapping[Side, ExperimentRow]
    problems: tuple[Problem, ...]
    noise: Mapping[str, KnownNoise]
    drawn: Drawn
    judges: Sequence[KnownJudgeRow]
    quarantined: Sequence[Quarantined]
    acceptances: tuple[Acceptance, ...]
    labelled_by: str | None

    @property
    def samples(self) -> dict[Side, tuple[str, ...]]:
        """The samples of each side that decide."""
        return {side: deciding_samples(row, self.drawn.draws) for side, row in self.experiments.items()}

    def sides(self, index: Mapping[str, int]) -> dict[Side, SideCells]:
        """Return what either side answered and scored, each example at its place in `index`."""
        asked, redraw = self.asked, redraw_sample(self.drawn.draws)
        ours = Ours(evaluators=frozenset(asked.own), anew=asked.anew, reworded=asked.reworded)
        samples = self.samples
        return {
            side: read_side(self.journal, row, index, samples[side], redraw=redraw, ours=ours)
            for side, row in self.experiments.items()
        }


def _suite(of: _Recorded) -> SuiteEvidence:
    asked, rows = of.asked, of.experiments
    examples = of.journal.examples(of.build_id, of.name)
    grouped = grouping(asked.suite, (each for each in examples if each.id not in asked.without))
    ids = grouped.example_ids
    index = {example_id: position for position, example_id in enumerate(ids)}
    sides = of.sides(index)
    baseline = rows.get(Side.BASELINE)
    screen = of.drawn.screen(baseline)
    return SuiteEvidence(
        name=of.name,
        dataset=rows[Side.CANDIDATE].dataset if Side.CANDIDATE in rows else "",
        example_ids=ids,
        checks=_checks(of, sides, index),
        resources=resource_evidence(of.journal, asked.suite, rows, index, names=of.samples),
        clusters=grouped.clusters,
        slices=grouped.slices,
        identical=identical(sides, len(ids)),
        problems=of.problems,
        baseline_label=baseline.label if baseline is not None else None,
        screen=screen,
        stored=screen is None and of.drawn.as_stored(baseline),
        unchanged=of.drawn.unchanged,
        added=asked.added,
        acceptances=of.acceptances,
        labelled_by=of.labelled_by,
        quarantined=tuple(entry for entry in of.quarantined if entry.example_id in index),
    )


def _checks(of: _Recorded, sides: Mapping[Side, SideCells], index: Mapping[str, int]) -> tuple[CheckEvidence, ...]:
    """Return what every check sees: scores, labels, what was known of its noise and its judge."""
    labels = _labels(of)
    return tuple(
        of_pairs(of.journal, check, of.experiments, of.drawn.draws)
        if check.evaluator.pairwise
        else replace(check, labels=labels.get(check.name))
        for check in check_evidence(of.asked.suite, of.experiments, sides, len(index), _known(of, sides, index))
    )


def _labels(of: _Recorded) -> dict[str, Labels]:
    """Return which labels evaluators gave, but for what is set aside, and but for the change's own evaluators."""
    samples = of.samples
    counted = {side: (row.id, samples[side]) for side, row in of.experiments.items()}
    aside = [(entry.example_id, entry.check) for entry in of.quarantined if entry.active]
    given = recorded_labels(of.journal, counted, [*((each, None) for each in of.asked.without), *aside])
    return {check: each for check, each in given.items() if check not in {*of.asked.own, *of.asked.anew}}


def _known(of: _Recorded, sides: Mapping[Side, SideCells], index: Mapping[str, int]) -> Known:
    """Return what was known of evaluators before: of the change's own, what their validation says."""
    own = of.asked.own
    outputs = {side: cells.outputs for side, cells in sides.items()}
    theirs = [row for row in of.judges if row.name not in own]
    return Known(
        noise={check: each for check, each in of.noise.items() if check not in own},
        judges={**judged(of.journal, of.build_id, theirs, outputs, index), **own_judges(own)},
    )
