"""A file for review: candidates out as Markdown or CSV, and the decisions that people made in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from evalgate.cli.curate.reviewed import Ended
from evalgate.errors import ConfigurationError, DatasetError, Location

if TYPE_CHECKING:
    from evalgate.cli.curate.places import Target
    from evalgate.curate.reviewing.queue import Asked

_SHOWN: Final = 20


def write_file(target: Target, asked: Asked, file: Path, *, by: tuple[str, ...], force: bool) -> Ended:
    """Write a file with the candidates that are asked for. One that is there is not overwritten without `force`.

    `by` says who decides in it, as it was typed.
    """
    from evalgate.curate.reviewing.markdown import markdown
    from evalgate.curate.reviewing.queue import Queue, wanted
    from evalgate.curate.reviewing.reviews import read_reviews
    from evalgate.curate.reviewing.table import table
    from evalgate.decision.number_words import count
    from evalgate.whole_file import unwritten, writing_whole

    as_table = _is_table(file)
    command = target.step("review", "--read", str(file), *by)
    if file.exists() and not force:
        raise ConfigurationError(
            f"{file} is there, and may hold decisions",
            next_step=f"`{command}`, or add --force to write it anew",
        )
    with Queue(wanted(target.candidates, read_reviews(target.candidates), asked)) as queue:
        if not len(queue):
            return Ended(lines=("nothing is there to review as asked; no file was written",), said={"written": 0})
        each = (queue[place] for place in range(len(queue)))
        pieces = (
            table(each, of=len(queue))
            if as_table
            else markdown(each, of=len(queue), name=target.shown, command=command)
        )
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with writing_whole(file) as out:
                for piece in pieces:
                    out.write(piece.encode("utf-8", "replace"))
        except OSError as error:
            raise unwritten(f"cannot write {file}", error, "name another file") from error
        lines = (f"{count(len(queue), 'candidate')} in {file}: people decide in it",)
        return Ended(lines=lines, said={"written": len(queue), "file": str(file)}, following=command)


def read_file(target: Target, who: str, file: Path, *, now: str, partial: bool) -> Ended:
    """Take the decisions of a file. Raises ErrorGroup with the line of each problem: then none of it is taken."""
    from evalgate.curate.candidates import read_candidates
    from evalgate.curate.reviewing.markdown import read_markdown
    from evalgate.curate.reviewing.reviews import append_reviews, read_reviews
    from evalgate.curate.reviewing.sheets import fresh, read_entries
    from evalgate.curate.reviewing.table import read_table

    text = _text(file)
    entries = read_table(text) if _is_table(file) else read_markdown(text)
    read = read_entries(entries, read_candidates(target.candidates), who=who, at=now, via=f"file {file.name}")
    if read.problems:
        from evalgate.golden.reading import grouped

        following = f"edit {file}, then run the same again: nothing of it was taken"
        raise grouped(file, read.problems[:_SHOWN], len(read.problems), next_step=following)
    if read.missing and not partial:
        places = ", ".join(map(str, read.missing[:_SHOWN])) + ("…" if len(read.missing) > _SHOWN else "")
        raise DatasetError(
            f"of {read.of} candidates number {places} {'is' if len(read.missing) == 1 else 'are'} missing",
            location=Location(file=str(file)),
            next_step="put them back, or add --partial: they stay undecided",
        )
    reviews = list(fresh(read, read_reviews(target.candidates)))
    if reviews:
        append_reviews(target.candidates, reviews)
    same = len(read.reviews) - len(reviews)
    left = read.open + len(read.missing)
    said = [f"{len(reviews):,} decided by {who} in {file}"]
    said += [f"{same:,} were known"] if same else []
    said += [f"{read.golden:,} are golden already"] if read.golden else []
    said += [f"{left:,} left open"] if left else []
    return Ended(lines=("; ".join(said),), said={"decided": len(reviews), "who": who, "known": same, "open": left})


def _is_table(file: Path) -> bool:
    if file.suffix.lower() not in (".md", ".markdown", ".csv"):
        raise click.UsageError(f"{file} is neither .md nor .csv: name it by what it should be")
    return file.suffix.lower() == ".csv"


def _text(file: Path) -> str:
    from evalgate.encoding import NotUtf8Error, decode
    from evalgate.plain_file import content

    try:
        return decode(content(file))
    except OSError as error:
        raise DatasetError(f"{file} cannot be read: {error.strerror}", next_step="name a file of --to") from None
    except NotUtf8Error as error:
        raise DatasetError(
            error.message,
            location=Location(file=str(file), line=error.line, column=error.column),
            next_step="save it as UTF-8 (spreadsheets call it `CSV UTF-8`), then run the same again",
        ) from None
