"""Who is told of a verdict when it is reached: the webhook that the config names. Nothing of it changes the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from evalgate.cli.workflow import guarded
from evalgate.errors import EvalgateError

if TYPE_CHECKING:
    from evalgate.report.model import BuildReport
    from evalgate.suite.notify import Notify


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
        why = error.message if isinstance(error, EvalgateError) else type(error).__name__
        click.echo(guarded(f"Nobody was told: {why}. The verdict stands.\n", environ), err=True, nl=False)


def run_link(environ: Mapping[str, str]) -> str | None:
    """Return the address of the workflow's run; None outside of one."""
    server, repository, run = (environ.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    if not (server and repository and run and run.isdecimal()):
        return None
    return f"{server.rstrip('/')}/{repository}/actions/runs/{run}"
