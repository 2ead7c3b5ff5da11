"""Who is told of a verdict when it is reached: the webhook that the config names. Nothing of it changes the verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from evalgate.errors import EvalgateError

if TYPE_CHECKING:
    from evalgate.report.model import BuildReport
    from evalgate.suite.notify import Notify


def tell(
    report: BuildReport,
    notify: Notify | None,
    environ: Mapping[str, str],
    say: Callable[[str], None],
    *,
    links: Mapping[str, str],
) -> None:
    """Tell the channel of a verdict that it wants to hear of; `links` are addresses by their words.

    What goes wrong is one line by `say`. Without the webhook's variable nobody is told: forks have none.
    """
    from evalgate.report.telling import lines, occasions

    if notify is None or not occasions(report).intersection(notify.on):
        return
    address = environ.get(notify.webhook_env, "")
    if not address:
        return
    from evalgate.notify.slack import message
    from evalgate.notify.webhook import send

    try:
        send(
            address,
            message(lines(report, repository=environ.get("GITHUB_REPOSITORY")), links=links),
            variable=notify.webhook_env,
        )
    except EvalgateError as error:
        say(f"Nobody was told: {error.message}. The verdict stands.")


def run_link(environ: Mapping[str, str]) -> str | None:
    """Return the address of the workflow's run; None outside of one."""
    server, repository, run = (environ.get(f"GITHUB_{name}") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    if not (server and repository and run and run.isdecimal()):
        return None
    return f"{server.rstrip('/')}/{repository}/actions/runs/{run}"
