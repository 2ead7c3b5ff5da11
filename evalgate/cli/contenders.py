"""What `evalgate compare` is given: names, builds and files, opened and read."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from evalgate.cli.builds import journal_path
from evalgate.errors import ConfigurationError
from evalgate.gate.gather import Source
from evalgate.gate.recorded import Entrant, entrant
from evalgate.journal.store import Journal
from evalgate.records import Side

_NAMED: Final = re.compile(r"([\w .+@-]+)=(.+)", re.DOTALL)
_LATEST: Final = "latest"


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """One argument: `mini=12`, `runs/gpt5.db`, `12:baseline`. `name` is None where none was given."""

    name: str | None
    target: str
    side: Side

    @classmethod
    def read(cls, argument: str) -> Address:
        """Read an argument. Raises ConfigurationError where there is nothing in it."""
        found = _NAMED.fullmatch(argument)
        name, rest = (found[1].strip(), found[2]) if found else (None, argument)
        target, _, end = rest.rpartition(":")
        side = next((side for side in Side if target and side.value == end), None)
        if side is None:
            target, side = rest, Side.CANDIDATE
        if not target or (found and not name):
            raise ConfigurationError(
                f"{argument!r} names nothing to compare", next_step="write BUILD, FILE or NAME=BUILD: mini=12"
            )
        return cls(name=name, target=target, side=side)

    @property
    def text(self) -> str:
        """The address without the name."""
        return f"{self.target}:{self.side}" if self.side is Side.BASELINE else self.target

    @property
    def is_file(self) -> bool:
        """Whether it is a file rather than a build of the journal."""
        return not self.target.isdecimal() and self.target != _LATEST

    def own_name(self, *, whole: bool) -> str:
        """Return what it is called where it was given no name: the file's, the `whole` path where two are alike."""
        if not self.is_file:
            base = self.target if self.target == _LATEST else f"build {self.target}"
        else:
            base = self.target if whole else Path(self.target).stem
        return f"{base} {self.side}" if self.side is Side.BASELINE else base


@contextmanager
def entered(arguments: Sequence[str], journal: Path | None) -> Iterator[list[Entrant]]:
    """Open what the arguments name. Raises ConfigurationError for what is not there, and for fewer than two."""
    addresses = [Address.read(argument) for argument in arguments]
    if len(addresses) < 2:
        raise _too_few(addresses)
    short = Counter(each.name or each.own_name(whole=False) for each in addresses)
    with ExitStack() as stack:
        stores: dict[Path, Journal] = {}
        found = []
        for each in addresses:
            path = Path(each.target) if each.is_file else journal_path(journal)
            if path not in stores:
                stores[path] = stack.enter_context(Journal(path, create=False))
            own = each.own_name(whole=False)
            name = each.name or (own if short[own] == 1 else each.own_name(whole=True))
            source = Source(journal=stores[path], build=_build(each, stores[path]))
            found.append(entrant(source, each.side, name=name, address=each.text))
        yield found


def _too_few(addresses: Sequence[Address]) -> ConfigurationError:
    if not addresses:
        return ConfigurationError(
            "there is nothing to compare", next_step="name two builds or more: evalgate compare 11 12 13"
        )
    one = addresses[0]
    other = replace(one, side=Side.CANDIDATE if one.side is Side.BASELINE else Side.BASELINE)
    return ConfigurationError(
        f"{one.text} alone cannot be compared",
        next_step=f"name another: its other side is {other.text}, `evalgate journal list` has the builds",
    )


def _build(address: Address, store: Journal) -> int:
    """Return the build that is meant; of a file, the one that it holds."""
    if address.target.isdecimal():
        return store.build(int(address.target)).id
    builds = [row for row in store.builds() if address.is_file or (row.complete and not row.partial)]
    if not builds:
        raise ConfigurationError(f"{store.path} holds no complete build", next_step="evalgate run")
    if address.is_file and len(builds) > 1:
        listed = f"--journal {address.target}"
        raise ConfigurationError(
            f"{address.target} holds {len(builds):,} builds, not one",
            next_step=f"name builds of it: evalgate compare {listed} {builds[1].id} {builds[0].id}",
        )
    return builds[0].id
