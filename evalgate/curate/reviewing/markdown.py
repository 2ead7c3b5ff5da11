"""A file for review in Markdown: a section for each candidate, boxes to tick, an answer to edit in place."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from evalgate.curate.candidates import Candidate
from evalgate.curate.reviewing.answers import proposed, written
from evalgate.curate.reviewing.noted import noted
from evalgate.curate.reviewing.screen import spoken
from evalgate.curate.reviewing.sheets import Choice, Entry, shown_of
from evalgate.decision.number_words import count
from evalgate.golden.raw import Problem
from evalgate.report.escaping import block_for_markdown, code_for_markdown, for_markdown, shown

_MARKER: Final = re.compile(
    r'<!-- evalgate (?P<place>\d{1,6})/(?P<of>\d{1,6}) (?P<id>".*?") (?P<seen>[0-9a-f]{24}) (?P<head>[0-9a-f]{12})'
    r" (?P<answer>[0-9a-f]{12}) -->"
)
_ANSWER: Final = "**Answer** (edit it here to correct it)"
_FIXED: Final = "**Answer** (it holds what Markdown cannot show: edit it in the terminal)"
_BOX: Final = re.compile(r"\s*[-*+] \[(?P<tick>.)\] (?P<words>.*?)\s*")
_REASON: Final = re.compile(r"\s*[-*+] reason:(?P<reason>.*)")
_FENCE: Final = re.compile(r"(?P<fence>`{3,})(?:text|json)")
_BOXES: Final[dict[str, Choice]] = {"accept": "accept", "accept the proposed answer": "proposed", "reject": "reject"}


def markdown(
    candidates: Sequence[Candidate] | Iterable[Candidate], *, of: int, name: str, command: str
) -> Iterator[str]:
    """Yield the file, piece by piece. `of` is how many candidates there are, `command` what reads the file again."""
    yield (
        f"# Review of {for_markdown(name)}\n\n{count(of, 'candidate')}. Tick one box of each that you decide, and say"
        " why where you reject; an answer may be corrected where it stands. Leave all else as it is: what is not ticked"
        " stays"
        f" open. Then: {code_for_markdown(command)}\n"
    )
    for place, each in enumerate(candidates, start=1):
        yield "\n" + _section(each, place, of)


def _section(candidate: Candidate, place: int, of: int) -> str:
    text = written(candidate.output, candidate.input)
    editable = shown(text.text, lines=True) == text.text and "<!--" not in text.text
    block = block_for_markdown(text.text, language="text" if text.plain else "json")
    head = _head(candidate)
    answer = f"{_ANSWER if editable else _FIXED}\n\n{block}"
    # Two hyphens would end the comment.
    identity = json.dumps(candidate.id).replace("-", "\\u002d")
    marker = f"<!-- evalgate {place}/{of} {identity} {shown_of(candidate)} {_hash(head)} {_hash(block)} -->"
    boxes = ["accept", *(["accept the proposed answer"] if proposed(candidate) is not None else []), "reject"]
    decision = "\n".join([*(f"- [ ] {each}" for each in boxes), "- reason:"])
    return f"## {place} of {of}: {for_markdown(candidate.id)}\n{marker}\n\n{head}\n\n{answer}\n\n{decision}\n"


def _head(candidate: Candidate) -> str:
    parts = [f"**{for_markdown(who)}**\n\n{block_for_markdown(text)}" for who, text in spoken(candidate.input)]
    suggested = proposed(candidate)
    if suggested is not None:
        for _, text in spoken(suggested):
            parts.append(f"**Proposed answer**\n\n{block_for_markdown(text)}")
    found = [f"- {for_markdown(key)}: {for_markdown(each[:600])}" for key, each in noted(candidate)]
    return "\n\n".join([*parts, *(["\n".join(found)] if found else [])])


def _hash(text: str) -> str:
    """Return a hash that editors which end lines in their own way do not change."""
    plain = "\n".join(line.rstrip() for line in text.strip("\n").split("\n"))
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()[:12]


@dataclass(kw_only=True, slots=True)
class _Section:
    """Lines of one candidate, from the one after its marker on; `line` is where the marker stands."""

    found: re.Match[str]
    line: int
    lines: list[str] = field(default_factory=list)


def read_markdown(text: str) -> Iterator[Entry | Problem]:
    """Yield what people made of each candidate of a file, and what is wrong with it."""
    sections: list[_Section] = []
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        found = _MARKER.fullmatch(line.strip())
        if found is not None:
            sections.append(_Section(found=found, line=number))
        elif line.startswith("<!-- evalgate"):
            yield Problem("this line says which candidate it is, and was changed: take it as it was", number, 1)
        elif sections:
            sections[-1].lines.append(line)
    if not sections:
        yield Problem("no candidate is in this file: it is none that was made for review", 1, 1)
    for section in sections:
        yield _entry(section)


class _FlawedError(Exception):
    """A section that cannot be taken, and why."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.problem = Problem(message, line, 1)


def _entry(section: _Section) -> Entry | Problem:
    found, line = section.found, section.line
    try:
        identity = json.loads(found["id"])
    except ValueError:
        return Problem("this line says which candidate it is, and was changed: take it as it was", line, 1)
    try:
        begin, end, edited = _answered(section, identity)
        choice, reason = _choice(section.lines[end + 1 :], identity, line + end + 2)
    except _FlawedError as error:
        return error.problem
    return Entry(
        id=identity,
        seen=found["seen"],
        place=int(found["place"]),
        of=int(found["of"]),
        choice=choice,
        answer="\n".join(section.lines[begin + 1 : end]) if edited else None,
        reason=reason,
        line=line,
        answer_line=line + begin + 2,
    )


def _answered(section: _Section, identity: str) -> tuple[int, int, bool]:
    """Return where the answer's block begins and ends, and whether it was edited."""
    heads = [at for at, each in enumerate(section.lines) if each.strip() in (_ANSWER, _FIXED)]
    if not heads:
        raise _FlawedError(f"{identity}: the line **Answer** is gone", section.line)
    # What was asked may hold such a line itself.
    start = next((at for at in heads if _hash("\n".join(section.lines[:at])) == section.found["head"]), None)
    if start is None:
        raise _FlawedError(
            f"{identity}: what is shown of it was changed: nothing but the answer can be edited", section.line + 1
        )
    block = _block(section.lines, start + 1)
    if block is None:
        raise _FlawedError(f"{identity}: the answer is no longer between two lines of ```", section.line + start + 1)
    begin, end = block
    edited = _hash("\n".join(section.lines[begin : end + 1])) != section.found["answer"]
    if edited and section.lines[start].strip() == _FIXED:
        raise _FlawedError(f"{identity}: this answer can be edited in the terminal alone", section.line + begin + 1)
    return begin, end, edited


def _block(lines: Sequence[str], start: int) -> tuple[int, int] | None:
    """Return where the fenced block behind `start` begins and ends."""
    begin = next((at for at in range(start, len(lines)) if lines[at].strip()), None)
    fence = None if begin is None else _FENCE.fullmatch(lines[begin].strip())
    if begin is None or fence is None:
        return None
    end = next((at for at in range(begin + 1, len(lines)) if lines[at].strip() == fence["fence"]), None)
    return None if end is None else (begin, end)


def _choice(lines: Sequence[str], identity: str, first: int) -> tuple[Choice, str]:
    """Return which box is ticked and the reason, which may go on over several lines."""
    ticked: list[Choice] = []
    reason: list[str] | None = None
    for number, line in enumerate(lines, start=first):
        box = _BOX.fullmatch(line)
        said = _REASON.fullmatch(line)
        if line.startswith("## "):
            break
        if reason is not None:
            reason.append(line)
        elif said is not None:
            reason = [said["reason"]]
        elif box is not None and box["words"].lower() in _BOXES:
            if box["tick"] in "xX":
                ticked.append(_BOXES[box["words"].lower()])
            elif box["tick"] != " ":
                raise _FlawedError(f"{identity}: a box is ticked with x, not with {box['tick']}", number)
        elif line.strip():
            raise _FlawedError(f"{identity}: nothing can be written here: say it behind `reason:`", number)
    if len(ticked) > 1:
        raise _FlawedError(f"{identity}: more than one box is ticked", first)
    return (ticked or [""])[0], " ".join(" ".join(reason or []).split())
