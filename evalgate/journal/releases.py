"""Releases: what was decided about a commit, and which tags have moved since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from evalgate.journal import rows
from evalgate.journal.file import JournalFile


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseRow:
    """One release, by its build. `verdict` is the body of its verdict file; `finished`: every tag is where it belongs.

    A build that was released again, its tags having been moved since, has its latest word alone.
    """

    build: int
    tag: str
    commit: str
    verdict: Mapping[str, Any]
    finished: bool = False


class ReleaseTables(JournalFile):
    """What was released."""

    def set_release(self, row: ReleaseRow) -> None:
        """Write what is known of a release, in the place of what was."""
        with self._write() as db:
            db.execute(
                "INSERT OR REPLACE INTO release (build, tag, commit_id, verdict, finished) VALUES (?, ?, ?, ?, ?)",
                (row.build, row.tag, row.commit, rows.to_json(row.verdict), row.finished),
            )

    def drop_release(self, build_id: int) -> None:
        """Forget a release that is to be decided again."""
        with self._write() as db:
            db.execute("DELETE FROM release WHERE build = ?", (build_id,))

    def releases(self, tag: str) -> list[ReleaseRow]:
        """Return what was decided about releases that move this tag, the latest first."""
        found = self._all("SELECT * FROM release WHERE tag = ? ORDER BY build DESC", (tag,))
        return [
            ReleaseRow(
                build=row["build"],
                tag=row["tag"],
                commit=row["commit_id"],
                verdict=rows.object_from(row["verdict"]),
                finished=bool(row["finished"]),
            )
            for row in found
        ]
