"""The options that several commands share, each said once."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

CONFIG_NAME: Final = "evalgate.yaml"

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Amount(click.FloatRange):
    """A number within bounds, which NaN is not: it compares with nothing, and databases read it as nothing given."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number, or let click say what is wrong with it."""
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


class Period(click.ParamType):  # type: ignore[type-arg]  # generic in newer versions only
    """A period of time, as `7d`, `12h` or `30m`."""

    name = "period"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Return it, or let click say what is wrong with it."""
        from evalgate.suite.periods import seconds_of

        if isinstance(value, timedelta):
            return value
        try:
            return timedelta(seconds=seconds_of(str(value)))
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


config_option: _Decorator = click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path(CONFIG_NAME),
    envvar=["EVALGATE_CONFIG", "EVALGATE_RUN_CONFIG"],
    show_default=True,
    help="The config file.",
)

journal_option: _Decorator = click.option(
    "--journal",
    type=click.Path(path_type=Path),
    envvar=["EVALGATE_JOURNAL", "EVALGATE_RUN_JOURNAL"],
    help="Where builds are stored.  [default: .evalgate/journal.db of the repository]",
)

cache_option: _Decorator = click.option(
    "--cache",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar=["EVALGATE_CACHE", "EVALGATE_RUN_CACHE"],
    help="Where answers of models are kept.  [default: .evalgate/cache.db of the repository]",
)

suites_option: _Decorator = click.option(
    "--suite", "suites", multiple=True, metavar="NAME", help="Only this suite; may be given several times."
)

every_option: _Decorator = click.option(
    "--all", "every", is_flag=True, help="Also suites of which nothing has changed since the base."
)

base_option: _Decorator = click.option(
    "--base", metavar="REF", help="Compare with where the change left this branch, tag or commit."
)

pull_request_option: _Decorator = click.option(
    "--as-pull-request",
    is_flag=True,
    help="Decide as a workflow does for a pull request: by what the base commit defines, not by its own.",
)

set_option: _Decorator = click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="Override a config value: policy.mode=observe.",
)

server_option: _Decorator = click.option(
    "--server", metavar="NAME", help="Which of `phoenix.servers` in the config it is on."
)
quiet_option: _Decorator = click.option(
    "--quiet", is_flag=True, help="Print the result without progress and log lines."
)
yes_option: _Decorator = click.option("--yes", is_flag=True, help="Do it without asking.")
json_option: _Decorator = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def typed_again(command: str, config: Path, journal: Path | None, *more: str) -> str:
    """Return a command as it is typed again, with the config and the journal that it had."""
    said = [f"--config {config}"] if config != Path(CONFIG_NAME) else []
    kept = [f"--journal {journal}"] if journal else []
    return " ".join(["evalgate", command, *said, *kept, *more])


def overrides(assignments: tuple[str, ...]) -> dict[str, str]:
    """Read what --set was given as KEY=VALUE pairs."""
    found: dict[str, str] = {}
    for assignment in assignments:
        key, equals, value = assignment.partition("=")
        if not key or not equals:
            raise click.UsageError(f"--set {assignment} is not KEY=VALUE: write it like --set policy.mode=observe")
        found[key] = value
    return found


fail_on_option: _Decorator = click.option(
    "--fail-on",
    type=click.Choice(["fail", "inconclusive", "unmeasurable"]),
    multiple=True,
    help="What fails beside FAIL, in place of policy.on_inconclusive and policy.on_unmeasurable; several times.",
)


def failing(verdicts: tuple[str, ...]) -> dict[str, str]:
    """Return what --fail-on says as config values; nothing where it was not given."""
    keys = {"inconclusive": "policy.on_inconclusive", "unmeasurable": "policy.on_unmeasurable"}
    return {key: "fail" if name in verdicts else "warn" for name, key in keys.items()} if verdicts else {}


@dataclass(frozen=True, kw_only=True, slots=True)
class Outputs:
    """Where a verdict goes beside the terminal, and whether it is the exit code."""

    as_json: bool
    quiet: bool
    gate: bool
    report_json: Path | None
    junit: Path | None
    markdown: Path | None
    rows: Path | None
    html: Path | None
    summary: bool
    """Whether a workflow's job summary has the report."""
    comment: str
    """When to comment: one of `evalgate.report.speaking.Comments`."""
    comment_drafts: bool

    @property
    def files(self) -> list[Path]:
        """Return the files that are written."""
        named = (self.report_json, self.junit, self.markdown, self.rows, self.html)
        return [each for each in named if each is not None]


def output_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that `Outputs` holds; the function receives them as one argument, `outputs`.

    `wraps` also carries over the options that click has noted on the function so far.
    """

    @wraps(function)
    def collected(*args: Any, **given: Any) -> Any:
        outputs = Outputs(**{name: given.pop(name) for name in Outputs.__dataclass_fields__})
        return function(*args, outputs=outputs, **given)

    def option(flag: str, **attributes: Any) -> _Decorator:
        """Return one that `run` and `decide` read from the same variable: a workflow's step says it once."""
        name = flag.partition("/")[0].removeprefix("--").replace("-", "_").upper()
        return click.option(flag, envvar=f"EVALGATE_RUN_{name}", **attributes)

    file = click.Path(path_type=Path, dir_okay=False)
    decorated: Callable[..., Any] = collected
    for each in (
        option("--rows", type=file, help="Write what was answered and scored to this file, for `evalgate fork`."),
        option("--html", type=file, help="Write the report as one page to explore in a browser to this file."),
        option(
            "--comment-drafts/--no-comment-drafts",
            default=True,
            help="--no-comment-drafts: no comment on a pull request that is a draft.",
        ),
        option(
            "--comment",
            type=click.Choice(["when-it-matters", "always", "never", "live"]),
            default="when-it-matters",
            show_default=True,
            help="In a workflow for a pull request that has EVALGATE_GITHUB_TOKEN: when to comment there.",
        ),
        option("--summary/--no-summary", default=True, help="--no-summary: leave no job summary in a workflow."),
        option("--markdown", type=file, help="Write the report as Markdown to this file."),
        option("--junit", type=file, help="Write the report as JUnit XML to this file."),
        option("--report-json", type=file, help="Write the report as JSON to this file."),
        option("--gate/--no-gate", default=True, help="--no-gate: show the verdict and exit 0 whatever it is."),
        quiet_option,
        click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, in place of text."),
    ):
        decorated = each(decorated)
    return decorated
