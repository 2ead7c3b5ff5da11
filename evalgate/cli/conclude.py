"""The end of every command that gives a verdict: decide, render each output, and return the exit code."""

from __future__ import annotations

import secrets
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalgate.cli.options import Outputs
from evalgate.decision import decide
from evalgate.errors import ConfigurationError
from evalgate.gate.gather import Source, gathered
from evalgate.gate.view import build_report
from evalgate.report.model import BuildReport

if TYPE_CHECKING:
    from evalgate.report.console import Console


def conclude(sources: Sequence[Source], outputs: Outputs, environ: Mapping[str, str]) -> int:
    """Decide, write every output that was asked for, print the result, and return the code of the verdict.

    Files are written before anything is printed: whatever reads the exit code finds them there.
    """
    evidence = gathered(sources)
    report = build_report(decide(evidence), sources, evidence.policy, gated=outputs.gate)
    _write_files(report, outputs)
    _write_github(report, outputs, sources, environ)
    click.echo(_printed(report, outputs, environ), nl=False)
    return report.build.exit_code


def _printed(report: BuildReport, outputs: Outputs, environ: Mapping[str, str]) -> str:
    if outputs.as_json:
        from evalgate.report.json_report import render_json

        return render_json(report)
    from evalgate.report.terminal import render_terminal

    return render_terminal(report, this_console(environ))


def this_console(environ: Mapping[str, str]) -> Console:
    """Return what standard output can show."""
    from evalgate.report.console import console_for

    return console_for(
        tty=sys.stdout.isatty(),
        columns=shutil.get_terminal_size().columns,
        encoding=sys.stdout.encoding,
        environment=environ,
    )


def _write_files(report: BuildReport, outputs: Outputs) -> None:
    if outputs.report_json:
        from evalgate.report.json_report import render_json

        _write(outputs.report_json, render_json(report))
    if outputs.junit:
        from evalgate.report.junit import render_junit

        _write(outputs.junit, render_junit(report))
    if outputs.markdown:
        from evalgate.report.markdown import render_summary

        _write(outputs.markdown, render_summary(report))


def _write_github(report: BuildReport, outputs: Outputs, sources: Sequence[Source], environ: Mapping[str, str]) -> None:
    """Fill what a workflow step is given: outputs, the job summary, and one annotation per failed check."""
    if path := environ.get("GITHUB_OUTPUT"):
        from evalgate.report import github_files

        report_json = str(outputs.report_json) if outputs.report_json else None
        values = github_files.outputs(report, report_json=report_json, journal=str(sources[0].journal.path))
        text = github_files.output_text(values, delimiter=f"evalgate-{secrets.token_hex(16)}")
        _write(Path(path), text, append=True)
    if path := environ.get("GITHUB_STEP_SUMMARY"):
        from evalgate.report.markdown import render_summary

        _write(Path(path), render_summary(report), append=True)
    if environ.get("GITHUB_ACTIONS") == "true":
        from evalgate.report.annotations import render_annotations

        # On standard error: standard output may be a report that a program reads.
        click.echo("".join(f"{line}\n" for line in render_annotations(report)), err=True, nl=False)


def _write(path: Path, text: str, *, append: bool = False) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a" if append else "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise ConfigurationError(
            f"cannot write {path}: {error.strerror}; the verdict is recorded", next_step="evalgate decide"
        ) from error
