"""What cost, tokens and latency of one answer vary by, in the text of a noise study."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from evalgate.decision.study import REPETITIONS, ResourceNoise, SuiteNoise
from evalgate.report import formatting
from evalgate.report.console import Tone
from evalgate.report.formatting import percent
from evalgate.report.page import Column, Page, Part

_HEADS = ("differ by", "examples", "answers", "whole runs")


def resources(page: Page, suite: SuiteNoise) -> None:
    """Write them, and the rises that are caught all the same."""
    measured = [each for each in suite.resources if each.obstacle is None]
    if measured:
        _table(page, measured)
    for each in suite.resources:
        if each.obstacle is not None:
            page.blank()
            page.prose(
                f"not measured: {each.obstacle}.",
                lead=Part(text=f"{each.name}:", tone=Tone.UNSURE),
                indent=2,
                hanging=4,
            )
    for each in measured:
        _rises(page, each)


def _table(page: Page, measured: list[ResourceNoise]) -> None:
    page.blank()
    columns = [Column(head="takes"), *(Column(head=head, right=True) for head in _HEADS)]
    rows = [[Part(text=each.name), *(Part(text=text) for text in _shares(each))] for each in measured]
    if not page.table(columns, rows, cut=True):
        for name, *parts in rows:
            named = ", ".join(f"{head} {part.text}" for head, part in zip(_HEADS, parts, strict=True))
            page.prose(named, lead=Part(text=f"{name.text}:"), indent=2, hanging=4)
    page.prose(
        "differ by: how far what one answer takes is from what it takes in another equal run. Then where its variance"
        " comes from. These runs followed each other; the sides of a build run at once, so that what a whole run adds"
        " to latency is mostly on both.",
        indent=2,
        tone=Tone.QUIET,
    )


def _shares(each: ResourceNoise) -> Iterator[str]:
    yield percent(math.expm1(each.log))
    parts = each.components
    total = parts.total if parts else 0.0
    for value in (parts.examples, parts.answers, parts.runs) if parts else ():
        yield percent(value / total) if total > 0 else formatting.UNKNOWN


def _rises(page: Page, each: ResourceNoise) -> None:
    """Write the table of what is caught, the examples that there are first."""
    if not each.rises:
        return
    page.blank()
    if not each.log:
        page.prose(f"{each.name}: each answer took as much in every run.", indent=2)
        return
    page.prose(f"Rises that {each.name} catches 8 times in 10, by examples and repetitions on each side:", indent=2)
    caught_table(page, [(row.examples, row.caught) for row in each.rises], formatting.rise)


def caught_table(
    page: Page, caught: Sequence[tuple[int, Sequence[float | None]]], shown: Callable[[float], str]
) -> None:
    """Write what is caught with so many examples, by repetitions; the examples that there are first."""
    columns = [Column(head="examples"), *(Column(head=f"× {times}", right=True) for times in REPETITIONS)]
    rows = [
        [
            Part(text=f"{examples:,}{' (yours)' if not place else ''}"),
            *(Part(text="none" if size is None else shown(size)) for size in sizes),
        ]
        for place, (examples, sizes) in enumerate(caught)
    ]
    if not page.table(columns, rows, cut=True, indent=4):
        for examples, *sizes in rows:
            told = ", ".join(f"{column.head} {size.text}" for column, size in zip(columns[1:], sizes, strict=True))
            page.prose(f"{examples.text}: {told}", indent=4, hanging=6)
