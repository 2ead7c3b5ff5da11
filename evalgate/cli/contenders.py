"""What `evalgate compare` is given: builds, files, and tasks to be tried, each with a name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from evalgate.cli.builds import LATEST, chosen, number_of
from evalgate.cli.prompt_places import ref_in
from evalgate.errors import ConfigurationError
from evalgate.journal.store import Journal
from evalgate.records import Side
from evalgate.suite.baselines import BaselineKind
from evalgate.suite.retask import TaskChange, read_task_change

OWN: Final = "."
_NAMED: Final = re.compile(r"([\w .+@-]+)=(.*)", re.DOTALL)
_TASK_FILES: Final = frozenset({".yaml", ".yml"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """One argument: `mini=12`, `runs/gpt5.db`, `12:baseline`, `experiment:RXhwOjE=`, `new=new.yaml`.

    `name` is None where none was given.

    `change` is what a task to be tried has of its own; None for what is recorded.
    """

    name: str | None
    target: str
    side: Side = Side.CANDIDATE
    change: TaskChange | None = None

    @property
    def text(self) -> str:
        """The address without the name."""
        return f"{self.target}:{self.side}" if self.side is Side.BASELINE else self.target

    @property
    def is_file(self) -> bool:
        """Whether it is a journal's file rather than a build of the journal."""
        recorded = self.change is None and self.experiment is None
        return recorded and number_of(self.target) is None and self.target != LATEST

    @property
    def experiment(self) -> str | None:
        """The id of the experiment in Phoenix that it is; None where it is something else."""
        kind, _, name = self.target.partition(":")
        return name if self.change is None and kind == BaselineKind.EXPERIMENT and name else None

    def called(self, *, whole: bool) -> str:
        """Return what it is called: its name, else its own words; the `whole` path where two are alike."""
        if self.name is not None:
            return self.name
        if self.change is not None and self.target == OWN:
            return "own task"
        if self.experiment is not None:
            base = self.target.replace(":", " ", 1)
        elif self.is_file or self.change is not None:
            base = self.target if whole else Path(self.target).stem
        else:
            base = self.target if self.target == LATEST else f"build {self.target}"
        return f"{base} {self.side}" if self.side is Side.BASELINE else base


def read_address(argument: str) -> Address:
    """Read one argument. Raises ConfigurationError where there is nothing in it, or its task file cannot be read."""
    found = _NAMED.fullmatch(argument)
    name, rest = (found[1].strip(), found[2]) if found else (None, argument)
    if not rest or name == "":
        raise ConfigurationError(
            f"{argument!r} names nothing to compare", next_step="write BUILD, FILE or NAME=BUILD: mini=12"
        )
    if rest == OWN:
        return Address(name=name, target=rest, change=TaskChange(values={}, origin="the config"))
    if Path(rest).suffix in _TASK_FILES:
        return Address(name=name, target=rest, change=read_task_change(Path(rest)))
    target, _, end = rest.rpartition(":")
    for side in Side:
        if target and side.value == end:
            return Address(name=name, target=target, side=side)
    return Address(name=name, target=rest)


def matrix(models: Sequence[str], prompts: Sequence[str]) -> list[Address]:
    """Return a task to be tried for each model, for each prompt, or for each prompt on each model."""
    short = Counter(model.rpartition("/")[2] for model in models)
    stems = Counter(Path(prompt).stem for prompt in prompts)
    tried = []
    for prompt in prompts or (None,):
        for model in models or (None,):
            values: dict[str, Any] = {}
            flags: list[str] = []
            names: list[str] = []
            if prompt is not None:
                ref = ref_in(prompt, None)
                values["prompt"] = prompt if ref is None else ref.model_dump(exclude_none=True)
                flags.append(f"--prompt {prompt}")
                names.append(
                    ref.shown if ref is not None else Path(prompt).stem if stems[Path(prompt).stem] == 1 else prompt
                )
            if model is not None:
                values["model"] = model
                flags.append(f"--model {model}")
                last = model.rpartition("/")[2]
                names.append(last if short[last] == 1 else model)
            if values:
                change = TaskChange(values=values, origin=" ".join(flags))
                tried.append(Address(name=" on ".join(names), target=change.origin, change=change))
    return tried


def named(addresses: Sequence[Address]) -> list[tuple[str, Address]]:
    """Return each with what it is called. Raises ConfigurationError for fewer than two, and for one named twice."""
    if len(addresses) < 2:
        raise _too_few(addresses)
    texts = Counter(each.text for each in addresses)
    if twice := [text for text, times in texts.items() if times > 1]:
        raise ConfigurationError(f"{twice[0]} is named twice", next_step="name each of them once")
    times = Counter(each.called(whole=False) for each in addresses)
    names = [each.called(whole=times[each.called(whole=False)] > 1) for each in addresses]
    if alike := [name for name, amount in Counter(names).items() if amount > 1]:
        raise ConfigurationError(
            f"two of those to compare are called {alike[0]}", next_step="give them names: NAME=BUILD NAME=FILE"
        )
    return list(zip(names, addresses, strict=True))


def _too_few(addresses: Sequence[Address]) -> ConfigurationError:
    if not addresses:
        return ConfigurationError(
            "there is nothing to compare",
            next_step="name two builds or more, `evalgate compare 11 12 13`, or what to try: --model A --model B",
        )
    (one,) = addresses
    if one.change is not None:
        return ConfigurationError(
            f"{one.text} alone cannot be compared", next_step="name another, or compare with the config's own task: ."
        )
    other = replace(one, side=Side.CANDIDATE if one.side is Side.BASELINE else Side.BASELINE)
    return ConfigurationError(
        f"{one.text} alone cannot be compared",
        next_step=f"name another: its other side is {other.text}, `evalgate journal list` has the builds",
    )


def build_of(address: Address, store: Journal) -> int:
    """Return the build that is meant; of a file, the one that it holds. Raises ConfigurationError where it is none."""
    if (number := number_of(address.target)) is not None:
        return chosen(store, number)
    builds = [
        row for row in store.builds(trials=address.is_file) if address.is_file or (row.complete and not row.partial)
    ]
    if not builds:
        raise ConfigurationError(f"{store.path} holds no complete build", next_step="evalgate run")
    if address.is_file and len(builds) > 1:
        raise ConfigurationError(
            f"{address.target} holds {len(builds):,} builds, not one",
            next_step=f"evalgate compare --journal {address.target} {builds[1].id} {builds[0].id}",
        )
    return builds[0].id
