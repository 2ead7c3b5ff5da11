"""What a step of curation goes by: its flags over what the profile says, and the dataset that either of them names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import click

from evalgate.cli.curate.inside import refuse_outside
from evalgate.cli.curate.places import Target, dataset_said, named_by, target_of
from evalgate.cli.options import CONFIG_NAME

if TYPE_CHECKING:
    from pydantic import ValidationError

    from evalgate.suite.config import Config
    from evalgate.suite.curate import Curate, CuratedDataset, Profile
    from evalgate.suite.curate_clean import Clean
    from evalgate.suite.model import ConfigModel
    from evalgate.suite.phoenix import PhoenixSettings

M = TypeVar("M", bound="ConfigModel")
_FLAGS: Final = {"languages": "language", "attributes": "attribute", "states": "state", "build": "from-gate"}
"""Parameters whose flag has another name."""
_PATTERN: Final = "string_pattern_mismatch"


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """What a command was told of where things are."""

    dataset: str | None
    profile: str | None
    config: Path
    server: str | None
    environ: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings(Generic[M]):
    """How one step works on which candidates. `flags` said so; `profile` is the one that was named, if any.

    `server` is the one of the config that has the dataset, where it is in Phoenix.
    """

    own: M
    target: Target
    profile: Profile | None
    flags: tuple[str, ...]
    server: str | None
    named: Named

    def step(self, name: str, *more: str) -> str:
        """Return the command that does a step here, as it is typed."""
        return self.target.step(name, *more)

    def again(self, name: str, *more: str) -> str:
        """Return the command that does a step here as this one was told to."""
        return self.target.step(name, *self.flags, *more)

    @property
    def config(self) -> Config | None:
        """Return the config. None where there is none, and nobody named one. Raises ConfigurationError."""
        return config_of(self.named.config, self.named.environ)


def settings(kind: type[M], of: Callable[[Profile], M | None], named: Named, given: Mapping[str, Any]) -> Settings[M]:
    """Return what flags say over what the profile says; `of` takes that part of a profile.

    Flags that were not given are None or empty; `cache` is where answers are kept, and no setting. Raises UsageError,
    ConfigurationError.
    """
    chosen, curated = chosen_by(named)
    target, server = _placed(named, chosen, curated)
    flags = tuple(typed(given))
    said = {key: value for key, value in given_of(given).items() if key != "cache"}
    return Settings(
        own=over(kind, None if chosen is None else of(chosen), said),
        target=target,
        profile=chosen,
        flags=flags,
        server=server,
        named=named,
    )


def given_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the flags that were given."""
    return {key: value for key, value in given.items() if value is not None and value not in ((), [], {})}


def over(kind: type[M], own: ConfigModel | None, said: Mapping[str, Any]) -> M:
    """Return what was said over what a profile says. Raises UsageError for what does not make one."""
    from pydantic import ValidationError

    base = {} if own is None else own.model_dump(exclude_unset=True)
    try:
        return kind.model_validate({**base, **said})
    except ValidationError as error:
        raise click.UsageError(_wrong(error, said)) from None


def profile_of(
    config: Path, name: str | None, said: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[Profile, PhoenixSettings]:
    """Return what is curated: a profile of the config with what was said in its place, or that alone; and the servers.

    Raises ConfigurationError for a profile that is not there, UsageError for what does not make one.
    """
    from evalgate.suite.curate import Profile
    from evalgate.suite.phoenix import PhoenixSettings

    loaded = config_of(config, environ, needed=name is not None)
    base = None if name is None or loaded is None else declared(loaded.curate, config, name)
    return over(Profile, base, said), (loaded.phoenix if loaded is not None else None) or PhoenixSettings()


def declared(curate: Curate | None, config: Path, name: str) -> Profile:
    """Return a profile of the config. Raises ConfigurationError for one that is not there."""
    from evalgate.errors import ConfigurationError
    from evalgate.suite.model import nearest

    profiles = curate.profiles if curate is not None else {}
    if name not in profiles:
        known = nearest(name, profiles) if profiles else "it has none"
        raise ConfigurationError(
            f"{config} has no profile {name!r} under `curate.profiles`: {known}",
            next_step="name one that it has" if profiles else "write one as docs/curation.md shows",
        )
    return profiles[name]


def dataset_named(named: Named) -> tuple[Target, str | None]:
    """Return the dataset that --dataset names, or --profile, and the server that has it, where it is in Phoenix.

    Raises ConfigurationError for a profile that is not there, UsageError where neither is said.
    """
    return _placed(named, *chosen_by(named))


def _placed(named: Named, chosen: Profile | None, curated: CuratedDataset) -> tuple[Target, str | None]:
    arguments = named_by(named.profile, named.dataset, named.config, named.server)
    of_profile = None if chosen is None else chosen.server
    target = target_of(curated, named.config.parent, arguments)
    if named.profile is not None and not named.dataset:
        refuse_outside(named.profile, target, named.config, named.environ)
    return target, named.server or curated.server or of_profile


def chosen_by(named: Named) -> tuple[Profile | None, CuratedDataset]:
    """Return the profile that --profile names, and the dataset that --dataset does in the place of the profile's.

    Raises ConfigurationError for a profile that is not there, UsageError where neither is said or none is named.
    """
    from pydantic import ValidationError

    from evalgate.suite.curate import CuratedDataset

    chosen = None if named.profile is None else profile_of(named.config, named.profile, {}, named.environ)[0]
    if named.dataset:
        try:
            return chosen, CuratedDataset.model_validate(dataset_said(named.dataset))
        except ValidationError as error:
            raise click.UsageError(_wrong(error, {"dataset": named.dataset}, "dataset")) from None
    if chosen is None:
        raise click.UsageError("name --dataset FILE, or a --profile of the config that says it")
    return chosen, chosen.dataset


def cleaned_by(named: Named) -> Clean:
    """Return how candidates are cleaned, as a profile says it. Raises as `profile_of` does."""
    from evalgate.suite.curate_clean import Clean

    if named.profile is None:
        return Clean()
    return profile_of(named.config, named.profile, {}, named.environ)[0].clean


def config_of(config: Path, environ: Mapping[str, str], *, needed: bool = False) -> Config | None:
    """Return the config; None where there is none of the usual name and none is `needed`. Raises ConfigurationError."""
    from evalgate.suite.loading import load_config

    if not needed and not config.is_file() and config == Path(CONFIG_NAME):
        return None
    return load_config(config, environ=environ, overrides={}, committed=True, without_suites=True).config


def config_needed(named: Named) -> Config:
    """Return the config. Raises ConfigurationError, also where there is none."""
    from evalgate.suite.loading import load_config

    return load_config(named.config, environ=named.environ, overrides={}, committed=True, without_suites=True).config


def typed(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield the flags that were given as they were typed."""
    for name, value in given_of(given).items():
        flag = _FLAGS.get(name, name).replace("_", "-")
        if isinstance(value, bool):
            yield f"--{flag}" if value else f"--no-{flag}"
            continue
        for each in value if isinstance(value, tuple) else (value,):
            yield from (f"--{flag}", str(each))


def _wrong(error: ValidationError, said: Mapping[str, Any], *within: str) -> str:
    """Say what is wrong with what flags say, by the first of them; `within` is where what was said stands."""
    first = error.errors(include_url=False)[0]
    place = (*within, *first["loc"])
    name = str(place[0]) if place else ""
    flag = f"--{_FLAGS.get(name, name)}" if name in said else ".".join(map(str, place)) or "this"
    if name in ("model", "embedding") and first["type"] == _PATTERN:
        return f"{flag} {said.get(name)} names no endpoint: write it as ENDPOINT/MODEL"
    return f"{flag}: {first['msg'].removeprefix('Value error, ')}"
