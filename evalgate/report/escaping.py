"""Hostile text made harmless: for a terminal, Markdown on GitHub, XML, and GitHub workflow commands.

Answers, datasets and user code say what they like; here it becomes text that is shown and never obeyed. What cannot be
seen (control characters, direction overrides, zero widths) is spelled out rather than dropped, so that a reader knows.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

_JOINERS: Final = "\u200c\u200d"  # scripts and emoji need them, and they hide nothing by themselves
_BLANKS: Final = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # printable by category, invisible on screen
_FIRST_MARK: Final = "\u0300"  # below it nothing is stacked, and what is printable can be seen
_MARKS_IN_A_ROW: Final = 4  # no script stacks more; towers of them paint over the lines around
_ACTIVE: Final = re.compile(r"[\\`*_\[\]<>#~&|$@]|^[-+=]")
_LIST_NUMBER: Final = re.compile(r"^(\d{1,9})([.)])(?=\s|$)")
_LINKED: Final = re.compile(r"[@#](?=\w)|(?i:\bGH(?:SA)?)(?=-\w)|:(?=//|[\w+-]+:)|(?i:\bwww)(?=\.)")
_LINKED_IN_CODE: Final = re.compile(r":(?=//)|(?i:(?<=\bwww))\.")
_IN_BACKTICKS: Final = re.compile(r"`([^`]+)`")
_COMMIT: Final = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{7,64}(?![0-9A-Za-z])")
_COMMIT_UNDER: Final = 6  # so many of a commit's digits are no link yet
_ADDRESS: Final = re.compile(r"(?<=[\w.+-])@(?=\w)")


def shown(text: str, *, lines: bool = False) -> str:
    """Return `text` with everything invisible spelled out (`\\x1b`, `\\u202e`).

    Line ends stay line ends with `lines`; otherwise they become `↵`, so that the result is one line.
    """
    text = text.replace("\r\n", "\n")
    plain = text.replace("\n", "") if lines else text
    if plain.isprintable() and (plain.isascii() or max(plain) < _FIRST_MARK):
        return text
    result: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if character >= _FIRST_MARK and unicodedata.category(character) in ("Mn", "Me") else 0
        if marks <= _MARKS_IN_A_ROW:
            result.append(_shown_character(character, lines=lines))
    return "".join(result)


def shortened(text: str, limit: int) -> str:
    """Return at most `limit` characters of `text` (at least 1), the last of them `…` where it was cut."""
    return text if len(text) <= limit else text[: max(limit - 1, 0)] + "…"


def for_terminal(text: str, *, limit: int = 2_000) -> str:
    """Return one line that a terminal shows as it is; at most `limit` characters."""
    return shortened(shown(text[: limit + 1]), limit)


def lines_for_terminal(text: str, *, width: int = 2_000, count: int = 400) -> list[str]:
    """Return lines that a terminal shows as they are; what is too long or too much is cut and said."""
    lines = text.replace("\r\n", "\n").split("\n")
    kept = [shortened(shown(line[: width + 1]), width) for line in lines[:count]]
    return kept if len(lines) <= count else [*kept, f"… {len(lines) - count:,} more lines"]


def for_markdown(text: str) -> str:
    """Return inline Markdown that renders as `text` on one line, in a paragraph, a list or a table cell.

    Active characters are entities, so nothing is markup; a zero-width space behind `@`, `#`, in addresses and in what
    could be a commit keeps GitHub from linking or notifying afterwards, when it looks through the rendered text.
    """
    return _unnumbered(_inline(shown(text).strip()))


def sentence_for_markdown(text: str) -> str:
    """Return a sentence of ours, other people's words in it, as inline Markdown: what is in backticks is code."""
    plain = shown(text).strip()
    if not _IN_BACKTICKS.search(plain):
        return for_markdown(plain)
    pieces = _IN_BACKTICKS.split(plain)
    return _unnumbered(
        "".join(code_for_markdown(piece) if place % 2 else _inline(piece) for place, piece in enumerate(pieces))
    )


def code_for_markdown(text: str) -> str:
    """Return inline Markdown that renders `text` as code, in a paragraph, a list or a table cell.

    A tag with entities instead of backticks: no run of backticks, pipe or line end can break out of it, and GitHub
    looks for nothing in it. It copies exactly, except that e-mail addresses hold a zero-width space.
    """
    inert = _entities(_ADDRESS.sub("@\u200b", shown(text).strip())).replace("\u200b", "&#8203;")
    linkless = _LINKED_IN_CODE.sub(lambda found: f"&#{ord(found.group())};", inert)
    return f"<code>{linkless or '&#32;'}</code>"


def link_for_markdown(text: str, address: str) -> str:
    """Return a link with the words `text`; the words alone where the address is none that a browser opens."""
    words = for_markdown(text)
    if not re.match(r"https?://", address):
        return words
    return f'<a href="{html.escape(shown(address).replace(" ", "%20"), quote=True)}">{words}</a>'


def block_for_markdown(text: str, *, language: str = "") -> str:
    """Return a fenced block that shows `text`; the fence is longer than any run of backticks in it.

    An HTML comment's start is broken up, so that no forged marker is found in the source of a comment.
    """
    body = shown(text, lines=True).replace("<!--", "<!\u2060--")
    longest = max((len(run) for run in re.findall("`+", body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def for_xml(text: str) -> str:
    """Return `text` without what XML 1.0 cannot hold: all of it is invisible. Markup is the serializer's."""
    return shown(text, lines=True)


def command_message(text: str) -> str:
    """Return the message of a GitHub workflow command: one line, nothing in it a command."""
    return shown(text, lines=True).replace("%", "%25").replace("\n", "%0A")


def command_property(text: str) -> str:
    """Return the value of a property (`title=`) of a GitHub workflow command."""
    return command_message(text).replace(":", "%3A").replace(",", "%2C")


def without_commands(text: str, *, token: str) -> str:
    """Return `text` for a GitHub log between `::stop-commands::` and its end, so that nothing in it is obeyed.

    `token` is random and long. Raises ValueError when it is in the text, or is none.
    """
    if not re.fullmatch(r"[0-9A-Za-z-]{16,}", token) or token in text:
        raise ValueError("the token that ends stop-commands must be random, 16 letters or more, and not in the text")
    return f"::stop-commands::{token}\n{text.rstrip(chr(10))}\n::{token}::\n"


def _shown_character(character: str, *, lines: bool) -> str:
    if character == "\n":
        return "\n" if lines else "↵"
    if character == "\t":
        return "    " if lines else " "
    if character in _BLANKS:
        return _spelled(character)
    if character.isprintable() or character in _JOINERS:
        return character
    return " " if unicodedata.category(character) == "Zs" else _spelled(character)


def _spelled(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _inline(text: str) -> str:
    marked = _LINKED.sub(lambda found: found.group() + "\u200b", _COMMIT.sub(_broken, text))
    # A span is GitHub's own way to write a dollar that begins no formula.
    return _entities(marked).replace("\u200b", "&#8203;").replace("&#36;", "<span>&#36;</span>")


def _unnumbered(inert: str) -> str:
    """Return inline Markdown that begins no numbered list."""
    return _LIST_NUMBER.sub(lambda found: f"{found[1]}&#{ord(found[2])};", inert)


def _broken(found: re.Match[str]) -> str:
    """Return what could be a commit in pieces that are too short for one."""
    digits = found.group()
    return "\u200b".join(digits[at : at + _COMMIT_UNDER] for at in range(0, len(digits), _COMMIT_UNDER))


def _entities(text: str) -> str:
    return _ACTIVE.sub(lambda found: f"&#{ord(found.group())};", text)
