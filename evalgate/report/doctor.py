"""What `evalgate doctor` found, as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final, Protocol

from evalgate.report.console import Console, Tone, cells
from evalgate.report.escaping import shown
from evalgate.report.page import Page, Part

_TONES: Final = {"ok": Tone.GOOD, "warning": Tone.UNSURE, "problem": Tone.BAD}
_STATE: Final = len("problem") + 2
_LONGEST: Final = 28
"""Cells of what something is about, beyond which the lines are not aligned by it."""


class Finding(Protocol):
    """One thing that was looked at; its words may be hostile."""

    @property
    def about(self) -> str:
        """Return what it is about."""

    @property
    def state(self) -> str:
        """Return how it stands: ok, warning, problem."""

    @property
    def message(self) -> str:
        """Return what was found."""

    @property
    def next_step(self) -> str | None:
        """Return what mends it."""


def render_doctor(findings: Sequence[Finding], console: Console, *, of: str = "a run") -> str:
    """Return one line each, and below it what mends it; `of` is what can begin, or would be ended."""
    page = Page(console=console)
    width = min(max((len(shown(each.about)) for each in findings), default=0), _LONGEST)
    for each in findings:
        about, messages = shown(each.about), [shown(line) for line in each.message.splitlines()]
        lead = Part(text=f"{each.state:<{_STATE}}", tone=_TONES[each.state])
        if len(messages) == 1 and _STATE + max(width, cells(about)) + 2 + cells(messages[0]) <= console.width:
            page.line(lead, f"{about:<{width}}  {messages[0]}")
        else:
            page.line(lead, about)
            for message in messages:
                page.prose(message, indent=_STATE, hanging=_STATE)
        if each.next_step is not None:
            page.prose(each.next_step, lead=Part(text="next:", tone=Tone.STRONG), indent=_STATE, hanging=_STATE + 6)
    page.blank()
    page.prose(_in_all(findings, of), tone=Tone.STRONG)
    return page.text()


def _in_all(findings: Sequence[Finding], of: str) -> str:
    problems, warnings = (sum(each.state == state for each in findings) for state in ("problem", "warning"))
    if problems:
        return f"{problems} of {len(findings)} would end {of}."
    return f"{of.capitalize()} can begin." + (f" It lives with {warnings} of {len(findings)}." if warnings else "")


def render_doctor_json(findings: Sequence[Finding], *, exit_code: int) -> str:
    """Return the findings as JSON."""
    listed: list[dict[str, Any]] = [
        {"about": each.about, "state": str(each.state), "message": each.message, "next": each.next_step}
        for each in findings
    ]
    return json.dumps({"exit_code": exit_code, "findings": listed}, ensure_ascii=False, indent=2) + "\n"
