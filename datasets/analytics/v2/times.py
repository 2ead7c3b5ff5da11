"""Expressions of time: from words to the first day that is asked for and the day after the last one."""

from __future__ import annotations

import re
from datetime import date, timedelta

MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip

_MONTH = rf"(?P<month>{'|'.join(MONTHS)})(?: (?P<year>20\d\d))?"
_DAY = (
    rf"(?:(?P<day>\d\d?)(?:st|nd|rd|th)?(?: of)? {_MONTH}|{_MONTH.replace('month', 'month2').replace('year', 'year2')}"
)
_DAY += r" (?P<day2>\d\d?)(?:st|nd|rd|th)?\b)"
_ORDINALS = ("first", "second", "third", "fourth")
_ONE_DAY = timedelta(days=1)


def _first_of(found, today):
    return date(int(found["year"] or today.year), MONTHS.index(found["month"]) + 1, 1)


def _after_month(first):
    return (first + timedelta(days=31)).replace(day=1)


def _day(found, today):
    month, year, day = (found[name] or found[name + "2"] for name in ("month", "year", "day"))
    return date(int(year or today.year), MONTHS.index(month) + 1, int(day))


def _range(found, today):
    first = _first_of(found, today)
    return first.replace(day=int(found["start"])), first.replace(day=int(found["end"])) + _ONE_DAY


def _week_of_month(found, today):
    start = _first_of(found, today) + timedelta(weeks=_ORDINALS.index(found["ordinal"]))
    return start, start + timedelta(weeks=1)


def _half_of_month(found, today):
    first = _first_of(found, today)
    middle = first.replace(day=16)
    return (first, middle) if found["ordinal"] == "first" else (middle, _after_month(first))


def _month(found, today):
    first = _first_of(found, today)
    return _open_ended(found["bound"], first, _after_month(first))


def _one_day(found, today):
    day = _day(found, today)
    return _open_ended(found["bound"], day, day + _ONE_DAY)


def _open_ended(bound, first, after):
    if bound == "before":
        return None, first
    if bound == "after":
        return after, None
    return (first, None) if bound == "since" else (first, after)


def _year(found, _today):
    year = int(found["year"])
    return _open_ended(found["bound"], date(year, 1, 1), date(year + 1, 1, 1))


def _week(found, today):
    monday = today - timedelta(days=today.weekday() + (7 if found["which"] == "last" else 0))
    return monday, monday + timedelta(weeks=1)


def _last_days(found, today):
    return today - timedelta(days=int(found["days"]) - 1), today + _ONE_DAY


def _older_than(found, today):
    return None, today - timedelta(days=int(found["days"]))


def _named_day(found, today):
    day = today - _ONE_DAY if found["name"] == "yesterday" else today
    return day, day + _ONE_DAY


_BOUND = r"(?:(?P<bound>before|after|since|in|on|during) )?"

# The first one that is found is the period of the question: longer expressions stand before their parts.
_EXPRESSIONS = tuple(
    (re.compile(pattern), reading)
    for pattern, reading in (
        (rf"\b(?:between|from) (?P<start>\d\d?) (?:and|to) (?P<end>\d\d?) {_MONTH}", _range),
        (rf"\b(?:in )?the (?P<ordinal>{'|'.join(_ORDINALS)}) week of {_MONTH}", _week_of_month),
        (rf"\b(?:in )?the (?P<ordinal>first|second) half of {_MONTH}", _half_of_month),
        (rf"\b{_BOUND}{_DAY}", _one_day),
        (rf"\b{_BOUND}{_MONTH}\b", _month),
        (rf"\b{_BOUND}(?P<year>20\d\d)\b", _year),
        (r"\b(?P<which>last|this) week\b", _week),
        (r"\b(?:in )?the (?:last|past) (?P<days>\d+) days\b", _last_days),
        (r"\bfor (?:more than|over) (?P<days>\d+) days\b", _older_than),
        (r"\b(?P<name>yesterday|today)\b", _named_day),
    )
)


def take(text, today):
    """Return `text` without its expression of time, the first day (or None), and the day after the last (or None)."""
    for pattern, reading in _EXPRESSIONS:
        found = pattern.search(text)
        if found:
            first, after = reading(found, today)
            return text[: found.start()] + " " + text[found.end() :], first, after
    return text, None, None
