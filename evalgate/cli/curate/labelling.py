"""Whose candidates are labelled by which model with which taxonomy: what the steps that ask about labels share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evalgate.cli.curate.settings import Named, config_needed, settings

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


def labelling_place(named: Named, given: Mapping[str, Any]) -> Place:
    """Return where candidates are and how they are labelled: what was said over what the profile says.

    Raises UsageError, ConfigurationError.
    """
    from evalgate.curate.labelling.taxonomies import SHIPPED
    from evalgate.suite.curate_clean import Clean
    from evalgate.suite.curate_label import Label

    found = settings(Label, lambda profile: profile.label, named, given)
    label, taxonomy = found.own, given.get("taxonomy")
    if taxonomy not in (None, *SHIPPED):
        # What is said here is meant from here, wherever the config is.
        label = label.model_copy(update={"taxonomy": str(Path(taxonomy).absolute())})
    return Place(
        target=found.target,
        label=label,
        flags=found.flags,
        loaded=config_needed(named),
        server=None if found.profile is None else found.profile.server,
        clean=Clean() if found.profile is None else found.profile.clean,
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
