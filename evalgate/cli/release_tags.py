"""The tags of a release in Phoenix, for the command: looked up before it, moved after it, by the config's servers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from evalgate.cli.asking import agreed, as_typed
from evalgate.errors import ConfigurationError, MeasurementError
from evalgate.gate.release.against import Tagged, place_of, tag_names, tagged_in
from evalgate.gate.release.moving import (
    MovedMeanwhile,
    Moving,
    all_in_place,
    moved,
    planned_experiments,
    with_experiments,
)
from evalgate.gate.release.verdict import Body, Move
from evalgate.journal.releases import ReleaseRow
from evalgate.journal.store import Journal
from evalgate.phoenix.address import Address, address_in
from evalgate.phoenix.connection import connect
from evalgate.suite.loading import LoadedConfig
from evalgate.suite.phoenix import PhoenixSettings


@dataclass(frozen=True, kw_only=True)
class Tags:
    """Tags on the servers of a config; each is looked up once."""

    loaded: LoadedConfig
    store: Journal
    environ: Mapping[str, str]
    _known: dict[tuple[str, str], Tagged | None] = field(default_factory=dict)

    @property
    def published(self) -> bool:
        """Whether builds are mirrored in Phoenix, so that experiments have tags."""
        settings = self.loaded.config.phoenix
        return settings is not None and settings.publish

    def address(self, name: str | None) -> Address:
        """Return a server by its name in the config. Raises ConfigurationError."""
        settings = self.loaded.config.phoenix or PhoenixSettings()
        return address_in(settings, name, self.environ, config=self.loaded.path)

    def tagged(self, suite: str, tag: str) -> Tagged | None:
        """Return what has a tag among a suite's experiments. Raises MeasurementError."""
        if (suite, tag) not in self._known:
            self._known[suite, tag] = asyncio.run(self._tagged(suite, tag))
        return self._known[suite, tag]

    async def _tagged(self, suite: str, tag: str) -> Tagged | None:
        server, dataset = place_of(self.loaded.config, suite)
        async with connect(self.address(server)) as connection:
            return await tagged_in(connection, dataset, tag)

    def planned(self, names: Sequence[str]) -> list[Move]:
        """Return the moves of experiments' tags; none where nothing is published."""
        if not self.published:
            return []
        config = self.loaded.config
        tags = {name: tag for name, tag in tag_names(config).items() if name in names}
        found = {name: self.tagged(name, tag) for name, tag in tags.items()}
        before = {name: None if each is None else each.experiment for name, each in found.items()}
        return planned_experiments(tags, before, {name: self.address(place_of(config, name)[0]) for name in tags})

    def in_place(self, row: ReleaseRow) -> bool:
        """Return whether all tags are where a release moved them to. Raises MeasurementError."""
        return asyncio.run(all_in_place(Body.model_validate(row.verdict), self._at))

    def move(self, body: Body, *, yes: bool, say: Callable[[str], None], keep: Callable[[Body], None]) -> Body:
        """Move what is not where it belongs, after asking; return the body that says how far it is.

        `keep` hears of each tag that is moved, `say` shows a line. Raises MeasurementError where a server is away: the
        same command goes on.
        """
        try:
            body = self._mirrored(body, say)
            left = [move for move in body.moves if not move.done]
            if not agreed(f"{body.decision.verdict}. Move {_listed(left)}?", yes=yes):
                return body
            return asyncio.run(moved(body, Moving(at=self._at, keep=lambda now: self._keep(now, keep), say=say)))
        except MovedMeanwhile as error:
            self.store.drop_release(body.journal.build)
            raise MeasurementError(error.message, next_step=_again(body)) from error
        except MeasurementError as error:
            raise MeasurementError(
                f"{body.decision.verdict}, and not all tags are moved yet: {error.message}; the verdict is recorded",
                next_step=f"once that is mended: {as_typed()}; nothing is run again",
            ) from error

    def _keep(self, body: Body, keep: Callable[[Body], None]) -> None:
        row = ReleaseRow(
            build=body.journal.build,
            tag=body.tag,
            commit=body.commit,
            verdict=body.model_dump(mode="json"),
        )
        self.store.set_release(row)
        keep(body)

    def _mirrored(self, body: Body, say: Callable[[str], None]) -> Body:
        """Return the body with the experiments that its build is mirrored in, mirroring what is left of it."""
        from evalgate.cli.mirroring import make_mirror

        settings = self.loaded.config.phoenix
        if settings is None or all(move.to is not None for move in body.moves):
            return body
        mirror = make_mirror(settings, self.store, self.loaded.path, self.environ, say)
        found = asyncio.run(mirror.finish(body.journal.build))
        body = with_experiments(body, self.store)
        if any(move.to is None for move in body.moves):
            raise MeasurementError(
                f"build {body.journal.build} is not all in Phoenix: {found.obstacle or 'not all runs could be written'}"
            )
        self._keep(body, lambda _: None)
        return body

    def _at(self, base_url: str) -> Address:
        """Return the server at an address. Raises ConfigurationError where the config has none there."""
        settings = self.loaded.config.phoenix or PhoenixSettings()
        for name in (None, *settings.servers):
            try:
                address = self.address(name)
            except ConfigurationError:
                continue  # of another suite, whose variables this step does not have
            if address.base_url == base_url:
                return address
        raise ConfigurationError(
            f"the release was decided with Phoenix at {base_url}, and no server of {self.loaded.path} is there",
            next_step="set the variable of its address as it was",
        )


def _again(body: Body) -> str:
    """Return how to decide again: against what was shipped before, which a tag that has moved does not say any more."""
    before = next((suite.baseline.commit for suite in body.suites if suite.baseline is not None), None)
    named = f" --against git:{before}" if before is not None else ""
    return f"look who moves it, then decide again: evalgate release{named}"


def _listed(moves: Sequence[Move]) -> str:
    first = moves[0]
    more = f" and {len(moves) - 1} more" if len(moves) > 1 else ""
    return f"the tag {first.tag} of the {first.kind} {first.name}{more} in Phoenix"
