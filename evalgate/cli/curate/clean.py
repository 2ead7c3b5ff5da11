"""`evalgate curate clean`: candidates without personal data and secrets, duplicates and what is no good left out."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from evalgate.cli.asking import now_and_then
from evalgate.cli.curate.options import dataset_option, profile_option
from evalgate.cli.curate.places import golden_of, without_made_up
from evalgate.cli.curate.settings import Named, Settings, settings
from evalgate.cli.files import say_done
from evalgate.cli.options import cache_option, config_option, json_option, server_option

if TYPE_CHECKING:
    from evalgate.cli.curate.places import Target
    from evalgate.curate.cleaning.step import Cleaning, Report
    from evalgate.records import Example
    from evalgate.suite.curate_clean import Clean

_SHOWN: Final = 100
"""Letters of an example that are shown."""
_SOME: Final = 3
"""Candidates that are named."""


@click.command(short_help="Replace personal data; leave out what is no good.")
@dataset_option
@profile_option
@click.option("--write", is_flag=True, help="Do it: without it, what would be done is shown.")
@click.option("--personal", type=click.Choice(["replace", "keep"]), help="Whether personal data is replaced.")
@click.option("--presidio", metavar="MODEL", help="Let Presidio look too: a model of spaCy, a package or ./a/folder.")
@click.option(
    "--language", "languages", multiple=True, metavar="CODE", help="A language that is wanted: en; several times."
)
@click.option("--longest", type=int, metavar="N", help="Characters that a candidate may have.  [default: 50000]")
@click.option(
    "--near", type=float, metavar="SHARE", help="How much near duplicates have in common, 0.6 to 1.  [default: 0.75]"
)
@click.option("--failed", type=click.Choice(["out", "keep"]), help="Candidates whose span failed.  [default: out]")
@click.option("--embedding", metavar="ENDPOINT/MODEL", help="A model that says what asks the same in other words.")
@click.option("--alike", type=float, metavar="COSINE", help="How near to it that is, 0.5 to 1.  [default: 0.95]")
@config_option
@server_option
@cache_option
@json_option
def command(
    *,
    dataset: str | None,
    profile: str | None,
    write: bool,
    config: Path,
    server: str | None,
    cache: Path | None,
    as_json: bool,
    **given: Any,
) -> int:
    """Replace personal data and secrets in candidates, and leave out those that are no good, each with its reason.

    What is personal gets a pseudonym, the same one for the same person in the whole dataset. Left out are candidates
    that failed, say nothing, were cut off, are too long or in another language, that say what another one does or
    nearly so, and what is golden already. Without --write nothing is changed.
    """
    from evalgate.cli.curate.packages import require
    from evalgate.suite.curate_clean import Clean

    environ = dict(os.environ)
    named = Named(dataset=dataset, profile=profile, config=config, server=server, environ=environ)
    place = settings(Clean, lambda profile: profile.clean, named, {**given, "cache": cache})
    require(place.own, config.parent)
    golden = without_made_up(asyncio.run(golden_of(place.target, config, place.server, environ)), place.target)
    cleaning = _cleaning(place, environ, config.parent, write=write)
    _clean(cleaning, place.target, golden, write=write)
    if place.own.embedding is not None:
        _by_meaning(cleaning, place, place.own.embedding, environ, cache=cache, write=write)
    from evalgate.cli.curate.cleaning import report_json

    said = {**report_json(cleaning.report), "written": write, "file": str(place.target.candidates)}
    say_done(said, _lines(cleaning.report, place, write=write), as_json=as_json)
    return 0


def _cleaning(place: Settings[Clean], environ: Mapping[str, str], folder: Path, *, write: bool) -> Cleaning:
    from evalgate.cli.curate.cleaning import looking
    from evalgate.curate.cleaning.duplicates import Inputs
    from evalgate.curate.cleaning.step import Cleaning

    clean, at = place.own, datetime.now(UTC).isoformat(timespec="seconds")
    only_errors = place.profile is not None and place.profile.errors == "only"
    return Cleaning(
        looked=looking(
            clean, place.target.candidates, environ, folder=folder, at=at, only_errors=only_errors, writes=write
        ),
        inputs=Inputs(at_least=clean.near),
        at=at,
        tell=now_and_then(lambda far: f"{far.looked:,} candidates looked at, {far.out.total():,} left out"),
        heard=None if clean.embedding is None else [],
    )


def _clean(cleaning: Cleaning, target: Target, golden: list[Example], *, write: bool) -> None:
    from evalgate.cli.curate.places import require_candidates
    from evalgate.curate.candidates import Candidate, read_candidates, rewrite

    require_candidates(target)

    def step(candidates: Iterator[Candidate]) -> Iterator[Candidate]:
        cleaning.know(golden, read_candidates(target.candidates))
        yield from cleaning.cleaned(candidates)

    if write:
        rewrite(target.candidates, step)
    else:
        for _ in step(read_candidates(target.candidates)):
            pass


def _by_meaning(
    cleaning: Cleaning,
    place: Settings[Clean],
    model: str,
    environ: Mapping[str, str],
    *,
    cache: Path | None,
    write: bool,
) -> None:
    """Leave out what the model says asks the same in other words; what it said before costs nothing.

    It sees what is left by then, without personal data and secrets. Raises as `embeddings_asked` does: what was done
    by then stays.
    """
    from evalgate.cli.curate.models import embeddings_asked
    from evalgate.curate.candidates import rewrite
    from evalgate.curate.cleaning.meaning import doubles, texts_of

    heard = cleaning.heard or []
    if all(each.stands for each in heard):
        return
    texts = texts_of(heard)
    again = place.again("clean", *(("--write",) if write else ()))

    async def ask() -> list[list[float]]:
        async with embeddings_asked(
            model, place.config, environ, cache=cache, following=again, about=place.target.candidates
        ) as asked:
            return await asked(texts)

    found = doubles(heard, texts, asyncio.run(ask()), at_least=place.own.alike)
    cleaning.mean_the_same(found, model)
    if write and found:
        rewrite(place.target.candidates, lambda candidates: cleaning.without(candidates, found, model))


def _lines(report: Report, place: Settings[Clean], *, write: bool) -> Iterator[str]:
    from evalgate.decision.number_words import count

    done = "" if write else "would be "
    yield f"{count(report.looked, 'candidate')} in {place.target.shown_candidates}, {report.new:,} of them new"
    yield f"{done}replaced in {report.redacted:,}" if report.redacted else "nothing to replace"
    yield from _table(report, report.found, report.by)
    if report.unread:
        languages = ", ".join(f"{language} {count:,}" for language, count in report.unread.most_common(5))
        yield (
            f"{report.unread.total():,} are in languages that Presidio has no model for ({languages}): the patterns of"
            " evalgate alone looked through them"
        )
    yield from _reviewers(report, place.target)
    left = sum(report.out.values())
    yield f"{done}left out: {left:,} of {report.new:,}"
    yield from _table(report, report.out)
    if report.other_key:
        yield (
            f"{count(report.other_key, 'candidate')} {'has' if report.other_key == 1 else 'have'} pseudonyms of another"
            " key, so that a person may have two: clean"
            f" with that key in {place.own.key_env}"
        )
    yield f"{report.left:,} stay new"
    if write or not (report.redacted or left):
        yield f"{'' if write else 'clean already; '}next: {place.target.step('sample', *place.target.of_size)}"
    else:
        # What is typed once more here has to do what was shown.
        yield f"nothing was written; next: {place.again('clean', '--write')}"


def _reviewers(report: Report, target: Target) -> Iterator[str]:
    """Yield what is left in answers that reviewers wrote or took: they decide, and what was decided is pushed."""
    held = [*report.held_by, *report.held_golden]
    if not held:
        return
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(report.theirs.items()))
    if len(held) == 1:
        yield f"the answer of 1 reviewed candidate stays as its reviewer left it, and holds {kinds}"
    else:
        yield f"answers of {len(held):,} reviewed candidates stay as their reviewers left them, and hold {kinds}"
    if report.held_by:
        some = [part for each in report.held_by[:_SOME] for part in ("--id", each)]
        more = f"; --json names all {len(report.held_by):,}" if len(report.held_by) > _SOME else ""
        yield f"  to decide again: {target.step('review', *some)}{more}"
    if report.held_golden:
        yield f"  golden by now, to be edited in the dataset: {', '.join(report.held_golden[:_SOME])}"


def _table(report: Report, counts: Mapping[str, int], by: Mapping[tuple[str, str], int] | None = None) -> Iterator[str]:
    from evalgate.curate.cleaning.findings import OWN

    for what, count in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        others = [f"{found:,} by {name}" for (kind, name), found in (by or {}).items() if kind == what and name != OWN]
        yield f"  {what:<20} {count:>7,}{''.join(f', {each}' for each in others)}"
        for shown in report.shown[what]:
            text = " ".join(shown.text.split())
            text = f"{text[:_SHOWN]}…" if len(text) > _SHOWN else text
            yield f"      {shown.id}{f' {shown.why}' if shown.why else ''}{f': {text}' if text else ''}"
