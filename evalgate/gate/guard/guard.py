"""Whose definitions decide: in a pull request the base commit's, on its examples; the change's own where it adds some.

The task that answers is the change's, always: it is what is judged. docs/pull-requests.md has the table of all keys.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from evalgate.errors import BaselineError, ConfigurationError, EvalgateError
from evalgate.gate.baselines.at_base import own_files
from evalgate.gate.baselines.bases import Bases
from evalgate.gate.datasets import Pull, with_datasets
from evalgate.gate.guard.differences import Difference, of_shared
from evalgate.gate.guard.guarded_suite import GuardedSuite, guarded_suite
from evalgate.gate.prepared import Placed
from evalgate.git.history import Base
from evalgate.suite.baselines import MERGE_BASE, BaselineKind
from evalgate.suite.config import Config, Endpoint, Price, Suite
from evalgate.suite.inputs import evaluator_files
from evalgate.suite.loading import LoadedConfig
from evalgate.suite.phoenix import PhoenixSettings
from evalgate.suite.quarantine import quarantine_file

Load = Callable[[Path], LoadedConfig]
"""Reads a config of another commit, with what the environment and flags lay over every config."""


class Decides(StrEnum):
    """Whose definitions decide where the two differ."""

    BASE = "base"
    """A pull request: the base commit's."""
    ALLOWED = "allowed"
    """A pull request whose base says `policy.pr_may_change_gate: true`: its own."""
    FIRST = "first"
    """A pull request whose base has no config, or one without suites: its own."""
    LOCAL = "local"
    """No pull request: the work tree's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """What decides in a build. `loaded` has the config that it is recorded with; its tasks are the change's.

    `suites` has those that the base commit has, where it decides. `endpoints` are those of the change's tasks, and
    `prices` those that only the change has, for models of which nobody else knows one.
    """

    loaded: LoadedConfig
    endpoints: Mapping[str, Endpoint]
    suites: Mapping[str, GuardedSuite] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)
    base: Base | None = None
    decides: Decides = Decides.LOCAL
    differences: tuple[Difference, ...] = ()
    own: Config | None = None
    """The change's own config, where the base's decides."""

    @property
    def phoenix(self) -> PhoenixSettings:
        """Return where prompts are looked up: what decides says it, beside servers that only the change has."""
        decides, own = self.loaded.config.phoenix, self.own.phoenix if self.own is not None else None
        if decides is None or own is None:
            return decides or own or PhoenixSettings()
        return decides.model_copy(update={"servers": {**own.servers, **decides.servers}})

    def asked_endpoints(self) -> Iterator[Endpoint]:
        """Yield every endpoint that a run may ask: for judges, and for the change's tasks."""
        yield from self.loaded.config.endpoints.values()
        yield from self.endpoints.values()

    def named(self, suite: str) -> str:
        """Return the name by which a suite decides: the base's, where the change calls it otherwise."""
        return next((name for name, each in self.suites.items() if each.own == suite), suite)


def unguarded(loaded: LoadedConfig) -> Gate:
    """Return the gate of a config that decides by itself."""
    return Gate(loaded=loaded, endpoints=loaded.config.endpoints)


def guard(
    loaded: LoadedConfig,
    bases: Bases,
    load: Load,
    pull: Pull,
    *,
    pull_request: bool,
    names: Collection[str] = (),
) -> Gate:
    """Return what decides about the change that is checked out; datasets that are not files come here by `pull`.

    Outside of a pull request that is its own config (of which only the suites of `names` are asked for, if any), and
    what a pull request would do otherwise is listed where the base is at hand. Raises BaselineError where a pull
    request's base or its gate cannot be read, ConfigurationError for a suite of the change that leads out of the
    repository, and as `pull` does.
    """
    if not pull_request:
        return _local(loaded, bases, load, pull, names)
    base = bases.base(MERGE_BASE)
    _refuse_outside(loaded, bases)
    found = _at_base(base, bases, load)
    if found is None:
        return replace(unguarded(_telling(with_datasets(loaded, pull))), base=base, decides=Decides.FIRST)
    _refuse_servers(loaded, found)
    if not found.config.suites:
        first = _telling(with_datasets(loaded, pull), found.config)
        return replace(unguarded(first), base=base, decides=Decides.FIRST)
    loaded, found = _with_datasets(loaded, found, pull)
    if found.config.policy.pr_may_change_gate:
        whole = _guarded(loaded, found, base, bases)
        allowed = _telling(loaded, found.config)
        return replace(unguarded(allowed), base=base, decides=Decides.ALLOWED, differences=whole.differences)
    return _guarded(loaded, found, base, bases)


def _telling(loaded: LoadedConfig, base: Config | None = None) -> LoadedConfig:
    """Return the change's config with those told of it whom the base tells, whatever else the change may define."""
    told = {"notify": base.notify if base else None, "mlflow": base.mlflow if base else None}
    return replace(loaded, config=loaded.config.model_copy(update=told))


def _with_datasets(loaded: LoadedConfig, at: LoadedConfig, pull: Pull) -> tuple[LoadedConfig, LoadedConfig]:
    """Return the change's config and the base's with their datasets; the base says where its servers are."""
    own, base = loaded.config.phoenix or PhoenixSettings(), at.config.phoenix
    settings = own if base is None else base.model_copy(update={"servers": {**own.servers, **base.servers}})
    return with_datasets(loaded, pull, settings=settings), with_datasets(at, pull, settings=settings)


def _local(loaded: LoadedConfig, bases: Bases, load: Load, pull: Pull, names: Collection[str]) -> Gate:
    """Return the work tree's own gate with what differs, where a suite is compared with the base commit anyway."""
    every, loaded = loaded, with_datasets(loaded, pull, names)
    refs = [suite.baseline_ref for suite in loaded.config.suites.values()]
    ref = next((ref for ref in refs if ref is not None and ref.kind is BaselineKind.MERGE_BASE), None)
    if ref is None:
        return unguarded(loaded)
    try:
        base = bases.base(ref)
        found = _at_base(base, bases, load)
        if found is None or not found.config.suites or found.config.policy.pr_may_change_gate:
            return unguarded(loaded)
        differences = _guarded(*_with_datasets(every, found, pull), base, bases).differences
    except EvalgateError:
        return unguarded(loaded)  # it is said where the baseline is made, or where the dataset is read
    return replace(unguarded(loaded), base=base, differences=differences)


def _at_base(base: Base, bases: Bases, load: Load) -> LoadedConfig | None:
    """Return the base commit's whole config; None where it has none.

    Where that is so, or where it has no suites, the change defines its own gate.
    """
    path = bases.config(base)
    if path is None:
        return None
    try:
        return load(path)
    except ConfigurationError as error:
        raise BaselineError(
            f"the gate of {base.label} decides about a pull request, and it cannot be read:"
            f" {str(error).replace(str(path), f'{path.name} of {base.label}')}",
            next_step=f"mend it on {base.name or 'the base'}; the pull request that does so is merged past the gate",
        ) from None


def _refuse_outside(loaded: LoadedConfig, bases: Bases) -> None:
    """Raise ConfigurationError where a root or a file of the change is not in its repository, links followed."""
    for name, suite in loaded.config.suites.items():
        for key, path in _named(suite, loaded.root(name)):
            try:
                bases.within(path)
            except BaselineError:
                raise ConfigurationError(
                    f"suite {name}: in a pull request `{key}` has to be in the repository, and {path} leads out of it",
                    next_step=f"correct `suites.{name}.{key}` in {loaded.path}",
                ) from None


def _refuse_servers(loaded: LoadedConfig, at: LoadedConfig) -> None:
    """Raise ConfigurationError where the change would send a key to an address that the base does not send it to."""
    own, base = loaded.config.phoenix, at.config.phoenix
    if own is None or base is None:
        return
    known = {(each.endpoint_env, each.api_key_env) for each in (base, *base.servers.values())}
    for name, server in own.servers.items():
        if name not in base.servers and (server.endpoint_env, server.api_key_env) not in known:
            raise ConfigurationError(
                f"phoenix.servers.{name}: in a pull request no key goes to an address that the base sends none to, and"
                f" this server would get {server.api_key_env} at {server.endpoint_env}",
                next_step=f"merge `phoenix.servers.{name}` in a change of its own, before what uses it",
            )


def _named(suite: Suite, root: Path) -> Iterator[tuple[str, Path]]:
    """Yield (key, where it leads) of what a suite names in so many words."""
    yield "root", root
    if suite.dataset.file is not None:
        yield "dataset", suite.dataset.path(root)
    if (quarantine := quarantine_file(suite, root)) is not None:
        yield "quarantine", quarantine
    yield from (("task", root / file) for file in own_files(suite.task))
    for evaluator in suite.evaluators:
        yield from ((f"evaluators.{evaluator.label}", root / file) for file in evaluator_files(evaluator))


def _guarded(loaded: LoadedConfig, at: LoadedConfig, base: Base, bases: Bases) -> Gate:
    """Return the base's definitions with the change's tasks, and with what only the change has."""
    ours = loaded.config
    names = _paired(at.config, ours)
    config = {
        "suites": {},
        "endpoints": {**ours.endpoints, **at.config.endpoints},
        "prices": at.config.prices,
        "phoenix": at.config.phoenix if at.config.phoenix is not None else ours.phoenix,
    }
    suites: dict[str, Suite] = {}
    guarded: dict[str, GuardedSuite] = {}
    differences: list[Difference] = []
    for name, own in names.items():
        suites[name], guarded[name], told = guarded_suite(name, own, loaded, at, bases)
        differences += told
    for name in ours.suites:
        if name not in names.values():
            suites[name] = ours.suites[name]
            placed = Placed(root=loaded.root(name), own_dataset=True)
            guarded[name] = GuardedSuite(placed=placed, own=name, new_checks=tuple(ours.suites[name].checks))
            differences.append(Difference(suite=name, key="suites", message="the suite is added"))
    config["suites"] = suites
    seconds = {name: each.second.task for name, each in guarded.items() if each.second is not None}
    new = {name: task for name, task in loaded.baseline_tasks.items() if name in suites and name not in names}
    return Gate(
        loaded=replace(loaded, config=at.config.model_copy(update=config), baseline_tasks={**new, **seconds}),
        endpoints={**at.config.endpoints, **ours.endpoints},
        suites=guarded,
        prices={name: price for name, price in ours.prices.items() if name not in at.config.prices},
        base=base,
        decides=Decides.BASE,
        differences=(*differences, *of_shared(at.config, ours), *_of_workflows(base, bases)),
        own=ours,
    )


def _of_workflows(base: Base, bases: Bases) -> Iterator[Difference]:
    """Yield what only people can guard: the workflow says whether the gate runs at all."""
    for name in bases.edited_workflows(base):
        yield Difference(key="workflow", message=f"{name} is edited, and what runs the gate is the change's own")


def _paired(base: Config, own: Config) -> dict[str, str | None]:
    """Return, by each suite of the base, what the change calls it; None where it has none that could be it.

    One that is called otherwise is known by its task and its dataset.
    """
    names: dict[str, str | None] = {name: name if name in own.suites else None for name in base.suites}
    free = [name for name in own.suites if name not in base.suites]
    for name in [name for name, found in names.items() if found is None]:
        likeness = {each: _likeness(base.suites[name], own.suites[each]) for each in free}
        best = max(free, key=likeness.__getitem__, default=None)
        if best is not None and likeness[best]:
            names[name] = best
            free.remove(best)
    return names


def _likeness(one: Suite, other: Suite) -> int:
    return 2 * (one.task == other.task) + (one.dataset.shown == other.dataset.shown)
