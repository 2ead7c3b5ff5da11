"""Who is told of a verdict when it is reached: a webhook, MLflow, as the config says. Neither changes the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import click

from evalgate.cli.workflow import guarded
from evalgate.errors import EvalgateError

if TYPE_CHECKING:
    from evalgate.report.model import BuildReport
    from evalgate.suite.notify import Mlflow, Notify


def tell(
    report: BuildReport,
    notify: Notify | None,
    environ: Mapping[str, str],
    *,
    url: str | None = None,
) -> None:
    """Tell the channel of a verdict that it wants to hear of, and where it is commented on (`url`).

    What goes wrong is one line in the log. Without the webhook's variable nobody is told: forks have none.
    """
    from evalgate.report.telling import lines, occasions

    if notify is None or not occasions(report).intersection(notify.on):
        return
    address = environ.get(notify.webhook_env, "")
    if not address:
        return
    from evalgate.notify.slack import message
    from evalgate.notify.webhook import send

    links = {words: there for words, there in (("comment", url), ("run", run_link(environ))) if there is not None}
    try:
        send(
            address,
            message(lines(report, repository=environ.get("GITHUB_REPOSITORY")), links=links),
            variable=notify.webhook_env,
        )
    except Exception as error:  # noqa: BLE001 whatever it is, the verdict stands
        _not_told("Nobody was told", error, environ)


def log(report: BuildReport, settings: Mlflow | None, environ: Mapping[str, str]) -> None:
    """Write a build's summary metrics to MLflow where MLFLOW_TRACKING_URI says; a sample's are none."""
    uri = environ.get("MLFLOW_TRACKING_URI", "")
    if settings is None or not uri or report.sample:
        return
    from evalgate.notify.mlflow_run import log_run
    from evalgate.report.telling import metrics, tags

    build = report.build
    try:
        log_run(
            uri,
            settings.experiment,
            name=f"build {build.id}" + (f" {build.commit[:7]}" if build.commit else ""),
            metrics=metrics(report),
            tags=tags(report, repository=environ.get("GITHUB_REPOSITORY")),
            started=datetime.fromisoformat(build.created_at).timestamp(),
        )
    except Exception as error:  # noqa: BLE001 whatever it is, the verdict stands
        _not_told("Nothing went to MLflow", error, environ)


def _not_told(what: str, error: Exception, environ: Mapping[str, str]) -> None:
    why = error.message if isinstance(error, EvalgateError) else type(error).__name__
    step = f" next: {error.next_step}" if isinstance(error, EvalgateError) and error.next_step else ""
    click.echo(guarded(f"{what}: {why}. The verdict stands.{step}\n", environ), err=True, nl=False)


def run_link(environ: Mapping[str, str]) -> str | None:
    """Return the address of the workflow's run; None outside of one."""
    server, repository, run = (environ.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    if not (server and repository and run and run.isdecimal()):
        return None
    return f"{server.rstrip('/')}/{repository}/actions/runs/{run}"
