"""One candidate on a terminal: what was asked, what was answered, and what steps and people found so far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from evalgate.curate.candidates import Candidate
from evalgate.curate.labelling.proposals import proposal_of
from evalgate.curate.moments import moment
from evalgate.curate.reviewing.answers import proposed
from evalgate.curate.reviewing.noted import listed, noted
from evalgate.curate.reviewing.reviews import Review
from evalgate.records import Json, JsonObject
from evalgate.report.answers import one_line, pretty
from evalgate.report.console import Console, Tone, cells, wrapped
from evalgate.report.escaping import lines_for_terminal, shortened
from evalgate.report.page import Page, Part
from evalgate.report.show import wrapped_verbatim

_ALL: Final = 1_000_000
_SHORT: Final = 24
"""Lines of one text, unless all of it is asked for."""
_LONG: Final = 20_000
"""Characters, of which lines are no longer counted."""
_NOTED: Final = 600
"""Characters of what steps found and others wrote, unless all of it is asked for."""
_KEYS: Final = (
    ("a", "accept"),
    ("p", "accept the proposed answer"),
    ("e", "edit"),
    ("E", "edit the proposed answer"),
    ("r", "reject"),
    ("s", "skip"),
    ("b", "back"),
    ("u", "undo"),
    ("/", "search"),
    ("m", "show all"),
    ("d", "drop the draft"),
    ("q", "quit"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What is on the screen. `draft` is what the reviewer wrote so far, `wrong` why that is no answer yet."""

    candidate: Candidate
    place: int
    of: int
    draft: str | None = None
    wrong: str = ""
    said: Sequence[Review] = ()
    whole: bool = False


def render(shown: Shown, console: Console) -> str:
    """Return a candidate as text for `console`; harmless whatever is in it."""
    page = Page(console=console)
    candidate = shown.candidate
    page.blank()
    page.line(Part(text="─" * min(console.width, 72) if console.unicode else "-" * 60, tone=Tone.QUIET))
    page.line(Part(text=f"{shown.place} of {shown.of}", tone=Tone.STRONG), f"  {candidate.id}")
    page.prose(_whence(candidate), tone=Tone.QUIET, indent=2)
    lines = _ALL if shown.whole else _SHORT
    cuts = [_text(page, head, text, lines) for head, text in spoken(candidate.input)]
    none = "none was given: accepting it makes an example without one"
    cuts.append(_answer(page, "answer", candidate.output, lines, none=none))
    suggested = proposed(candidate)
    if suggested is not None:
        cuts.append(_answer(page, f"proposed answer{_proposer(candidate)}", suggested, lines))
    if shown.draft is not None:
        cuts.append(_text(page, "your answer, not accepted yet", shown.draft, lines, tone=Tone.GOOD))
        if shown.wrong:
            page.prose(shown.wrong, tone=Tone.BAD, indent=2, hanging=2)
    cuts.append(_found(page, candidate, shown.said, _ALL if shown.whole else _NOTED))
    page.blank()
    for line in _keys(shown, console.width, cut=any(cuts)):
        page.line(Part(text=line, tone=Tone.QUIET))
    return page.text()


def spoken(value: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield (who or which, text) of an input or an output: messages by their roles, anything else by its keys."""
    for key, each in value.items():
        if key == "messages" and isinstance(each, list):
            for message in each:
                yield from _message(message) if isinstance(message, dict) else [("message", pretty(message))]
        elif key == "tools" and isinstance(each, list):
            yield "tools", ", ".join(map(_tool, each))
        else:
            yield key, pretty(each)


def _message(message: JsonObject) -> Iterator[tuple[str, str]]:
    role = str(message.get("role", "message"))
    content = message.get("content")
    parts = content if isinstance(content, list) else [content] if content is not None else []
    texts = [_part(each) for each in parts]
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function") if isinstance(call, dict) else None
        named = function if isinstance(function, dict) else {}
        texts.append(f"→ {named.get('name')}({one_line(named.get('arguments'))})" if named else f"→ {pretty(call)}")
    rest = {key: each for key, each in message.items() if key not in ("role", "content", "tool_calls")}
    texts += [f"{key}: {one_line(each)}" for key, each in rest.items()]
    yield role, "\n".join(texts)


def _part(part: Json) -> str:
    if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str):
        return str(part["text"])
    return pretty(part)


def _tool(tool: Json) -> str:
    function = tool.get("function") if isinstance(tool, dict) else None
    return str(function["name"]) if isinstance(function, dict) and "name" in function else one_line(tool)[:60]


def _whence(candidate: Candidate) -> str:
    source = candidate.source
    start = moment(source.get("start"))
    said = {**source, "start": source.get("start") if start is None else f"{start:%Y-%m-%d %H:%M} UTC"}
    parts = [str(said[key]) for key in ("project", "name", "start", "model") if said.get(key)]
    parts += [f"status {source['status']}"] if source.get("status") not in (None, "OK", "UNSET") else []
    return " · ".join([*parts, f"split {candidate.split}"] if candidate.split else parts)


def _proposer(candidate: Candidate) -> str:
    model = proposal_of(candidate).get("model")
    return f" of {model}" if model else ""


def _answer(page: Page, head: str, output: Mapping[str, Json] | None, lines: int, *, none: str = "") -> bool:
    if output is None:
        return _text(page, head, none, lines, tone=Tone.QUIET)
    texts = list(spoken(output))
    cuts = [_text(page, head if len(texts) == 1 else f"{head}: {name}", text, lines) for name, text in texts]
    return any(cuts)


def _text(page: Page, head: str, text: str, count: int, *, tone: Tone | None = None) -> bool:
    """Write a text in its own shape and return whether it was cut.

    Of more than `count` lines the first of them are written, and how many more there are.
    """
    page.blank()
    page.line(Part(text=head, tone=Tone.STRONG))
    text = text.rstrip("\n")
    left = len(text) - _LONG if count < _ALL else 0
    every = lines_for_terminal(text[:_LONG] if left > 0 else text, width=_ALL, count=_ALL)
    lines = [part for line in every for part in wrapped_verbatim(line, page.console.width - 2)]
    # One more line is shown rather than said.
    cut = count if len(lines) > count + 1 else len(lines)
    for line in lines[:cut]:
        page.line(Part(text=line, tone=tone), indent=2)
    if cut < len(lines):
        more = f"{left:,} more characters" if left > 0 else f"{len(lines) - cut:,} more lines"
        page.line(Part(text=f"… {more}: m shows them", tone=Tone.UNSURE), indent=2)
    return cut < len(lines) or left > 0


def _found(page: Page, candidate: Candidate, said: Sequence[Review], most: int) -> bool:
    """Write what steps found, what the program noted, and what others decided; return whether any of it was cut.

    `most` are the characters of one of these.
    """
    texts = _Texts(most)
    pairs = list(noted(candidate))
    pairs += [(f"metadata.{key}", listed(each)) for key, each in candidate.metadata.items()]
    if pairs or said:
        page.blank()
    for key, value in pairs:
        page.prose(texts.cut(value), lead=Part(text=f"{key}:", tone=Tone.QUIET), indent=2, hanging=4)
    for review in said:
        how = {"proposed": " with the proposed answer", "edited": " with an answer of their own"}.get(review.answer, "")
        text = f"{review.decision}{how if review.decision == 'accepted' else ''}" + (
            f": {review.reason}" if review.reason else ""
        )
        page.prose(text, lead=Part(text=f"{review.who}:", tone=Tone.UNSURE), indent=2, hanging=4)
        if review.output is not None and review.decision == "accepted":
            for _, answer in spoken(review.output):
                for line in wrapped(texts.cut(answer), width=page.console.width - 6):
                    page.line(line, indent=6)
    return texts.were_cut


class _Texts:
    """Texts of at most so many characters, and whether one had more."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.were_cut = False

    def cut(self, text: str) -> str:
        self.were_cut |= len(text) > self._most
        return shortened(text, self._most)


def _keys(shown: Shown, width: int, *, cut: bool) -> list[str]:
    """Return the keys that do something here, in lines that break between two of them."""
    words = dict(_KEYS)
    if proposed(shown.candidate) is None:
        del words["p"], words["E"]
    if shown.draft is None:
        del words["d"]
    else:
        words["a"] = "accept your answer"
        words["e"] = "go on editing"
    if shown.draft is None and shown.candidate.output is None:
        words["a"] = "accept without an answer"
    if not cut:
        del words["m"]
    lines = [""]
    for key, each in words.items():
        said = f"{key} {each}"
        if lines[-1] and cells(lines[-1]) + 3 + cells(said) > width:
            lines.append("")
        lines[-1] += f" · {said}" if lines[-1] else said
    return lines
