"""`evalgate curate drift`: how far production is from the golden dataset."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalgate.cli.curate.options import (
    dataset_option,
    embedding_option,
    profile_option,
    read_times,
    seed_option,
    since_option,
    until_option,
)
from evalgate.cli.files import say_done
from evalgate.cli.options import cache_option, config_option, json_option, server_option

if TYPE_CHECKING:
    from evalgate.cli.curate.places import Target
    from evalgate.cli.curate.settings import Settings
    from evalgate.curate.candidates import Candidate
    from evalgate.curate.sampling.drift import Drift, Period, Questions
    from evalgate.suite.curate_sample import Sample

_SHOWN = 8
"""Topics that are listed."""
_MAYBE = 0.05
"""A p-value that is no evidence, and no reason to be sure of the contrary."""


@click.command(short_help="Compare production with the golden dataset.")
@dataset_option
@profile_option
@since_option
@until_option
@click.option("--clusters", type=click.IntRange(min=1, max=200), help="How many topics are told apart.")
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
    since: str | None,
    until: str | None,
    config: Path,
    server: str | None,
    cache: Path | None,
    as_json: bool,
    **given: Any,
) -> int:
    """Say how far production is from the golden dataset, and what to add.

    It reads the candidates beside the dataset, so pull first. Nothing is written, and drift is no failure: the exit
    code is 0 either way, and --json has `drifted`.
    """
    from evalgate.cli.curate.sampling import sampling_settings
    from evalgate.cli.curate.settings import typed

    place = sampling_settings(dataset, profile, config, server, {**given, "cache": cache})
    again = place.again("drift", *typed({"since": since, "until": until}))
    found, waiting = asyncio.run(_drift(place, _period(place, since, until), cache, again))
    say_done(asdict(found), lines(found, place.target, waiting), as_json=as_json)
    return 0


def _period(place: Settings[Sample], since: str | None, until: str | None) -> Period:
    """Return the period that flags say, over the profile's, over the last week. Raises as `read_times` does."""
    from evalgate.curate.sampling.drift import Period

    now, profile = datetime.now(UTC), place.profile
    own = None if (since, until) != (None, None) else place.named.profile
    since = since if since is not None else "7d" if profile is None else profile.since
    until = until if until is not None or profile is None else profile.until
    start, end = read_times(since, until, now, own=own)
    return Period(start=start, end=end or now)


async def _drift(place: Settings[Sample], period: Period, cache: Path | None, again: str) -> tuple[Drift, int]:
    """Return what is said of drift, and how many candidates wait for review: a sample counts them."""
    from evalgate.cli.curate.places import golden_of, without_made_up
    from evalgate.cli.curate.sampling import pseudonyms_at_hand, vectors_for
    from evalgate.curate.candidates import State, read_candidates
    from evalgate.curate.sampling.drift import drift, questions_of

    everything = await golden_of(place.target, place.named.config, place.server, os.environ)
    golden = without_made_up(everything, place.target)
    waiting = 0

    def read() -> Iterator[Candidate]:
        nonlocal waiting
        for each in read_candidates(place.target.candidates):
            waiting += each.state is State.CHOSEN
            yield each

    questions = questions_of(read(), golden, period, pseudonyms_at_hand(place))
    _check(questions, place, period)
    async with vectors_for(place, cache=cache, following=again) as vectors:
        return await drift(questions, period, place.own, vectors=vectors), waiting


def _check(questions: Questions, place: Settings[Sample], period: Period) -> None:
    """Raise MeasurementError where there is nothing to compare."""
    from evalgate.errors import MeasurementError

    if not questions.now:
        if questions.latest is None:
            when = "none of them says that it was asked before then"
        else:
            when = f"the latest is of {questions.latest:%Y-%m-%d %H:%M}"
        raise MeasurementError(
            f"{place.target.shown_candidates} has nothing that was asked from {period.start:%Y-%m-%d %H:%M} to"
            f" {period.end:%Y-%m-%d %H:%M} UTC: {when}",
            next_step=f"say an earlier --since, or `{place.step('pull')}`",
        )
    if not questions.golden:
        raise MeasurementError(
            f"{place.target.shown} has no examples: there is nothing to be far from",
            next_step=place.step("sample"),
        )


def lines(drift: Drift, target: Target, waiting: int) -> list[str]:
    """Return what is said of it: whether, how far, which topics are missing, and what comes next."""
    from evalgate.decision.number_words import count

    asked, golden = count(drift.production, "question"), count(drift.golden, "golden example")
    found = [
        f"{asked} from {drift.start[:10]} to {drift.end[:10]}, {golden}",
        _verdict(drift),
        f"{100 * drift.covered:.0f} % of production is in topics that the dataset has",
        *_before(drift),
    ]
    lacking = [each for each in drift.topics if each.lacking]
    if lacking:
        found.append("what it lacks:")
        found += [
            f"  {100 * each.share:>3.0f} % of production, {each.golden:,} golden: {each.name}"
            f" (add {each.add:,}{_luck(each.p)}), as in {_quoted(each.questions[0])}"
            for each in lacking[:_SHOWN]
        ]
    if len(lacking) > _SHOWN:
        found.append(f"  and {len(lacking) - _SHOWN:,} more topics (--json lists all)")
    if drift.unasked:
        found.append(f"nobody asked about: {'; '.join(drift.unasked[:_SHOWN])}")
    wanted = sum(each.add for each in lacking)
    if not wanted:
        if drift.test is None:
            return [*found, f"what it lacks cannot be told from so few; next: {_more(drift, target)}"]
        return [*found, "it lacks nothing"]
    if any(each.candidates for each in lacking):
        return [*found, f"next: {target.step('sample', '--size', str(waiting + wanted))}"]
    return [*found, f"none of these is a candidate; next: {target.step('pull')}"]


def _more(drift: Drift, target: Target) -> str:
    """Return the step that brings what there is too little of."""
    from evalgate.curate.sampling.drift import FEW

    return target.step("sample", *target.of_size) if drift.golden < FEW else target.step("pull")


def _verdict(drift: Drift) -> str:
    from evalgate.curate.sampling.drift import FEW

    test = drift.test
    if test is None:
        return f"too little to tell whether production has drifted: it takes {FEW} conversations and {FEW} examples"
    figures = f"{100 * test.reached:.0f} % of questions are near an example, {100 * test.usual:.0f} % would be usual"
    if drift.drifted:
        return f"production has drifted: it asks what the dataset does not ({figures}; {_by_luck(test.p)})"
    if test.p <= _MAYBE or any(each.lacking and not _luck(each.p) for each in drift.topics):
        how = f"{figures}; {_by_luck(test.p)}" if test.p <= _MAYBE else figures
        return f"production may have drifted, which more questions or examples would tell ({how})"
    return f"no sign that production asks what the dataset does not ({figures})"


def _before(drift: Drift) -> list[str]:
    from evalgate.curate.sampling.drift import ALPHA

    test = drift.since_before
    if test is None:
        return []
    changed = test.p <= ALPHA
    word = "production has changed" if changed else "no sign that production has changed"
    luck = f"; {_by_luck(test.p)}" if changed else ""
    return [f"{word} since before this period ({test.others:,} conversations before it{luck})"]


def _by_luck(p: float) -> str:
    from evalgate.decision.number_words import times_in_100

    return f"by luck {times_in_100(p)}"


def _luck(p: float | None) -> str:
    from evalgate.curate.sampling.drift import ALPHA

    if p is None or p <= ALPHA:
        return ""
    return "; may be luck"


def _quoted(text: str) -> str:
    plain = " ".join(text.split())
    return f"“{plain[:80]}{'…' if len(plain) > 80 else ''}”"
