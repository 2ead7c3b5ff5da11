"""`evalgate curate export`: golden examples, or accepted candidates, as files for fine-tuning."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from evalgate.cli.curate.options import dataset_option, profile_option
from evalgate.cli.curate.places import decided_candidates, golden_of, require_candidates, without_made_up
from evalgate.cli.curate.settings import Named, cleaned_by, dataset_named
from evalgate.cli.options import Amount, config_option, json_option, server_option

if TYPE_CHECKING:
    from evalgate.cli.curate.places import Target
    from evalgate.curate.cleaning.redaction import Redactor
    from evalgate.curate.exporting.export import Export, File
    from evalgate.records import Example

_NAMES: Final = ("train.jsonl", "holdout.jsonl")
_REPORT: Final = "export.json"


@click.command(short_help="Write golden examples as files for fine-tuning.")
@dataset_option
@profile_option
@click.option(
    "--to",
    "folder",
    metavar="FOLDER",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where train.jsonl, holdout.jsonl and export.json are written.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["messages", "completion"]),
    default="messages",
    show_default=True,
    help="Conversations with tools, or a prompt and its completion.",
)
@click.option("--split", "splits", multiple=True, metavar="NAME", help="Examples of this split alone; several times.")
@click.option(
    "--candidates", "of_candidates", is_flag=True, help="Accepted candidates that are far from all that is golden."
)
@click.option(
    "--holdout",
    "share",
    type=Amount(0, 1, max_open=True),
    default=0.2,
    help="The share that goes to holdout.jsonl.  [default: 0.2]",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, help="Settles every draw.  [default: 0]")
@click.option(
    "--at-least",
    "least",
    type=click.IntRange(min=1),
    default=10,
    help="Fewer lines to train on are an error.  [default: 10]",
)
@config_option
@server_option
@json_option
def command(
    *,
    dataset: str | None,
    profile: str | None,
    folder: Path,
    splits: tuple[str, ...],
    of_candidates: bool,
    config: Path,
    server: str | None,
    as_json: bool,
    **wanted: Any,
) -> int:
    """Write golden examples as files for fine-tuning, without leaks between train and hold-out.

    Lines are checked by OpenAI's published format. Examples that ask nearly the same, or are of one trace, are in one
    file, and none to train on is near one that is not exported. The same again writes the same.
    """
    import json

    from evalgate.cli.curate.cleaning import pseudonyms_of, unwritable
    from evalgate.cli.curate.tokens import tokenizer
    from evalgate.cli.files import say_done, write_file
    from evalgate.curate.exporting.export import Asked, exported
    from evalgate.golden.versions import dataset_version

    environ = dict(os.environ)
    if of_candidates and splits:
        raise click.UsageError("--split is of the dataset, and --candidates takes none of it: leave one out")
    named = Named(dataset=dataset, profile=profile, config=config, server=server, environ=environ)
    target, of_profile = dataset_named(named)
    clean = cleaned_by(named)
    if of_candidates:
        require_candidates(target)
    everything = asyncio.run(golden_of(target, config, of_profile, environ))
    golden = without_made_up(everything, target)
    if of_candidates:
        own = _accepted(target, golden, unwritable(clean, target.candidates, environ, folder=config.parent))
    else:
        own = [each for each in golden if not splits or each.split in splits]
    if not own:
        raise _nothing(target, splits, golden, of_candidates=of_candidates)
    count, method = tokenizer()
    found = exported(own, golden, Asked(**wanted), pseudonyms_of(clean, target.candidates, environ), count)
    said = _as_json(found, wanted, target, version=dataset_version(everything), examples=len(own), method=method)
    text = json.dumps(said, indent=2, ensure_ascii=False)
    for name, file in zip(_NAMES, (found.train, found.holdout), strict=True):
        write_file(folder / name, file.content())
    write_file(folder / _REPORT, f"{text}\n".encode("utf-8", "replace"))
    say_done(
        said, _lines(found, folder, len(own), measured=not of_candidates, counted=count is not None), as_json=as_json
    )
    return 0


def _accepted(target: Target, golden: list[Example], look: Redactor) -> list[Example]:
    """Return the examples that accepted candidates would become, but for those that are golden or that `look` finds
    something in.
    """
    from evalgate.curate.pushing.pushing import accepted_of, golden_example

    known = {each.id for each in golden}
    found = accepted_of(decided_candidates(target.candidates), look).candidates
    return [golden_example(each) for each in found if each.id not in known]


def _nothing(target: Target, splits: tuple[str, ...], golden: list[Example], *, of_candidates: bool) -> Exception:
    from evalgate.errors import DatasetError

    if of_candidates:
        return DatasetError(
            f"{target.shown_candidates} has no accepted candidate that is not golden",
            next_step=target.step("review"),
        )
    of = f" of the split {' or '.join(splits)}" if splits else ""
    there = sorted({each.split for each in golden if each.split is not None})
    return DatasetError(
        f"{target.shown} has no example{of}",
        next_step=f"name a split that it has: {', '.join(there)}" if splits and there else target.step("push"),
    )


def _as_json(
    found: Export, wanted: Mapping[str, Any], target: Target, *, version: str, examples: int, method: str
) -> dict[str, Any]:
    return {
        "dataset": target.shown,
        "version": version,
        "format": wanted["form"],
        "seed": wanted["seed"],
        "examples": examples,
        "groups": found.groups,
        "left": dict(found.left),
        **{
            name.removesuffix(".jsonl"): {
                "file": name,
                "lines": len(file.lines),
                "tokens": sum(file.tokens),
                "longest": max(file.tokens, default=0),
            }
            for name, file in zip(_NAMES, (found.train, found.holdout), strict=True)
        },
        "tokens": method,
    }


def _lines(found: Export, folder: Path, examples: int, *, measured: bool, counted: bool) -> list[str]:
    train, holdout = found.train, found.holdout
    files = [
        f"{folder / name}: {_long(file, counted=counted)}" for name, file in zip(_NAMES, (train, holdout), strict=True)
    ]
    lines = [files[0], f"{files[1]}; near duplicates are on one side ({found.groups:,} groups)"]
    if found.left:
        said = "; ".join(f"{count:,} {why}" for why, count in found.left.items())
        lines.append(f"left of {examples:,}: {said}")
    if not holdout.lines:
        lines.append("nothing is held out: nobody will see whether what was learned holds")
    if measured:
        lines.append(
            "the gate measures what is golden: a model that is trained on it is not judged by it any more;"
            " --split exports a part, --candidates what is far from it"
        )
    lines.append(f"next: give your provider {_NAMES[0]} to train on and {_NAMES[1]} to validate with")
    return lines


def _long(file: File, *, counted: bool) -> str:
    from evalgate.decision.number_words import count

    tokens = f"{'' if counted else 'about '}{sum(file.tokens):,} tokens"
    return f"{count(len(file.lines), 'line')}, {tokens}, the longest {max(file.tokens, default=0):,}"
