"""GitHub annotations: one line per check that needs somebody, escaped as workflow commands want it."""

from __future__ import annotations

from collections.abc import Iterator

from evalgate.decision.results import SuiteDecision
from evalgate.errors import EvalgateError
from evalgate.records import Verdict
from evalgate.report.escaping import command_message, command_property, shortened
from evalgate.report.model import BuildReport, PhoenixView

_MESSAGE = 800  # characters; GitHub cuts long annotations without saying so
_BLOCKED_BY_INCONCLUSIVE = 3


def render_annotations(report: BuildReport) -> list[str]:
    """Return workflow commands: an error where the build is blocked by it, else a warning. None for a sample."""
    if report.sample:
        return []
    code = report.build.exit_code
    return [line for suite, shown in report.each_suite() for line in _suite(suite, shown.phoenix, exit_code=code)]


def error_annotation(error: EvalgateError) -> str:
    """Return the workflow command for a run that ended before there was a verdict; at its place in the user's file."""
    following = f"\nnext: {error.next_step}" if error.next_step else ""
    place = ""
    if error.location is not None:
        places = {"file": error.location.file, "line": error.location.line, "col": error.location.column}
        place = "".join(f",{name}={command_property(str(at))}" for name, at in places.items() if at is not None)
    message = command_message(shortened(error.message, _MESSAGE) + following)
    return f"::error title=evalgate%3A no verdict{place}::{message}"


def _suite(suite: SuiteDecision, phoenix: PhoenixView | None, *, exit_code: int) -> Iterator[str]:
    link = phoenix.compare if phoenix is not None else None
    checks = [check for check in suite.checks if check.gating and check.verdict is not Verdict.PASS]
    for check in checks:
        reasons = [rule.reason for rule in check.rules if rule.verdict is check.verdict]
        yield _line(f"{suite.name}/{check.name}", check.verdict, " ".join(reasons), link, exit_code=exit_code)
    if suite.verdict is not Verdict.PASS and all(check.verdict is not suite.verdict for check in checks):
        yield _line(suite.name, suite.verdict, suite.reason, link, exit_code=exit_code)


def _line(what: str, verdict: Verdict, reason: str, link: str | None, *, exit_code: int) -> str:
    blocks = exit_code == _BLOCKED_BY_INCONCLUSIVE if verdict is Verdict.INCONCLUSIVE else exit_code != 0
    level = "error" if blocks else "warning"
    title = command_property(f"evalgate {verdict.value}: {what}")
    message = shortened(reason, _MESSAGE) + ("" if link is None else f"\n{link}")
    return f"::{level} title={title}::{command_message(message)}"
