"""One hash of all that a build recorded, the same in the journal that made it and in every export of it."""

from __future__ import annotations

import hashlib
from typing import Final

from evalgate.canonical import canonical_json
from evalgate.journal.file import JournalFile

_OF: Final = "experiment IN (SELECT id FROM experiment WHERE build = :build)"
_HASHED: Final = (
    ("build", "id = :build", "id"),
    ("example", "build = :build", "suite, position"),
    ("experiment", "build = :build", "id"),
    ("run", _OF, "experiment, example_id, sample"),
    ("evaluation", _OF, "experiment, example_id, sample, name"),
    ("problem", "build = :build", "suite, kind, message"),
    ("draw", "build = :build", "suite, position"),
    ("judge", "build = :build", "suite, name"),
    ("acceptance", "build = :build", "suite, name"),
    ("quarantine", "build = :build", "suite, position"),
)
"""What a decision reads, in an order of its own. Where it is mirrored, and what is said of it, may change later."""
_LATER: Final = frozenset({"seconds", "resumed", "rowid"})


class BuildDigest(JournalFile):
    """Hashes what is recorded."""

    def build_digest(self, build_id: int) -> str:
        """Return the SHA-256 of a build's rows, in hexadecimal."""
        digest = hashlib.sha256()
        for table, where, order in _HASHED:
            for row in self._rows(f"SELECT * FROM {table} WHERE {where} ORDER BY {order}", {"build": build_id}):
                kept = {name: row[name] for name in row.keys() if name not in _LATER}  # noqa: SIM118  # a row is no mapping
                digest.update(canonical_json([table, kept]) + b"\n")
        return digest.hexdigest()
