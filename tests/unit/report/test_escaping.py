"""Hostile text is shown and never obeyed, wherever it goes."""

from __future__ import annotations

import re
import sys
import unicodedata
from xml.etree import ElementTree as ET

import pytest
from markdown_it import MarkdownIt

from evalgate.report import escaping
from tests.unit.report.hostile import HOSTILE

hostile = pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
EVERY_CHARACTER = "".join(map(chr, range(0x30000))) + "".join(map(chr, range(0xE0000, 0xE0200)))


def invisible(text: str, *, allowed: str = "") -> list[str]:
    """Return the characters of `text` that a reader would not see."""
    kinds = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
    return [c for c in text if unicodedata.category(c) in kinds and c not in allowed + "\u200c\u200d"]


@hostile
def test_a_terminal_line_is_one_line_of_visible_text_and_short(text: str) -> None:
    line = escaping.for_terminal(text, limit=500)
    assert invisible(line) == []
    assert len(line) <= 500


@hostile
def test_terminal_lines_are_each_visible_and_narrow(text: str) -> None:
    lines = escaping.lines_for_terminal(text, width=200, count=5)
    assert [c for line in lines for c in invisible(line)] == []
    assert max(map(len, lines)) <= 200


def test_too_many_lines_are_cut_and_counted() -> None:
    assert escaping.lines_for_terminal("a\nb\nc\nd", count=2) == ["a", "b", "… 2 more lines"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
        ("two\r\nlines\nand", "two↵lines↵and"),
        ("\u202eesrever", "\\u202eesrever"),
        ("tag \U000e0041", "tag \\U000e0041"),
        ("a\u00a0no-break space", "a no-break space"),
        ("déjà vu, 日本語, नमस्ते", "déjà vu, 日本語, नमस्ते"),
        ("👩\u200d🔬 می\u200cخواهم", "👩\u200d🔬 می\u200cخواهم"),
        ("e" + "\u0301" * 9, "e" + "\u0301" * 4),
    ],
)
def test_what_cannot_be_seen_is_spelled_out_and_real_scripts_stay(text: str, line: str) -> None:
    assert escaping.for_terminal(text) == line


def test_no_character_at_all_is_invisible_on_a_terminal_or_invalid_in_xml() -> None:
    assert invisible(escaping.shown(EVERY_CHARACTER)) == []
    ET.fromstring(f"<x>{escaping.for_xml(EVERY_CHARACTER).replace('&', '').replace('<', '')}</x>")


def rendered(markdown: str) -> str:
    return MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(markdown)


def as_read(html: str) -> str:
    """Return the text that a browser would show of simple HTML."""
    text = re.sub(r"</?(?:p|span|code|td)>", "", html)
    assert "<" not in text, text
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        text = text.replace(entity, character)
    return text.replace("\u200b", "").strip()


@hostile
def test_inline_markdown_renders_as_the_text_and_as_nothing_else(text: str) -> None:
    assert as_read(rendered(escaping.for_markdown(text))) == escaping.shown(text).strip()


@hostile
def test_inline_code_renders_as_the_text_and_copies_exactly_but_for_addresses(text: str) -> None:
    html = rendered("x " + escaping.code_for_markdown(text))
    assert as_read(html).removeprefix("x").strip() == escaping.shown(text).strip()
    assert ("\u200b" in html) == (re.search(r"[\w.+-]@\w", text) is not None)


@hostile
def test_a_table_cell_stays_one_cell(text: str) -> None:
    row = f"| {escaping.for_markdown(text)} | {escaping.code_for_markdown(text)} | end |"
    html = rendered(f"| a | b | c |\n|---|---|---|\n{row}\n")
    assert html.count("<td>") == 3
    assert "<td>end</td>" in html


@hostile
def test_the_source_of_markdown_holds_no_comment_mention_reference_or_address(text: str) -> None:
    source = escaping.for_markdown(text) + escaping.code_for_markdown(text)
    assert not re.search(r"<!--|@\w|(?<!&)#\w|://|www\.\w|[|`\[\]]|(?<!span)(?<!/span)(?<!code)>", source)


@hostile
def test_a_rendered_mention_or_reference_is_broken_by_a_zero_width_space(text: str) -> None:
    html = rendered(escaping.for_markdown(text)).replace("&lt;", "<")
    assert not re.search(r"@\w|#\w|GH-\d|://|www\.|:\w+:", html)


@hostile
@pytest.mark.parametrize("around", ["{}", "Set `mode: point`, then {}.", "`{}` and `a`", "{} `unclosed"])
def test_a_sentence_with_code_in_it_renders_as_its_text_and_as_nothing_else(text: str, around: str) -> None:
    sentence = around.format(text[:500])
    html = rendered("x " + escaping.sentence_for_markdown(sentence))
    assert re.sub(r"</?(?:p|span|code)>", "", html).count("<") == 0
    assert not re.search(r"(?<![&\w])[@#]\w|://", re.sub(r"<code>.*?</code>", "", html))


def test_a_sentences_backticks_are_code() -> None:
    assert escaping.sentence_for_markdown("set `mode: point` or *else*") == (
        "set <code>mode: point</code> or &#42;else&#42;"
    )


def test_a_sentence_with_code_begins_no_list() -> None:
    html = rendered(escaping.sentence_for_markdown("1. first `code`"))
    assert html == "<p>1. first <code>code</code></p>\n"


@hostile
def test_a_fence_holds_whatever_is_in_it(text: str) -> None:
    block = escaping.block_for_markdown(text, language="text")
    html = rendered(f"before\n\n{block}\n\nafter")
    assert html.count("<pre>") == 1
    assert html.startswith("<p>before</p>\n<pre>")
    assert html.endswith("</pre>\n<p>after</p>\n")
    assert "<!--" not in block


@hostile
def test_xml_holds_it_and_gives_it_back(text: str) -> None:
    element = ET.Element("x", {"a": escaping.for_xml(text)})
    element.text = escaping.for_xml(text)
    read = ET.fromstring(ET.tostring(element, encoding="unicode"))
    assert (read.text or "") == escaping.shown(text, lines=True)


@hostile
def test_a_workflow_command_stays_one_line_and_one_command(text: str) -> None:
    line = f"::error title={escaping.command_property(text)}::{escaping.command_message(text)}"
    assert len(line.splitlines()) == 1
    assert invisible(line) == []
    properties = line.removeprefix("::error ").split("::", 1)[0]
    assert not re.search(r"[:,]|%(?!25|0A|3A|2C)", properties)


@hostile
def test_a_workflow_command_decodes_to_the_text(text: str) -> None:
    message = escaping.command_message(text)
    assert message.replace("%0A", "\n").replace("%25", "%") == escaping.shown(text, lines=True)


@hostile
def test_text_between_stop_commands_cannot_end_it(text: str) -> None:
    token = "f00d" * 8
    lines = escaping.without_commands(text, token=token).split("\n")
    assert lines[0] == f"::stop-commands::{token}"
    assert [line for line in lines[1:] if token in line] == [f"::{token}::"]


@pytest.mark.parametrize(("text", "token"), [("x", "short"), ("x", ""), ("it is 0123456789abcdef", "0123456789abcdef")])
def test_a_token_that_could_be_guessed_or_forged_is_refused(text: str, token: str) -> None:
    with pytest.raises(ValueError, match="must be random"):
        escaping.without_commands(text, token=token)


def test_a_cut_says_so() -> None:
    assert escaping.shortened("abcdef", 4) == "abc…"
    assert escaping.shortened("abc", 3) == "abc"
    assert len(escaping.for_terminal("\x1b" * sys.maxunicode, limit=50)) == 50


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://host/a?b=1&c=2", '<a href="https://host/a?b=1&amp;c=2">in Phoenix</a>'),
        ('https://host/"><script>', '<a href="https://host/&quot;&gt;&lt;script&gt;">in Phoenix</a>'),
        ("https://host/a b\n", '<a href="https://host/a%20b↵">in Phoenix</a>'),
        ("javascript:alert(1)", "in Phoenix"),
        ("//host", "in Phoenix"),
    ],
)
def test_a_link_leads_to_a_page_of_the_web_or_is_none(address: str, shown: str) -> None:
    assert escaping.link_for_markdown("in Phoenix", address) == shown
