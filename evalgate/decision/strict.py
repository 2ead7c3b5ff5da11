"""`on_inconclusive: fail`: whether a gate that blocks on doubt could be passed at all, said before anything is paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, NoReturn

import numpy as np

from evalgate.decision import words
from evalgate.decision.comparison import Differences, lowest_with_no_change
from evalgate.decision.known_noise import Noise
from evalgate.decision.layout import TESTED_FROM
from evalgate.decision.number_words import times_in_100
from evalgate.decision.outlook import OWN_CHANGES
from evalgate.errors import ConfigurationError
from evalgate.records import EvaluatorSpec
from evalgate.stats.passing import examples_to_pass, pass_chance
from evalgate.stats.planning import MOST_EXAMPLES
from evalgate.stats.power import Plan
from evalgate.suite.checks import Equivalent, NoRegression

REFUSED_UNDER: Final = 0.20
WARNED_UNDER: Final = 0.80
QUIETEST, USUAL = 0.02, 0.10
"""Flip rates of the documents' table: where none is known, refuse on the least and warn on a middling one."""
_MEASURE: Final = " `evalgate noise` if the task is another one by now,"
"""A refused gate makes no build that could tell of less noise."""
_REPETITIONS: Final = 5
"""More are not proposed: examples are the better buy by then."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Strict:
    """A comparison to be held to `on_inconclusive: fail`, before it has any answer.

    `sizes` are how many examples each cluster has, or 1 for each example; `required` how many each required slice has,
    by its name. `noise` is what a stored build showed.
    """

    spec: EvaluatorSpec
    rule: NoRegression
    sizes: Sequence[int]
    repetitions: int
    noise: Noise | None
    required: Sequence[tuple[str, int]] = ()

    @property
    def name(self) -> str:
        """The check's name."""
        return self.spec.name

    @property
    def bounded(self) -> bool:
        """Whether its score has a range."""
        return self.spec.low is not None and self.spec.high is not None

    @property
    def clustered(self) -> bool:
        """Whether some cluster holds several examples."""
        return len(self.sizes) < sum(self.sizes)

    @property
    def binary(self) -> bool:
        """Whether it is pass/fail, as far as anybody knows."""
        return self.bounded and (self.noise is None or self.noise.binary)

    @property
    def single(self) -> bool:
        """Whether it goes by the interval of pass/fail checks with one answer each."""
        return self.binary and self.repetitions == 1 and not self.clustered

    def plan(self, flip: float) -> Plan:
        """Return the comparison at a flip rate."""
        examples = sum(self.sizes)
        icc = self.noise.icc if self.noise else 0.0
        size = examples / max(1, len(self.sizes))
        repetitions = float(self.repetitions)
        return Plan(examples=examples, flip=flip, alpha=0.05, repetitions=repetitions, cluster_size=size, icc=icc)

    def chance(self, flip: float) -> float:
        """Return how often it passes where nothing changed."""
        return pass_chance(self.plan(flip), self.rule.rule_out_drop, binary=self.binary)


def strict_outlook(of: Strict) -> str | None:
    """Return a warning where an unchanged candidate would pass less than 8 times in 10; None where it would.

    Raises ConfigurationError where equal scores could not pass, or an unchanged candidate less than 2 times in 10.
    Changes of one build may be real ones, so that noise read from them refuses nothing.
    """
    _refuse_too_few(of)
    _refuse_small_slice(of)
    measured = of.noise is not None and of.noise.source != OWN_CHANGES
    flip = of.noise.flip if of.noise else USUAL
    chance = of.chance(flip)
    if of.chance(flip if measured else min(flip, QUIETEST)) < REFUSED_UNDER:
        raise ConfigurationError(
            f"the check {of.name} would PASS {times_in_100(chance)} where nothing changed ({_because(of.noise)}),"
            f" and `on_inconclusive: fail` blocks all else",
            next_step=f"{_more(of, flip)}, a larger `rule_out_drop`,{_MEASURE if measured else ''}"
            " or `on_inconclusive: warn`",
        )
    if chance >= WARNED_UNDER:
        return None
    return (
        f"passes {times_in_100(chance)} where nothing changed ({_because(of.noise)}), and"
        f" `on_inconclusive: fail` blocks the rest; to pass 8 times in 10, {_more(of, flip)}"
    )


def refuse_undecidable_change(of: Strict, rule: Equivalent) -> None:
    """Raise ConfigurationError where `equivalent` could not pass were every score equal; `of.rule` is not asked."""
    if not of.bounded and of.spec.scale is None:
        _refuse_unbounded(of)
    if not _rules_out(of.sizes, rule.margin, binary=of.single):
        _refuse_few(of, rule.margin, what="change", key="equivalent")


def _refuse_too_few(of: Strict) -> None:
    """Refuse what no answers could pass, were every score equal."""
    margin = of.rule.rule_out_drop
    if not of.bounded and of.spec.scale is None:
        _refuse_unbounded(of)
    if not _rules_out(of.sizes, margin, binary=of.single):
        _refuse_few(of, margin, what="drop", key="rule_out_drop")


def _refuse_unbounded(of: Strict) -> NoReturn:
    raise ConfigurationError(
        f"the check {of.name} cannot PASS: it is unbounded and declares no scale, and `on_inconclusive: fail` blocks",
        next_step=words.no_range(of.name).next_step,
    )


def _refuse_few(of: Strict, margin: float, *, what: str, key: str) -> NoReturn:
    few = words.too_few(len(of.sizes), clustered=of.clustered, margin=margin, what=what).removesuffix(".")
    units = "clusters" if of.clustered else "examples"
    raise ConfigurationError(
        f"the check {of.name} cannot PASS: {few}, and `on_inconclusive: fail` blocks",
        next_step=f"use {_enough(of, margin):,} {units} or more, a larger `{key}`, or `on_inconclusive: warn`",
    )


def _refuse_small_slice(of: Strict) -> None:
    """Refuse a required slice of which the same holds, or that is not even tested."""
    margin = of.rule.rule_out_drop
    for name, examples in of.required:
        if examples < TESTED_FROM:
            few = f"a slice is tested from {TESTED_FROM} examples, and it has {examples:,}"
        elif not _rules_out([1] * examples, margin, binary=of.single):
            few = words.too_few(examples, clustered=False, margin=margin).removesuffix(".")
        else:
            continue
        raise ConfigurationError(
            f"the check {of.name} cannot PASS: its slice {name} is `required` and too small ({few}), and"
            " `on_inconclusive: fail` blocks",
            next_step="add examples to that slice, take its `required` away, or set `on_inconclusive: warn`",
        )


def _rules_out(sizes: Sequence[int], margin: float, *, binary: bool) -> bool:
    """Return whether equal scores rule out a drop of the margin."""
    units = np.repeat(np.arange(len(sizes), dtype=np.intp), sizes)
    equal = Differences(values=np.zeros(len(units)), units=units, binary=binary, bounded=True)
    return lowest_with_no_change(equal) > -margin


def _enough(of: Strict, margin: float) -> int:
    """Return how many examples or clusters rule out the margin where every score is equal."""
    few, many = 1, 2
    while not _rules_out([1] * many, margin, binary=of.single):
        few, many = many, many * 2
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if _rules_out([1] * middle, margin, binary=of.single) else (middle, many)
    return many


def _because(noise: Noise | None) -> str:
    """Return where the noise was read, as a part of a sentence."""
    if noise is None:
        return f"if {100 * USUAL:g} % of answers differ between two equal runs, which no build has told yet"
    rate = f"{max(0.1, 100 * noise.flip):.2g} %"
    as_if = "" if noise.binary else "scores vary as if "
    if noise.source == OWN_CHANGES:
        return f"{as_if}{rate} of answers differ between the sides of build {noise.build}, its real changes among them"
    build = f" in build {noise.build}" if noise.build else ""
    return f"{as_if}{rate} of answers differ between two equal runs, by {noise.source}{build}"


def _more(of: Strict, flip: float) -> str:
    """Return what would let an unchanged candidate pass 8 times in 10."""
    plan, margin = of.plan(flip), of.rule.rule_out_drop
    needed = examples_to_pass(plan, margin, binary=of.binary, chance=WARNED_UNDER)
    use = f"use about {needed:,} examples" if needed is not None else f"not even {MOST_EXAMPLES:,} examples do"
    for repetitions in range(of.repetitions + 1, _REPETITIONS + 1):
        again = replace(plan, repetitions=float(repetitions))
        if pass_chance(again, margin, binary=of.binary) >= WARNED_UNDER:
            return f"{use}, or `repetitions: {repetitions}`"
    return use
