"""`evalgate run`: both sides of every suite, compared; the verdict is the exit code."""

from __future__ import annotations

from pathlib import Path

import click

from evalgate.cli.options import config_option, journal_option, output_options


@click.command()
@config_option
@journal_option
@click.option("--suite", "suites", multiple=True, help="Only this suite; may be given several times.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the first N examples: a sample, no verdict.")
@click.option("-k", "keyword", help="Only examples that an expression of words selects: a sample, no verdict.")
@click.option(
    "--last-failed", is_flag=True, help="Only examples that failed in the latest build: a sample, no verdict."
)
@click.option("--resume", is_flag=True, help="Go on with the latest build that was interrupted.")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Override a config value: policy.mode=observe."
)
@click.option("--record-only", is_flag=True, help="Record and do not decide: a job that gathers will.", hidden=True)
@output_options
@click.pass_context
def command(ctx: click.Context, **flags: object) -> int:
    """Run both sides of every suite, compare them, and give a verdict."""
    raise NotImplementedError
