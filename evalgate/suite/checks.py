"""Checks and the policy: what a suite must satisfy, and what happens when it does not."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import Field, model_validator

from evalgate.suite.model import ConfigModel, DottedPath, Repetitions


class Slice(ConfigModel):
    """A metadata path whose every value is a part of the dataset that can fail the check by itself."""

    path: DottedPath
    """Such as `metadata.lang`; the path alone is short for it."""
    required: bool = False
    """Its INCONCLUSIVE counts too; else it is shown and changes nothing."""


class NoRegression(ConfigModel):
    """The candidate is not worse than the baseline; fails only on evidence."""

    rule_out_drop: float = Field(default=0.10, gt=0, le=1)
    """The margin, as a share of the score's range: PASS says that a drop this large is ruled out."""
    ignore_drop_under: float = Field(default=0.0, ge=0, le=1)
    """A drop smaller than this share of the range never fails, however certain."""
    allow_increase: float = Field(default=0.10, gt=0, le=1)
    """For cost, tokens and latency, in the place of the two above: the rise that is allowed, as a share of what the
    baseline takes. Fails only on evidence of more; PASS says that more is ruled out."""
    slices: tuple[Slice, ...] = ()
    """Metadata paths whose values are also tested one by one."""

    @model_validator(mode="before")
    @classmethod
    def _short_slices(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("slices"), list):
            data = {**data, "slices": [{"path": s} if isinstance(s, str) else s for s in data["slices"]]}
        return data

    @model_validator(mode="after")
    def _coherent(self) -> NoRegression:
        if self.ignore_drop_under > self.rule_out_drop:
            raise ValueError("ignore_drop_under is above rule_out_drop: nothing could ever fail between them")
        return self


class Improves(ConfigModel):
    """The candidate is better than the baseline; passes only on evidence, and fails where that is ruled out."""

    by: float = Field(ge=0, lt=1)
    """By more than this share of the score's range; `improves: 0.05` is short for it, 0 asks for any improvement. Of
    cost, tokens and latency: down by more than this share of what the baseline takes."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        return _in_short("by", data)


class Equivalent(ConfigModel):
    """The candidate is neither better nor worse than the baseline by what counts; passes only on evidence."""

    margin: float = Field(gt=0, lt=1)
    """What counts, as a share of the score's range; `equivalent: 0.05` is short for it. Of cost, tokens and latency: a
    share of what the baseline takes."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        return _in_short("margin", data)


def _in_short(key: str, data: Any) -> Any:
    """Read a number alone as the value of `key`."""
    return {key: data} if isinstance(data, int | float) and not isinstance(data, bool) else data


class Threshold(ConfigModel):
    """A fact about the candidate alone, in the score's own units."""

    threshold: float
    """What is asked; `at_least: 0.8` is short for it. Of cost, tokens and latency: dollars, tokens or seconds, on
    average for one answer."""
    mode: Literal["point", "evidence"] = "point"
    """point: the observed mean against the threshold. evidence: its one-sided 95 % bounds."""

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        return _in_short("threshold", data)


class ZeroTolerance(ConfigModel):
    """No example may fail twice in a row."""

    absolute: bool = False
    """Count examples that the baseline fails twice too."""


SHORT_NUMBERS: Final[Mapping[Any, str]] = {Improves: "by", Equivalent: "margin", Threshold: "threshold"}
"""The rules that a number alone is short for, with the key that it is the value of."""


COMPARISONS: Final = frozenset({"no_regression", "improves", "equivalent"})
"""The rules that need a baseline."""


class Check(ConfigModel):
    """One metric with one or more rules. The check is its worst rule."""

    no_regression: NoRegression | None = None
    """Not worse than the baseline: fails only on evidence."""
    improves: Improves | None = None
    """Better than the baseline by more than this; an unchanged candidate does not pass."""
    equivalent: Equivalent | None = None
    """Neither better nor worse than the baseline by this much."""
    at_least: Threshold | None = None
    """The candidate's mean is at least this."""
    at_most: Threshold | None = None
    """The candidate's mean is at most this."""
    zero_tolerance: ZeroTolerance | None = None
    """No example may fail, and fail again when it is asked once more."""
    report_only: bool = False
    """Show it and let it decide nothing."""

    @model_validator(mode="before")
    @classmethod
    def _empty_rules(cls, data: Any) -> Any:
        """Read `no_regression:` as `no_regression: {}`."""
        if isinstance(data, dict):
            bare = ("no_regression", "zero_tolerance")
            data = {key: {} if value is None and key in bare else value for key, value in data.items()}
        return data

    @model_validator(mode="after")
    def _has_a_rule(self) -> Check:
        rules = (*self.comparisons, self.at_least, self.at_most, self.zero_tolerance)
        if not self.report_only and not any(rules):
            raise ValueError(
                "a check needs a rule: no_regression, improves, equivalent, at_least, at_most or zero_tolerance, or"
                " report_only"
            )
        return self

    @model_validator(mode="after")
    def _can_pass(self) -> Check:
        if self.improves is not None and self.equivalent is not None and self.improves.by >= self.equivalent.margin:
            raise ValueError("improves asks for more than equivalent allows: nothing could ever pass both")
        return self

    @property
    def gating(self) -> bool:
        """Return whether it can change the verdict."""
        return not self.report_only

    @property
    def compares(self) -> bool:
        """Return whether it needs a baseline to decide at all."""
        return bool(self.comparisons)

    @property
    def comparisons(self) -> tuple[str, ...]:
        """Return the names of the rules that it has and that need a baseline."""
        rules = {"no_regression": self.no_regression, "improves": self.improves, "equivalent": self.equivalent}
        return tuple(name for name, rule in rules.items() if rule is not None)

    @property
    def absolutes(self) -> tuple[str, ...]:
        """Return the names of the rules that it has and that are about the candidate alone."""
        rules = {"at_least": self.at_least, "at_most": self.at_most, "zero_tolerance": self.zero_tolerance}
        return tuple(name for name, rule in rules.items() if rule is not None)

    def without_comparisons(self) -> Check:
        """Return it with its rules about the candidate alone; one that has none is shown and decides nothing."""
        nothing: dict[str, Any] = dict.fromkeys(COMPARISONS)
        return self.model_copy(update=nothing if self.absolutes else {**nothing, "report_only": True})

    @property
    def needs_fresh(self) -> bool:
        """Return whether it needs both sides drawn anew: the luck of stored runs would count as a change."""
        return self.improves is not None or self.equivalent is not None


class Unmeasurable(StrEnum):
    """Why nothing could be said: the kinds that `on_unmeasurable` tells apart."""

    NOTHING = "nothing"
    """No examples, no evaluator, no check, or a filter that matched nothing."""
    BASELINE = "baseline"
    """No baseline where one is required, or one that cannot be compared with."""
    ERRORS = "errors"
    """Too many answers or evaluations are missing."""
    INCOMPLETE = "incomplete"
    """The run was interrupted or is a part only."""
    BUDGET = "budget"
    """The budget was spent before everything was answered."""
    SERVICE = "service"
    """A model's endpoint answered no call."""
    REPLAY = "replay"
    """A replay, and the response cache lacks an answer."""
    CACHED = "cached"
    """Latencies that this build did not measure itself: a stored baseline's, or the response cache's."""


class Policy(ConfigModel):
    """What a verdict does."""

    mode: Literal["enforce", "observe"] = "enforce"
    """observe: show the verdict and exit 0."""
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    """How often an unchanged candidate may fail the build's comparisons, all together."""
    exact: bool = False
    """Keep that promise exactly, at the price of power."""
    max_missing: float = Field(default=0.02, ge=0, lt=1)
    """The share of missing answers in a check beyond which it is UNMEASURABLE (one is always let through)."""
    on_inconclusive: Literal["warn", "fail"] = "warn"
    """fail: exit 3 where the run cannot tell."""
    on_unmeasurable: Literal["warn", "fail"] | dict[Unmeasurable, Literal["warn", "fail"]] = "fail"
    """fail: exit 4 where too little was measured; or by kind, {errors: warn}: nothing, baseline, errors, incomplete,
    cached."""
    min_kappa: float = Field(default=0.4, ge=-1, le=1)
    """How well a judge has to agree with people: the lower end of its kappa's interval. Below it every report warns."""
    require_validated: bool = False
    """A check on a judge that was not held to human labels, or agrees too little with them, gates nothing."""
    baseline_runs: Literal["confirm", "fresh", "stored"] = "confirm"
    """Of a commit's baseline. confirm: stored runs screen, what leans worse is drawn anew on both sides. fresh: both
    sides anew each time. stored: the stored runs decide, unconfirmed."""
    screen_p: float = Field(default=0.30, gt=0, le=1)
    """Confirm where the smallest adjusted p of the screen is at most this."""
    confirm_repetitions: Repetitions = 3
    """How often a confirmation draws each example on each side."""
    pr_may_change_gate: bool = False
    """Of the base commit: a pull request's own definitions decide, where they differ from the base's
    (docs/pull-requests.md)."""
    accept_without_owner: bool = False
    """Whether an acceptance of a regression counts though CODEOWNERS names no owner of its file; the base's word."""
    seed: int = Field(default=20240613, ge=0, lt=2**63)
    """Of the sign flips: the same journal gives the same verdict for ever."""

    def lets_through(self, kind: Unmeasurable) -> bool:
        """Return whether an UNMEASURABLE of this kind only warns."""
        if isinstance(self.on_unmeasurable, str):
            return self.on_unmeasurable == "warn"
        return self.on_unmeasurable.get(kind, "fail") == "warn"
