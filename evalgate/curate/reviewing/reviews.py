"""The reviews file: who decided what on which candidate, one JSON object a line, appended and never changed.

It is written before anything else knows of a decision, and states of candidates are computed from it. Lines of several
people are merged by git: all are kept, in whatever order.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from evalgate.curate.beside import merging_file, reviews_file
from evalgate.curate.candidates import json_line
from evalgate.curate.holding import WAIT_S, held
from evalgate.encoding import NotUtf8Error
from evalgate.errors import DatasetError
from evalgate.git.work_trees import work_tree_of
from evalgate.golden.json_files import read_json_lines
from evalgate.golden.raw import Problem, Raw
from evalgate.golden.reading import grouped
from evalgate.plain_file import content
from evalgate.records import JsonObject
from evalgate.whole_file import unwritten

Reviewer = Literal["person", "rule"]
Decision = Literal["accepted", "rejected", "undone"]
Answer = Literal["own", "proposed", "edited"]

DECIDED: Final = "review"
"""The mark of a candidate that was decided: what it was before, and who disagrees."""
_TEXTS: Final = {"id", "who", "by", "at", "decision", "seen", "answer"}
_KEYS: Final = (*sorted(_TEXTS), "output", "reason", "settles", "via")
_SHOWN: Final = 10
_MERGE: Final = "*.candidates.reviews.jsonl merge=union"


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """One decision. `who` is a name or the rule's own words, `at` in ISO 8601, `via` where it was made.

    `seen` is what the candidate was when it was decided: a decision is about what was seen and nothing else. `answer`
    says which answer was accepted: the candidate's own, the proposed one, or one that was edited; `output` is that,
    None for its own. `settles`: the decisions before it are known and overruled. "undone" takes the latest one back
    that the same reviewer made on the candidate.
    """

    id: str
    who: str
    by: Reviewer = "person"
    at: str
    decision: Decision
    seen: str
    answer: Answer = "own"
    output: JsonObject | None = None
    reason: str = ""
    settles: bool = False
    via: str = ""


def read_reviews(candidates: Path) -> Mapping[str, tuple[Review, ...]]:
    """Return the decisions on a file's candidates by id, in the order of the reviews file.

    A file that is not there has none. A last line that a killed process left unfinished was never confirmed, and is
    passed over. Raises ErrorGroup with the place of its first problems, DatasetError where it cannot be read.
    """
    path = reviews_file(candidates)
    found: defaultdict[str, list[Review]] = defaultdict(list)
    problems: list[Problem] = []
    last = 0
    try:
        for item in _items(path):
            if isinstance(item, Problem):
                problems.append(item)
                last = item.line
            else:
                found[item.id].append(item)
                last = 0
        if last and not _ended(path):
            problems = [each for each in problems if each.line != last]
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}", next_step=f"check what {path} is") from None
    if problems:
        following = f"edit {path}: keep every line that is a decision, then run the same again"
        raise grouped(path, problems[:_SHOWN], len(problems), next_step=following)
    return {identity: tuple(reviews) for identity, reviews in found.items()}


def append_reviews(candidates: Path, reviews: Iterable[Review]) -> bool:
    """Append decisions: when this returns they are on the disk. Return whether git was told how to merge the file.

    Raises ConfigurationError where they cannot be written, MeasurementError where the disk has no room; the file then
    has none of them.
    """
    path = reviews_file(candidates)
    data = b"".join(map(as_line, reviews))
    with held(candidates, ".reviews", seconds=WAIT_S):
        try:
            news = _merged_by_union(merging_file(path))
            _append(path, data)
        except OSError as error:
            doing = f"nothing more was decided; cannot write {path}"
            raise unwritten(doing, error, f"check what {path} is", again="make room, and go on") from error
    return news


def as_line(review: Review) -> bytes:
    """Return a decision as a line of its file: what says nothing is left out."""
    value: dict[str, Any] = {name: getattr(review, name) for name in Review.__dataclass_fields__}
    said = {key: each for key, each in value.items() if key in _TEXTS or (each is not None and each not in ("", False))}
    return json_line(said)


def _append(path: Path, data: bytes) -> None:
    """Write behind what is there, all or nothing: an unfinished line of a killed process makes room."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o666)
    try:
        size = os.fstat(file).st_size
        if size and _tail(file, size - 1) != b"\n":
            size, data = _mended(file, size, data)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(file, rest) :]
            os.fsync(file)
        except OSError:
            os.ftruncate(file, size)
            raise
    finally:
        os.close(file)


def _mended(file: int, size: int, data: bytes) -> tuple[int, bytes]:
    """Return the size of what stays and what to write: a last line is ended where it is whole, else cut off."""
    whole = _tail(file, 0)
    kept = whole.rfind(b"\n") + 1
    try:
        json.loads(whole[kept:])
    except ValueError:
        os.ftruncate(file, kept)
        return kept, data
    return size, b"\n" + data


def _tail(file: int, start: int) -> bytes:
    os.lseek(file, start, os.SEEK_SET)
    read = bytearray()
    while piece := os.read(file, 1 << 20):
        read += piece
    return bytes(read)


def _merged_by_union(path: Path) -> bool:
    """Have git keep the lines of both sides of a merge, in a work tree; return whether that was news."""
    if work_tree_of(path.parent) is None:
        return False
    text = content(path).decode("utf-8", "surrogateescape") if path.exists() else ""
    if _MERGE in text.splitlines():
        return False
    with path.open("a", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        file.write(("\n" if text and not text.endswith("\n") else "") + _MERGE + "\n")
    return True


def _ended(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _items(path: Path) -> Iterator[Review | Problem]:
    try:
        for raw in read_json_lines(path):
            yield raw if isinstance(raw, Problem) else _review(raw)
    except NotUtf8Error as error:
        yield Problem(error.message, error.line, error.column)


def _review(raw: Raw) -> Review | Problem:
    value = raw.value
    if not isinstance(value, dict):
        return Problem("a decision should be an object", *raw.place)
    unknown = next((key for key in value if key not in _KEYS), None)
    if unknown is not None:
        return Problem(f"unknown key {unknown[:60]!r}: a decision has {', '.join(_KEYS)}", *raw.find((unknown,)))
    wrong = _wrong(value)
    return Review(**value) if wrong is None else Problem(wrong[1], *raw.find((wrong[0],) if wrong[0] in value else ()))


def _wrong(value: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return which key is none of a decision's and why; None where all is well."""
    for key in sorted(_TEXTS - {"answer", "by"}):
        if not isinstance(value.get(key), str) or not value[key].strip():
            return key, f"{key} should be a text"
    for key, kind in (("by", Reviewer), ("decision", Decision), ("answer", Answer)):
        known = get_args(kind)
        if value.get(key, known[0]) not in known:
            return key, f"{key} should be one of {', '.join(known)}"
    if not isinstance(value.get("output", {}), dict):
        return "output", "output should be an object"
    if ("output" in value) != (value.get("answer", "own") != "own"):
        return "answer", "an answer that is not the candidate's own has an output, and only that"
    if not all(isinstance(value.get(key, ""), str) for key in ("reason", "via")):
        return "reason", "reason and via should be texts"
    return None if isinstance(value.get("settles", False), bool) else ("settles", "settles should be true or false")
