"""The job summary: the whole report, as a template that cannot forget to escape."""

from __future__ import annotations

from typing import Final

from evalgate.errors import EvalgateError
from evalgate.report import gate_words, sentences
from evalgate.report.markdown.detail import WHOLE, Detail
from evalgate.report.markdown.errors import no_verdict
from evalgate.report.markdown.lead import lead, unsaid
from evalgate.report.markdown.rendering import SUMMARY, Own, not_own, rendered
from evalgate.report.markdown.sections import MARKS, footer, section, worst_first
from evalgate.report.model import BuildReport
from evalgate.report.next_steps import next_steps

SUMMARY_LIMIT: Final = 1024 * 1024
"""Bytes that GitHub takes for the summary of one step."""

_EDITS: Final = 50


def render_summary(report: BuildReport, *, limit: int = SUMMARY_LIMIT, own: Own | None = None) -> str:
    """Return Markdown of at most `limit` bytes, with as much in it as fits.

    Where `own`, a template of the user's, does not work, ours is used and says so.
    """
    try:
        return _fitted(report, limit, own, None)
    except EvalgateError as error:
        return _fitted(report, limit, None, not_own(error))


def _fitted(report: BuildReport, limit: int, own: Own | None, aside: str | None) -> str:
    text = ""
    for detail in sorted(Detail, reverse=True):
        text = render_markdown(report, detail=detail, own=own, aside=aside)
        if len(text.encode()) <= limit:
            break
    return text


def render_error(error: EvalgateError) -> str:
    """Return the summary of a run that ended before there was a verdict: it must not look like no run at all."""
    return f"## {no_verdict(error)}\n"


def render_markdown(report: BuildReport, *, detail: Detail, own: Own | None = None, aside: str | None = None) -> str:
    """Return the report with so much in it."""
    gate, first = report.gate, None if report.sample else lead(report)
    sections = [section(report, suite, shown, WHOLE[detail]) for suite, shown in worst_first(report)]
    return rendered(
        SUMMARY,
        {
            "mark": "⚠️" if report.sample else MARKS[report.decision.verdict],
            "verdict": report.verdict_text,
            "headline": sentences.headline(report),
            "reason": sentences.overall(report) if detail > Detail.VERDICT else report.decision.reason,
            "consequence": sentences.consequence(report),
            "gate": gate_words.opening(report),
            "edits": gate_words.lines(gate, _EDITS) if gate is not None else [],
            "added": gate_words.added(gate) if gate is not None else [],
            "own": gate_words.own_verdict(report),
            "lead": first,
            "sections": sections if first is None else [unsaid(each, first) for each in sections],
            "promise": None if report.sample else report.decision.promise,
            "measurement": None if report.sample else report.decision.measurement,
            "next_steps": next_steps(report),
            "footer": footer(report),
            "aside": aside,
            "detail": detail,
        },
        own,
    )
