"""Markdown as GitHub shows it: its own parser, its allow-list of HTML, and what it looks for in the text afterwards.

The parser is GitHub's (cmark-gfm), line ends are breaks as in comments. The allow-list is GitHub's html-pipeline's.
What GitHub adds later, links for mentions, references and commits, emoji, mathematics, is found and named, not drawn.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

import nh3
from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options

_OPTIONS = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_HARDBREAKS | Options.CMARK_OPT_FOOTNOTES
_TAGS = frozenset(
    """
    h1 h2 h3 h4 h5 h6 br b i strong em a pre code img tt div ins del sup sub p picture ol ul table thead tbody tfoot
    blockquote dl dt dd kbd q samp var hr ruby rt rp li tr td th s strike summary details caption figure figcaption abbr
    bdo cite dfn mark small source span time wbr input section
    """.split()  # noqa: SIM905 it is read so
)
_ATTRIBUTES = {
    "*": {"align", "alt", "dir", "height", "lang", "start", "title", "valign", "width", "open", "class"},
    "a": {"href"},
    "img": {"src", "longdesc"},
    "source": {"srcset"},
    "input": {"type", "checked", "disabled"},
}
_VOID = frozenset({"br", "hr", "img", "input", "source", "wbr"})
_QUIET = frozenset({"pre", "code", "a", "tt"})
"""Where GitHub looks for nothing."""

_AFTERWARDS = {
    "mention": re.compile(r"(?<![\w/`@])@[a-z0-9][a-z0-9-]*", re.IGNORECASE),
    "reference": re.compile(r"(?<!\w)#\d+|\bGH-\d+|\bGHSA-\w|(?<![\w.-])[\w.-]{1,99}/[\w.-]{1,99}#\d+", re.IGNORECASE),
    "commit": re.compile(r"(?<![0-9a-z])[0-9a-f]{7,40}(?![0-9a-z])", re.IGNORECASE),
    "emoji": re.compile(r":[a-z0-9_+-]+:", re.IGNORECASE),
    "mathematics": re.compile(r"\$\$|\$(?=\S)[^$]*\S\$|\$`"),
    "address": re.compile(r"https?://\w|\bwww\.\w", re.IGNORECASE),
    "alert": re.compile(r"^\s*\[!(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]", re.IGNORECASE),
}


def to_html(markdown: str) -> str:
    """Return what stands on the page, before links are added to mentions and the like."""
    raw = github_flavored_markdown_to_html(markdown, options=_OPTIONS)
    return nh3.clean(
        raw, tags=set(_TAGS), attributes=_ATTRIBUTES, link_rel=None, url_schemes={"http", "https", "mailto"}
    )


@dataclass
class Element:
    """One element of the page, with the elements and texts in it."""

    tag: str
    attributes: dict[str, str | None]
    children: list[Element | str] = field(default_factory=list)

    def text(self) -> str:
        """Return what a reader sees of it; line breaks as such."""
        return "".join("\n" if each == Element("br", {}) else each if isinstance(each, str) else each.text()
                       for each in self.children)  # fmt: skip

    def every(self, *tags: str) -> list[Element]:
        """Return the elements below it, of these tags (none: of all), in their order."""
        found: list[Element] = []
        for each in self.children:
            if isinstance(each, Element):
                found += [each] if not tags or each.tag in tags else []
                found += each.every(*tags)
        return found

    def spoken(self) -> list[str]:
        """Return the texts in which GitHub looks for mentions and the like."""
        found = []
        for each in self.children:
            if isinstance(each, str):
                found.append(each)
            elif each.tag not in _QUIET:
                found += each.spoken()
        return found


def page(markdown: str) -> Element:
    """Return the page as elements."""
    reader = _Reader()
    reader.feed(to_html(markdown))
    reader.close()
    assert len(reader.open) == 1, [each.tag for each in reader.open]
    return reader.open[0]


def added_afterwards(of: Element) -> list[tuple[str, str]]:
    """Return what GitHub would make a link, a picture or a formula of: its kind, and the text."""
    return [
        (kind, found.group()) for text in of.spoken() for kind, pattern in _AFTERWARDS.items()
        for found in pattern.finditer(text)
    ]  # fmt: skip


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("page", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        closed = self.open.pop()
        assert closed.tag == tag, (closed.tag, tag)

    def handle_data(self, data: str) -> None:
        last = self.open[-1].children
        if last and isinstance(last[-1], str):
            last[-1] += data
        else:
            last.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment is on the page: {data}")
