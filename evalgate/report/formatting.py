"""How numbers are written for people: one place, pure, the same words in every report.

Shares are of a score's range; a point is a hundredth of it. The minus is U+2212, so that it is as wide as a plus.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from evalgate.decision import number_words
from evalgate.decision.number_words import point_size
from evalgate.decision.ratios import changes
from evalgate.decision.ratios.changes import percent_number
from evalgate.decision.results import Interval
from evalgate.money import dollars

MINUS: Final = "−"
UNKNOWN: Final = "–"
"""What stands where there is no number."""

_ALMOST_ALL: Final = 99.9
_BEYOND_DIGITS: Final = 1e15
"""From here on a number is written by its size."""


def grouped(examples: int, clusters: int | None) -> str:
    """Write how many examples there are, and in how many clusters: `80 examples in 12 clusters`."""
    return count(examples, "example") + (f" in {count(clusters, 'cluster')}" if clusters is not None else "")


def percent(share: float) -> str:
    """Write a share as a percentage: `81 %`. What is not all is never 100 %, what is not nothing never 0 %."""
    value = share * 100
    whole = _rounded(value, 0)
    if whole in ("0", "100") and value not in (0, 100):
        if value < 0.1:
            return "under 0.1 %"
        if _ALMOST_ALL < value < 100:
            return "over 99.9 %"
        return f"{_rounded(value, 1)} %"
    return f"{whole} %"


def points(share: float, *, signed: bool = True) -> str:
    """Write a difference in points of the range: `−6 points`, `+1 point`, `+0.4 points`, `0 points`."""
    number = _points_number(share, signed=signed)
    return f"{number} {'point' if number.lstrip('+' + MINUS) == '1' else 'points'}"


def point_range(interval: Interval) -> str:
    """Write where a difference could really be: `−22 to −4 points`."""
    low, high = (_points_number(share, signed=True) for share in (interval.low, interval.high))
    return f"{low} points" if low == high else f"{low} to {high} points"


def number(value: float) -> str:
    """Write a number with at most three significant digits and thousands apart: `1,240`, `3.8`, `0.0042`."""
    size = abs(value)
    if size >= _BEYOND_DIGITS or 0 < size < 1e-6:
        return f"{value:.2e}".replace("-", MINUS)
    decimals = 0 if size >= 100 else 1 if size >= 10 else 2
    while size and size < 10 ** (2 - decimals) and decimals < 9:
        decimals += 1
    text = _rounded(value, decimals)
    return text.rstrip("0").rstrip(".") if "." in text else text


def chance(p: float) -> str:
    """Write a p or q for the details: `0.0123`; what is smaller than anybody needs is `under 0.0001`."""
    return "under 0.0001" if p < 0.0001 else number(p)


def seconds(value: float) -> str:
    """Write a duration: `8 ms`, `0.4 s`, `12 s`, `3 min 20 s`, `1 h 5 min`."""
    if value < 0.0995:
        return "0 s" if value <= 0 else "under 1 ms" if value < 0.0005 else f"{_rounded(value * 1000, 0)} ms"
    if value < 9.95:
        return f"{_trimmed(value, 1)} s"
    if value >= _BEYOND_DIGITS:
        return f"{number(value)} s"
    whole = int(_rounded(value, 0).replace(",", ""))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return _two(whole // 60, "min", whole % 60, "s")
    return _two(whole // 3600, "h", whole % 3600 // 60, "min")


def count(amount: int, noun: str) -> str:
    """Write how many, as the sentences of a decision do: `1 example`, `1,000 examples`; and `no examples`."""
    return number_words.count(amount, noun) if amount else f"no {noun}s"


def score(value: float | None, *, low: float | None, high: float | None, unit: str | None = None) -> str:
    """Write a mean score as its range asks for: 0 to 1 as a rate, other ranges as a mean, none with its unit."""
    if value is None:
        return UNKNOWN
    if (low, high) == (0, 1):
        return percent(value)
    return quantity(value, unit)


def flip_score(value: float | None, *, binary: bool, low: float | None, high: float | None, unit: str | None) -> str:
    """Write the score of one example: `pass` or `fail` where it is one of the two, else the number."""
    if value is None:
        return "no score"
    if binary and value in (low, high) and (low, high) == (0, 1):
        return "pass" if value == high else "fail"
    return quantity(value, unit)


def quantity(value: float, unit: str | None) -> str:
    """Write a number with its unit; seconds and dollars as people say them."""
    if unit == "s" and value >= 0:
        return seconds(value)
    if unit == "$" and value >= 0:
        return dollars(value)
    return f"{number(value)} {unit}" if unit else number(value)


def quantities(values: Sequence[float], unit: str | None) -> str:
    """Write what became what, a unit that is a word once: `478 → 697 tokens`, `$0.12 → $0.15`."""
    if unit in (None, "s", "$"):
        return " → ".join(quantity(value, unit) for value in values)
    return f"{' → '.join(number(value) for value in values)} {unit}"


def rise(share: float) -> str:
    """Write the size of a rise or fall of what an answer takes: `24 %`."""
    return changes.rise(share)


def relative_change(delta: float) -> str:
    """Write how what an answer takes changed: `+24 %, worse`. `delta` is the share saved, as decisions have it."""
    text = percent_number(-delta, signed=True)
    return "none" if text == "0" else f"{text} %, {'better' if delta > 0 else 'worse'}"


def relative_range(interval: Interval) -> str:
    """Write where a relative change could really be: `+18 to +31 %`."""
    low, high = (percent_number(-share, signed=True) for share in (interval.high, interval.low))
    return f"{low} %" if low == high else f"{low} to {high} %"


def change(
    delta: float, *, baseline: float | None, candidate: float | None, low: float | None, unit: str | None
) -> str:
    """Write how a mean changed: in points of the range where it has one, in the score's own unit where it has none.

    `delta` is the share of the range, + is better; own units keep their own sign and say which way that is.
    """
    if delta == 0:
        return "none"
    if low is not None or baseline is None or candidate is None:
        return points(delta)
    own = candidate - baseline
    sign = "+" if own > 0 else MINUS if own < 0 else ""
    return f"{sign}{quantity(abs(own), unit)}, {'better' if delta > 0 else 'worse'}"


def _points_number(share: float, *, signed: bool) -> str:
    """Write points as the sentences of a decision do; what is not nothing is never 0."""
    size = point_size(share)
    if size == "0":
        return "0" if share == 0 else "about 0"
    return f"{MINUS if share < 0 else '+'}{size}" if signed else size


def _two(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large:,} {large_unit} {small} {small_unit}" if small else f"{large:,} {large_unit}"


def _trimmed(value: float, decimals: int) -> str:
    return _rounded(value, decimals).removesuffix(".0")


def _rounded(value: float, decimals: int) -> str:
    """Round half away from zero, as people do; `repr` keeps 0.125 from becoming 0.12499…."""
    exact = Decimal(repr(float(f"{value:.12g}"))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return f"{exact:,f}".replace("-", MINUS)
