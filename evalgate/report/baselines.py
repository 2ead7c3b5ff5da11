"""Baselines for people and for machines: what is stored of them, how they came about, and whether they drift down."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from evalgate.decision import screen_words
from evalgate.decision.screen_words import Drift
from evalgate.report.console import Console, Tone
from evalgate.report.formatting import count
from evalgate.report.page import Page, Part
from evalgate.report.rounding import rounded

BASELINES_VERSION: Final = 1
_SHOWN: Final = 20


@dataclass(frozen=True, kw_only=True, slots=True)
class SetBaseline:
    """A baseline that was set. `suites` has the mean scores of each, by check; `source` is the build that compared it.

    `accepted` is what was accepted of it: check, drop (a share), author and reason. `phoenix` has the page of each
    suite's experiment, where it is mirrored.
    """

    build: int
    created_at: str
    label: str
    commit: str
    branch: str | None
    how: str
    set_by: str
    source: int | None
    verdict: str | None
    accepted: Sequence[Mapping[str, Any]]
    suites: Mapping[str, Mapping[str, float]]
    phoenix: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownBaseline:
    """What a suite would be compared with now, and what is stored of it. `problem`: why there is none.

    `phoenix` is what Phoenix has the tag of baselines on, as words; None where it is not asked.
    """

    name: str
    label: str | None
    commit: str | None
    repetitions: int = 0
    examples: int = 0
    lacking: int = 0
    drawn_on: str | None = None
    problem: str | None = None
    phoenix: str | None = None


def render_history(found: Sequence[SetBaseline], drift: Sequence[Drift], console: Console) -> str:
    """Return the baselines that were set, the latest first, and the warning where they drift."""
    page = Page(console=console)
    for each in found[:_SHOWN]:
        verdict = f", {each.verdict}" if each.verdict else ""
        page.line(
            Part(text=each.label, tone=Tone.STRONG), f"  {each.created_at[:10]}, {each.how} by {each.set_by}{verdict}"
        )
        for suite, means in each.suites.items():
            scores = ", ".join(f"{name} {mean:.4g}" for name, mean in means.items())
            page.prose(f"{suite}: {scores}", indent=2)
            if suite in each.phoenix:
                page.prose(f"in Phoenix: {each.phoenix[suite]}", indent=4)
        for one in each.accepted:
            drop = "" if one.get("drop") is None else f", {100 * one['drop']:.1f} points lost"
            page.prose(f"accepted: {one['check']}{drop} ({one['author']}: {one['reason']})", indent=2)
    if len(found) > _SHOWN:
        page.line(f"{len(found) - _SHOWN:,} more; all of them: evalgate baseline history --json")
    if not found:
        page.prose("No baseline was set yet: changes are compared with what the first of them stored.")
        page.prose("evalgate baseline set", lead=Part(text="next:", tone=Tone.STRONG))
    if drift:
        page.blank()
        page.prose("baselines have drifted down together.", lead=Part(text="warning:", tone=Tone.UNSURE))
        for each_drift in drift:
            page.prose(f"{each_drift.suite}/{screen_words.drifted(each_drift)}", indent=2, hanging=4)
        page.prose(
            "compare what was accepted with what is wanted, and mend it: evalgate show",
            lead=Part(text="next:", tone=Tone.STRONG),
        )
    return page.text()


def render_history_json(found: Sequence[SetBaseline], drift: Sequence[Drift], version: str) -> str:
    """Return the same as JSON. Drops are shares of the score's range."""
    return _dumped(
        {
            "evalgate": {"baselines": BASELINES_VERSION, "version": version},
            "baselines": [
                {name: value for name, value in asdict(each).items() if name != "label"}
                | {"suites": {suite: {k: rounded(v) for k, v in means.items()} for suite, means in each.suites.items()}}
                for each in found
            ],
            "drift": [_all_rounded(asdict(each)) for each in drift],
        }
    )


def render_shown(found: Sequence[ShownBaseline], console: Console) -> str:
    """Return what each suite would be compared with."""
    page = Page(console=console)
    for each in found:
        page.prose(f"{_stored(each)}", lead=Part(text=f"{each.name} ", tone=Tone.STRONG), hanging=2)
        if each.phoenix is not None:
            page.prose(f"in Phoenix: {each.phoenix}", indent=2, hanging=2)
    return page.text()


def _stored(each: ShownBaseline) -> str:
    if each.problem is not None:
        return each.problem
    if not each.repetitions:
        return f"{each.label}: nothing is stored of it; the next run makes it"
    lacking = f", {count(each.lacking, 'example')} lacking" if each.lacking else ""
    return (
        f"{each.label}: {count(each.repetitions, 'run')} of each of {count(each.examples - each.lacking, 'example')}"
        f" stored ({each.drawn_on}){lacking}"
    )


def render_shown_json(found: Sequence[ShownBaseline], version: str) -> str:
    """Return the same as JSON."""
    return _dumped(
        {"evalgate": {"baselines": BASELINES_VERSION, "version": version}, "suites": [asdict(each) for each in found]}
    )


def _all_rounded(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: rounded(value) if isinstance(value, float) else value for name, value in values.items()}


def _dumped(value: Mapping[str, Any]) -> str:
    return json.dumps(value, indent=2, allow_nan=False) + "\n"
