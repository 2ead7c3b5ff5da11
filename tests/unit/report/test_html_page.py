"""The page as a file: one that asks nothing of anybody, in which text of others is text and nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from evalgate.report.html.page import render_html
from evalgate.report.markdown.sections import worst_first
from evalgate.report.model import EditedDefinition, GateReport, OwnVerdict, PhoenixView
from tests.unit.report import builds
from tests.unit.report.explorations import explored
from tests.unit.report.golden_texts import assert_golden
from tests.unit.report.hostile import HOSTILE

_VOID = {"meta", "link", "br", "input"}
_OURS = frozenset(
    {
        *("html", "head", "meta", "title", "link", "style", "script", "body"),
        *("header", "nav", "main", "section", "footer", "div", "article", "details", "summary"),
        *("h1", "h2", "h4", "p", "br", "span", "strong", "a", "code", "kbd", "pre"),
        *("ul", "ol", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption"),
        *("form", "label", "select", "option", "input", "button", "dialog"),
        *("svg", "rect", "line", "circle", "path", "text"),
    }
)


class Page(HTMLParser):
    """What a browser would make of a page: every element with its attributes, and the text of some."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.comments: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.texts.setdefault(tag, []).append("")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, (tag, self.getpos())

    def handle_data(self, data):
        for tag in set(self.open):
            self.texts[tag][-1] += data

    def handle_comment(self, data):
        self.comments.append(data)


def rendered(report, **changes) -> str:
    return render_html(report, explored(report, **changes))


def data_of(page: Page) -> list[dict]:
    held = [
        text for text, (_, attributes) in zip(page.texts["script"], scripts(page), strict=True) if "type" in attributes
    ]
    return [json.loads(text) for text in held]


def scripts(page: Page) -> list[tuple[str, dict]]:
    return [each for each in page.elements if each[0] == "script"]


def test_the_skeleton() -> None:
    """All that is not style, program and data, of a build that says a lot."""
    text = rendered(builds.failing_one_of_many())
    for start, end in (("<style>", "</style>"), ("<script>", "</script>"), ('data-left-out="0">', "</script>")):
        text = re.sub(f"{re.escape(start)}.*?{re.escape(end)}", f"{start}…{end}", text, flags=re.DOTALL)
    text = re.sub(r"sha256-[^&]*", "sha256-…", re.sub(r" d=\"[^\"]*\"", ' d="…"', text))
    assert_golden("failing_one_of_many.page.html", text)


@pytest.mark.parametrize("name", builds.SCENARIOS)
def test_every_build_has_a_page_whose_first_words_are_its_verdict(name: str) -> None:
    report = builds.SCENARIOS[name]()
    page = Page(rendered(report))
    assert page.open == [], "every element is closed"
    (heading,) = page.texts["h1"]
    assert heading.startswith(f"{report.verdict_text} "), heading
    assert [suite["name"] for suite in data_of(page)] == [suite.name for suite, _ in worst_first(report)]
    if report.sample:
        assert "PASS" not in " ".join(heading for heading in page.texts["h2"])


def test_its_policy_lets_one_style_and_one_program_in_by_their_hashes_and_nothing_else() -> None:
    page = Page(rendered(builds.passing()))
    policy = next(each["content"] for tag, each in page.elements if each.get("http-equiv") == "Content-Security-Policy")
    (style,), program = page.texts["style"], page.texts["script"][-1]
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, program)]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    assert "\r" not in style + program, "a browser would hash other line ends"
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "fetch(", "import("):
        assert forbidden not in program


def test_nothing_is_loaded_and_no_attribute_runs_or_styles() -> None:
    page = Page(rendered(builds.failing_one_of_many()))
    for tag, attributes in page.elements:
        assert not {name for name in attributes if name.startswith("on") or name in {"style", "src", "srcset"}}, tag
        assert (attributes.get("href") or "#").startswith(("#", "data:,"))


def everywhere_hostile():
    """Say every hostile thing in every place, those that the other reports have not too."""
    report = builds.hostile()
    text = " ".join(HOSTILE)[:3000]
    gate = GateReport(
        base=text, decides="base",
        differences=(EditedDefinition(suite=text, key=text, message=text),),
        own=OwnVerdict(verdict=None, exit_code=None, reason=text, not_evaluated=(text,), covers=(text,)),
    )  # fmt: skip
    links = PhoenixView(compare="javascript:alert(1)", lacking=text, next_step=f"evalgate {text}")
    (shown,), (suite,) = report.suites, report.decision.suites
    views = {name: replace(view, link=f"javascript:{name}") for name, view in shown.examples.items()}
    units = {check.name: text[:80] for check in suite.checks}
    shown = replace(shown, name=text, notes=(text,), dataset=text, phoenix=links, examples=views, units=units)
    checks = tuple(replace(check, name=text[:200]) for check in suite.checks)
    suite = replace(suite, name=text, warnings=(text,), checks=checks)
    decision = replace(report.decision, suites=(suite,), measurement=text)
    return replace(report, gate=gate, decision=decision, suites=(shown,))


def test_hostile_text_is_no_element_no_attribute_and_no_comment() -> None:
    report = everywhere_hostile()
    text = rendered(report, settings={"suite": {each[:100]: each[:100] for each in HOSTILE}}, differs=tuple(HOSTILE))
    page = Page(text)
    assert {tag for tag, _ in page.elements} <= _OURS
    assert page.open == []
    assert page.comments == []
    assert len(scripts(page)) == 1 + len(report.decision.suites)
    for tag, attributes in page.elements:
        assert not {name for name in attributes if name.startswith("on") or name in {"style", "src"}}, tag
        assert re.match(r"(#|data:,|https?://)", attributes.get("href") or "#"), attributes
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)


def test_hostile_text_is_whole_in_the_data() -> None:
    (suite,) = data_of(Page(rendered(everywhere_hostile())))
    assert len(suite["examples"]) == len(suite["ids"]) >= len({text[:300] for text in HOSTILE})
    inputs = {example["input"][0][1] for example in suite["examples"].values() if "input" in example}
    assert "<img src=x onerror=alert(1)><script>alert(1)</script>" in inputs
    assert "\\u2028line\\u2029paragraph\\x85next" in inputs
    assert "a lone \\ud800 surrogate" in inputs
    assert all("link" not in example for example in suite["examples"].values())


def test_commands_that_come_next_are_code_of_their_own() -> None:
    page = Page(rendered(builds.failing_in_a_slice()))
    commands = [
        text
        for text, attributes in zip(
            page.texts["code"], [each for tag, each in page.elements if tag == "code"], strict=True
        )
        if attributes.get("class") == "command"
    ]
    assert 'evalgate accept router/route --reason "…" --expires 30d' in commands
