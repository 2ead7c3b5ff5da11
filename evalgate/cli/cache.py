"""`evalgate cache`: what answers of models are kept, and how to be rid of them or take them elsewhere."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from evalgate.cli.options import Period, cache_option

if TYPE_CHECKING:
    from evalgate.llm.cache import CacheStats, ModelShare, ResponseCache


@click.group()
def command() -> None:
    """Show, clear and export the answers of models that are kept: no call is paid for twice."""


@command.command("stats", short_help="Say what is kept, how old it is, and what it cost.")
@cache_option
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, in place of text.")
def stats(cache: Path | None, *, as_json: bool) -> int:
    """Say how many answers of which models are kept, how old they are, and what they cost when they were drawn."""
    with _opened(cache) as store:
        found, path = store.stats(), store.path
    click.echo(_as_json(found) if as_json else _as_text(found, path), nl=False)
    return 0


@command.command("clear", short_help="Remove answers: they are paid for again.")
@cache_option
@click.option("--older-than", type=Period(), help="Only answers drawn longer ago than 30d, 12h or 4w.")
def clear(cache: Path | None, older_than: timedelta | None) -> int:
    """Remove the answers that are kept: the next run pays for its calls again."""
    from evalgate.report.formatting import count

    with _opened(cache) as store:
        gone = store.clear(older_than=older_than)
        click.echo(f"{count(gone, 'answer')} removed from {store.path}, {store.stats().answers:,} left")
    return 0


@command.command("export", short_help="Write the answers as one plain file.")
@click.option(
    "--to", "target", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write."
)
@cache_option
def export(target: Path, cache: Path | None) -> int:
    """Write the answers as one plain file, for a CI cache or for `evalgate run --replay --cache FILE`."""
    from evalgate.report.formatting import count

    with _opened(cache) as store:
        store.export(target)
        kept = store.stats().answers
    click.echo(
        f"{count(kept, 'answer')} written to {target}; with nothing else: evalgate run --replay --cache {target}"
    )
    return 0


def _opened(cache: Path | None) -> ResponseCache:
    """Open the cache that is there. Raises ConfigurationError where there is none."""
    from evalgate.cli.builds import cache_path
    from evalgate.errors import ConfigurationError
    from evalgate.llm.cache import Limits, ResponseCache

    path = cache_path(cache)
    if not path.is_file():
        raise ConfigurationError(
            f"there is no cache at {path}", next_step="evalgate run fills one, or name it with --cache"
        )
    # What is too old or too much is the config's to say, and a run's to enforce.
    return ResponseCache(path, limits=Limits(megabytes=float("inf"), days=float("inf")), now=time.time)


def _as_text(found: CacheStats, path: Path) -> str:
    from evalgate.cli.conclude import this_console
    from evalgate.report.formatting import count, number
    from evalgate.report.page import Column, Page, Part

    page = Page(console=this_console(os.environ))
    if found.oldest is None or found.newest is None:
        page.prose(f"{path}: no answers yet; next: evalgate run")
        return page.text()
    oldest, newest = _day(found.oldest), _day(found.newest)
    when = f"drawn on {oldest}" if oldest == newest else f"drawn from {oldest} to {newest}"
    page.prose(f"{path}: {count(found.answers, 'answer')}, {number(found.stored_bytes / 1e6)} MB, {when}")
    page.blank()
    columns = [Column(head="model"), Column(head="answers", right=True), Column(head="cost when drawn", right=True)]
    rows = [
        [Part(text=f"{each.endpoint}/{each.model}"), Part(text=f"{each.answers:,}"), Part(text=_cost(each))]
        for each in found.models
    ]
    if not page.table(columns, rows, cut=True, indent=2):
        for model, answers, cost in rows:
            page.prose(f"{model.text}: {answers.text}, {cost.text}", indent=2, hanging=4)
    return page.text()


def _cost(share: ModelShare) -> str:
    from evalgate.money import dollars

    if share.unpriced == share.answers:
        return "unknown"
    return dollars(share.cost) + (f" and {share.unpriced:,} of unknown price" if share.unpriced else "")


def _as_json(found: CacheStats) -> str:
    values = {
        "answers": found.answers,
        "bytes": found.stored_bytes,
        "oldest": None if found.oldest is None else _time(found.oldest),
        "newest": None if found.newest is None else _time(found.newest),
        "models": [
            {
                "model": f"{each.endpoint}/{each.model}",
                "answers": each.answers,
                "usd": None if each.unpriced == each.answers else round(each.cost, 6),
                "unpriced": each.unpriced,
            }
            for each in found.models
        ],
    }
    return json.dumps(values, indent=2, allow_nan=False) + "\n"


def _day(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
