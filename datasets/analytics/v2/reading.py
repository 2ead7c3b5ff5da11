"""Reads a question: which table, which rows of it, and what is asked about them."""

from __future__ import annotations

import re
from dataclasses import dataclass

import lexicon
import times
from render import quoted

_THRESHOLD = re.compile(
    r"\b(?P<than>more than|over|above|longer than|faster than|less than|under|below|shorter than)"
    r" (?P<number>\d+(?:\.\d+)?) ?(?P<unit>km/h|km|minute|hour|percent|degree|dbm)s?\b"
)
_BELOW = ("less than", "under", "below", "shorter than")
_HOW_MANY_EACH = re.compile(r"\b(?P<than>more than|at least) (?P<number>\d+) (?:alert|journey|reading|time)s?\b")
_NOTHING = re.compile(r"\bdevices? .*\b(?:no|not|without) (?:\w+ )?(?:any )?(?P<table>alert|journey|reading)s?\b")
_PLACE = re.compile(r"\b(in|from|to) ([A-ZÀ-Þ][\w'-]+)")
_COUNT = re.compile(r"\b(how many|how often|number of|count)\b")


@dataclass(frozen=True)
class Query:
    """What a question asks, in SQL expressions over the aliases of `lexicon.ALIASES`."""

    table: str
    select: tuple
    conditions: tuple = ()
    group: str | None = None
    having: str | None = None
    order: str | None = None
    limit: int | None = None
    distinct: bool = False
    nothing_in: str | None = None

    def expressions(self):
        """Return every expression of the query."""
        return [*self.select, *self.conditions, *filter(None, (self.group, self.having, self.order))]


def read(question, today):
    """Return the Query that `question` asks on the day `today`."""
    text, first, after = times.take(lexicon.canonical(question), today)
    nothing = _NOTHING.search(text)
    if nothing:
        return Query(table="devices", select=("d.name",), order="d.name", nothing_in=nothing["table"] + "s")
    table = next(name for name, words in lexicon.TABLE_WORDS.items() if re.search(words, text))
    having, limits = _having(text, _thresholds(text))
    rest = _HOW_MANY_EACH.sub(" ", _THRESHOLD.sub(" ", text))
    conditions = [*limits, *_values(rest, table), *_absences(rest, table), *_places(question, table)]
    conditions += _period(text, table, first, after)
    return _asked(rest, table, conditions, having)


def _thresholds(text):
    return [
        f"{lexicon.UNITS[found['unit']]} {'<' if found['than'] in _BELOW else '>'} {found['number']}"
        for found in _THRESHOLD.finditer(text)
    ]


def _having(text, limits):
    """Return the condition on all of a device's rows together, or None, and the limits that are left for each row."""
    found = _HOW_MANY_EACH.search(text)
    if found:
        return f"COUNT(*) {'>' if found['than'] == 'more than' else '>='} {found['number']}", limits
    of_average = [limit for limit in limits if limit.startswith("r.value ")]
    if of_average and re.search(r"\bwhich devices\b.* average\b", text):
        return of_average[0].replace("r.value", "AVG(r.value)"), [limit for limit in limits if limit not in of_average]
    return None, limits


def _values(text, table):
    wanted = {}
    for word, (column, value) in lexicon.VALUES[table].items():
        found = re.search(rf"\b(not )?{word}", text)
        if found:
            wanted.setdefault((column, "<>" if found[1] else "="), []).append(f"'{value}'")
    return [
        f"{column} {sign} {values[0]}" if len(values) == 1 else f"{column} IN ({', '.join(values)})"
        for (column, sign), values in wanted.items()
    ]


def _absences(text, table):
    return [sql for words, sql in lexicon.ABSENCES[table].items() if re.search(rf"\b(?:{words})\b", text)]


def _places(question, table):
    columns = {"in": "d.city"}
    if table == "journeys":
        columns = {"in": "j.origin", "from": "j.origin", "to": "j.destination"}
    return [
        f"{columns[word]} = {quoted(place)}"
        for word, place in _PLACE.findall(question)
        if word in columns and place.lower() not in times.MONTHS
    ]


def _period(text, table, first, after):
    column = "d.last_seen_at" if "last seen" in text else lexicon.TIME_COLUMNS[table]
    bounds = ((">=", first), ("<", after))
    return [f"{column} {sign} '{day}'" for sign, day in bounds if day is not None]


def _asked(text, table, conditions, having):
    """Return the Query for what `text` asks about the rows of `table` under `conditions`."""
    name = "d.name" if table == "devices" else f"{lexicon.ALIASES[table]}.id"
    groups = lexicon.GROUPS[table]
    which = re.search(rf"\b(?:which|what)(?: are our)? (?:\d+ )?({'|'.join(groups)})s?\b", text)
    per = re.search(rf"\b(?:per|by) ({'|'.join(groups)})s?\b", text)
    order = next((by for words, by in ((lexicon.MOST, "DESC"), (lexicon.LEAST, "ASC")) if re.search(words, text)), None)
    measure = next((sql for words, sql in lexicon.MEASURES[table] if re.search(rf"\b(?:{words})", text)), None)
    figure = _figure(text, table, measure, order)
    if re.search(r"\bshare of\b", text) and conditions:
        *others, part = conditions
        return Query(table=table, select=(f"ROUND(100.0 * SUM({part}) / COUNT(*), 1)",), conditions=tuple(others))
    query = {"table": table, "conditions": tuple(conditions), "having": having}
    if having:
        return Query(**query, select=("d.name",), group="d.name", order="d.name")
    if order and which:
        column = groups[which[1]]
        return _present(query, column, figure, order=f"{figure} {order}", limit=_limit(text))
    if per:
        column = groups[per[1]]
        return _present(query, column, figure, order=column)
    if order and measure and (table == "devices" or re.search(r"\btop \d", text)):
        return Query(**query, select=(name, measure), order=f"{measure} {order}", limit=_limit(text))
    return _plain(text, query, figure, which and groups[which[1]], name)


def _plain(text, query, figure, column, name):
    """Return the Query for a question without groups and ranks: one number, or a list."""
    different = re.search(rf"\bdifferent ({'|'.join(lexicon.GROUPS[query['table']])})s?\b", text)
    if different:
        key = lexicon.GROUPS[query["table"]][different[1]]
        return Query(**query, select=(f"COUNT(DISTINCT {key})",))
    if re.search(r"\bwhen was\b", text):
        return Query(**query, select=(f"MAX({lexicon.TIME_COLUMNS[query['table']]})",))
    if figure != "COUNT(*)" or _COUNT.search(text):
        return Query(**query, select=(_rounded(figure),))
    if column:
        return Query(**query, select=(column,), order=column, distinct=True)
    return Query(**query, select=(name,), order=name)


def _present(query, column, figure, **ordering):
    """Return the Query by group, without the rows that belong to none."""
    query["conditions"] += (f"{column} IS NOT NULL",)
    return Query(**query, select=(column, _rounded(figure)), group=column, **ordering)


def _figure(text, table, measure, order):
    if measure is None or table == "devices":
        return "COUNT(*)"
    if "average" in text:
        return f"AVG({measure})"
    if order and not re.search(r"\b(?:most|least|total)\b", text):
        return f"{'MAX' if order == 'DESC' else 'MIN'}({measure})"
    if table == "journeys":
        return f"SUM({measure})"
    return "COUNT(*)"


def _limit(text):
    found = re.search(r"\b(?:top|which|our) (\d+)\b", text)
    return int(found[1]) if found else 1


def _rounded(figure):
    return f"ROUND({figure}, 2)" if figure.startswith(("AVG", "SUM")) else figure
