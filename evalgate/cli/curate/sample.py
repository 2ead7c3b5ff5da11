"""`evalgate curate sample`: which candidates people look at."""

from __future__ import annotations

import asyncio
import os
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalgate.cli.curate.options import dataset_option, embedding_option, profile_option, seed_option
from evalgate.cli.files import say_done
from evalgate.cli.options import Amount, cache_option, config_option, json_option, server_option

if TYPE_CHECKING:
    from evalgate.cli.curate.settings import Settings
    from evalgate.curate.sampling.sampling import Sampled
    from evalgate.suite.curate_sample import Sample

_SHOWN = 12
"""Groups that are listed."""


@click.command(short_help="Choose candidates for review.")
@dataset_option
@profile_option
@click.option(
    "--size", type=click.IntRange(min=1, max=100_000), help="How many wait for review in the end.  [default: 20]"
)
@click.option(
    "--by",
    multiple=True,
    metavar="WHAT",
    help="By cluster, label, a field (metadata.lang), uncertainty, failure, random; several times.  [default: cluster]",
)
@click.option(
    "--least",
    type=click.IntRange(min=0, max=1000),
    help="So many of every group, golden ones counted, come first.  [default: 2]",
)
@click.option("--clusters", type=click.IntRange(min=1, max=200), help="How many groups `cluster` makes.")
@click.option(
    "--holdout",
    type=Amount(min=0, max=1, max_open=True),
    help="The share that goes to the split holdout.  [default: 0.2]",
)
@seed_option
@embedding_option
@config_option
@server_option
@cache_option
@json_option
def command(
    *,
    dataset: str | None,
    profile: str | None,
    config: Path,
    server: str | None,
    cache: Path | None,
    as_json: bool,
    **given: Any,
) -> int:
    """Choose candidates for review, what the golden dataset lacks first.

    Each chosen one gets a split, regression or holdout, which never changes. Running it again chooses no more until
    some are reviewed, or --size is larger.
    """
    from evalgate.cli.curate.sampling import sampling_settings

    place = sampling_settings(dataset, profile, config, server, {**given, "cache": cache})
    sampled = asyncio.run(_sample(place, cache))
    shown = {**asdict(sampled), "candidates": str(place.target.candidates)}
    say_done(shown, lines(sampled, place), as_json=as_json)
    return 0


async def _sample(place: Settings[Sample], cache: Path | None) -> Sampled:
    from evalgate.cli.curate.places import golden_of, without_made_up
    from evalgate.cli.curate.sampling import pseudonyms_at_hand, vectors_for
    from evalgate.curate.sampling.sampling import sample

    everything = await golden_of(place.target, place.named.config, place.server, os.environ)
    golden = without_made_up(everything, place.target)
    async with vectors_for(place, cache=cache, following=place.again("sample")) as vectors:
        now, pseudonyms = datetime.now(UTC), pseudonyms_at_hand(place)
        return await sample(place.target.candidates, golden, place.own, vectors=vectors, now=now, pseudonyms=pseudonyms)


def lines(sampled: Sampled, place: Settings[Sample]) -> list[str]:
    """Return what is said of it: how many of how many, from which groups, what was left, and what comes next."""
    of_all = sampled.chosen + sampled.waiting
    found = [f"{sampled.chosen:,} of {sampled.available:,} chosen, by {', '.join(place.own.by)}{_spread(sampled)}"]
    if sampled.waiting:
        found.append(f"{sampled.waiting:,} were chosen before and wait for review")
    if len(sampled.groups) > 1 and sampled.chosen:
        found += _groups(sampled)
    if sampled.splits:
        found.append("splits: " + ", ".join(f"{count:,} {name}" for name, count in sampled.splits.items()))
    if sampled.unsure:
        from evalgate.cli.curate.sampling import clean_of

        found.append(
            f"{sampled.unsure:,} of them may be in another split than the rest of their conversation, as sessions were"
            f" replaced under another key: sample with that key in {clean_of(place).key_env}"
        )
    if sampled.same:
        found.append(f"{sampled.same:,} left out: they ask what is golden, chosen or rejected already, or one another")
    if sampled.silent:
        found.append(f"{sampled.silent:,} left out: no annotation or status makes them a matter of {_evidence(place)}")
    if of_all:
        return [*found, f"next: {place.step('review')}"]
    if sampled.silent:
        return [*found, f"next: {place.step('sample', '--by', 'cluster')}"]
    return [*found, f"nothing is left to choose from; next: {place.step('pull')}"]


def _spread(sampled: Sampled) -> str:
    reached = [each for each in sampled.groups if each.chosen]
    if len(sampled.groups) < 2 or not reached:
        return ""
    least = min(each.golden + each.chosen for each in reached)
    new = sum(each.golden == 0 for each in reached)
    lacked = f"; {new} of them had nothing yet" if new and any(each.golden for each in sampled.groups) else ""
    return f": from {len(reached)} of {len(sampled.groups)} groups, which then have at least {least} each{lacked}"


def _groups(sampled: Sampled) -> list[str]:
    everything = max(1, sum(each.production for each in sampled.groups))
    shown = [each for each in sampled.groups if each.chosen]
    width = max(len(each.name) for each in shown[:_SHOWN])
    found = [
        f"  {each.name:<{width}}  {100 * each.production / everything:>3.0f} % of production"
        f"  {each.golden:>4,} had  {each.chosen:>4,} chosen"
        for each in shown[:_SHOWN]
    ]
    left = len(shown) - _SHOWN
    return [*found, f"  and {left:,} more groups (--json lists all)"] if left > 0 else found


def _evidence(place: Settings[Sample]) -> str:
    return " or ".join(each for each in place.own.by if each in ("uncertainty", "failure"))
