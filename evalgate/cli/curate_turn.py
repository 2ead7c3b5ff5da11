"""One profile's turn in `curate run`: its steps, each the command that a person would type, and what became of them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from evalgate.cli.asking import tell
from evalgate.cli.curate import STEPS
from evalgate.cli.curate_places import Target, target_of
from evalgate.cli.options import CONFIG_NAME
from evalgate.errors import EvalgateError, Interrupted

if TYPE_CHECKING:
    from evalgate.curate.turns import Turn
    from evalgate.suite.curate import Profile

_AFTER: Final = ("clean", "sample", "label")
"""What is done to what was pulled, in this order. `label` asks models, and only where the profile says how."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """One profile to take its turn, `config` as it was given, and whether conditions count."""

    name: str
    profile: Profile
    config: Path
    anyway: bool = False

    @property
    def target(self) -> Target:
        """Return where its candidates are."""
        return target_of(self.profile.dataset, self.config.parent)

    def typed(self, step: str, *more: str) -> list[str]:
        """Return a step's arguments."""
        config = [] if self.config == Path(CONFIG_NAME) else ["--config", str(self.config)]
        return ["evalgate", "curate", step, "--profile", self.name, *config, *more]


def take_turn(work: Work, now: datetime) -> Turn:
    """Do a profile's steps if it is due, and return what became of it; nothing of it reaches another profile.

    Raises Interrupted and Abort alone.
    """
    from evalgate.curate.candidates import held
    from evalgate.curate.turns import Turn

    steps: dict[str, Any] = {}
    try:
        with held(work.target.candidates, ".run"):
            return _taken(work, now, steps)
    except (Interrupted, click.Abort):
        raise
    except Exception as error:  # noqa: BLE001 whatever it is, it is this profile's alone
        why, code, following = _failure(error)
    step = next((name for name, said in steps.items() if said is None), None)
    return Turn(
        profile=work.name,
        outcome="failed",
        why=why if step is None else f"{step}: {why}",
        candidates=str(work.target.candidates),
        steps=steps,
        code=code,
        next_step=following or (None if step is None else _typed(work.typed(step))),
    )


def _failure(error: Exception) -> tuple[str, int, str | None]:
    """Return why a turn failed in one line, with which exit code, and what to do now."""
    if isinstance(error, EvalgateError):
        place = f"{error.location}: " if error.location else ""
        return " ".join(f"{place}{error.message}".split()), error.exit_code, error.next_step
    if isinstance(error, click.ClickException):
        return " ".join(error.format_message().split()), 2, None
    import traceback

    # As for every bug: frames and the error's type, not its text, which may hold answers or keys.
    tell("".join(traceback.format_list(traceback.extract_tb(error.__traceback__)[-6:])).rstrip())
    return f"a bug in evalgate ({type(error).__name__}), whose lines are in the log", 5, None


def _taken(work: Work, now: datetime, steps: dict[str, Any]) -> Turn:
    from evalgate.curate.candidates import read_candidates
    from evalgate.curate.due import Last, arrived, read_last, state_file, too_early, write_last
    from evalgate.curate.turns import Turn
    from evalgate.suite.periods import seconds_of

    when, candidates = work.profile.when, work.target.candidates
    state = state_file(candidates)
    last = read_last(state, work.name)
    every = None if when.every is None else timedelta(seconds=seconds_of(when.every))
    if not work.anyway and too_early(last, every, now) and last is not None:
        why = f"its last time was {last.began:%Y-%m-%d %H:%M} UTC, and it runs every {when.every}"
        return Turn(profile=work.name, outcome="nothing", why=why, candidates=str(candidates))
    _do(work, "pull", steps)
    found = arrived(read_candidates(candidates), project=work.profile.project, last=last)
    if found.until is None or found.count < (1 if work.anyway else when.at_least):
        waits = f", and it waits for {when.at_least:,}" if when.at_least > 1 else ""
        since = "" if last is None else f" since {last.began:%Y-%m-%d %H:%M} UTC"
        why = f"{found.count:,} new{since}{waits}"
        return Turn(
            profile=work.name, outcome="nothing", why=why, candidates=str(candidates), new=found.count, steps=steps
        )
    for step in _following(work.profile):
        _do(work, step, steps)
    write_last(state, work.name, Last(began=now, until=found.until))
    return Turn(
        profile=work.name,
        outcome="done",
        why=f"{found.count:,} new, {_waiting(candidates)} in {candidates}",
        candidates=str(candidates),
        new=found.count,
        steps=steps,
        next_step=_typed(work.typed("review")),
    )


def _following(profile: Profile) -> Iterator[str]:
    for step in _AFTER:
        if step in STEPS and (step != "label" or getattr(profile, "label", None) is not None):
            yield step


def _waiting(candidates: Path) -> str:
    """Say how many wait for a person."""
    from evalgate.curate.candidates import State, read_candidates

    states = [each.state for each in read_candidates(candidates)]
    chosen = states.count(State.CHOSEN)
    return f"{chosen:,} chosen for review" if chosen else f"{states.count(State.NEW):,} not decided"


def _do(work: Work, step: str, steps: dict[str, Any]) -> None:
    """Do one step, and note what it says of itself in JSON: None until it is done. Raises what the step raises."""
    typed = work.typed(step)
    tell(f"{work.name}: {step}")
    steps[step] = None
    said = io.StringIO()
    command: click.Command = import_module(f"evalgate.cli.curate_{step}").command
    with redirect_stdout(said):
        code = command.main([*typed[3:], "--json"], prog_name=" ".join(typed[:3]), standalone_mode=False)
    if code:
        raise click.ClickException(f"it ended with {code}")
    try:
        steps[step] = json.loads(said.getvalue())
    except ValueError:
        steps[step] = said.getvalue().strip()


def _typed(arguments: list[str]) -> str:
    import shlex

    return shlex.join(arguments)
