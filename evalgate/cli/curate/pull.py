"""`evalgate curate pull`: spans of a project in Phoenix as candidates for a golden dataset."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalgate.cli.asking import now_and_then, tell
from evalgate.cli.curate.flags import said_of
from evalgate.cli.curate.inside import refuse_outside
from evalgate.cli.curate.options import dataset_option, profile_option, read_times, since_option, until_option
from evalgate.cli.curate.places import named_by, target_of
from evalgate.cli.curate.settings import profile_of
from evalgate.cli.files import say_done
from evalgate.cli.options import config_option, journal_option, json_option, server_option

if TYPE_CHECKING:
    from evalgate.cli.curate.from_gate import Opened
    from evalgate.cli.curate.places import Target
    from evalgate.curate.pulling.pull import Asked, Pulled
    from evalgate.phoenix.address import Address
    from evalgate.suite.curate import Profile


@click.command(short_help="Take spans from Phoenix as candidates.")
@click.argument("project", required=False)
@dataset_option
@profile_option
@since_option
@until_option
@click.option(
    "--per",
    type=click.Choice(["trace", "call"]),
    help="One example of a trace, or of each call of a model.  [default: trace]",
)
@click.option("--kind", multiple=True, help="Kinds of spans: LLM, CHAIN, AGENT; several times.")
@click.option("--name", "names", multiple=True, help="Names of spans; several times.")
@click.option("--status", multiple=True, type=click.Choice(["OK", "ERROR", "UNSET"]), help="Their status.")
@click.option(
    "--errors",
    type=click.Choice(["with", "without", "only"]),
    help="Whether to take spans that failed.  [default: with]",
)
@click.option("--attribute", "attributes", multiple=True, metavar="KEY=VALUE", help="An attribute: metadata.tier=gold.")
@click.option("--session", "sessions", multiple=True, metavar="ID", help="Spans of this session; several times.")
@click.option(
    "--annotation",
    "annotations",
    multiple=True,
    metavar="NAME[=LABEL]",
    help="What was said of a span: correctness, correctness=incorrect, 'helpful>=0.5'.",
)
@click.option("--annotator", type=click.Choice(["HUMAN", "LLM", "CODE"]), help="Who said it.")
@click.option("--where", metavar="CONDITION", help="A condition as Phoenix's filter takes it: 'latency_ms > 5000'.")
@click.option("--settle", metavar="PERIOD", help="Leave spans that ended less than this ago.  [default: 1m]")
@click.option(
    "--from-gate",
    "build",
    metavar="BUILD",
    help="Examples that this build (its id, a file of it, latest) found worse, or this noise study flaky, and only"
    " spans that are like them. Without PROJECT the examples alone.",
)
@journal_option
@config_option
@server_option
@json_option
def command(
    *,
    project: str | None,
    dataset: str | None,
    profile: str | None,
    build: str | None,
    journal: Path | None,
    config: Path,
    as_json: bool,
    **given: Any,
) -> int:
    """Take spans from Phoenix as candidates; those that were taken before are known.

    PROJECT is a project's name. Candidates are kept beside the dataset (support.jsonl has support.candidates.jsonl),
    and only what is new is added. A pull that was ended goes on where it was when the same is asked for again.
    """
    environ = dict(os.environ)
    said = said_of(given, project=project, dataset=dataset)
    now = datetime.now(UTC)
    gate = None
    if build is not None:
        from evalgate.cli.curate.from_gate import Gate

        gate = Gate.of(build, journal, config, now)
        if profile is None and "dataset" not in said:
            said["dataset"] = gate.dataset
        if profile is None and project is None:
            alone = gate.open(said["dataset"])
            say_done(alone.as_json, [*alone.lines, alone.alone], as_json=as_json)
            return 0
    if profile is None:
        _require(said)
    chosen, servers = profile_of(config, profile, said, environ)
    target = target_of(chosen.dataset, config.parent, named_by(profile, dataset, config, given["server"]))
    if profile is not None and "dataset" not in said:
        refuse_outside(profile, target, config, environ)
    from evalgate.phoenix.address import address_in

    address = address_in(servers, chosen.server, environ, config=config)
    asked = _asked(chosen, address, now, own=None if {"since", "until"} & said.keys() else profile)
    opened = None if gate is None else gate.open(chosen.dataset.model_dump(exclude_none=True))
    tell(f"reading {chosen.project} from {address.shown}")
    pulled = asyncio.run(_pull(address, chosen, asked, target, now, config=config, opened=opened))
    found, lines = {**asdict(pulled), "candidates": str(target.candidates)}, _lines(pulled, chosen, target)
    if opened is not None:
        found = {**found, **opened.as_json}
        lines = [*opened.lines, *lines, *([] if pulled.new else [opened.following])]
    say_done(found, lines, as_json=as_json)
    return 0


def _require(said: Mapping[str, Any]) -> None:
    """Raise UsageError where no profile says what was not said."""
    for key, flag in (("project", "PROJECT"), ("dataset", "--dataset FILE")):
        if key not in said:
            raise click.UsageError(f"name {flag}, or a --profile of the config that says it")


async def _pull(
    address: Address,
    profile: Profile,
    asked: Asked,
    target: Target,
    now: datetime,
    *,
    config: Path,
    opened: Opened | None,
) -> Pulled:
    from evalgate.cli.curate.cleaning import BeforeWriting
    from evalgate.cli.curate.places import golden_ids
    from evalgate.curate.pulling.pull import pull
    from evalgate.errors import MeasurementError
    from evalgate.phoenix.annotations.spans import find_project
    from evalgate.phoenix.connection import PhoenixError, connect

    async with connect(address) as connection:
        project = await find_project(connection, profile.project)
        if opened is not None:
            asked = replace(asked, spec={"pull": asked.spec, "from": opened.spec})
        server = profile.dataset.server or profile.server
        golden = [each async for each in golden_ids(target, config, server, os.environ)]
        at = now.isoformat(timespec="seconds")
        prepared = BeforeWriting(profile.clean, target.candidates, os.environ, at, folder=config.parent)
        try:
            pulled = await pull(
                connection,
                project,
                asked,
                candidates=target.candidates,
                golden=golden,
                now=now,
                prepared=prepared,
                looked_for=opened.neighbours.marked if opened is not None else lambda each: each,
                tell=now_and_then(lambda far: f"{far.read:,} spans read, {far.new:,} new"),
            )
        except PhoenixError as error:
            again = "run the same again: it goes on"
            raise MeasurementError(
                f"{error.message}; what was read so far is kept",
                next_step=f"{error.next_step}; then {again}" if error.next_step and not error.passing else again,
            ) from None
        prepared.say()
        return pulled


def _asked(profile: Profile, address: Address, now: datetime, *, own: str | None) -> Asked:
    from evalgate.curate.pulling.pull import Asked
    from evalgate.phoenix.spans.reading import Remark, Selection
    from evalgate.suite.periods import seconds_of

    begin, end = read_times(profile.since, profile.until, now, own=own)
    of_errors: dict[str, tuple[str, ...]] = {"only": ("ERROR",), "without": ("OK", "UNSET")}
    # Spans of other conventions have no kind of their own: they are looked at one by one.
    calls = ("LLM", "UNKNOWN") if profile.per == "call" else ()
    return Asked(
        selection=Selection(
            start=begin.isoformat(),
            end=None if end is None else end.isoformat(),
            roots=profile.per == "trace",
            kinds=profile.kind or calls,
            names=profile.name,
            statuses=profile.status or of_errors.get(profile.errors, ()),
            sessions=profile.session,
            attributes=profile.attributes,
            remarks=tuple(Remark(**each.model_dump()) for each in profile.annotation),
            condition=profile.where,
        ),
        calls_only=profile.per == "call" and not profile.kind,
        per_trace=profile.per == "trace",
        errors=profile.errors,
        settle=timedelta(seconds=seconds_of(profile.settle)),
        spec={"profile": profile.model_dump(mode="json"), "server": address.base_url},
    )


def _when(profile: Profile) -> str:
    """Return in words from when to when spans were looked for."""
    from evalgate.suite.periods import is_period

    since, until = profile.since, profile.until
    if until is None:
        return f"in the last {since}" if is_period(since) else f"since {since}"
    begin, end = (f"{each} ago" if is_period(each) else each for each in (since, until))
    return f"from {begin} to {end}"


def none_found(profile: Profile) -> str:
    """Say that nothing was found of what a profile asks for, and of when."""
    what = "call of a model" if profile.per == "call" else "trace"
    return f"no {what} of {profile.project} that began {_when(profile)} is as asked"


def _lines(pulled: Pulled, profile: Profile, target: Target) -> list[str]:
    counts = (
        (pulled.known, "known"),
        (pulled.without_input, "without input"),
        (pulled.too_large, "larger than a million characters, or nested too deep"),
        (pulled.arriving, "still arriving, left for the next time"),
        (pulled.twice, "with an id that another has"),
        (pulled.unusable, "without a usable id"),
        (pulled.unlike, "unlike what the gate found"),
        (pulled.left_out, "no call of a model" if profile.per == "call" else "left out"),
    )
    said = "; ".join(f"{number:,} {what}" for number, what in counts if number)
    lines = [f"{pulled.new:,} new of {pulled.read:,}" + (f"; {said}" if said else "")]
    if pulled.without_output:
        have = "has" if pulled.without_output == 1 else "have"
        lines.append(f"{pulled.without_output:,} of the new ones {have} no output")
    if pulled.resumed:
        lines.append("a pull that was ended before its time went on")
    if not pulled.read:
        lines.append(f"{none_found(profile)}; next: an earlier --since, or fewer filters")
        if profile.per == "trace":
            lines.append("where traces begin in a program that Phoenix does not see, --per call takes what is below")
    elif pulled.new:
        lines.append(f"in {target.shown_candidates}; next: {target.step('clean')}")
    return lines
