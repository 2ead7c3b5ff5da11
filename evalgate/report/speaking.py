"""When a report becomes a comment under the pull request, and when the job's summary alone has it."""

from __future__ import annotations

from enum import StrEnum

from evalgate.records import Verdict
from evalgate.report.model import BuildReport


class Comments(StrEnum):
    """When people want to be spoken to."""

    WHEN_IT_MATTERS = "when-it-matters"
    ALWAYS = "always"
    NEVER = "never"
    LIVE = "live"
    """Always, and while the build runs."""


class Speech(StrEnum):
    """What becomes of one report."""

    SILENT = "silent"
    CORRECT = "correct"
    """Only where an earlier comment would be wrong now: it is told the new truth."""
    SPEAK = "speak"


def speech(comments: Comments, *, matters: bool, draft: bool = False, drafts: bool = True) -> Speech:
    """Return whether to comment: of something that `matters`, on a draft only where `drafts` are spoken to at all."""
    if comments is Comments.NEVER:
        return Speech.SILENT
    if draft and not drafts:
        return Speech.CORRECT
    return Speech.SPEAK if matters or comments is not Comments.WHEN_IT_MATTERS else Speech.CORRECT


def matters(report: BuildReport) -> bool:
    """Return whether somebody should read a report: no plain pass, or what decides is not what decided before.

    A sample decides nothing, and whoever asked for one sees it.
    """
    if report.sample:
        return False
    if report.decision.verdict is not Verdict.PASS:
        return True
    gate = report.gate
    return gate is not None and (bool(gate.differences or gate.added) or gate.decides == "first")
