"""One profile's turn in `curate run`: its steps, each the command that a person would type, and what became of them."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from evalgate.cli import is_too_little_memory, too_little_memory
from evalgate.cli.asking import tell
from evalgate.cli.curate.packages import require
from evalgate.cli.curate.places import Target, has_candidates, target_of
from evalgate.cli.options import CONFIG_NAME
from evalgate.errors import EvalgateError, Interrupted

if TYPE_CHECKING:
    from evalgate.curate.scheduling.due import Last
    from evalgate.curate.scheduling.turns import Turn
    from evalgate.suite.curate import Profile

_AFTER: Final = ("sample", "label")
"""What is done where enough has come, in this order. `label` asks models, and only where the profile says how."""
_MORE: Final = {"clean": ("--write",)}
"""What a step is told beside its profile."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """One profile to take its turn, `config` as it was given. `anyway`: whatever its conditions say. `sheet`: with a
    file in which people review, in a pull request say.
    """

    name: str
    profile: Profile
    config: Path
    anyway: bool = False
    sheet: bool = False

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
    from evalgate.curate.holding import held
    from evalgate.curate.scheduling.turns import Turn

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
    if is_too_little_memory(error):
        error = too_little_memory()
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
    """Do the steps. What was pulled is cleaned whether enough came or not: nothing waits as it was pulled."""
    from evalgate.curate.beside import state_file
    from evalgate.curate.candidates import read_candidates
    from evalgate.curate.scheduling.due import Last, arrived, read_last, too_early, write_last
    from evalgate.curate.scheduling.turns import Turn
    from evalgate.suite.periods import seconds_of

    when, candidates = work.profile.when, work.target.candidates
    state = state_file(candidates)
    last = read_last(state, work.name)
    every = None if when.every is None else timedelta(seconds=seconds_of(when.every))
    nothing = partial(Turn, profile=work.name, outcome="nothing", candidates=str(candidates), steps=steps)
    if not work.anyway and too_early(last, every, now) and last is not None:
        return nothing(why=f"its last time was {last.began:%Y-%m-%d %H:%M} UTC, and it runs every {when.every}")
    # What would end `clean` is said before anything is pulled.
    require(work.profile.clean, work.config.parent)
    _do(work, "pull", steps)
    if not has_candidates(candidates):
        return nothing(why=_none(work.profile, steps["pull"]))
    _do(work, "clean", steps)
    found = arrived(read_candidates(candidates), project=work.profile.project, last=last)
    if found.until is None or found.count < (0 if work.anyway else when.at_least):
        return nothing(why=_too_few(found.count, last, when.at_least), new=found.count)
    for step in _AFTER:
        if step != "label" or (work.profile.label is not None and work.profile.label.model is not None):
            _do(work, step, steps)
    sheet = _sheet(work, last, steps)
    waiting = _waiting(candidates)
    write_last(state, work.name, Last(began=now, until=found.until, sheet=sheet.digest))
    return Turn(
        profile=work.name,
        outcome="done",
        why=f"{found.count:,} new, {waiting} in {candidates}{sheet.said}",
        candidates=str(candidates),
        new=found.count,
        steps=steps,
        next_step=_typed(work.typed("review", *sheet.more)),
        files=tuple(
            str(each) for each in (*_kept(candidates), state, sheet.file) if each is not None and each.is_file()
        ),
    )


def _none(profile: Profile, pulled: Any) -> str:
    """Say why there is no candidate: what `pull` says of itself is in `pulled`."""
    from evalgate.cli.curate.pull import none_found

    if isinstance(pulled, dict) and not pulled.get("read"):
        return f"{none_found(profile)}: an earlier `since` of the profile takes more, or fewer filters do"
    return "0 new, and none before"


def _too_few(new: int, last: Last | None, at_least: int) -> str:
    waits = f", and it waits for {at_least:,}" if at_least > 1 else ""
    since = "" if last is None else f" since {last.began:%Y-%m-%d %H:%M} UTC"
    return f"{new:,} new{since}{waits}"


def _kept(candidates: Path) -> tuple[Path, ...]:
    """Return what steps keep of a candidates file and people commit; how git merges it is said beside it."""
    from evalgate.curate.beside import merging_file, reviews_file

    return candidates, reviews_file(candidates), merging_file(candidates)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """The file in which people review: what it was when it was written, and what is said of it."""

    file: Path | None = None
    digest: str | None = None
    said: str = ""
    more: tuple[str, ...] = ()


def _sheet(work: Work, last: Last | None, steps: dict[str, Any]) -> Sheet:
    """Write the file for review anew, unless somebody wrote in it: then it stays until that was taken."""
    from evalgate.curate.beside import sheet_file
    from evalgate.curate.scheduling.due import digest_of

    candidates, own = work.target.candidates, None if last is None else last.sheet
    if not work.sheet:
        return Sheet(digest=own)
    file = sheet_file(candidates)
    more = ("--read", str(file))
    if file.exists() and digest_of(file) != own:
        said = f"; {file} was written in, and stays until it is read and deleted"
        return Sheet(file=file, digest=own, said=said, more=more)
    file.unlink(missing_ok=True)
    _do(work, "review", steps, "--to", str(file))
    return Sheet(file=file, digest=digest_of(file), more=more) if file.exists() else Sheet()


def _waiting(candidates: Path) -> str:
    """Say how many wait for a person."""
    from evalgate.curate.candidates import State, read_candidates

    states = [each.state for each in read_candidates(candidates)]
    chosen = states.count(State.CHOSEN)
    return f"{chosen:,} chosen for review" if chosen else f"{states.count(State.NEW):,} not decided"


def _do(work: Work, step: str, steps: dict[str, Any], *more: str) -> None:
    """Do one step, and note what it says of itself in JSON: None until it is done. Raises what the step raises."""
    typed = work.typed(step, *_MORE.get(step, ()), *more)
    tell(f"{work.name}: {step}")
    steps[step] = None
    said = io.StringIO()
    command: click.Command = import_module(f"evalgate.cli.curate.{step}").command
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
