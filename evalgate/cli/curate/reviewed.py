"""What a review came to, whichever way it was made: its counts, and the command that comes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from evalgate.cli.files import say_done
from evalgate.errors import ConfigurationError, MeasurementError

if TYPE_CHECKING:
    from evalgate.cli.curate.places import Target
    from evalgate.curate.reviewing.states import States


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """One review. `lines` say what was done; `said` is that for --json. `interrupted`: by Ctrl-C.

    `following` is the command that comes next, None where the candidates' states say it.
    """

    lines: tuple[str, ...]
    said: Mapping[str, Any] = field(default_factory=dict)
    interrupted: bool = False
    following: str | None = None


def tell_states(target: Target, ended: Ended, *, by: tuple[str, ...] = (), as_json: bool) -> None:
    """Bring the candidates' states in line with what was decided, and say what they are.

    `by` says who decides, as it was typed.
    """
    from evalgate.curate.reviewing.states import settle_states
    from evalgate.report.escaping import for_terminal

    try:
        states = settle_states(target.candidates)
    except (ConfigurationError, MeasurementError) as error:
        if type(error) not in (ConfigurationError, MeasurementError):
            raise
        raise type(error)(
            f"{error.message}; what was decided is kept",
            next_step=f"`{target.step('review', '--apply')}`, once that is over, brings the states in line",
        ) from error
    said = {**ended.said, "states": asdict(states), "candidates": str(target.candidates)}
    lines = [*ended.lines, f"{target.shown_candidates}: {_counts(states)}"]
    if not ended.interrupted:  # that ends as an error, which says what goes on
        lines.append(f"next: {ended.following or _next(target, states, by)}")
    # A name with a line end in it is still one line, and no command of a workflow.
    say_done(said, map(for_terminal, lines), as_json=as_json)


def _counts(states: States) -> str:
    counts = (
        (states.accepted, "accepted"),
        (states.rejected, "rejected"),
        (states.chosen - states.disputed, "chosen and not decided"),
        (states.new, "new"),
        (states.golden, "golden"),
        (states.disputed, "on which reviewers differ"),
        (states.changed, "changed since they were decided, to be reviewed again"),
        (states.gone, "decided and no longer there"),
    )
    return "; ".join(f"{number:,} {what}" for number, what in counts if number > 0) or "nothing to decide"


def _next(target: Target, states: States, by: tuple[str, ...]) -> str:
    if states.disputed:
        return target.step("review", "--disagreements", *by)
    if states.chosen:
        return target.step("review", *by)
    if states.accepted:
        return target.step("push")
    if states.new:
        return target.step("sample")
    return target.step("pull")
