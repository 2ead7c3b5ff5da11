"""One build from a config: what must be measured is measured and recorded; the journal then decides.

Nothing is paid before everything loads. A build that was interrupted goes on where it stopped, and only if what answers
and what scores are still what they were.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from evalgate.decision import stored_words
from evalgate.gate.baselines.elsewhere import bring_in, fetch_named
from evalgate.gate.baselines.found import take_for_candidate
from evalgate.gate.loading import load
from evalgate.gate.measuring import measure_build
from evalgate.gate.own_scores import score_by_own
from evalgate.gate.preflight import refuse_too_many_comparisons
from evalgate.gate.recording import begin, record_halt, register, take_head
from evalgate.gate.request import Request
from evalgate.gate.resume import require_same_gate, require_unchanged
from evalgate.gate.world import World
from evalgate.journal.builds import NoteRow
from evalgate.journal.lock import writing
from evalgate.llm.halt import Halted


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """How a build ended: its id, whether everything that it needs is recorded, and whether it stopped by itself.

    One that stopped by itself has the reason among its problems, and so a decision: UNMEASURABLE.
    """

    build: int
    complete: bool
    halted: Halted | None = None


def _taken(request: Request, world: World, head: int | None, build_id: int) -> dict[str, int]:
    """Return, by suite, how many stored runs the candidate begins with: those of `head`, and those of a release."""
    if head is not None:
        return take_head(world.journal, head, build_id)
    journal, taken = world.journal, {}
    for suite in request.suites:
        if suite.since is not None and (times := take_for_candidate(journal, build_id, suite, request.config.policy)):
            taken[suite.name] = times
            message = stored_words.taken_for_candidate(times)
            journal.add_note(build_id, NoteRow(suite=suite.name, message=message))
            world.say(f"{suite.name}: {message}")
    return taken


async def run_build(request: Request, world: World, *, resume: int | None = None, head: int | None = None) -> Ended:
    """Run a new build, or go on with `resume`. `head` is what holds runs of the candidate that are its first.

    Raises ConfigurationError and CandidateError before anything is paid, JournalError when a row cannot be written.
    """
    began = world.seconds()
    async with AsyncExitStack() as stack:
        loaded = await load(request.suites, request.config.policy, world, stack)
        refuse_too_many_comparisons(each.suite for each in loaded if each.problem is None)
        folder = Path(stack.enter_context(TemporaryDirectory()))
        looking = world.looking(request.config)
        fetched = await fetch_named(request.suites, looking, folder)
        notes = await bring_in(request.suites if resume is None else (), looking)
        build_id = begin(request, world.journal, now=world.now()) if resume is None else resume
        with writing(world.journal.path, build_id):
            if resume is not None:
                require_same_gate(world.journal, build_id, request.config, request.gate)
                require_unchanged(world.journal, build_id, request.suites)
                world.journal.mark_resumed(build_id)
            experiments = register(build_id, loaded, world.journal, fetched=fetched, notes=notes)
            world.begun(build_id)
            taken = _taken(request, world, head, build_id)
            complete = await measure_build(build_id, loaded, experiments, world, taken=taken)
            complete = complete and await score_by_own(build_id, loaded, world)
            halted = None if complete else world.halted()
            if halted is not None:
                record_halt(build_id, halted, request, world.journal)
            if complete or halted is not None:
                world.ending(build_id)
            world.journal.add_seconds(build_id, world.seconds() - began, complete=complete)
    return Ended(build=build_id, complete=complete, halted=halted)
