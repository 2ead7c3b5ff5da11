"""Whether the budget holds the screens of a build and their confirmations, found out before the first run is paid."""

from __future__ import annotations

from collections.abc import Sequence

from evalgate.decision.reserve import Reserve, Stage, reserves
from evalgate.gate.baselines.completing import lacking_runs
from evalgate.gate.loading import Loaded
from evalgate.gate.spending import per_run
from evalgate.gate.world import World
from evalgate.journal.builds import DrawRow, NoteRow
from evalgate.records import Side
from evalgate.suite.checks import Policy, Unmeasurable


def reserve(build_id: int, loaded: Sequence[Loaded], draws: Sequence[DrawRow], policy: Policy, world: World) -> bool:
    """Say what the budget holds of what would be drawn first. Returns False where it halts the build instead."""
    left, spent = world.budget()
    if not left or policy.baseline_runs != "confirm":
        return True
    by_name = {draw.suite: draw for draw in draws}
    stages = [_stage(build_id, each, by_name.get(each.suite.name), policy, world) for each in loaded]
    screened = [stage.suite for stage in stages if stage.confirmation]
    found: list[Reserve] = list(reserves(stages, left, spent))
    short = next((each for each in found if each.raised is not None), None)
    if short is not None:
        message, step = f"{short.told} So nothing was begun.", f"{short.raised}, then evalgate run --resume"
        world.halt(Unmeasurable.BUDGET, message, step)
        return False
    for each in found:
        for suite in screened:
            world.journal.add_note(build_id, NoteRow(suite=suite, message=each.told))
    return True


def _stage(build_id: int, each: Loaded, draw: DrawRow | None, policy: Policy, world: World) -> Stage:
    """Return what a suite draws; a screen is a draw of the candidate alone that a stored baseline stands beside."""
    suite = each.suite
    repetitions = suite.suite.repetitions
    first = len(each.tasks) * repetitions if draw is None else draw.candidate + draw.baseline
    if draw is not None and draw.key is not None and world.journal.decided_with(draw.key) is not None:
        first = 0  # decided before: replayed
    screens = draw is not None and draw.key is None and Side.BASELINE in each.tasks and suite.base is not None
    return Stage(
        suite=suite.name,
        first=first * suite.count + (lacking_runs(build_id, each, world.journal) if screens else 0),
        confirmation=2 * policy.confirm_repetitions * suite.count if screens and each.problem is None else 0,
        each=per_run(world.journal, suite.name),
    )
