"""What `evalgate doctor` says of the profiles of `curate:`: what would end their next run, and when that is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evalgate.errors import ConfigurationError, EvalgateError, MeasurementError
from evalgate.gate.doctor.findings import Finding, failed, ok, problem, warning

if TYPE_CHECKING:
    from evalgate.phoenix.address import Address
    from evalgate.suite.config import Config
    from evalgate.suite.curate import Curate, Profile

SECONDS: Final = 10.0
"""How long a server may take to answer about one profile."""


async def profile_findings(config: Config, path: Path, environ: Mapping[str, str], now: datetime) -> list[Finding]:
    """Return how each profile stands, in the order of the config; nothing where it has none. `path` is its file."""
    if config.curate is None:
        return []
    looks = [
        _Look(name=name, profile=profile, config=config, path=path, environ=environ, now=now).findings()
        for name, profile in config.curate.profiles.items()
    ]
    found = [finding for each in await asyncio.gather(*looks) for finding in each]
    return [*found, *_webhook(config.curate, environ)]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Look:
    """One look at what a profile needs."""

    name: str
    profile: Profile
    config: Config
    path: Path
    environ: Mapping[str, str]
    now: datetime

    @property
    def about(self) -> str:
        return f"profile {self.name}"

    async def findings(self) -> list[Finding]:
        """Return what its steps would end by, and where and when it works."""
        wrong = [*self._packages(), *self._models(), *self._said()]
        said = []
        for look in (self._project, self._dataset, self._turn):
            try:
                said.append(await look())
            except EvalgateError as error:
                wrong.append(failed(self.about, error))
        return [*wrong, *([ok(self.about, "; ".join(said))] if said else [])]

    def _packages(self) -> Iterator[Finding]:
        """Yield which packages and models cleaning lacks, as far as that is seen without loading one."""
        from evalgate.cli.curate.packages import lacking

        for told, mended in lacking(self.profile.clean, self.path.parent):
            yield problem(self.about, told, mended)

    def _models(self) -> Iterator[Finding]:
        """Yield which of the models that its steps ask cannot be called: nothing is asked here."""
        from evalgate.cli.curate.models import named_model
        from evalgate.llm.embeddings import check_embeds

        profile = self.profile
        asked = {
            "clean.embedding": profile.clean.embedding,
            "sample.embedding": profile.sample.embedding,
            "label.model": profile.label.model if profile.label is not None else None,
        }
        for key, model in asked.items():
            if model is None:
                continue
            instead = f"name another one in curate.profiles.{self.name}.{key}"
            try:
                named = named_model(model, self.config, self.environ, instead=instead)
                if key.endswith("embedding"):
                    check_embeds(named.endpoint)
            except EvalgateError as error:
                yield failed(self.about, error)

    def _said(self) -> Iterator[Finding]:
        """Yield what it says that its steps cannot go by: a period with nothing in it, labels that are not there."""
        from evalgate.curate.labelling.taxonomies import taxonomy_of
        from evalgate.curate.moments import between

        try:
            between(self.profile.since, self.profile.until, self.now)
        except ValueError as error:
            yield problem(self.about, str(error), f"correct curate.profiles.{self.name}.since, or until")
        if self.profile.label is not None:
            try:
                taxonomy_of(self.profile.label.taxonomy, self.path.parent)
            except EvalgateError as error:
                yield failed(self.about, error)

    async def _within(self, asking: Awaitable[str]) -> str:
        try:
            async with asyncio.timeout(SECONDS):
                return await asking
        except TimeoutError:
            raise MeasurementError(
                f"Phoenix did not answer within {SECONDS:g} s", next_step="try again, or look at its status"
            ) from None

    async def _project(self) -> str:
        return await self._within(self._project_there())

    async def _project_there(self) -> str:
        from evalgate.phoenix.annotations.spans import find_project
        from evalgate.phoenix.connection import connect

        address = self._address(self.profile.server)
        async with connect(address) as connection:
            project = await find_project(connection, self.profile.project)
        return f"project {project.name} at {address.base_url}"

    async def _dataset(self) -> str:
        from evalgate.cli.curate.inside import refuse_outside
        from evalgate.cli.curate.places import target_of
        from evalgate.decision.number_words import count

        refuse_outside(self.name, target_of(self.profile.dataset, self.path.parent), self.path, self.environ)
        dataset = self.profile.dataset
        if dataset.phoenix is not None:
            return await self._within(self._dataset_there(dataset.phoenix))
        file = self.path.parent / str(dataset.file)
        try:
            if not file.exists():
                return f"{dataset.file} is not there yet: the first push makes it"
        except OSError as error:
            raise ConfigurationError(
                f"{dataset.file} cannot be looked up: {error.strerror}", next_step="check its name and its folder"
            ) from None
        if not file.is_file():
            raise ConfigurationError(f"{dataset.file} is no file", next_step="name a file")
        return f"{dataset.file} has {count(await asyncio.to_thread(_examples, file), 'example')}"

    async def _dataset_there(self, name: str) -> str:
        from evalgate.phoenix.connection import connect
        from evalgate.phoenix.datasets.reading import look_up_dataset

        address = self._address(self.profile.dataset.server or self.profile.server)
        async with connect(address) as connection:
            found = await look_up_dataset(connection, name)
        there = "is there" if found is not None else "is not there yet: the first push makes it"
        return f"the dataset {name} {there}"

    async def _turn(self) -> str:
        """Return when its steps were done last, and when they are due."""
        from evalgate.cli.curate.places import target_of
        from evalgate.curate.beside import state_file
        from evalgate.curate.scheduling.due import due_at, read_last
        from evalgate.suite.periods import seconds_of

        candidates = target_of(self.profile.dataset, self.path.parent).candidates
        last = read_last(state_file(candidates), self.name)
        if last is None:
            return "never run, due now"
        every = self.profile.when.every
        due = due_at(last, None if every is None else timedelta(seconds=seconds_of(every)), self.now)
        begun = f"last run {last.began:%Y-%m-%d %H:%M} UTC"
        return f"{begun}, due now" if due is None else f"{begun}, due {due:%Y-%m-%d %H:%M} UTC"

    def _address(self, server: str | None) -> Address:
        from evalgate.phoenix.address import address_in
        from evalgate.suite.phoenix import PhoenixSettings

        return address_in(self.config.phoenix or PhoenixSettings(), server, self.environ, config=self.path)


def _examples(file: Path) -> int:
    from evalgate.golden.reading import read_examples

    return sum(1 for _ in read_examples(file))


def _webhook(curate: Curate, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Yield whether a channel can be told of a run of profiles."""
    told = curate.notify
    if told is None:
        return
    if environ.get(told.webhook_env):
        yield ok("curate.notify", f"{told.webhook_env} is set")
    else:
        yield warning("curate.notify", f"nobody is told: {told.webhook_env} is not set", f"set {told.webhook_env}")
