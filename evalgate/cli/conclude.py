"""The end of every command that gives a verdict: decide, render each output, and return the exit code."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TextIO

import click

from evalgate.cli.commenting import Commenter, Said
from evalgate.cli.files import say, write
from evalgate.cli.options import Outputs
from evalgate.cli.telling import log, tell
from evalgate.cli.workflow import guarded, in_workflow, leave_after, leave_report
from evalgate.decision import decide
from evalgate.decision.evidence import BuildEvidence
from evalgate.gate.accepting import by_label
from evalgate.gate.baselines.bases import Target
from evalgate.gate.evidence.config import recorded_config
from evalgate.gate.gather import Source, gathered, read_from
from evalgate.gate.reports import build_report
from evalgate.report.model import BuildReport

if TYPE_CHECKING:
    from evalgate.report.console import Console
    from evalgate.report.markdown.rendering import Own

_MANY: Final = 2_000
"""Examples of which a page takes a second to write."""


def conclude(
    sources: Sequence[Source],
    outputs: Outputs,
    environ: Mapping[str, str],
    speaker: Commenter,
    expected: Collection[str] = (),
    *,
    again: bool = False,
    unverified: str | None = None,
    change: Target | None = None,
) -> int:
    """Decide, write every output that was asked for, print the result, and return the code of the verdict.

    `expected` names the suites that the sources hold together. Files are written before anything is printed: whatever
    reads the exit code finds them there. What `speaker` says and who is told come last: neither changes anything. Of a
    verdict that is given `again`, outside of a workflow, nobody is told. `unverified` says whose word the answers are,
    where it is not this repository's own; nobody is told of those either. `change` is what it is meant for, where a
    change is measured and no event says so.
    """
    with read_from([source.file for source in sources]):
        evidence = by_label(gathered(sources, expected), speaker.labels.accepted_by)
        report = build_report(decide(evidence), sources, evidence.deciding, gated=outputs.gate)
        report = replace(report, unverified=unverified)
        own = _own(report, outputs, environ, speaker, change)
        _write_files(report, outputs, evidence, sources, own)
        if outputs.rows:
            _write_rows(outputs.rows, sources, environ)
    if in_workflow(environ):
        leave_report(report, outputs, environ, journal=sources[0].place, own=own)
    say(_printed(report, outputs, environ))
    said = _commented(report, speaker, own)
    leave_after(environ, comment_url=said.url, told=[*speaker.labels.told, *said.troubles])
    if unverified is None and (not again or environ.get("GITHUB_ACTIONS") == "true"):
        told = recorded_config(sources[0].journal.build(sources[0].build))
        tell(report, told.notify, environ, url=said.url)
        log(report, told.mlflow, environ)
    return report.build.exit_code


def _own(
    report: BuildReport, outputs: Outputs, environ: Mapping[str, str], speaker: Commenter, change: Target | None
) -> Own | None:
    """Return the repository's own templates, where something of theirs is written."""
    if not (in_workflow(environ) or outputs.markdown or (speaker.place is not None and not report.sample)):
        return None
    from evalgate.cli.own_templates import own_templates

    return own_templates(environ, change)


def _commented(report: BuildReport, speaker: Commenter, own: Own | None) -> Said:
    """Say a report under the pull request. A sample decides nothing, and puts nothing right."""
    if report.sample:
        return Said()
    from evalgate.report.comment import render_comment
    from evalgate.report.sentences import overall
    from evalgate.report.speaking import matters

    first = overall(report) if report.suites else None
    asides = [*([first] if first else []), *speaker.labels.told]
    return speaker.say(
        lambda limit: render_comment(report, limit=limit, links=speaker.links, asides=asides, own=own),
        report.decision.verdict,
        matters=matters(report),
    )


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


def _write_files(
    report: BuildReport, outputs: Outputs, evidence: BuildEvidence, sources: Sequence[Source], own: Own | None
) -> None:
    if outputs.report_json:
        from evalgate.report.json_report import render_json

        write(outputs.report_json, render_json(report))
    if outputs.junit:
        from evalgate.report.junit import render_junit

        write(outputs.junit, render_junit(report))
    if outputs.markdown:
        from evalgate.report.markdown import render_summary

        write(outputs.markdown, render_summary(report, own=own))
    if outputs.html:
        from evalgate.gate.exploring import explored
        from evalgate.report.html.page import render_html

        examples = sum(len(suite.example_ids) for suite in evidence.suites)
        if examples > _MANY and not outputs.quiet:
            click.echo(f"writing {outputs.html}, a page of {examples:,} examples", err=True)
        write(outputs.html, render_html(report, explored(evidence, sources)))
