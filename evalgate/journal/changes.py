"""The change that a build measures, what was accepted or set aside in it, and how baselines moved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evalgate.journal import rows
from evalgate.journal.file import JournalFile
from evalgate.records import Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class AcceptanceRow:
    """What was accepted of one check when a build began. `body` is the file, and whether it counts."""

    suite: str
    name: str
    body: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class QuarantineRow:
    """An example that was set aside when a build began; `name` is the check that it decides nothing of, None all.

    `expires` is the last day of that, as ISO 8601 writes it.
    """

    suite: str
    example_id: str
    name: str | None
    owner: str
    reason: str
    expires: str


@dataclass(frozen=True, kw_only=True, slots=True)
class BaselineRow:
    """How the runs that a build holds came to be a baseline. `source` is the build that measured it as a candidate.

    `verdict` is of that build, `accepted` what was accepted of it; `how` is `set` (somebody asked) or `push` (a run on
    the default branch).
    """

    build: int
    set_by: str
    how: str
    source: int | None = None
    verdict: Verdict | None = None
    accepted: Sequence[Mapping[str, Any]] = ()


class ChangeTables(JournalFile):
    """Measurements of changes, acceptances, quarantines and moves of baselines."""

    def add_measurement(self, build_id: int, measured: str, *, number: int, failed: int) -> None:
        """Write which measurement of its change a build is; `measured` is equal where two measure the same."""
        with self._write() as db:
            db.execute(
                "UPDATE build SET measured = ?, measurement = ?, failed = ? WHERE id = ?",
                (measured, number, failed, build_id),
            )

    def measurements(self, build_id: int) -> list[tuple[str, Verdict | None]]:
        """Return (what was measured, verdict) of each complete build of this build's change before it, in order."""
        found = self._all(
            "SELECT b.measured, b.verdict FROM build b JOIN build own ON own.change = b.change WHERE own.id = ?"
            " AND b.id < own.id AND b.status = 'complete' AND b.partial IS NULL AND b.trial IS NULL"
            " AND b.measured IS NOT NULL ORDER BY b.id",
            (build_id,),
        )
        return [(row["measured"], None if row["verdict"] is None else Verdict(row["verdict"])) for row in found]

    def set_verdict(self, build_id: int, verdict: Verdict) -> None:
        """Write what a build was found to be when it ended."""
        with self._write() as db:
            db.execute("UPDATE build SET verdict = ? WHERE id = ?", (verdict.value, build_id))

    def add_acceptances(self, build_id: int, found: Iterable[AcceptanceRow]) -> None:
        """Write what is accepted in a build."""
        with self._write() as db:
            db.executemany(
                "INSERT OR REPLACE INTO acceptance (build, suite, name, body) VALUES (?, ?, ?, ?)",
                [(build_id, row.suite, row.name, rows.to_json(row.body)) for row in found],
            )

    def acceptances(self, build_id: int) -> list[AcceptanceRow]:
        """Return what is accepted in a build, whether it counts or not."""
        found = self._all("SELECT * FROM acceptance WHERE build = ? ORDER BY suite, name", (build_id,))
        return [
            AcceptanceRow(suite=row["suite"], name=row["name"], body=rows.object_from(row["body"])) for row in found
        ]

    def add_quarantine(self, build_id: int, suite: str, found: Sequence[QuarantineRow]) -> None:
        """Write which examples of a suite are set aside in a build."""
        with self._write() as db:
            db.executemany(
                "INSERT INTO quarantine (build, suite, position, example_id, name, owner, reason, expires)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    (build_id, suite, position, *map(rows.text, (row.example_id, row.name, row.owner, row.reason)),
                     row.expires)
                    for position, row in enumerate(found)
                ],
            )  # fmt: skip

    def quarantine(self, build_id: int) -> list[QuarantineRow]:
        """Return which examples were set aside when a build began, those whose time was over among them."""
        found = self._all("SELECT * FROM quarantine WHERE build = ? ORDER BY suite, position", (build_id,))
        names = ("suite", "example_id", "name", "owner", "reason", "expires")
        return [QuarantineRow(**{name: row[name] for name in names}) for row in found]

    def add_baseline(self, row: BaselineRow) -> None:
        """Write how the runs of a build came to be a baseline."""
        with self._write() as db:
            db.execute(
                "INSERT OR REPLACE INTO baseline (build, set_by, how, source, verdict, accepted)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (row.build, rows.text(row.set_by), row.how, row.source, row.verdict and row.verdict.value,
                 rows.to_json(list(row.accepted))),
            )  # fmt: skip

    def baselines(self) -> list[BaselineRow]:
        """Return every baseline that was set, the latest first."""
        found = self._all(
            "SELECT m.* FROM baseline m JOIN build b ON b.id = m.build WHERE b.status = 'complete'"
            " ORDER BY m.build DESC",
            (),
        )
        return [
            BaselineRow(
                build=row["build"],
                set_by=row["set_by"],
                how=row["how"],
                source=row["source"],
                verdict=None if row["verdict"] is None else Verdict(row["verdict"]),
                accepted=rows.from_json(row["accepted"]),
            )
            for row in found
        ]
