"""Whose candidates are labelled by which model with which taxonomy: what the steps that ask about labels share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from evalgate.cli.curate.models import Asking
    from evalgate.cli.curate.places import Target
    from evalgate.phoenix.address import Address
    from evalgate.suite.config import Config
    from evalgate.suite.curate_clean import Clean
    from evalgate.suite.curate_label import Label


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What is labelled by whom: the candidates, the model and what it is asked. `flags` said so."""

    target: Target
    label: Label
    flags: tuple[str, ...]
    loaded: Config
    server: str | None
    clean: Clean

    def step(self, name: str, *more: str) -> str:
        """Return the command that does a step here, as it is typed."""
        return self.target.step(name, *more)

    @property
    def model(self) -> str:
        """Return the model. Raises UsageError where nobody named one."""
        if self.label.model is None:
            raise click.UsageError("name a model: --model ENDPOINT/MODEL, or `label: {model: …}` of the profile")
        return self.label.model


def labelling_place(
    dataset: str | None,
    profile: str | None,
    given: Mapping[str, Any],
    config: Path,
    environ: Mapping[str, str],
    *,
    server: str | None,
) -> Place:
    """Return where candidates are and how they are labelled: what was said over what the profile says.

    Raises UsageError, ConfigurationError.
    """
    from pydantic import ValidationError

    from evalgate.cli.curate.places import chosen_by, named_by, target_of
    from evalgate.curate.labelling.taxonomies import SHIPPED
    from evalgate.suite.curate_clean import Clean
    from evalgate.suite.curate_label import Label
    from evalgate.suite.loading import load_config

    chosen, curated = chosen_by(config, profile, dataset, environ)
    base = {} if chosen is None or chosen.label is None else chosen.label.model_dump(exclude_unset=True)
    flags = tuple(part for name in ("model", "taxonomy") if name in given for part in (f"--{name}", str(given[name])))
    if given.get("taxonomy") not in (None, *SHIPPED):
        # What is said here is meant from here, wherever the config is.
        given = {**given, "taxonomy": str(Path(given["taxonomy"]).absolute())}
    try:
        label = Label.model_validate({**base, **given})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        if first["loc"][0] == "model":
            raise click.UsageError(f"--model {given['model']} names no endpoint: write it as ENDPOINT/MODEL") from None
        raise click.UsageError(f"--{first['loc'][0]}: {first['msg'].removeprefix('Value error, ')}") from None
    loaded = load_config(config, environ=environ, overrides={}, committed=True).config
    target = target_of(curated, config.parent, named_by(profile, dataset, config, server))
    return Place(
        target=target,
        label=label,
        flags=flags,
        loaded=loaded,
        server=None if chosen is None else chosen.server,
        clean=Clean() if chosen is None else chosen.clean,
    )


def phoenix_of(place: Place, server: str | None, config: Path, environ: Mapping[str, str]) -> Address:
    """Return the server of steps and annotations: before anything is paid. Raises ConfigurationError."""
    from evalgate.phoenix.address import address_in
    from evalgate.suite.phoenix import PhoenixSettings

    return address_in(place.loaded.phoenix or PhoenixSettings(), server or place.server, environ, config=config)


def refuse_part(asking: Asking, *, failed: int, why: str, kept: str, again: str) -> None:
    """Raise MeasurementError or Interrupted where not everything was asked; `kept` says what becomes of the rest."""
    from evalgate.errors import Interrupted, MeasurementError

    ended = asking.ended()
    if ended is not None:
        raise MeasurementError(f"{ended[0]} {kept}.", next_step=ended[1])
    if asking.stop.is_set():
        raise Interrupted(f"stopped; {kept}", next_step=again)
    if failed:
        raise MeasurementError(f"{failed:,} could not be asked: {why}; {kept}", next_step=again)
