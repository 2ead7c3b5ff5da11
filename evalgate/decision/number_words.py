"""How figures are said to people: shares as points, counts with their noun, chances as times in 100, scores."""

from __future__ import annotations

from collections.abc import Sequence

from evalgate.decision.results import Interval


def points(share: float) -> str:
    """Return the size of a share as points, hundredths of the range: `26 points`, `1 point`, `0.4 points`."""
    size = point_size(share)
    return f"{size} point" if size == "1" else f"{size} points"


def point_number(share: float) -> str:
    """Return a signed share in points without the word: `−6`, `2.5`."""
    text = point_size(share)
    return f"−{text}" if share < 0 and text != "0" else text


def point_size(share: float) -> str:
    """Return a share in points without sign or word, tenths below ten and whole ones from there: `6`, `2.5`."""
    value = abs(round(100 * share, 1))
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}".removesuffix(".0")


def span(interval: Interval) -> str:
    """Return an interval's ends in points: `−26 to 3`."""
    return f"{point_number(interval.low)} to {point_number(interval.high)}"


def count(number: int, singular: str) -> str:
    """Return `1 example`, `80 examples`, `10,000 examples`."""
    return f"{number:,} {singular}" if number == 1 else f"{number:,} {singular}s"


def times_in_100(p: float) -> str:
    """Return how often something with probability `p` happens, in words."""
    if p < 0.01:
        return "less than once in 100"
    times = round(100 * p)
    if times >= 100:
        return "nearly every time"
    return "about once in 100" if times == 1 else f"about {times} times in 100"


def among(columns: int, checks: int) -> str:
    """Return the family in words: `this check`, `any of the 3 checks`, `any of the 15 comparisons`."""
    if columns <= 1:
        return "this check"
    return f"any of the {columns:,} {family_noun(columns, checks)}"


def family_noun(columns: int, checks: int) -> str:
    """Return what the columns of a build are: checks, or comparisons where slices are among them."""
    return "checks" if columns == checks else "comparisons"


def some(names: Sequence[str], most: int = 5) -> str:
    """Return the first `most` of some names and how many more there are."""
    shown = ", ".join(names[:most])
    return f"{shown} and {len(names) - most:,} more" if len(names) > most else shown


def number(value: float, beside: float | None = None) -> str:
    """Return a score with as few digits as tell it from `beside`."""
    digits = 4
    while beside is not None and value != beside and f"{value:.{digits}g}" == f"{beside:.{digits}g}" and digits < 12:
        digits += 1
    return f"{value:.{digits}g}"


def level(value: float, beside: float, *, unit: bool) -> str:
    """Return a mean score: as a percentage where its range is 0 to 1 (`unit`), with as few digits as tell it apart."""
    return f"{number(100 * value, 100 * beside)} %" if unit else number(value, beside)
