"""For which dataset candidates are: a file or one in Phoenix, where their file is, and what is golden already."""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evalgate.cli.dataset_places import in_phoenix

if TYPE_CHECKING:
    from evalgate.curate.candidates import Candidate
    from evalgate.phoenix.datasets.records import StoredExample
    from evalgate.records import Example
    from evalgate.suite.curate import CuratedDataset


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The golden dataset, a file or the name of one in Phoenix, and the file of its candidates."""

    file: Path | None = None
    phoenix: str | None = None
    candidates: Path
    named: tuple[str, ...] = ()
    """How the command named it; nothing where no command did."""

    def step(self, name: str, *more: str) -> str:
        """Return the command that does a step with it, as it is typed: with the profile, config and server of this one.

        `pull` without a profile has PROJECT in it, which nobody but who types it knows.
        """
        of_itself = {"--dataset", "--profile"}.isdisjoint(self.named)
        named = ("--dataset", self.shown, *self.named) if of_itself else self.named
        whole = ("PROJECT", *named) if name == "pull" and "--profile" not in named else named
        return shlex.join(("evalgate", "curate", name, *whole, *more))

    @property
    def of_size(self) -> tuple[str, ...]:
        """Return how many a sample is, where no profile says it: whoever types the next step sees where it is said."""
        return () if "--profile" in self.named else ("--size", "20")

    @property
    def shown(self) -> str:
        """Return how it is given to --dataset."""
        if self.file is None:
            return f"phoenix:{self.phoenix}"
        return _from_here(self.file)

    @property
    def shown_candidates(self) -> str:
        """Return the file of its candidates as people name it."""
        return _from_here(self.candidates)


def _from_here(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def named_by(profile: str | None, dataset: str | None, config: Path, server: str | None = None) -> tuple[str, ...]:
    """Return the arguments that name the same place again."""
    from evalgate.cli.options import CONFIG_NAME

    said = (
        ("--profile", profile),
        ("--dataset", dataset),
        ("--config", None if config == Path(CONFIG_NAME) else str(config)),
        ("--server", server),
    )
    return tuple(part for flag, value in said if value is not None for part in (flag, value))


def target_of(dataset: CuratedDataset, folder: Path, named: tuple[str, ...] = ()) -> Target:
    """Return where things are, relative to the config's folder; `named` is how a command named them."""
    from evalgate.curate.beside import candidates_file, candidates_file_of

    if dataset.phoenix is not None:
        return Target(phoenix=dataset.phoenix, candidates=candidates_file_of(dataset.phoenix, folder), named=named)
    file = folder / str(dataset.file)
    return Target(file=file, candidates=candidates_file(file), named=named)


def require_candidates(target: Target) -> None:
    """Raise ConfigurationError where there is nothing that a step could do something with."""
    from evalgate.errors import ConfigurationError

    if not has_candidates(target.candidates):
        why = "holds none" if target.candidates.exists() else "is not there"
        raise ConfigurationError(
            f"{target.shown} has no candidates: {target.shown_candidates} {why}", next_step=target.step("pull")
        )


def has_candidates(path: Path) -> bool:
    """Return whether a file has any. Raises as `read_candidates` does where its beginning is broken."""
    from evalgate.curate.candidates import read_candidates

    return next(read_candidates(path), None) is not None


def dataset_said(dataset: str) -> dict[str, Any]:
    """Return what --dataset names as the config writes it; a file is meant from here, wherever the config is."""
    named = in_phoenix(dataset)
    return {"file": str(Path(dataset).absolute())} if named is None else {"phoenix": named.name}


def decided_candidates(path: Path) -> Iterator[Candidate]:
    """Yield the candidates of a file in the states that people's decisions come to; nothing is written.

    Raises as `read_candidates` and `read_reviews` do.
    """
    from evalgate.curate.candidates import read_candidates
    from evalgate.curate.reviewing.reviews import read_reviews
    from evalgate.curate.reviewing.standing import decided

    reviews = read_reviews(path)
    for each in read_candidates(path):
        yield decided(each, reviews.get(each.id, ()))


async def golden_of(target: Target, config: Path, server: str | None, environ: Mapping[str, str]) -> list[Example]:
    """Return what the dataset has; a dataset that is not there has nothing.

    `server` is the one of the config that has it, for a dataset in Phoenix. Raises ConfigurationError, DatasetError,
    ErrorGroup, PhoenixError.
    """
    if target.file is not None:
        from evalgate.golden.reading import read_examples

        return list(read_examples(target.file)) if target.file.exists() else []
    from evalgate.phoenix.datasets.reading import golden_examples

    name = str(target.phoenix)
    return golden_examples(name, await _stored(name, config, server, environ))


def without_made_up(golden: Sequence[Example], target: Target) -> list[Example]:
    """Return what is golden but for what `evalgate init` made up, and say of that what to do."""
    from evalgate.cli.asking import tell
    from evalgate.decision.number_words import count
    from evalgate.golden.made_up import is_made_up

    own = [each for each in golden if not is_made_up(each)]
    made_up = len(golden) - len(own)
    if made_up:
        one = made_up == 1
        tell(
            f"{count(made_up, 'example')} of {target.shown} {'is' if one else 'are'} made up by evalgate init and"
            f" {'does' if one else 'do'} not count here: delete {'it' if one else 'them'}"
        )
    return own


async def golden_ids(
    target: Target, config: Path, server: str | None, environ: Mapping[str, str]
) -> AsyncIterator[str]:
    """Yield the ids of what the dataset has, and `span:<id>` of the spans that they were made of.

    A dataset that is not there has none. Raises as `golden_of` does.
    """
    if target.file is not None:
        from evalgate.golden.curated import pulled_as
        from evalgate.golden.reading import read_examples

        for each in read_examples(target.file) if target.file.exists() else ():
            yield each.id
            yield pulled_as(each)
        return
    for stored in await _stored(str(target.phoenix), config, server, environ):
        if stored.id is not None:
            yield stored.id
        if stored.span_id is not None:
            yield f"span:{stored.span_id}"


async def _stored(name: str, config: Path, server: str | None, environ: Mapping[str, str]) -> tuple[StoredExample, ...]:
    from evalgate.cli.dataset_places import address_for
    from evalgate.phoenix.connection import connect
    from evalgate.phoenix.datasets.reading import newest_examples

    async with connect(address_for(config, server, environ)) as connection:
        return await newest_examples(connection, name)
