"""The tag `baseline` of a dataset in Phoenix, moved to the stored baseline that was mirrored there last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from evalgate.gate.mirror.target import Target
from evalgate.journal.store import Journal
from evalgate.phoenix.connection import Connection
from evalgate.phoenix.experiments.layout_read import LayoutError, read_experiment
from evalgate.phoenix.experiments.sound import moment
from evalgate.phoenix.experiments.tags import NoTagsError, move_tag, tagged
from evalgate.phoenix.experiments.writing import get_experiment
from evalgate.suite.baselines import PROMOTED


async def promote(journal: Journal, target: Target, say: Callable[[str], None]) -> None:
    """Move the tag to the experiment of a stored baseline, unless a later baseline of its suite has been set.

    A server that knows no tags is told of, and no obstacle: stored baselines are found by what answered. What is
    withheld is no baseline. Raises PhoenixError.
    """
    build = journal.build(target.row.build)
    if target.mirror.withheld or _is_superseded(journal, target):
        return
    try:
        held = await tagged(target.connection, target.remote.dataset, PROMOTED)
        if held is not None and held != target.remote.id:
            made = await _made_at(target.connection, held)
            if made is not None and made > moment(build.created_at):
                return
        words = f"{target.row.suite}: {target.row.label}, stored by evalgate on {build.created_at[:10]}"
        await move_tag(target.connection, target.remote.id, PROMOTED, words)
        if held != target.remote.id:
            there = target.connection.address.shown
            say(f"{target.row.suite}: {target.row.label} has the tag {PROMOTED} in {there} now")
    except NoTagsError as error:
        say(f"{target.row.suite}: {error.message}; stored baselines are found there by what answered")


def _is_superseded(journal: Journal, target: Target) -> bool:
    """Return whether a later baseline of the suite was set here; also where this is none that was."""
    for row in journal.baselines():
        if any(each.suite == target.row.suite for each in journal.experiments(row.build)):
            return row.build != target.row.build
    return True


async def _made_at(connection: Connection, experiment: str) -> datetime | None:
    """Return when the build of an experiment began; None where evalgate did not make it, or it is gone."""
    found = await get_experiment(connection, experiment)
    try:
        return None if found is None else moment(read_experiment(found.metadata).build.created_at)
    except (LayoutError, ValueError, TypeError):
        return None
