"""The analytics assistant, version 1: a question about a fleet in, one SQL query out.

The question is scanned for known words, one aspect after the other: the table, what is asked of it, conditions, time.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from vocabulary import (
    ALIASES,
    CONDITIONS,
    GROUPS,
    LEAST,
    MEASURES,
    METRICS,
    MONTHS,
    MOST,
    TABLE_WORDS,
    TIME_COLUMNS,
    UNITS,
)

_THRESHOLD = re.compile(
    r"\b(?:(?P<more>more than|over|above|longer than|faster than)|less than|under|below|shorter than)"
    r" (?P<number>\d+(?:\.\d+)?) (?P<unit>km/h|km|minute|hour)s?\b"
)
_PLACE = re.compile(r"\b(in|from|to) ([A-ZÀ-Þ][\w'-]+)")
_RANGE = re.compile(rf"\bbetween (\d\d?) and (\d\d?) ({'|'.join(MONTHS)})\b")
_DAY = re.compile(rf"\b(\d\d?) ({'|'.join(MONTHS)})\b")
_MONTH = re.compile(rf"\bin ({'|'.join(MONTHS)})\b")
_YEAR = re.compile(r"\bin (20\d\d)\b")


def answer(input):  # noqa: A002 - the name by which the example's input is passed
    """Return {"sql": …} for {"question": …, "tenant_id": …, "today": "YYYY-MM-DD"}."""
    question = input["question"]
    text = re.sub(r"[^\w/.' -]", " ", question.lower())
    table = _table(text)
    conditions = [*_thresholds(text), *_words(text, table), *_places(question, table)]
    conditions += _period(text, table, date.fromisoformat(input["today"]))
    text = _THRESHOLD.sub(" ", text)
    select, rest, extra = _select(text, table)
    return {"sql": _statement(table, select, conditions + extra, rest, input["tenant_id"])}


def _table(text):
    for table, words in TABLE_WORDS.items():
        if any(word in text for word in words):
            return table
    return "devices"


def _thresholds(text):
    return [
        f"{UNITS[found['unit']]} {'>' if found['more'] else '<'} {found['number']}"
        for found in _THRESHOLD.finditer(text)
    ]


def _words(text, table):
    found = [sql for word, sql in CONDITIONS[table].items() if re.search(rf"\b{word}", text)]
    return found + [f"r.metric = '{metric}'" for metric in METRICS if table == "readings" and metric in text]


def _places(question, table):
    columns = {"in": "d.city"}
    if table == "journeys":
        columns = {"in": "j.origin", "from": "j.origin", "to": "j.destination"}
    return [
        f"{columns[word]} = {_quoted(place)}"
        for word, place in _PLACE.findall(question)
        if word in columns and place.lower() not in MONTHS
    ]


def _period(text, table, today):
    days = _days(text, today)
    if days is None:
        return []
    column = TIME_COLUMNS[table]
    return [f"{column} >= '{days[0]}'", f"{column} < '{days[1]}'"]


def _days(text, today):
    """Return the first day that is asked for and the day after the last one."""
    if found := _RANGE.search(text):
        month = MONTHS.index(found[3]) + 1
        return date(today.year, month, int(found[1])), date(today.year, month, int(found[2])) + timedelta(days=1)
    if found := _DAY.search(text):
        day = date(today.year, MONTHS.index(found[2]) + 1, int(found[1]))
        return day, day + timedelta(days=1)
    if found := _MONTH.search(text):
        first = date(today.year, MONTHS.index(found[1]) + 1, 1)
        return first, (first + timedelta(days=31)).replace(day=1)
    if found := _YEAR.search(text):
        return date(int(found[1]), 1, 1), date(int(found[1]) + 1, 1, 1)
    return _relative_days(text, today)


def _relative_days(text, today):
    if "last week" in text:
        monday = today - timedelta(days=today.weekday() + 7)
        return monday, monday + timedelta(days=7)
    if "yesterday" in text:
        return today - timedelta(days=1), today
    if "today" in text:
        return today, today + timedelta(days=1)
    return None


def _select(text, table):
    """Return what to select, what follows the conditions, and conditions that come from what is selected."""
    figure = _aggregate(text, table)
    ranking = _ranking(text)
    which = re.search(r"\b(?:which|what) (?:\d+ )?(\w+?)s?\b", text)
    group = _group(text, table)
    if ranking and which and which[1] in GROUPS[table]:
        column = GROUPS[table][which[1]]
        order = f" GROUP BY {column} ORDER BY {figure} {ranking[0]} LIMIT {ranking[1]}"
        return f"{column}, {_rounded(figure)}", order, [f"{column} IS NOT NULL"]
    if group:
        return f"{group}, {_rounded(figure)}", f" GROUP BY {group} ORDER BY {group}", [f"{group} IS NOT NULL"]
    measure = _measure(text, table)
    if ranking and measure and table == "journeys" and re.search(r"\btop \d", text):
        return f"j.id, {measure}", f" ORDER BY {measure} {ranking[0]} LIMIT {ranking[1]}", []
    if figure != "COUNT(*)" or re.search(r"how many|number of|count", text):
        return _rounded(figure), "", []
    name = "d.name" if table == "devices" else f"{ALIASES[table]}.id"
    return name, f" ORDER BY {name}", []


def _aggregate(text, table):
    measure = _measure(text, table)
    if measure is None:
        return "COUNT(*)"
    if re.search(r"average|mean\b", text):
        return f"AVG({measure})"
    superlative = _ranking(text)
    if superlative and not re.search(r"\b(?:which|top \d)", text):
        return f"{'MAX' if superlative[0] == 'DESC' else 'MIN'}({measure})"
    return f"SUM({measure})" if table == "journeys" else "COUNT(*)"


def _measure(text, table):
    if table == "readings":
        return "r.value"
    if table != "journeys":
        return None
    return next((column for words, column in MEASURES if any(word in text for word in words)), None)


def _ranking(text):
    limit = re.search(r"\b(?:top|which) (\d+)", text)
    for words, order in ((MOST, "DESC"), (LEAST, "ASC")):
        if any(re.search(rf"\b{word}\b", text) for word in words):
            return order, limit[1] if limit else "1"
    return None


def _group(text, table):
    found = re.search(rf"\b(?:per|by|each|every) ({'|'.join(GROUPS[table])})\b", text)
    return GROUPS[table][found[1]] if found else None


def _rounded(figure):
    return f"ROUND({figure}, 2)" if figure.startswith(("AVG", "SUM")) else figure


def _statement(table, select, conditions, rest, tenant_id):
    tenant = _quoted(tenant_id)
    alias = ALIASES[table]
    source, scope = f"{table} {alias}", [f"{alias}.tenant_id = {tenant}"]
    if table != "devices" and "d." in " ".join([select, rest, *conditions]):
        source += f" JOIN devices d ON d.id = {alias}.device_id"
        scope.append(f"d.tenant_id = {tenant}")
    where = " AND ".join(scope + conditions)
    return f"SELECT {select} FROM {source} WHERE {where}{rest}"  # noqa: S608 - parts are ours or quoted


def _quoted(text):
    return "'" + text.replace("'", "''") + "'"
