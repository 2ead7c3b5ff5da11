"""What a channel is told of a build: on which occasions, in which words."""

from __future__ import annotations

from evalgate.report import sentences
from evalgate.report.model import BuildReport
from evalgate.suite.checks import Unmeasurable

_MARKS = {"PASS": "✅", "FAIL": "❌", "INCONCLUSIVE": "❔", "UNMEASURABLE": "⚠️"}


def occasions(report: BuildReport) -> frozenset[str]:
    """Return what a build is an occasion of: its verdict, and `budget` where that ended it. A sample is none."""
    if report.sample:
        return frozenset()
    spent = any(suite.unmeasurable is Unmeasurable.BUDGET for suite in report.decision.suites)
    return frozenset({report.decision.verdict.value.lower(), *(["budget"] if spent else [])})


def lines(report: BuildReport, *, repository: str | None) -> list[str]:
    """Return the lines of a message, as plain text: the verdict, what it is about, and what fell without a change."""
    build = report.build
    commit = build.commit[:7] if build.commit else None
    where = [repository, build.change or build.branch, commit]
    told = [
        f"{_MARKS[report.decision.verdict.value]} {report.verdict_text}: {sentences.headline(report)}",
        " · ".join(part for part in where if part),
        sentences.consequence(report),
        sentences.overall(report),
    ]
    return [line for line in told if line]
