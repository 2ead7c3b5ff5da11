"""Decisions that are made elsewhere: by rules that name themselves, and by annotations in Phoenix."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from evalgate.cli.asking import tell
from evalgate.cli.curate.reviewed import Ended
from evalgate.errors import ConfigurationError

if TYPE_CHECKING:
    from evalgate.cli.curate.places import Target
    from evalgate.curate.reviewing.annotated import Annotated
    from evalgate.curate.reviewing.rules import Condition, Rule
    from evalgate.phoenix.address import Address
    from evalgate.phoenix.annotations.spans import Project

_SHOWN: Final = 20
"""Names of annotations that are listed."""


def decide_by_rules(
    target: Target, accept: Sequence[str], reject: Sequence[str], states: Sequence[str], *, now: str
) -> Ended:
    """Decide where conditions hold; all of one flag have to, and rejecting goes before accepting."""
    from evalgate.curate.candidates import State, read_candidates
    from evalgate.curate.reviewing.queue import open_state
    from evalgate.curate.reviewing.reviews import append_reviews, read_reviews
    from evalgate.curate.reviewing.rules import Rule, by_rules

    rules = [Rule(decision="rejected", conditions=tuple(map(_condition, reject)))] if reject else []
    rules += [Rule(decision="accepted", conditions=tuple(map(_condition, accept)))] if accept else []
    wanted = frozenset(map(State, states)) or frozenset({open_state(target.candidates)})
    read = read_candidates(target.candidates)
    made = list(by_rules(read, read_reviews(target.candidates), rules, states=wanted, at=now))
    if made:
        append_reviews(target.candidates, made)
    said = {rule.name: sum(each.who == rule.name for each in made) for rule in rules}
    lines = [f"{number:,} {_word(rules, name)} by the rule {name}" for name, number in said.items()]
    if not made:
        lines.append(f"no candidate that is {' or '.join(sorted(wanted))} and undecided is as the rule asks")
        lines += _unknown(target, rules)
    return Ended(lines=tuple(lines), said={"decided": len(made), "rules": said})


def decide_by_annotations(target: Target, name: str, *, config: Path, profile: str | None, server: str | None) -> Ended:
    """Take what people said in Phoenix under `name` of the spans that candidates were made of."""
    from evalgate.cli.curate.settings import profile_of
    from evalgate.cli.dataset_places import address_for
    from evalgate.curate.candidates import read_candidates

    environ = dict(os.environ)
    if profile is not None and server is None:
        server = profile_of(config, profile, {}, environ)[0].server
    address = address_for(config, server, environ)
    named = (each.source.get("project") for each in read_candidates(target.candidates))
    projects = sorted({each for each in named if isinstance(each, str)})
    if not projects:
        raise ConfigurationError(
            f"no candidate in {target.candidates} says which project it is of",
            next_step="evalgate curate pull PROJECT takes some that do",
        )
    tell(f"reading {name} from {address.shown}")
    found = asyncio.run(_annotated(target, address, projects, name))
    counts = [(found.known, "known before"), (found.machines, "not by a person"), (found.elsewhere, "of other spans")]
    said = [f"{len(found.reviews):,} decided by people in Phoenix, under {name}"]
    said += [f"{number:,} {what}" for number, what in counts if number]
    lines = ["; ".join(said)]
    if found.other:
        labels = ", ".join(f"{label} ({number})" for label, number in found.other.most_common(5))
        lines.append(f"what decides is accept and reject; others were passed over: {labels}")
    return Ended(
        lines=tuple(lines),
        said={
            "decided": len(found.reviews),
            "known": found.known,
            "machines": found.machines,
            "elsewhere": found.elsewhere,
            "other": dict(found.other),
        },
    )


def _unknown(target: Target, rules: Sequence[Rule]) -> list[str]:
    """Return what a rule asks about that no candidate has: it holds of none, whatever was meant."""
    from evalgate.curate.candidates import read_candidates
    from evalgate.curate.reviewing.rules import values

    paths = {each.path for rule in rules for each in rule.conditions}
    for candidate in read_candidates(target.candidates):
        paths -= {path for path in paths if any(True for _ in values(path, candidate))}
    said = {path: "; curate pull --annotation takes them along" for path in paths if path.startswith("annotation.")}
    return [f"no candidate has {path}{said.get(path, '')}" for path in sorted(paths)]


async def _annotated(target: Target, address: Address, projects: Sequence[str], name: str) -> Annotated:
    from collections.abc import AsyncIterator

    from evalgate.curate.candidates import read_candidates
    from evalgate.curate.reviewing.annotated import by_annotations
    from evalgate.curate.reviewing.reviews import append_reviews, read_reviews
    from evalgate.phoenix.annotations.spans import AnnotatedSpan, annotated_spans, find_project
    from evalgate.phoenix.connection import connect

    async with connect(address) as connection:
        read_from = [await find_project(connection, each) for each in projects]
        _require_used(target, read_from, name)

        async def spans() -> AsyncIterator[AnnotatedSpan]:
            for project in read_from:
                async for span in annotated_spans(connection, project, name):
                    yield span

        read = read_candidates(target.candidates)
        found = await by_annotations(spans(), read, read_reviews(target.candidates), name=name)
    if found.reviews:
        append_reviews(target.candidates, found.reviews)
    return found


def _require_used(target: Target, projects: Sequence[Project], name: str) -> None:
    """Raise DatasetError where nobody said anything under `name`: it may be misspelt, and nothing would be decided."""
    import difflib

    from evalgate.encoding import printable
    from evalgate.errors import DatasetError

    others = sorted({each for project in projects for each in project.annotations})
    if name in others:
        return
    there = f"; there are {', '.join(map(printable, others[:_SHOWN]))}" if others else ", and no others"
    instead = ""
    if others:
        near = difflib.get_close_matches(name, others, n=1)
        instead = f"; or `{printable(target.step('review', '--annotations', near[0] if near else 'NAME'))}`"
    raise DatasetError(
        f"no span of {', '.join(printable(each.name) for each in projects)} has annotations `{printable(name)}`{there}",
        next_step=f"annotate spans in Phoenix under {printable(name)}, with the labels accept and reject{instead}",
    )


def _condition(text: str) -> Condition:
    from evalgate.curate.reviewing.rules import condition

    try:
        return condition(text)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _word(rules: Sequence[Rule], name: str) -> str:
    return next(each.decision for each in rules if each.name == name)
