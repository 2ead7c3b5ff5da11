"""What others are told of a build: a channel, on which occasions and in which words; MLflow, in which numbers."""

from __future__ import annotations

import re

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


def metrics(report: BuildReport) -> dict[str, float]:
    """Return the summary of a build as numbers by name: `support/correctness/candidate`, `…/baseline`, `…/delta`."""
    found: dict[str, float | None] = {"seconds": report.build.seconds, "exit_code": report.build.exit_code}
    for suite in report.decision.suites:
        for check in suite.checks:
            of = f"{suite.name}/{check.name}"
            found[f"{of}/candidate"] = check.candidate_mean
            found[f"{of}/baseline"] = check.baseline_mean
            found[f"{of}/delta"] = None if check.comparison is None else check.comparison.delta
            found[f"{of}/worse"] = len(check.regressed)
            found[f"{of}/better"] = len(check.improved)
    return {_named(name): float(value) for name, value in found.items() if value is not None}


def tags(report: BuildReport, *, repository: str | None) -> dict[str, str]:
    """Return what the numbers are of, in words."""
    build = report.build
    said = {
        "verdict": report.decision.verdict.value,
        "accepted": str(report.decision.accepted).lower(),
        "commit": build.commit,
        "branch": build.branch,
        "change": build.change,
        "repository": repository,
        "version": build.evalgate_version,
    }
    return {f"evalgate.{name}": value[:500] for name, value in said.items() if value}


def _named(text: str) -> str:
    """Return a name that MLflow takes: letters, digits, and what stands between them."""
    return re.sub(r"[^\w./: -]", "_", text)[:250]
