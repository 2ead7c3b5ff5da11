"""`evalgate curate push`: accepted candidates become golden, in the dataset's file or in Phoenix, shown before."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalgate.cli.asking import agreed, tell
from evalgate.cli.curate.options import dataset_option, profile_option
from evalgate.cli.curate.places import decided_candidates, require_candidates
from evalgate.cli.curate.pushed import Done, as_json_of, lines_of, shown_of
from evalgate.cli.curate.settings import Named, cleaned_by, dataset_named
from evalgate.cli.files import say_done
from evalgate.cli.options import config_option, json_option, server_option, yes_option

if TYPE_CHECKING:
    from evalgate.cli.curate.places import Target
    from evalgate.curate.cleaning.redaction import Redactor
    from evalgate.curate.pushing.pushing import Accepted, Plan
    from evalgate.phoenix.address import Address
    from evalgate.phoenix.datasets.changes import Changes
    from evalgate.phoenix.datasets.pushing import Pushed, Why
    from evalgate.records import Example


@click.command(short_help="Put accepted candidates into the golden dataset.")
@dataset_option
@profile_option
@click.option("--phoenix", "mirror", metavar="NAME", help="Put the dataset's file into this dataset of Phoenix, too.")
@click.option("--tag", metavar="TAG", help="What this version is called.  [default: golden- and today's date]")
@click.option("--message", metavar="WHY", help="What the version says of itself, beside its tag.")
@click.option("--replace", is_flag=True, help="Where the dataset has other content under a candidate's id, replace it.")
@config_option
@server_option
@yes_option
@json_option
def command(
    *,
    dataset: str | None,
    profile: str | None,
    mirror: str | None,
    tag: str | None,
    message: str | None,
    replace: bool,
    config: Path,
    server: str | None,
    yes: bool,
    as_json: bool,
) -> int:
    """Put accepted candidates into the golden dataset, in a file or in Phoenix.

    What changes is shown and asked for. Each example keeps what was done to it under metadata.curated and, in Phoenix,
    is linked to its span. Pushing again changes nothing; a push that was ended is finished by the same command.
    """
    from evalgate.cli.curate.cleaning import unwritable
    from evalgate.curate.holding import held

    environ = dict(os.environ)
    named = Named(dataset=dataset, profile=profile, config=config, server=server, environ=environ)
    target, of_profile = dataset_named(named)
    if mirror is not None and target.phoenix is not None:
        raise click.UsageError("--phoenix puts a file into Phoenix too: this dataset is there already")
    if mirror is None:
        require_candidates(target)
    address = None
    if target.phoenix is not None or mirror is not None:
        from evalgate.cli.dataset_places import address_for

        address = address_for(config, of_profile, environ)
    look = unwritable(cleaned_by(named), target.candidates, environ, folder=config.parent)
    said = _Said(tag=tag, message=message, replace=replace, yes=yes, as_json=as_json, look=look)
    with held(target.candidates):
        done = _push(target, mirror, address, said, environ)
    if done is not None:
        say_done(as_json_of(done, target), lines_of(done, target), as_json=as_json)
    return 0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Said:
    """What was said beside the dataset; `look` finds what nobody may write."""

    tag: str | None
    message: str | None
    replace: bool
    yes: bool
    as_json: bool
    look: Redactor


def _push(
    target: Target, mirror: str | None, address: Address | None, said: _Said, environ: Mapping[str, str]
) -> Done | None:
    """Do it and return what it came to; None where it was not agreed to."""
    from evalgate.curate.pushing.pushing import accepted_of, free_tag, planned, reasons

    accepted = accepted_of(decided_candidates(target.candidates), said.look)
    if target.phoenix is not None and address is not None:
        tell(f"reading {target.phoenix} from {address.shown}")
        there, made_of = asyncio.run(_in_phoenix(address, target.phoenix, accepted))
    else:
        there, made_of = _in_file(target), {}
    plan = planned(there, accepted.candidates, made_of=made_of, replaces=said.replace)
    if not plan.golden and mirror is None:
        return Done(accepted=accepted, plan=plan)
    now = datetime.now(UTC)
    tag = free_tag(said.tag or f"golden-{now.date().isoformat()}", accepted.tags)
    words = said.message or reasons(accepted.candidates, plan.golden)
    changes = None
    if address is not None:
        name = target.phoenix or str(mirror)
        own = [each for each in plan.own if target.phoenix is None or each.id in plan.golden]
        changes = asyncio.run(_compared(address, name, own))
    if not said.as_json:
        _show(there, accepted, plan, changes, target)
    places = [target.shown] if plan.changed and target.file is not None else []
    places += [f"{changes.name} in Phoenix"] if changes else []
    if places and not agreed(f"push this to {' and '.join(places)}?", yes=said.yes):
        return None
    version = _written(target, there, plan)
    mirrored = None
    if address is not None and changes is not None:
        mirrored = _to_phoenix(address, changes, _why(f"{tag}: {words}", tag, target, environ))
        version = version or (mirrored.version.id if mirrored is not None else None)
    tag = (mirrored is not None and not mirrored.made and _tag_of(mirrored)) or tag
    _record(target, plan, tag=tag, version=version, mirrored=mirrored, now=now)
    return Done(accepted=accepted, plan=plan, tag=tag, version=version, mirrored=mirrored)


def _in_file(target: Target) -> list[Example]:
    """Return what the dataset's file has now. Raises DatasetError, ErrorGroup."""
    from evalgate.curate.pushing.golden_file import require_writable
    from evalgate.golden.reading import read_examples

    file = target.file
    if file is None:
        return []
    require_writable(file)
    return list(read_examples(file)) if file.exists() else []


async def _in_phoenix(address: Address, name: str, accepted: Accepted) -> tuple[list[Example], dict[str, str]]:
    """Return what a dataset of Phoenix has now, and which of its examples are linked to which span."""
    from evalgate.phoenix.connection import connect
    from evalgate.phoenix.datasets.reading import (
        aligned,
        golden_examples,
        latest_version,
        look_up_dataset,
        read_version,
    )

    async with connect(address) as connection:
        dataset = await look_up_dataset(connection, name)
        version = None if dataset is None else await latest_version(connection, dataset)
        if dataset is None or version is None:
            return [], {}
        stored = await read_version(connection, dataset, version)
    own = {each.id: each.example for each in accepted.candidates}
    made_of = {each.span_id: each.id for each in stored if each.span_id is not None and each.id is not None}
    return golden_examples(name, aligned(stored, own)), made_of


async def _compared(address: Address, name: str, own: list[Example]) -> Changes:
    from evalgate.phoenix.connection import connect
    from evalgate.phoenix.datasets.changes import compare_with

    async with connect(address) as connection:
        return await compare_with(connection, name, own, delete=False)


def _written(target: Target, there: list[Example], plan: Plan) -> str | None:
    """Write the dataset's file where it changes, and return its version; None for a dataset in Phoenix."""
    from evalgate.curate.holding import held
    from evalgate.curate.pushing.golden_file import put
    from evalgate.errors import ConfigurationError
    from evalgate.golden.versions import dataset_version

    if target.file is None:
        return None
    if plan.changed:
        # It may be the dataset of other candidates, too: two names may lead to it.
        with held(target.file):
            if _in_file(target) != there:
                raise ConfigurationError(
                    f"{target.file} was changed meanwhile; nothing was written", next_step="look at it, and push again"
                )
            put(target.file, (each for each in plan.own if each.id in plan.changed))
    return dataset_version(plan.own)


def _to_phoenix(address: Address, changes: Changes, why: Why) -> Pushed | None:
    """Put what differs into Phoenix. Raises MeasurementError where it is away: what was done stays."""
    from evalgate.errors import MeasurementError
    from evalgate.phoenix.connection import PhoenixError, connect
    from evalgate.phoenix.datasets.pushing import push

    async def pushed() -> Pushed:
        async with connect(address) as connection:
            return await push(connection, changes, why)

    if not changes.own:
        return None
    tell(f"pushing to {address.shown}")
    try:
        return asyncio.run(pushed())
    except PhoenixError as error:
        again = "run the same again: it goes on, and nothing is there twice"
        raise MeasurementError(
            f"{error.message}; the candidates stay accepted, and what was written stays",
            next_step=f"{error.next_step}; then {again}" if error.next_step else again,
        ) from None


def _why(message: str, tag: str, target: Target, environ: Mapping[str, str]) -> Why:
    from dataclasses import replace

    from evalgate.cli.dataset_push import why_of

    return replace(why_of(message, environ, target.file or target.candidates), tag=tag)


def _tag_of(pushed: Pushed) -> str | None:
    from evalgate.phoenix.datasets.pushing import OURS

    own = pushed.version.metadata.get(OURS)
    tag = own.get("tag") if isinstance(own, dict) else None
    return tag if isinstance(tag, str) else None


def _record(
    target: Target, plan: Plan, *, tag: str, version: str | None, mirrored: Pushed | None, now: datetime
) -> None:
    """Write in the candidates file which of them are golden, and where. The file is held."""
    from evalgate.curate.candidates import write_candidates
    from evalgate.curate.pushing.pushing import marked_golden

    if not plan.golden:
        return
    where = target.file.name if target.file is not None else f"{target.phoenix} in Phoenix"
    mark: dict[str, Any] = {"tag": tag, "dataset": where, "version": version}
    if target.file is not None and mirrored is not None:
        mark["phoenix"] = {"dataset": mirrored.dataset.name, "version": mirrored.version.id}
    words = f"{tag}: {where}, version {str(version)[:12] if target.file is not None else version}"
    read = decided_candidates(target.candidates)
    write_candidates(
        target.candidates, marked_golden(read, plan, mark, words=words, at=now.isoformat(timespec="seconds"))
    )


def _show(there: list[Example], accepted: Accepted, plan: Plan, changes: Changes | None, target: Target) -> None:
    from evalgate.cli.files import shown_here
    from evalgate.golden.differences import diff
    from evalgate.report.datasets import diff_lines

    lines: list[str] = []
    if target.file is not None and plan.changed:
        lines = [f"{target.shown}:" if there else f"{target.shown} is new:", *diff_lines(diff(there, plan.own))]
    if changes:
        version = "which is new" if changes.version is None else f"version {changes.version.id}"
        lines += [f"{changes.name} in Phoenix, {version}:", *diff_lines(changes.diff, keeps=True)]
    shorts = shown_of(accepted, plan)
    for line in lines:
        click.echo(shown_here(f"{line}  {shorts.pop(line)}" if line in shorts else line))
