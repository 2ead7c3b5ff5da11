"""What is said where the gate was skipped by a label: nothing was measured, by whose word. It is no pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from evalgate.report import escaping
from evalgate.suite.acceptance import SKIP_LABEL

SKIPPED: Final = "SKIPPED"
"""What stands where a verdict would."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """Who set the label, and for which commit."""

    by: str
    head: str


def headline(skipped: Skipped) -> str:
    """Say it in one line. The caller puts SKIPPED before it."""
    return f"nothing was measured. {skipped.by} set the label {SKIP_LABEL} for {skipped.head[:7]}."


AFTER: Final = (
    "This is no pass: nobody knows whether the change is worse. The next push is measured again, unless the label is"
    " set again."
)


def render_skipped(skipped: Skipped) -> str:
    """Return it as Markdown, for a comment and the job's summary."""
    commit = skipped.head[:7]
    said = escaping.sentence_for_markdown(headline(skipped).replace(f" {commit}.", f" `{commit}`."))
    return f"### ⏭️ {SKIPPED}: {said}\n\n{escaping.sentence_for_markdown(AFTER)}\n"


def skipped_text(skipped: Skipped) -> str:
    """Return it for a terminal and a log."""
    return f"{SKIPPED}: {escaping.for_terminal(headline(skipped))}\n  {AFTER}\n"


def skipped_annotation(skipped: Skipped) -> str:
    """Return the workflow command that says it beside the job."""
    return f"::warning title=evalgate {SKIPPED}::{escaping.command_message(f'{headline(skipped)} {AFTER}')}"
