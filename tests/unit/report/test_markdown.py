"""The job summary as whole texts (EVALGATE_WRITE_GOLDEN=1 writes them anew), in any size, against hostile text."""

from __future__ import annotations

import re

import pytest
from jinja2 import UndefinedError
from jinja2.exceptions import SecurityError
from markdown_it import MarkdownIt

from evalgate.errors import ConfigurationError, Location
from evalgate.report.escaping import for_markdown
from evalgate.report.markdown.detail import Detail
from evalgate.report.markdown.summary import render_error, render_markdown, render_summary
from evalgate.report.templates import environment, escaping_environment, folder
from tests.unit.report import builds
from tests.unit.report.golden_texts import assert_golden


@pytest.mark.parametrize("name", builds.SCENARIOS)
def test_the_whole_text(name: str) -> None:
    assert_golden(f"{name}.summary.md", render_summary(builds.SCENARIOS[name]()))


@pytest.mark.parametrize("name", builds.SCENARIOS)
def test_the_first_line_is_the_verdict_in_words(name: str) -> None:
    report = builds.SCENARIOS[name]()
    first = render_summary(report).splitlines()[0]
    assert re.fullmatch(rf"## \S+ {report.verdict_text}: \w.*\.", first)


def test_a_text_that_is_too_long_is_rendered_with_less_and_never_cut() -> None:
    report = builds.failing_one_of_many()
    sizes = [len(render_markdown(report, detail=detail).encode()) for detail in Detail]
    assert sizes == sorted(sizes)
    for detail, size in zip(Detail, sizes, strict=True):
        assert render_summary(report, limit=size) == render_markdown(report, detail=detail)


def test_each_step_down_leaves_something_out() -> None:
    texts = {detail: render_markdown(builds.failing_one_of_many(), detail=detail) for detail in Detail}
    assert "better in rows" in texts[Detail.EVERYTHING]
    assert "better in rows" not in texts[Detail.REGRESSED]
    assert "worse in rows" in texts[Detail.REGRESSED]
    assert "worse in rows" not in texts[Detail.TABLES]
    assert "| Check |" in texts[Detail.TABLES]
    assert "| Check |" not in texts[Detail.VERDICT]
    assert texts[Detail.VERDICT].startswith("## ❌ FAIL: do not merge.")


def test_a_sample_says_pass_nowhere() -> None:
    assert "PASS" not in render_summary(builds.sampled())


def test_an_error_before_any_verdict_is_said_and_escaped() -> None:
    error = ConfigurationError(
        "two *things*:\nline <b>", location=Location(file="a|b.yaml", line=3), next_step="evalgate config show"
    )
    assert render_error(error) == (
        "## ⚠️ NO VERDICT: this run ended with exit 2.\n\n"
        "This is not a verdict on your change.\n\n"
        "<code>a&#124;b.yaml:3</code>: two &#42;things&#42;:<br>line &#60;b&#62;\n\n"
        "<strong>Next:</strong> <code>evalgate config show</code>\n"
    )


_BUILT_IN = re.compile(
    r"</?(?:p|h[2-4]|ul|li|table|thead|tbody|tr|t[hd]|pre|code|strong|sub|span|details|summary|em)\b"
)


def test_hostile_text_becomes_no_markup_of_any_kind() -> None:
    """Only tags of the template are left in the rendered page, and they nest as the template wrote them."""
    text = render_summary(builds.hostile())
    html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)
    outside = re.sub(r"<pre>.*?</pre>", "", html, flags=re.DOTALL)
    for tag in re.findall(r"<[^>]*>", outside):
        assert _BUILT_IN.match(tag), tag
    for forbidden in ("<a ", "<img", "<script", "<!--", "<blockquote", "<hr", "<ol", "<h1"):
        assert forbidden not in html
    assert "<!--" not in text
    assert html.count("<details>") == html.count("</details>")
    assert not re.search(r"@\w|#\w|://", re.sub(r"<code>.*?</code>|&#?\w+;", "", outside))


def test_hostile_text_keeps_the_table_in_its_columns() -> None:
    html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(render_summary(builds.hostile()))
    for row in re.findall(r"<tr>(.*?)</tr>", html, flags=re.DOTALL):
        assert row.count("</th>") + row.count("</td>") in (6, 9)


def test_templates_are_where_they_are_said_to_be() -> None:
    assert (folder() / "summary.md.j2").is_file()


def test_what_a_template_prints_is_escaped_even_through_macros_and_filters() -> None:
    source = '{% macro m(x) %}{{ x }}{% endmacro %}{{ m(a) }} {{ [a, b] | join(" ") }} {{ a | upper }} {{ a ~ b }}'
    text = escaping_environment(for_markdown).from_string(source).render(a="*a*", b="|")
    assert text == "&#42;a&#42; &#42;a&#42; &#124; &#42;A&#42; &#42;a&#42;&#124;"


def test_a_name_that_is_not_given_is_an_error_and_not_an_empty_text() -> None:
    for each in (environment(), escaping_environment(for_markdown)):
        with pytest.raises(UndefinedError):
            each.from_string("{{ nothing }}").render()


def test_a_template_cannot_reach_into_python() -> None:
    with pytest.raises(SecurityError):
        environment().from_string("{{ ''.__class__.__mro__ }}").render()


def test_a_file_of_the_users_own_is_not_escaped() -> None:
    assert environment().from_string("{{ x }}\n").render(x="a*b|c") == "a*b|c\n"
