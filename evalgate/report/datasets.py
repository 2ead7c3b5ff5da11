"""What is said of golden datasets: what changed between two of them, and how one came to be what it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from evalgate.encoding import printable
from evalgate.golden.differences import DatasetDiff, FieldChange

_SHORT: Final = 12
"""Digits of a content's hash by which people tell one from another; --json has all."""
LISTED: Final = 20
"""Examples of each kind that a summary lists; the rest is counted."""


def diff_lines(found: DatasetDiff, *, keeps: bool = False) -> list[str]:
    """Return the summary of a diff, most important first. `keeps`: what is not there any more stays all the same."""
    counts = {"added": len(found.added), "removed": len(found.removed), "edited": len(found.edited)}
    counts["unchanged"] = found.unchanged
    if keeps:
        counts["only in Phoenix, and kept"] = counts.pop("removed")
    before, after = found.before_version[:_SHORT], found.after_version[:_SHORT]
    if found.added and not (found.unchanged or found.edited or found.removed):
        # Nothing was there before: that is no version, and nothing has become of it.
        lines = [f"{len(found.added):,} added", f"version {after}"]
    else:
        lines = [
            ", ".join(f"{number:,} {what}" for what, number in counts.items()),
            f"version {before} → {after}" if before != after else f"version {before} on both sides",
        ]
    lines += _listed([f"{'=' if keeps else '-'} {printable(one)}" for one in found.removed])
    lines += _listed([f"+ {printable(one)}" for one in found.added])
    lines += _listed([f"~ {printable(edit.id)}\n" + "\n".join(map(_change, edit.changes)) for edit in found.edited])
    return lines


def history_lines(entries: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return a line for each version: its id, when, how many examples, what changed, who, why (docs/phoenix.md)."""
    lines = []
    for entry in entries:
        said = [entry["version"], str(entry["created_at"])[:16].replace("T", " "), f"{entry['examples']:,} examples"]
        changes = [
            f"{sign}{entry[key]:,}"
            for sign, key in (("+", "added"), ("~", "edited"), ("-", "removed"))
            if isinstance(entry[key], int) and entry[key]
        ]
        said += [" ".join(changes)] if changes else []
        said += [f"by {entry['by']}"] if entry["by"] else []
        said += [str(entry["message"])] if entry["message"] else []
        lines.append(printable("  ".join(" ".join(part.split()) for part in said)))
    return lines


def _listed(entries: list[str]) -> Iterable[str]:
    more = len(entries) - LISTED
    return [*entries[:LISTED], *([f"  … and {more:,} more; --json lists all"] if more > 0 else [])]


def _change(change: FieldChange) -> str:
    if change.added:
        return f"    {printable(change.path)}: added {_value(change.after)}"
    if change.removed:
        return f"    {printable(change.path)}: removed {_value(change.before)}"
    return f"    {printable(change.path)}: {_value(change.before)} → {_value(change.after)}"


def _value(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return printable(text if len(text) <= 80 else f"{text[:77]}…")
