"""The candidates file: what may become golden, one JSON object a line, kept and committed with the dataset.

Every step of curation reads it as a stream and writes a new one whole; lines stay in the order in which they came.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal, get_args

from evalgate.curate.holding import MOMENT_S, held
from evalgate.encoding import NotUtf8Error
from evalgate.errors import DatasetError
from evalgate.golden.examples import to_example
from evalgate.golden.json_files import read_json_lines
from evalgate.golden.raw import Problem, Raw
from evalgate.golden.reading import grouped
from evalgate.records import Example, Json, JsonObject
from evalgate.whole_file import unwritten, writing_whole

By = Literal["evalgate", "model", "person", "rule"]
What = Literal["pulled", "redacted", "out", "chosen", "labelled", "edited", "accepted", "rejected", "pushed"]
_BY: Final = frozenset(get_args(By))
_WHAT: Final = frozenset(get_args(What))
_EXAMPLE: Final = ("id", "input", "output", "metadata", "split")
_KEYS: Final = (*_EXAMPLE, "state", "source", "marks", "history")
_STEP: Final = frozenset({"at", "what", "by", "why"})
_HALF: Final = re.compile("[\ud800-\udfff]")
_SHOWN: Final = 10
"""Problems of one file that are printed."""


class State(StrEnum):
    """How far a candidate has come.

    new: pulled. out: left out, its latest history says why. chosen: sampled. accepted, rejected: by a person, or by a
    rule that names itself. golden: pushed to the dataset.
    """

    NEW = "new"
    OUT = "out"
    CHOSEN = "chosen"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    GOLDEN = "golden"


_STATES: Final = frozenset(State)


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One thing that was done to a candidate. `at` is in ISO 8601, `by` who did it, `why` the reason in words."""

    at: str
    what: What
    by: By
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """One candidate. `id`, `input`, `output`, `metadata` and `split` are the example that it may become.

    `source` says where it came from: `server`, `project`, `trace`, `span`, `session`, `name`, `kind`, `start` and `end`
    in ISO 8601, `status`, `model`, `finish`; what is not known is left out. `marks` has what steps found out, each
    under a key of its own. `history` is what was done to it, oldest first.
    """

    id: str
    input: JsonObject
    output: JsonObject | None = None
    metadata: JsonObject = field(default_factory=dict)
    split: str | None = None
    state: State = State.NEW
    source: JsonObject = field(default_factory=dict)
    marks: JsonObject = field(default_factory=dict)
    history: tuple[Step, ...] = ()

    @property
    def example(self) -> Example:
        """Return the example that it may become, without where it came from."""
        return Example(id=self.id, input=self.input, output=self.output, metadata=self.metadata, split=self.split)

    def moved(self, state: State, step: Step) -> Candidate:
        """Return it in another state, with what was done to it."""
        return replace(self, state=state, history=(*self.history, step))

    def marked(self, key: str, value: Json) -> Candidate:
        """Return it with one more mark, in place of the one that it has under this key."""
        return replace(self, marks={**self.marks, key: value})


def read_candidates(path: Path) -> Iterator[Candidate]:
    """Yield the candidates of a file in their order, in flat memory but for a hash of each id.

    A file that is not there has none. Raises DatasetError where it cannot be read, and ErrorGroup, after reading
    all of it, with the place of each of its first problems. Candidates before the first problem were yielded by then.
    """
    problems: list[Problem] = []
    total = 0
    try:
        for item in _items(path):
            if isinstance(item, Problem):
                total += 1
                problems += [item] if total <= _SHOWN else []
            elif not total:
                yield item
    except FileNotFoundError:
        return
    except OSError as error:
        raise DatasetError(f"{path} cannot be read: {error.strerror}", next_step=f"check what {path} is") from None
    if total:
        following = f"edit {path}, or take it as it was committed, then run the same again"
        raise grouped(path, problems, total, next_step=following)


def write_candidates(path: Path, candidates: Iterable[Candidate]) -> int:
    """Write a candidates file whole, from a stream, and return how many it has.

    What is read may be the same file. Raises ConfigurationError where it cannot be written, MeasurementError where the
    disk has no room; what reading raises goes through, and the file is as it was.
    """
    written = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with writing_whole(path) as file:
            for written, candidate in enumerate(candidates, start=1):  # noqa: B007  # the last of them is the count
                file.write(as_line(candidate))
    except OSError as error:
        raise unwritten(f"cannot write {path}", error, "name another dataset") from error
    return written


def rewrite(
    path: Path, step: Callable[[Iterator[Candidate]], Iterable[Candidate]], *, seconds: float = MOMENT_S
) -> int:
    """Put every candidate through `step` and write what comes out, whole; return how many that are.

    One step at a time holds the file. Raises as `read_candidates`, `write_candidates` and `held` do.
    """
    with held(path, seconds=seconds):
        return write_candidates(path, step(read_candidates(path)))


def as_line(candidate: Candidate) -> bytes:
    """Return a candidate as a line of its file. Raises ValueError for NaN."""
    value = {
        "id": candidate.id,
        "input": candidate.input,
        "output": candidate.output,
        "metadata": candidate.metadata,
        "split": candidate.split,
        "state": candidate.state.value,
        "source": candidate.source,
        "marks": candidate.marks,
        "history": [{"at": each.at, "what": each.what, "by": each.by, "why": each.why} for each in candidate.history],
    }
    return json_line(value)


def json_line(value: JsonObject) -> bytes:
    """Return a value as a line of JSON, without what no file of examples may hold: halves of characters, and NUL.

    Raises ValueError for NaN.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    if "\\u0000" in text or _HALF.search(text):
        text = json.dumps(_storable(value), ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def _storable(value: Json) -> Json:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    if isinstance(value, dict):
        return {str(_storable(key)): _storable(each) for key, each in value.items()}
    return [_storable(each) for each in value] if isinstance(value, list) else value


def of_line(line: bytes) -> Candidate:
    """Return what `as_line` made a line of. Raises ValueError for anything else."""
    found = _candidate(Raw(json.loads(line), (1, 1), lambda _: (1, 1)))
    if isinstance(found, Problem):
        raise ValueError(found.message)  # noqa: TRY004  # a value, not its type
    return found


def _items(path: Path) -> Iterator[Candidate | Problem]:
    lines: dict[bytes, int] = {}
    try:
        for raw in read_json_lines(path):
            item = raw if isinstance(raw, Problem) else _candidate(raw)
            if isinstance(item, Candidate) and isinstance(raw, Raw):
                key = hashlib.blake2b(item.id.encode("utf-8", "surrogatepass"), digest_size=16).digest()
                first = lines.setdefault(key, raw.place[0])
                if first != raw.place[0]:
                    message = f"the id {item.id[:60]!r} is taken: it first stands on line {first}"
                    item = Problem(message, *raw.find(("id",)))
            yield item
    except NotUtf8Error as error:
        yield Problem(error.message, error.line, error.column)


def _candidate(raw: Raw) -> Candidate | Problem:
    """Return what a line holds, or the first thing that is wrong with it."""
    value = raw.value
    if not isinstance(value, dict):
        return Problem("a candidate should be an object", *raw.place)
    unknown = next((key for key in value if key not in _KEYS), None)
    if unknown is not None:
        return Problem(f"unknown key {unknown[:60]!r}: a candidate has {', '.join(_KEYS)}", *raw.find((unknown,)))
    own = {key: value[key] for key in _EXAMPLE if key in value}
    reading = to_example(Raw(own, raw.place, raw.find), {})
    if reading.example is None:
        return reading.problems[0]
    wrong = _wrong(value)
    if wrong is not None:
        return Problem(wrong[1], *raw.find(wrong[0]))
    example = reading.example
    return Candidate(
        id=example.id,
        input=example.input,
        output=example.output,
        metadata=example.metadata,
        split=example.split,
        state=State(value["state"]),
        source=value.get("source") or {},
        marks=value.get("marks") or {},
        history=tuple(Step(**{"why": "", **each}) for each in value.get("history") or ()),
    )


def _wrong(value: Mapping[str, Any]) -> tuple[tuple[str | int, ...], str] | None:
    """Return where a line is none of a candidate and why, beyond its example; None where all is well."""
    if value.get("state") not in _STATES:
        return ("state",) if "state" in value else (), f"state should be one of {', '.join(State)}"
    for key in ("source", "marks"):
        if not isinstance(value.get(key) or {}, dict):
            return (key,), f"{key} should be an object"
    history = value.get("history") or []
    if not isinstance(history, list):
        return ("history",), "history should be a list"
    for number, each in enumerate(history):
        if not is_step(each):
            return ("history", number), (
                f"a step has at, what (one of {', '.join(sorted(_WHAT))}), by (one of {', '.join(sorted(_BY))}) and why"
            )
    return None


def is_step(value: Any) -> bool:
    """Return whether a value is what a history has of one step."""
    return (
        isinstance(value, dict)
        and {"at", "what", "by"} <= value.keys() <= _STEP
        and all(isinstance(each, str) for each in value.values())
        and value["what"] in _WHAT
        and value["by"] in _BY
    )
