"""A file for review as a table, CSV: a line for each candidate, the decision in columns of its own."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from evalgate.curate.candidates import Candidate
from evalgate.curate.reviewing.answers import proposed, written
from evalgate.curate.reviewing.screen import spoken
from evalgate.curate.reviewing.sheets import Choice, Entry, shown_of
from evalgate.golden.raw import Problem
from evalgate.records import Json
from evalgate.report.escaping import shown

_SHOWN: Final = ("asked", "answer", "proposed")
_COLUMNS: Final = ("number", "id", "seen", *_SHOWN, "decision", "new answer", "reason")
_SIGNS: Final = r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_ACTIVE: Final = re.compile(f"^{_SIGNS}")
"""What a spreadsheet takes for a formula: some take signs of full width, too."""
_KEPT: Final = re.compile(f"^'(?={_SIGNS})")
_NUMBER: Final = re.compile(r"(?P<place>\d{1,6}) of (?P<of>\d{1,6})")
_SEEN: Final = re.compile(r"(?P<seen>[0-9a-f]{24}) (?P<shown>[0-9a-f]{12})")
_CHOICES: Final[dict[str, Choice]] = {
    "": "",
    "accept": "accept",
    "accepted": "accept",
    "proposed": "proposed",
    "reject": "reject",
    "rejected": "reject",
}
_LARGEST: Final = 8_000_000


def table(candidates: Iterable[Candidate], *, of: int) -> Iterator[str]:
    """Yield the file, line by line; of a byte order mark and commas, as spreadsheets read it."""
    yield "\ufeff" + _row(_COLUMNS)
    for place, each in enumerate(candidates, start=1):
        texts = [_text(_spoken(each.input)), _text(written(each.output, each.input).text)]
        suggested = proposed(each)
        texts.append("" if suggested is None else _text(written(suggested, each.input).text))
        yield _row((f"{place} of {of}", _named(each.id), f"{shown_of(each)} {_hash(texts)}", *texts, "", "", ""))


def read_table(text: str) -> Iterator[Entry | Problem]:
    """Yield what people made of each candidate of a file, and what is wrong with it."""
    text = text.removeprefix("\ufeff")
    head = text.split("\n", 1)[0]
    # Spreadsheets of some countries write another sign than they read.
    sign = max(",;\t", key=head.count)
    csv.field_size_limit(_LARGEST)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)
    names: list[str] = []
    line = 1
    try:
        for row in reader:
            start, line = line, reader.line_num + 1
            if not names:
                names = [each.strip().lower() for each in row]
                lacking = [each for each in _COLUMNS if each not in names]
                if lacking:
                    yield Problem(f"the column {lacking[0]!r} is missing: its first line names the columns", 1, 1)
                    return
            elif any(each.strip() for each in row):
                yield _entry(dict(zip(names, row, strict=False)), len(row), len(names), start)
    except csv.Error as error:
        yield Problem(f"not CSV: {error}", reader.line_num, 1)


def _entry(row: Mapping[str, str], columns: int, of: int, line: int) -> Entry | Problem:
    if columns != of:
        return Problem(f"{columns} columns, and the first line names {of}", line, 1)
    number, seen = _NUMBER.fullmatch(row["number"].strip()), _SEEN.fullmatch(row["seen"].strip())
    identity = _identity(row["id"])
    if number is None or seen is None or not identity:
        return Problem(
            "number, id and seen say which candidate this is, and were changed: take them as they were", line, 1
        )
    if _hash([row[each] for each in _SHOWN]) != seen["shown"]:
        return Problem(f"{identity}: what is shown was changed: a corrected answer goes to `new answer`", line, 1)
    choice = _CHOICES.get(row["decision"].strip().lower())
    if choice is None:
        return Problem(f"{identity}: {row['decision'].strip()[:40]!r} is none of accept, proposed, reject", line, 1)
    new = _KEPT.sub("", row["new answer"]).replace("\r\n", "\n")
    return Entry(
        id=identity,
        seen=seen["seen"],
        place=int(number["place"]),
        of=int(number["of"]),
        choice=choice,
        answer=new if new.strip() else None,
        reason=" ".join(_KEPT.sub("", row["reason"]).split()),
        line=line,
        answer_line=line,
    )


def _named(identity: str) -> str:
    """Return an id as a cell: in quotes where it is not what is seen."""
    return identity if re.fullmatch(r"[\w.:/][\w.:/ -]*", identity, re.ASCII) else json.dumps(identity)


def _identity(cell: str) -> str | None:
    try:
        return str(json.loads(cell)) if cell.startswith('"') else cell
    except ValueError:
        return None


def _spoken(value: Mapping[str, Json]) -> str:
    return "\n\n".join(f"{who}: {text}" for who, text in spoken(value))


def _text(text: str) -> str:
    plain = shown(text, lines=True)
    return f"'{plain}" if _ACTIVE.match(plain) else plain


def _hash(texts: Iterable[str]) -> str:
    # Some spreadsheets keep the sign before what is no formula, and some do not.
    bare = (_KEPT.sub("", text) for text in texts)
    plain = "\0".join("\n".join(each.rstrip() for each in text.strip().splitlines()) for text in bare)
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()[:12]


def _row(cells: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
