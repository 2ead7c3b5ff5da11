"""What a comment says while there is no verdict: a run that goes on, and one that ended without."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from evalgate.errors import EvalgateError
from evalgate.money import dollars
from evalgate.report import escaping, formatting
from evalgate.report.comment import Links
from evalgate.report.markdown.errors import no_verdict

_SUITES: Final = 30
_BAR: Final = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class SuiteUnderway:
    """How far a suite is: `done` of `planned` runs of both sides, `errors` of them without an answer."""

    name: str
    done: int
    planned: int
    errors: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Underway:
    """A run before its end: `seconds` since it began, US dollars where prices are known."""

    suites: Sequence[SuiteUnderway]
    commit: str | None
    seconds: float
    cost: float | None = None


def render_underway(run: Underway, *, links: Links | None = None) -> str:
    """Return the comment of a run that goes on. It looks like no verdict, neither green nor red."""
    done, planned = (sum(getattr(suite, name) for suite in run.suites) for name in ("done", "planned"))
    cost = f", {dollars(run.cost)} so far" if run.cost is not None else ""
    lines = [
        f"### ⏳ Measuring: {done:,} of {formatting.count(planned, 'run')}, no verdict yet.",
        f"{_bar(done, planned)}{cost}, after {formatting.seconds(run.seconds)}",
    ]
    if len(run.suites) > 1 or any(suite.errors for suite in run.suites):
        lines.append("\n".join(f"- {_suite(suite)}" for suite in run.suites[:_SUITES]))
    return "\n\n".join([*(_plain(line) for line in lines), *_end(run.commit, links)]) + "\n"


def render_failed_run(error: EvalgateError, *, commit: str | None = None, links: Links | None = None) -> str:
    """Return the comment of a run that ended before it had a verdict."""
    return "\n\n".join([f"### {no_verdict(error)}", *_end(commit, links)]) + "\n"


def _bar(done: int, planned: int) -> str:
    full = min(_BAR, _BAR * done // planned) if planned else 0
    return f"{'■' * full}{'□' * (_BAR - full)} {formatting.percent(done / planned) if planned else '0 %'}"


def _suite(suite: SuiteUnderway) -> str:
    errors = f", {formatting.count(suite.errors, 'error')}" if suite.errors else ""
    return f"{escaping.for_markdown(suite.name)}: {suite.done:,} of {suite.planned:,}{errors}"


def _plain(line: str) -> str:
    return line.replace("$", "<span>&#36;</span>")


def _end(commit: str | None, links: Links | None) -> Iterator[str]:
    if links is not None and links.run is not None:
        yield escaping.link_for_markdown("Workflow run", links.run)
    if commit is not None:
        yield f"<sub>{escaping.code_for_markdown(commit[:12])}</sub>"
