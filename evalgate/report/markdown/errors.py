"""What ended a run before there was a verdict, and what to do about it."""

from __future__ import annotations

from typing import Final

from evalgate.errors import EvalgateError, MeasurementError
from evalgate.report import escaping

_LINES: Final = 20
_LINE: Final = 1_000
_KEPT: Final = " What was answered is kept: running this job again does not pay for it again."


def no_verdict(error: EvalgateError) -> str:
    """Return a heading's text, and below it what happened, as Markdown without a line end at the end."""
    where = f"{escaping.code_for_markdown(str(error.location)[:_LINE])}: " if error.location else ""
    lines = [line for line in error.message.splitlines() if line.strip()]
    said = [escaping.sentence_for_markdown(escaping.shortened(line, _LINE)) for line in lines[:_LINES]]
    if len(lines) > _LINES:
        said.append(f"… {len(lines) - _LINES:,} more lines in the log")
    parts = [
        f"⚠️ NO VERDICT: this run ended with exit {error.exit_code}.",
        f"This is not a verdict on your change.{_KEPT if isinstance(error, MeasurementError) else ''}",
        f"{where}{'<br>'.join(said)}",
    ]
    if error.next_step:
        told = escaping.shortened(error.next_step, _LINE)
        is_command = told.startswith("evalgate ") and "`" not in told and "; " not in told
        step = escaping.code_for_markdown(told) if is_command else escaping.sentence_for_markdown(told)
        parts.append(f"<strong>Next:</strong> {step}")
    return "\n\n".join(parts)
