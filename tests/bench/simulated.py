"""Worlds to decide in: golden datasets with known true scores, from which runs of both sides are drawn.

A world is one dataset: how likely each example is to pass (or how it scores) on either side. Half of what makes one
check pass is shared with the others. A true drop breaks a random part of the examples of the first check for good.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtri

from evalgate.decision.evidence import (
    BuildEvidence,
    Cell,
    CheckEvidence,
    ResourceEvidence,
    Scores,
    StoredRuns,
    SuiteEvidence,
)
from evalgate.records import EvaluatorSpec
from evalgate.suite.checks import Check, Policy
from evalgate.suite.resources import Resource

PATH = "metadata.part"
STORED = StoredRuns(repetitions=3, of="main@1a2b3c4", date="2026-11-20")
SHARED = 0.5
"""The share of draws that all checks of an example have in common."""
ICC = 0.3
"""How alike the differences within a cluster are."""
CLUSTER = 5
RATINGS = np.array([0.05, 0.10, 0.20, 0.30, 0.35])
LOST_BY_RATING = float(RATINGS @ [0, 1, 2, 2, 2])
"""What two steps down cost on average: nothing is below 1."""
ZERO_CHANCES, NEVER_ZERO = (0.9, 0.1), 0.4
MEAN_WHEN_NOT_ZERO = 5 / 7


@dataclass(frozen=True, kw_only=True)
class Spec:
    """One setting. Rates are shares; `drop` and `margin` are shares of the range, and the first check has the drop."""

    n: int
    kind: str = "binary"
    rate: float = 0.8
    flip: float = 0.1
    """How often two identical runs of an example differ; for ratings, how often a run is a step off."""
    drop: float = 0.0
    checks: int = 1
    slices: int = 0
    clustered: bool = False
    suites: int = 1
    one_dataset: bool = False
    errors: float = 0.0
    """The task's own errors, on both sides; the examples that fail more often have more."""
    repetitions: tuple[int, int] = (1, 1)
    """Candidate, baseline."""
    sigma: float = field(default=0.4, repr=False)  # the quick tests take their seeds from what is printed
    """For `times`: the standard deviation of the logarithm of what one answer takes, from run to run."""
    tail: float = field(default=0.0, repr=False)
    """For `times`: the share of runs that take ten times as long."""
    rise: float = field(default=0.0, repr=False)
    """For `times`: by how much the first check's candidate takes longer."""
    allowed: float = field(default=0.10, repr=False)
    flow: str | None = None
    """`fair`, `lucky`, `unlucky`: screen, then confirm, against such a stored baseline; None: decide on one draw."""


class World:
    """One dataset with `checks` true scores for each example of either side."""

    def __init__(self, spec: Spec, rng: np.random.Generator, *, checks: int, drops: bool) -> None:
        self._spec, self._rng, self._checks, self._drops = spec, rng, checks, drops
        self.groups = np.arange(spec.n) // CLUSTER if spec.clustered else None
        self._truth = self._baseline_truth()
        self._broken = np.zeros((checks, spec.n), dtype=bool)
        if drops and spec.drop:
            self._broken[0] = rng.random(spec.n) < spec.drop / self._lost_when_broken()
        if spec.errors:
            harder = 1 - self._truth[0] if spec.kind == "binary" else np.ones(spec.n)
            self._error_chance = np.minimum(1.0, harder * spec.errors / max(1e-9, float(harder.mean())))

    def draw(self, repetitions: int, *, candidate: bool) -> list[Scores]:
        """Return `repetitions` runs of every example of a side, a Scores for each check."""
        if self._spec.kind == "times":
            values = self._times(repetitions, candidate=candidate)
        else:
            values = self._values(repetitions, self._broken & candidate)
        cells = np.full(values.shape, Cell.SCORED, dtype=np.uint8)
        if self._spec.errors:
            erring = self._rng.random(values.shape[1:]) < self._error_chance[:, None]
            cells[:, erring] = Cell.TASK_ERROR
            values[:, erring] = np.nan
        return [Scores(values=one, cells=cell) for one, cell in zip(values, cells, strict=True)]

    def _baseline_truth(self):
        spec, shape = self._spec, (self._checks, self._spec.n)
        if spec.kind == "times":
            return np.exp(0.5 * self._rng.standard_normal(shape))
        if spec.kind == "ordinal":
            return self._rng.choice(np.arange(1.0, 6.0), p=RATINGS, size=shape)
        if spec.kind == "zeros":
            return self._rng.choice(ZERO_CHANCES, p=[1 - NEVER_ZERO, NEVER_ZERO], size=shape)
        spread = 2 * spec.rate * (1 - spec.rate)
        if spec.flip <= 0:
            return (self._rng.random(shape) < spec.rate).astype(float)
        if spec.flip >= spread:
            return np.full(shape, spec.rate)
        weight = 1 / (1 - spec.flip / spread) - 1
        return self._rng.beta(spec.rate * weight, (1 - spec.rate) * weight, size=shape)

    def _lost_when_broken(self) -> float:
        """How much an example loses on average when it breaks, as a share of the range."""
        if self._spec.kind == "ordinal":
            return LOST_BY_RATING / 4
        if self._spec.kind == "zeros":
            return MEAN_WHEN_NOT_ZERO * (1 - float(np.dot(ZERO_CHANCES, [1 - NEVER_ZERO, NEVER_ZERO])))
        return self._spec.rate

    def _times(self, repetitions: int, *, candidate: bool):
        """Lognormal amounts around each example's own, part of the luck shared by checks and by what clusters."""
        rng = self._rng
        luck = np.clip(self._luck(repetitions), 1e-12, 1 - 1e-12)
        times = self._truth[:, :, None] * np.exp(self._spec.sigma * ndtri(luck))
        times = np.where(rng.random(times.shape) < self._spec.tail, 10 * times, times)
        if candidate and self._drops:
            times[0] *= 1 + self._spec.rise
        return times

    def _values(self, repetitions: int, broken):
        luck = self._luck(repetitions)
        truth = self._truth[:, :, None]
        if self._spec.kind == "ordinal":
            off = np.where(luck < self._spec.flip / 2, -1.0, np.where(luck > 1 - self._spec.flip / 2, 1.0, 0.0))
            return np.clip(truth + off - 2.0 * broken[:, :, None], 1.0, 5.0)
        if self._spec.kind == "zeros":
            scores = self._rng.beta(5, 2, size=luck.shape)
            return np.where((luck < truth) | broken[:, :, None], 0.0, scores)
        return ((luck < truth) & ~broken[:, :, None]).astype(float)

    def _luck(self, repetitions: int):
        """Uniform draws (checks, examples, repetitions): part of them shared by checks, and by what clusters."""
        rng, shape = self._rng, (self._checks, self._spec.n, repetitions)
        luck = rng.random(shape)
        if self._checks > 1:
            luck = np.where(rng.random(shape) < SHARED, rng.random(shape[1:]), luck)
        if self.groups is not None:
            together = rng.random((self._checks, int(self.groups.max()) + 1, repetitions))[:, self.groups]
            luck = np.where(rng.random(shape) < ICC**0.5, together, luck)
        return luck


_POLICY = Policy()
_RULES = Check.model_validate({"no_regression": {}})
_SLICED = Check.model_validate({"no_regression": {"slices": [PATH]}})


class Build:
    """The suites of a setting, each with its world."""

    def __init__(self, spec: Spec, rng: np.random.Generator) -> None:
        self.spec = spec
        if spec.one_dataset:
            whole = World(spec, rng, checks=spec.checks * spec.suites, drops=True)
            self._worlds = [(whole, index * spec.checks, "dataset") for index in range(spec.suites)]
        else:
            self._worlds = [
                (World(spec, rng, checks=spec.checks, drops=index == 0), 0, f"dataset {index}")
                for index in range(spec.suites)
            ]
        self._ids = tuple(f"e{index:04d}" for index in range(spec.n))
        low, high = (1.0, 5.0) if spec.kind == "ordinal" else (0.0, 1.0)
        self._specs = [EvaluatorSpec(name=f"check {index}", low=low, high=high) for index in range(spec.checks)]

    def names(self) -> tuple[str, ...]:
        """The suites' names."""
        return tuple(f"suite {index}" for index in range(self.spec.suites))

    def draw(self, repetitions: int, *, candidate: bool) -> list[list[Scores]]:
        """Return a side's runs by suite and check. Suites on one dataset see the same runs."""
        drawn, runs = {}, []
        for world, first, _ in self._worlds:
            if id(world) not in drawn:
                drawn[id(world)] = world.draw(repetitions, candidate=candidate)
            runs.append(drawn[id(world)][first : first + self.spec.checks])
        return runs

    def suite(self, index: int, candidate: list[Scores], baseline: list[Scores], *, screen=None) -> SuiteEvidence:
        """Return one suite's evidence; `screen` says that the baseline's runs were stored."""
        spec = self.spec
        world, _, dataset = self._worlds[index]
        checks = tuple(
            CheckEvidence(
                name=evaluator.name,
                check=_SLICED if spec.slices else _RULES,
                evaluator=evaluator,
                candidate=one,
                baseline=other,
                redraws={},
            )
            for evaluator, one, other in zip(self._specs, candidate, baseline, strict=True)
        )
        timed = spec.kind == "times"
        return SuiteEvidence(
            name=self.names()[index],
            dataset=dataset,
            example_ids=self._ids,
            checks=() if timed else checks,
            resources=tuple(map(self._timed, checks)) if timed else (),
            clusters=None if world.groups is None else tuple(f"c{group}" for group in world.groups.tolist()),
            slices={PATH: tuple(f"part {at % spec.slices:02d}" for at in range(spec.n))} if spec.slices else {},
            identical=np.zeros(spec.n, dtype=bool),
            baseline_label="main",
            screen=screen,
        )

    def _timed(self, check: CheckEvidence) -> ResourceEvidence:
        rule = {"allow_increase": self.spec.allowed} | ({"slices": [PATH]} if self.spec.slices else {})
        return ResourceEvidence(
            name=check.name,
            check=Check.model_validate({"no_regression": rule}),
            resource=Resource.COST,
            candidate=check.candidate,
            baseline=check.baseline,
        )

    def evidence(self, suites) -> BuildEvidence:
        """Return the whole build."""
        return BuildEvidence(suites=tuple(suites), policy=_POLICY)
