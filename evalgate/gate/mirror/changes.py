"""What a verdict found of single examples, said on their runs in Phoenix: which regressed, which are fixed, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from evalgate.canonical import canonical_json
from evalgate.decision.results import CheckDecision, Flip, SuiteDecision
from evalgate.gate.mirror.target import Target
from evalgate.gate.samples import deciding_samples
from evalgate.journal.builds import ExperimentRow
from evalgate.journal.store import Journal
from evalgate.phoenix.experiments.layout import change_body
from evalgate.phoenix.experiments.writing import post_evaluations
from evalgate.records import Side

REGRESSED: Final = "regressed"
FIXED: Final = "fixed"
UNCHANGED: Final = "unchanged"
_ANSWER: Final = 2000
"""Characters of the baseline's answer that are shown."""


@dataclass(slots=True)
class Changed:
    """What changed of one example, in the words of a report."""

    regressed: list[str] = field(default_factory=list)
    fixed: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        """Return what it is called: what got worse anywhere regressed."""
        return REGRESSED if self.regressed else FIXED

    @property
    def told(self) -> str:
        """Return it in one sentence for each kind."""
        parts = [(REGRESSED.capitalize(), self.regressed), (FIXED.capitalize(), self.fixed)]
        return " ".join(f"{name} in {', '.join(found)}." for name, found in parts if found)


def changed_examples(checks: Sequence[CheckDecision]) -> dict[str, Changed]:
    """Return what changed, by example id."""
    found: dict[str, Changed] = {}
    for check in checks:
        for flip in check.regressed:
            found.setdefault(flip.example_id, Changed()).regressed.append(_told(check, flip))
        for flip in check.improved:
            found.setdefault(flip.example_id, Changed()).fixed.append(_told(check, flip))
    return found


def _told(check: CheckDecision, flip: Flip) -> str:
    return f"{check.name} ({_number(flip.baseline)} → {_number(flip.candidate)})"


def _number(score: float | None) -> str:
    return "no score" if score is None else f"{score:g}"


async def annotate(journal: Journal, target: Target, found: SuiteDecision) -> None:
    """Say on the candidate's runs which examples changed; what was said before and is so no more is taken back.

    Raises PhoenixError.
    """
    if target.row.side is not Side.CANDIDATE:
        return
    changed = changed_examples(found.checks)
    sides = {row.side: row for row in journal.experiments(target.row.build) if row.suite == target.row.suite}
    samples = {side: _shown(journal, row) for side, row in sides.items()}
    sample = samples[Side.CANDIDATE]
    said = journal.changes_said(target.row.id)
    for (example_id, of), label in said.items():
        if example_id not in changed and label != UNCHANGED:
            await _say(journal, target, (example_id, of), UNCHANGED, "It counts as changed no more.")
    for example_id, change in changed.items():
        if said.get((example_id, sample)) != change.label:
            explanation = f"{change.told}{_answered(journal, target, sides, samples, example_id)}"
            await _say(journal, target, (example_id, sample), change.label, explanation)


async def _say(journal: Journal, target: Target, run: tuple[str, str], label: str, explanation: str) -> None:
    sent = journal.sent(target.row.id, *run)
    if sent is None:
        return
    at = journal.build(target.row.build).created_at
    await post_evaluations(target.connection, [change_body(sent.remote, label, explanation, at=at)])
    journal.set_change(target.row.id, *run, label)


def _shown(journal: Journal, row: ExperimentRow) -> str:
    return deciding_samples(row, [draw for draw in journal.draws(row.build) if draw.suite == row.suite])[0]


def _answered(
    journal: Journal,
    target: Target,
    sides: Mapping[Side, ExperimentRow],
    samples: Mapping[Side, str],
    example_id: str,
) -> str:
    """Return what the baseline answered, as a sentence; nothing where that stays here."""
    baseline = sides.get(Side.BASELINE)
    if baseline is None or target.mirror.withheld:
        return ""
    outcome = journal.run(baseline.id, example_id, samples[Side.BASELINE])
    if outcome is None:
        return ""
    if outcome.failure is not None:
        return f" The baseline failed: {outcome.failure.type}: {outcome.failure.message[:_ANSWER]}"
    output = outcome.output
    text = output if isinstance(output, str) else canonical_json(output).decode("utf-8", "backslashreplace")
    return f" The baseline answered: {text if len(text) <= _ANSWER else f'{text[:_ANSWER]}…'}"
