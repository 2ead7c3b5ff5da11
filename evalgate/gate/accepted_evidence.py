"""From what the journal has of acceptances to what a decision sees of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evalgate.canonical import content_hash
from evalgate.decision.evidence import Acceptance, Covered
from evalgate.journal.builds import BuildRow, ExperimentRow
from evalgate.journal.changes import AcceptanceRow
from evalgate.records import Side
from evalgate.suite.acceptance import AcceptanceFile


def side_print(row: ExperimentRow) -> str:
    """Return the fingerprint that an acceptance is bound to: what answers, what scores, and the examples."""
    return content_hash([row.task, row.evaluators, row.dataset_version])


def recorded_acceptances(
    build: BuildRow, rows: Sequence[AcceptanceRow], experiments: Mapping[Side, ExperimentRow]
) -> tuple[Acceptance, ...]:
    """Return the acceptances of one suite as its decision sees them, by what the journal has alone."""
    found = []
    for row in rows:
        file = AcceptanceFile.model_validate(row.body["file"])
        prints = {side: side_print(each) for side, each in experiments.items()}
        expected = {Side.CANDIDATE: file.candidate, Side.BASELINE: file.baseline}
        found.append(
            Acceptance(
                check=row.name,
                covers=tuple(Covered(**part.model_dump()) for part in file.covers),
                examples=file.examples,
                author=file.author,
                reason=file.reason,
                expires=file.expires,
                changed=tuple(f"the {side.value}" for side in Side if prints.get(side) != expected[side]),
                expired=build.created_at[:10] > file.expires,
                obstacle=row.body.get("obstacle"),
            )
        )
    return tuple(found)
