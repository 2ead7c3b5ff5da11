"""`evalgate curate label`: what a model proposes of candidates: the expected answer, labels, an explanation."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalgate.cli.asking import counting, tell
from evalgate.cli.curate.labelling import labelling_place, phoenix_of, refuse_part
from evalgate.cli.curate.options import (
    STATES,
    dataset_option,
    profile_option,
    states_option,
    steps_option,
    taxonomy_option,
)
from evalgate.cli.curate.places import require_candidates
from evalgate.cli.curate.settings import Named
from evalgate.cli.files import say_done
from evalgate.cli.options import cache_option, config_option, json_option, server_option

if TYPE_CHECKING:
    from evalgate.cli.curate.labelling import Place
    from evalgate.cli.curate.models import Asking
    from evalgate.curate.candidates import State
    from evalgate.curate.labelling.labelling import Labeller
    from evalgate.phoenix.address import Address
    from evalgate.records import JsonObject

_PAID = "what was answered by then costs nothing the next time"


@click.command(short_help="Let a model propose answers and labels.")
@dataset_option
@profile_option
@click.option("--model", metavar="ENDPOINT/MODEL", help="The model that is asked.")
@taxonomy_option
@click.option("--answers/--no-answers", default=None, help="--no-answers: labels alone, no expected answer.")
@states_option("chosen")
@steps_option
@click.option("--annotate/--no-annotate", default=None, help="Write labels to Phoenix, as annotations of the spans.")
@config_option
@cache_option
@server_option
@json_option
def command(
    *,
    dataset: str | None,
    profile: str | None,
    states: tuple[str, ...],
    config: Path,
    cache: Path | None,
    server: str | None,
    as_json: bool,
    **given: Any,
) -> int:
    """Let a model propose answers and labels.

    For each candidate that was chosen it proposes the expected answer, a label of a taxonomy, and why. Nothing is
    decided by that: proposals stand beside a candidate for whoever reviews it. A candidate is put to a model
    once, and again where it, the model or the taxonomy has changed.
    """
    environ = dict(os.environ)
    named = Named(dataset=dataset, profile=profile, config=config, server=server, environ=environ)
    place = labelling_place(named, {**given, "cache": cache})
    require_candidates(place.target)
    wants = place.label.annotate or place.label.steps
    address = phoenix_of(place, server, config, environ) if wants else None
    from evalgate.curate.candidates import State

    wanted = frozenset(map(State, states or ("chosen",)))
    counts = asyncio.run(_label(place, wanted, config, environ, cache=cache, address=address))
    if address is not None and place.label.annotate:
        counts["annotated"], counts["spans_gone"] = asyncio.run(_annotate(place, wanted, counts["taxonomy"], address))
    _say(counts, place, as_json=as_json)
    return 0


async def _annotate(place: Place, states: frozenset[State], taxonomy: str, address: Address) -> tuple[int, int]:
    """Write what labels there are to the spans; return how many have theirs, and how many spans are gone."""
    from evalgate.curate.candidates import read_candidates
    from evalgate.curate.labelling.annotations import annotations_of
    from evalgate.errors import MeasurementError
    from evalgate.phoenix.annotations.writing import annotate_spans
    from evalgate.phoenix.connection import PhoenixError, connect

    candidates = (each for each in read_candidates(place.target.candidates) if each.state in states)
    labels = list(annotations_of(candidates, taxonomy, server=address.base_url))
    try:
        async with connect(address) as connection:
            gone = await annotate_spans(connection, labels)
    except PhoenixError as error:
        again = place.step("label", *_typed(states), *dict.fromkeys((*place.flags, "--annotate")))
        raise MeasurementError(
            f"{error.message}; the labels are kept in {place.target.shown_candidates}",
            next_step=f"{error.next_step}; then {again}" if error.status in (401, 403) else again,
        ) from None
    return len(labels) - gone, gone


def _typed(states: frozenset[State]) -> tuple[str, ...]:
    """Return the flags that say which candidates are labelled: none for those that were chosen."""
    said = [each for each in STATES if each in states]
    return () if said == ["chosen"] else tuple(part for each in said for part in ("--state", each))


async def _greet(address: Address) -> None:
    """Raises PhoenixError where the server is away or refuses the key: before anything is paid for its sake."""
    from evalgate.phoenix.connection import connect
    from evalgate.phoenix.greeting import greet

    async with connect(address) as connection:
        await greet(connection)


async def _label(
    place: Place,
    states: frozenset[State],
    config: Path,
    environ: Mapping[str, str],
    *,
    cache: Path | None,
    address: Address | None,
) -> dict[str, Any]:
    from contextlib import AsyncExitStack

    from evalgate.cli.curate.models import model_asked
    from evalgate.curate.candidates import read_candidates
    from evalgate.curate.labelling.labelling import Labeller, ask_all
    from evalgate.curate.labelling.taxonomies import taxonomy_of
    from evalgate.decision.number_words import count

    taxonomy = taxonomy_of(place.label.taxonomy, config.parent)
    file = place.target.candidates
    again = place.step("label", *_typed(states), *place.flags)
    async with AsyncExitStack() as stack:
        asking = await stack.enter_async_context(
            model_asked(place.model, place.loaded, environ, cache=cache, following=again, about=file)
        )
        steps = None
        if place.label.steps and address is not None:
            from evalgate.cli.curate.trajectories import steps_read

            reading = steps_read(address, place.clean, file, environ, folder=config.parent)
            steps = await stack.enter_async_context(reading)
        labeller = Labeller(
            model=asking.model, taxonomy=taxonomy, answers=place.label.answers, states=states, steps=steps
        )
        due = sum(labeller.is_due(each) for each in read_candidates(file))
        if due:
            if address is not None and place.label.annotate:
                await _greet(address)
            tell(f"asking {place.model} about {count(due, 'candidate')}")
        told = counting("labelled")
        found = await ask_all(read_candidates(file), labeller, stop=asking.stop, tell=lambda done: told(done, due))
        _keep(file, found.marks, labeller, asking, again)
        kept = f"{len(found.marks):,} of {due:,} were labelled and are kept"
        refuse_part(asking, failed=found.failed, why=found.why, kept=kept, again=again)
    return _counts(file, labeller, new=len(found.marks))


def _keep(
    file: Path, marks: Mapping[str, tuple[str, JsonObject]], labeller: Labeller, asking: Asking, again: str
) -> None:
    """Write what was proposed of candidates. Where that cannot be, say that nothing is paid for again, and raise."""
    from evalgate.curate.candidates import rewrite
    from evalgate.curate.holding import WAIT_S
    from evalgate.curate.labelling.labelling import labelled
    from evalgate.errors import EvalgateError

    if not marks:
        return
    now = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        rewrite(file, lambda candidates: labelled(candidates, marks, labeller, now=now), seconds=WAIT_S)
    except EvalgateError as error:
        refuse_part(asking, failed=0, why="", kept=f"{error.message}; {_PAID}", again=again)
        tell(_PAID)
        raise


def _counts(file: Path, labeller: Labeller, *, new: int) -> dict[str, Any]:
    """Return what the candidates that are labelled have now: how many, how many of them are `new`, and by label."""
    from collections import Counter

    from evalgate.curate.candidates import read_candidates
    from evalgate.curate.labelling.labelling import labels_of
    from evalgate.curate.labelling.proposals import proposal_of

    by_label: Counter[str] = Counter()
    whole = unlabelled = answers = 0
    everything = 0
    for everything, each in enumerate(read_candidates(file), start=1):  # noqa: B007  # the last of them is the count
        if each.state in labeller.states:
            whole += 1
            labels = labels_of(each, labeller.taxonomy.name)
            by_label.update(labels)
            unlabelled += not labels
            answers += proposal_of(each).get("output") is not None
    return {
        "candidates": str(file),
        "taxonomy": labeller.taxonomy.name,
        "all": everything,
        "of": whole,
        "new": new,
        "unlabelled": unlabelled,
        "answers": answers,
        "labels": {label: by_label[label] for label in labeller.taxonomy.labels},
    }


def _say(counts: Mapping[str, Any], place: Place, *, as_json: bool) -> None:
    if not counts["of"]:
        lines = [f"no candidate is in that state; next: {place.step('sample', *place.target.of_size)}"]
    else:
        given = "; ".join(f"{number:,} {label}" for label, number in counts["labels"].items() if number)
        known = counts["of"] - counts["new"]
        lines = [
            f"{counts['new']:,} labelled of {counts['of']:,}" + (f"; {known:,} were before" if known else ""),
            f"{counts['taxonomy']}: {given or 'no label was given'}",
        ]
        if counts["unlabelled"]:
            one = counts["unlabelled"] == 1
            lines.append(f"{counts['unlabelled']:,} {'has' if one else 'have'} no label: the history says why")
        if counts["answers"]:
            lines.append(f"for {counts['answers']:,} another answer is proposed")
        if "annotated" in counts:
            gone = f"; {counts['spans_gone']:,} spans are gone" if counts["spans_gone"] else ""
            lines.append(f"{counts['annotated']:,} labels are in Phoenix{gone}")
        lines.append(f"next: {place.step('review')}")
    say_done(counts, lines, as_json=as_json)
