"""The end of every command that gives a verdict: decide, render each output, and return the exit code."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from evalgate.cli.files import say, write
from evalgate.cli.options import Outputs
from evalgate.cli.workflow import guarded, in_workflow, leave_report
from evalgate.decision import decide
from evalgate.gate.gather import Source, gathered
from evalgate.gate.reports import build_report
from evalgate.report.model import BuildReport

if TYPE_CHECKING:
    from evalgate.report.console import Console


def conclude(
    sources: Sequence[Source], outputs: Outputs, environ: Mapping[str, str], *, unverified: str | None = None
) -> int:
    """Decide, write every output that was asked for, print the result, and return the code of the verdict.

    Files are written before anything is printed: whatever reads the exit code finds them there. `unverified` says whose
    word the answers are, where it is not this repository's own.
    """
    evidence = gathered(sources)
    report = build_report(decide(evidence), sources, evidence.policy, gated=outputs.gate)
    report = replace(report, unverified=unverified)
    _write_files(report, outputs)
    if outputs.rows:
        _write_rows(outputs.rows, sources, environ)
    if in_workflow(environ):
        leave_report(report, environ, report_json=outputs.report_json, journal=sources[0].journal.path)
    say(_printed(report, outputs, environ))
    return report.build.exit_code


def _printed(report: BuildReport, outputs: Outputs, environ: Mapping[str, str]) -> str:
    if outputs.as_json:
        from evalgate.report.json_report import render_json

        return render_json(report)
    from evalgate.report.terminal import render_terminal

    return guarded(render_terminal(report, this_console(environ)), environ)


def this_console(environ: Mapping[str, str]) -> Console:
    """Return what standard output can show."""
    from evalgate.report.console import console_for

    out: TextIO | None = sys.stdout  # None where the caller closed it

    return console_for(
        tty=out is not None and out.isatty(),
        columns=shutil.get_terminal_size().columns,
        encoding=None if out is None else out.encoding,
        environment=environ,
    )


def _write_rows(path: Path, sources: Sequence[Source], environ: Mapping[str, str]) -> None:
    from evalgate.cli.files import write_file
    from evalgate.cli.target import head_of
    from evalgate.gate.forks.writing import rows_of

    write_file(path, "".join(rows_of(sources, head=head_of(environ))).encode("ascii"))


def _write_files(report: BuildReport, outputs: Outputs) -> None:
    if outputs.report_json:
        from evalgate.report.json_report import render_json

        write(outputs.report_json, render_json(report))
    if outputs.junit:
        from evalgate.report.junit import render_junit

        write(outputs.junit, render_junit(report))
    if outputs.markdown:
        from evalgate.report.markdown import render_summary

        write(outputs.markdown, render_summary(report))
