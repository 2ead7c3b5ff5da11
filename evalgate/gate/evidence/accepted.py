"""From what the journal has of acceptances to what a decision sees of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from evalgate.canonical import content_hash
from evalgate.decision.evidence import Acceptance, Covered
from evalgate.journal.builds import BuildRow, ExperimentRow
from evalgate.journal.changes import AcceptanceRow
from evalgate.records import Side
from evalgate.suite.acceptance import MOST_DAYS, AcceptanceFile


def side_print(row: ExperimentRow) -> str:
    """Return the fingerprint that an acceptance is bound to: what answers, what scores, and the examples."""
    return content_hash([row.task, row.evaluators, row.dataset_version])


def recorded_acceptances(
    build: BuildRow, rows: Sequence[AcceptanceRow], experiments: Mapping[Side, ExperimentRow]
) -> tuple[Acceptance, ...]:
    """Return the acceptances of one suite as its decision sees them, by what the journal has alone."""
    found = []
    for row in rows:
        if not row.name:
            continue  # whose label it is stands apart
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
                obstacle=_too_long(file, build.created_at[:10]) or row.body.get("obstacle"),
            )
        )
    return tuple(found)


def labelled(suite: str, who: str) -> AcceptanceRow:
    """Return how a label is recorded that accepts whatever fails of a suite."""
    return AcceptanceRow(suite=suite, name="", body={"label": who})


def recorded_label(rows: Sequence[AcceptanceRow]) -> str | None:
    """Return who accepted, by a label, whatever fails of one suite; None where nobody did."""
    return next((str(row.body["label"]) for row in rows if not row.name and "label" in row.body), None)


def _too_long(file: AcceptanceFile, today: str) -> str | None:
    """Return why the days of an acceptance are none that `evalgate accept` gives, as a sentence; None where they are.

    A clock may be a day ahead of another.
    """
    accepted, expires = date.fromisoformat(file.accepted), date.fromisoformat(file.expires)
    if (accepted - date.fromisoformat(today)).days > 1:
        return f"It does not count: it was accepted on {file.accepted}, which is a day to come."
    if (lasts := (expires - accepted).days) > MOST_DAYS:
        return f"It does not count: it is to last {lasts:,} days, and {MOST_DAYS} are the most."
    return None
