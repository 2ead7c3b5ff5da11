"""What a step of a GitHub workflow gets: outputs, summary, annotations, and a log that obeys nobody."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalgate.cli.files import write
from evalgate.errors import EvalgateError

if TYPE_CHECKING:
    from evalgate.cli.options import Outputs
    from evalgate.report.markdown.rendering import Own
    from evalgate.report.model import BuildReport
    from evalgate.report.skipped import Skipped


def guarded(text: str, environ: Mapping[str, str]) -> str:
    """Return `text` for a log. In a workflow nothing in it is obeyed as a command: answers are hostile."""
    if environ.get("GITHUB_ACTIONS") != "true" or not text:
        return text
    from evalgate.report.escaping import without_commands

    return without_commands(text, token=secrets.token_hex(16))


def leave_report(
    report: BuildReport, outputs: Outputs, environ: Mapping[str, str], *, journal: Path, own: Own | None = None
) -> None:
    """Fill the step's outputs and summary, and annotate what failed. Outside a workflow it does nothing."""
    from evalgate.report import github_files
    from evalgate.report.annotations import render_annotations
    from evalgate.report.markdown import render_summary

    values = github_files.outputs(
        report,
        report_json=in_workspace(outputs.report_json, environ) if outputs.report_json else None,
        report_html=in_workspace(outputs.html, environ) if outputs.html else None,
        journal=in_workspace(journal, environ),
    )
    _leave(values, render_summary(report, own=own) if outputs.summary else "", render_annotations(report), environ)


def leave_recorded(journal: str, told: str, environ: Mapping[str, str], *, code: int) -> None:
    """Do the same for a run that recorded and decided nothing: `told` says what."""
    from evalgate.report import github_files

    values = github_files.recorded_outputs(in_workspace(Path(journal), environ), code=code)
    _leave(values, f"{told}\n" if told else "", [], environ)


def leave_error(error: EvalgateError, environ: Mapping[str, str]) -> None:
    """Do the same for a run that ended before there was a verdict."""
    from evalgate.report import github_files
    from evalgate.report.annotations import error_annotation
    from evalgate.report.markdown import render_error

    _leave(github_files.error_outputs(error), render_error(error), [error_annotation(error)], environ)


def in_workspace(path: Path, environ: Mapping[str, str]) -> str:
    """Return a path as the steps of a workflow name it: from the workspace, with slashes; one elsewhere as a whole."""
    top = Path(os.path.normpath(Path(environ.get("GITHUB_WORKSPACE") or ".").absolute()))
    whole = Path(os.path.normpath(path.absolute()))
    return whole.relative_to(top).as_posix() if whole.is_relative_to(top) else whole.as_posix()


def leave_values(values: Mapping[str, str], environ: Mapping[str, str]) -> None:
    """Fill the step's outputs with words and paths, where a workflow step is what runs this."""
    if values and (path := environ.get("GITHUB_OUTPUT")):
        from evalgate.report.github_files import output_text

        write(Path(path), output_text(values, delimiter=f"evalgate-{secrets.token_hex(16)}"), append=True)


def leave_skipped(skipped: Skipped, environ: Mapping[str, str]) -> None:
    """Do the same for a gate that a label skipped."""
    from evalgate.report import github_files
    from evalgate.report.skipped import render_skipped, skipped_annotation

    _leave(github_files.skipped_outputs(), render_skipped(skipped), [skipped_annotation(skipped)], environ)


def leave_after(environ: Mapping[str, str], *, comment_url: str | None, told: Sequence[str]) -> None:
    """Leave what is known once everything is written: where the comment is, and what did not work, in the log too."""
    from evalgate.report.escaping import sentence_for_markdown

    click.echo(guarded("".join(f"{line}\n" for line in told), environ), err=True, nl=False)
    summary = "".join(f"\n⚠️ {sentence_for_markdown(line)}\n" for line in told)
    try:
        _leave({} if comment_url is None else {"comment-url": comment_url}, summary, [], environ)
    except EvalgateError as error:  # the verdict stands, and was left
        click.echo(guarded(f"{error}\n", environ), err=True, nl=False)


def in_workflow(environ: Mapping[str, str]) -> bool:
    """Return whether a workflow step is what runs this."""
    return bool(environ.get("GITHUB_OUTPUT") or environ.get("GITHUB_STEP_SUMMARY"))


def _leave(values: Mapping[str, str], summary: str, annotations: list[str], environ: Mapping[str, str]) -> None:
    leave_values(values, environ)
    if summary and (path := environ.get("GITHUB_STEP_SUMMARY")):
        write(Path(path), summary, append=True)
    if environ.get("GITHUB_ACTIONS") == "true":
        # On standard error: standard output may be a report that a program reads.
        click.echo("".join(f"{line}\n" for line in annotations), err=True, nl=False)
