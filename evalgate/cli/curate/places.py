"""For which dataset candidates are: a file or one in Phoenix, where their file is, and what is golden already."""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalgate.cli.dataset_places import in_phoenix

if TYPE_CHECKING:
    from evalgate.curate.candidates import Candidate
    from evalgate.phoenix.datasets.records import StoredExample
    from evalgate.records import Example
    from evalgate.suite.curate import CuratedDataset, Profile
    from evalgate.suite.phoenix import PhoenixSettings

dataset_option = click.option(
    "--dataset", metavar="FILE", help="The golden dataset: a file, or phoenix:NAME for one in Phoenix."
)
profile_option = click.option("--profile", metavar="NAME", help="Take what is not said here from this profile.")


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
    from evalgate.curate.candidates import candidates_file, candidates_file_of

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


def profile_of(
    config: Path, name: str | None, said: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[Profile, PhoenixSettings]:
    """Return what is curated: a profile of the config with what was said in its place, or that alone; and the servers.

    Raises ConfigurationError for a profile that is not there, UsageError for what does not make one.
    """
    from pydantic import ValidationError

    from evalgate.cli.options import CONFIG_NAME
    from evalgate.errors import ConfigurationError
    from evalgate.suite.curate import Profile
    from evalgate.suite.loading import load_config
    from evalgate.suite.model import nearest
    from evalgate.suite.phoenix import PhoenixSettings

    loaded = None
    if name is not None or config.is_file() or config != Path(CONFIG_NAME):
        loaded = load_config(config, environ=environ, overrides={}, committed=True).config
    base: dict[str, Any] = {}
    if name is not None and loaded is not None:
        profiles = loaded.curate.profiles if loaded.curate is not None else {}
        if name not in profiles:
            raise ConfigurationError(
                f"{config} has no profile {name!r} under `curate.profiles`: {nearest(name, profiles)}",
                next_step="name one that it has",
            )
        base = profiles[name].model_dump(exclude_unset=True)
    try:
        profile = Profile.model_validate({**base, **said})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "this"
        raise click.UsageError(f"{where}: {first['msg'].removeprefix('Value error, ')}") from None
    return profile, (loaded.phoenix if loaded is not None else None) or PhoenixSettings()


def dataset_named(
    config: Path, profile: str | None, dataset: str | None, environ: Mapping[str, str], *, server: str | None
) -> tuple[Target, str | None]:
    """Return the dataset that --dataset names, or --profile, and the server that the profile has it on.

    Raises ConfigurationError for a profile that is not there, UsageError where neither is said.
    """
    chosen, curated = chosen_by(config, profile, dataset, environ)
    target = target_of(curated, config.parent, named_by(profile, dataset, config, server))
    return target, curated.server or (chosen.server if chosen is not None else None)


def chosen_by(
    config: Path, profile: str | None, dataset: str | None, environ: Mapping[str, str]
) -> tuple[Profile | None, CuratedDataset]:
    """Return the profile that --profile names, and the dataset that --dataset does in the place of the profile's.

    Raises ConfigurationError for a profile that is not there, UsageError where neither is said.
    """
    from evalgate.suite.curate import CuratedDataset

    chosen = None if profile is None else profile_of(config, profile, {}, environ)[0]
    if dataset:
        return chosen, CuratedDataset.model_validate(dataset_said(dataset))
    if chosen is None:
        raise click.UsageError("name --dataset FILE, or a --profile of the config that says it")
    return chosen, chosen.dataset


def kept_texts(config: Path, profile: str | None, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return what is nobody's secret, as a profile says it. Raises as `profile_of` does."""
    return () if profile is None else profile_of(config, profile, {}, environ)[0].clean.keep


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
