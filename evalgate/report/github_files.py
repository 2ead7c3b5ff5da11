"""What a step of a GitHub workflow leaves behind: its outputs and its part of the job summary, as text.

The command line appends them to the files that GITHUB_OUTPUT and GITHUB_STEP_SUMMARY name, before it exits: a failing
step keeps its outputs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from evalgate.errors import EvalgateError
from evalgate.records import Side
from evalgate.report.model import BuildReport
from evalgate.report.skipped import SKIPPED

OUTPUTS: Final = (
    "verdict",
    "accepted",
    "exit-code",
    "report-json",
    "report-html",
    "journal",
    "comment-url",
    "experiment-url",
)
"""Every output of the action, in its order. They carry words and paths, never what a model said."""


def outputs(report: BuildReport, *, report_json: str | None, report_html: str | None, journal: str) -> dict[str, str]:
    """Return the value of each output: paths as they were given, empty where nothing was written."""
    return {
        "verdict": "" if report.sample else report.decision.verdict.value,
        "accepted": "true" if report.decision.accepted and not report.sample else "false",
        "exit-code": str(report.build.exit_code),
        "report-json": report_json or "",
        "report-html": report_html or "",
        "journal": journal,
        "comment-url": "",  # written again where there is one
        "experiment-url": _experiment(report) or "",
    }


def recorded_outputs(journal: str, *, code: int) -> dict[str, str]:
    """Return the value of each output where a run recorded, for another command to decide."""
    return {**dict.fromkeys(OUTPUTS, ""), "exit-code": str(code), "journal": journal}


def _experiment(report: BuildReport) -> str | None:
    """Return the page of the candidate's experiment in Phoenix, of the first suite that has one."""
    mirrored = [shown.phoenix for shown in report.suites if shown.phoenix is not None]
    return next((url for each in mirrored if (url := each.experiments.get(Side.CANDIDATE))), None)


def skipped_outputs() -> dict[str, str]:
    """Return the value of each output where a label skipped the gate."""
    return {**dict.fromkeys(OUTPUTS, ""), "verdict": SKIPPED, "accepted": "false", "exit-code": "0"}


def error_outputs(error: EvalgateError) -> dict[str, str]:
    """Return the value of each output where a run ended before there was a verdict."""
    return {**dict.fromkeys(OUTPUTS, ""), "exit-code": str(error.exit_code)}


def output_text(values: Mapping[str, str], *, delimiter: str) -> str:
    """Return what to append to the file of outputs. `delimiter` is random, so that no value can end its own part.

    Raises ValueError for a name or a delimiter that is none, and where a value holds the delimiter.
    """
    if not re.fullmatch(r"[0-9A-Za-z_-]{16,}", delimiter):
        raise ValueError("the delimiter of outputs must be random: 16 letters or more")
    parts = []
    for name, value in values.items():
        if not re.fullmatch(r"[a-z][a-z-]*", name) or delimiter in value:
            raise ValueError(f"output {name!r} cannot be written: its name or its value breaks the file")
        parts.append(f"{name}<<{delimiter}\n{value}\n{delimiter}\n")
    return "".join(parts)
