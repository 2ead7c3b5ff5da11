"""What became of each profile in a run of several, and how that is told: terminal, channel, job summary. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from evalgate.records import Json
from evalgate.report.escaping import for_markdown, for_terminal, sentence_for_markdown

Outcome = Literal["done", "nothing", "failed"]
OUTCOMES: Final[tuple[Outcome, ...]] = ("done", "failed", "nothing")
_WORDS: Final = {"done": "done", "failed": "failed", "nothing": "nothing to do"}
_MARKS: Final = {"done": "✅", "failed": "❌", "nothing": "▫️"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One profile's: what became of it, and why in words.

    `new` are the candidates that came since its last time; None where that was not looked at. `steps` has what each
    step said of itself, in its order. `code` is what the command would exit with for this profile alone, `next_step`
    what to do now, and `files` what is to be committed.
    """

    profile: str
    outcome: Outcome
    why: str
    candidates: str
    new: int | None = None
    steps: Mapping[str, Json] = field(default_factory=dict)
    code: int = 0
    next_step: str | None = None
    files: tuple[str, ...] = ()


def exit_code(turns: Sequence[Turn]) -> int:
    """Return the code of all of them: a bug before what a person has to mend, before a service that was away."""
    return next((code for code in (5, 2, 4) if any(turn.code == code for turn in turns)), 0)


def outcome_of(turns: Sequence[Turn]) -> Outcome:
    """Return one word for all of them: failed where one has, done where one was."""
    found = {turn.outcome for turn in turns}
    return "failed" if "failed" in found else "done" if "done" in found else "nothing"


def as_json(turns: Sequence[Turn]) -> dict[str, Json]:
    """Return all of it as JSON."""
    profiles: list[Json] = [
        {
            "profile": turn.profile,
            "outcome": turn.outcome,
            "why": turn.why,
            "exit_code": turn.code,
            "new": turn.new,
            "candidates": turn.candidates,
            "steps": dict(turn.steps),
            "next": turn.next_step,
            "files": list(turn.files),
        }
        for turn in turns
    ]
    return {"outcome": outcome_of(turns), "exit_code": exit_code(turns), "profiles": profiles}


def outputs(turns: Sequence[Turn]) -> dict[str, str]:
    """Return the outputs of a workflow's step: the outcome, and by outcome the names of the profiles."""
    names: dict[str, str] = {
        outcome: " ".join(turn.profile for turn in turns if turn.outcome == outcome) for outcome in OUTCOMES
    }
    return {"outcome": outcome_of(turns), "exit-code": str(exit_code(turns)), **names}


def files(turns: Sequence[Turn]) -> list[str]:
    """Return the files to be committed, each once: of what is done, and of nothing that a failure left half done."""
    failed = {turn.candidates for turn in turns if turn.outcome == "failed"}
    return list(dict.fromkeys(file for turn in turns if turn.candidates not in failed for file in turn.files))


def headline(turns: Sequence[Turn]) -> str:
    """Return all of it in one line: `1 done, 1 failed, 3 nothing to do`."""
    counts = [(sum(turn.outcome == outcome for turn in turns), _WORDS[outcome]) for outcome in OUTCOMES]
    return ", ".join(f"{count:,} {words}" for count, words in counts if count)


def lines(turns: Sequence[Turn]) -> Iterator[str]:
    """Yield a line for each profile, as plain text, and below it what to do now."""
    width = max((len(turn.profile) for turn in turns), default=0)
    for turn in turns:
        yield for_terminal(f"{turn.profile.ljust(width)}  {turn.outcome.ljust(7)}  {turn.why}")
        if turn.next_step is not None:
            yield for_terminal(f"{' ' * width}  next: {turn.next_step}")


def told(turns: Sequence[Turn], *, repository: str | None) -> list[str]:
    """Return the lines of a message to a channel, as plain text; what had nothing to do is counted alone."""
    heading = f"{_MARKS[outcome_of(turns)]} curation: {headline(turns)}"
    return [
        f"{heading} · {repository}" if repository else heading,
        *(f"{turn.profile}: {turn.outcome}, {turn.why}" for turn in turns if turn.outcome != "nothing"),
    ]


def markdown(turns: Sequence[Turn]) -> str:
    """Return the table for a job's summary."""
    rows = [
        f"| {for_markdown(turn.profile)} | {_MARKS[turn.outcome]} {_WORDS[turn.outcome]} | {_with_next(turn)} |"
        for turn in turns
    ]
    return "\n".join([f"### Curation: {headline(turns)}", "", "| profile | outcome | |", "|---|---|---|", *rows, ""])


def proposal(turns: Sequence[Turn]) -> str:
    """Return what a pull request with the candidates says of itself."""
    return markdown(turns) + (
        "\nProduction says what is in these files: read them as you read any data of your users.\n\n"
        "1. Decide on this branch: tick a box for each candidate in `NAME.candidates.review.md`, or go through them in"
        " a terminal with the command above.\n"
        "2. Take what was ticked with the command at the top of that file, under your name, and delete the file.\n"
        "3. `evalgate curate push` with the same `--profile` makes what was accepted golden.\n\n"
        "Until this is merged or closed, the schedule goes on from what is committed here.\n"
    )


def _with_next(turn: Turn) -> str:
    said = sentence_for_markdown(turn.why)
    return f"{said}; next: {sentence_for_markdown(turn.next_step)}" if turn.next_step else said
