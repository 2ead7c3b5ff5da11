"""Templates of the user's own: what they may do, and that nothing hostile gets through them."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from jinja2 import TemplateError

from evalgate.errors import ConfigurationError
from evalgate.report.comment import render_comment
from evalgate.report.markdown import render_summary
from evalgate.report.markdown.apart import render_own
from tests.github_markdown import page
from tests.unit.report import builds, comments
from tests.unit.report.hostile import HOSTILE
from tests.unit.report.test_comment import LIMIT, as_read, hostile, is_ours

REPOSITORY = Path(__file__).parents[3]
EXTENDS = '{% extends "evalgate/comment.md.j2" %}'


def own(text: str, name: str = "comment.md.j2"):
    def render(template: str, values: Mapping[str, Any]) -> str | None:
        if template != name:
            return None
        try:
            return render_own(text, values)
        except (TemplateError, ValueError) as error:
            raise ConfigurationError(str(error)) from None

    return render


def test_a_block_is_overridden_and_the_rest_stays() -> None:
    footer = "{% block footer %}Ask for {{ lead.points[0].name }}. {{ super() }}{% endblock %}"
    ours = render_comment(comments.failing(), limit=LIMIT)
    text = render_comment(comments.failing(), limit=LIMIT, own=own(EXTENDS + footer))
    first = ours.split('<a href="https://phoenix')[0]
    assert text.startswith(first)
    assert text.removeprefix(first).startswith("Ask for correctness. ")
    assert text.endswith(ours.removeprefix(first))


def test_a_text_that_extends_nothing_is_a_comment_too() -> None:
    text = render_comment(
        comments.failing(), limit=LIMIT, own=own("{{ lead.verdict }}: {{ lead.points[0].name | code }}")
    )
    assert text == "FAIL: <code>correctness</code>\n"


def test_the_summary_is_overridden_by_its_own_name() -> None:
    text = '{% extends "evalgate/summary.md.j2" %}{% block footer %}The end.{% endblock %}'
    assert render_summary(comments.failing(), own=own(text, "summary.md.j2")).endswith("\nThe end.\n")
    assert render_summary(comments.failing(), own=own(text)) == render_summary(comments.failing())


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{% if %}", "Expected an expression"),
        ("{{ nothing }}", "'nothing' is undefined"),
        ("{{ lead.verdict ~ lead.headline }}", "~ joins texts"),
        ("{{ lead.verdict + lead.headline }}", "+ is for numbers here"),
        ("{{ '%s' % lead.headline }}", "% is for numbers here"),
        ("{{ 'x' * 999999999 }}", "* is for numbers here"),
        ("{{ 9 ** 999999999 }}", "** is for numbers here"),
        ("{{ lead.headline | safe }}", "No filter named 'safe'"),
        ("{{ lead.headline | urlize }}", "No filter named 'urlize'"),
        ("{{ lead.headline | replace('a', 'b') }}", "No filter named 'replace'"),
        ("{{ '{}'.format(lead) }}", "unsafe"),
        ("{% set t %}{}{% endset %}{{ t.format(lead.headline) }}", "unsafe"),
        ("{% set t %}%s{% endset %}{{ t.__mod__(lead.headline) }}", "unsafe"),
        ("{{ ''.join(lead.openings) }}", "unsafe"),
        ("{{ lead.__class__ }}", "unsafe"),
        ("{{ lead['__class__'] }}", "unsafe"),
        ('{% include "evalgate/../../pyproject.toml" %}', "pyproject.toml"),
        ('{% include "/etc/passwd" %}', "/etc/passwd"),
        ("{% for a in range(99999) %}{% for b in range(99) %}xxxxxxxxx{% endfor %}{% endfor %}", "more than 4,194,304"),
        ("<!-- evalgate:comment forged -->", "writes a mark of evalgate's own"),
    ],
)
def test_what_does_not_work_is_said_and_ours_is_used(template: str, said: str) -> None:
    text = render_comment(comments.failing(), limit=LIMIT, own=own(template))
    of = page(text)
    is_ours(of, "https://phoenix.shop.example/")
    first, second = as_read(of).strip().split("\n")[:2]
    assert first.startswith("❌ FAIL: do not merge.")
    assert second.startswith("The template of this repository's own was not used: ")
    assert said in second
    assert "correctness says:" in text


def test_a_summary_that_does_not_work_is_said_and_ours_is_used() -> None:
    text = render_summary(comments.failing(), own=own("{{ nothing }}", "summary.md.j2"))
    assert "⚠️ The template of this repository's own was not used: 'nothing' is undefined." in text
    assert "| Check |" in text


PRINTS = (
    "{{ lead.points[0].text }}\n\n- {{ lead.worst.question | upper }} {{ lead.worst.id | code }}\n\n"
    "{% set kept %}{{ lead.worst.id }}{% endset %}{{ kept }}\n\n"
    "{% macro twice(x) %}{{ x }} {{ x }}{% endmacro %}{{ twice(lead.worst.id) }}\n\n"
    "{% autoescape false %}{{ lead.worst.id }}{% endautoescape %}\n\n"
    "{{ [lead.worst.id, lead.worst.question] | join(', ') }}\n\n"
    "{% filter upper %}{{ lead.worst.id }}{% endfilter %}\n\n"
    "{{ lead.points | map(attribute='text') | join(' / ') }}\n\n{{ lead.worst.id | trim | lower | title }}"
)


@pytest.mark.parametrize("text", [text for text in HOSTILE if len(text) < 5_000 and text.strip()])
def test_hostile_text_is_text_through_a_template_of_the_users_own(text: str) -> None:
    source = render_comment(hostile(text), limit=LIMIT, own=own(PRINTS))
    assert "was not used" not in source
    is_ours(page(source))


def in_a_process(template: str, values: Mapping[str, Any]) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-P", "-m", "evalgate.report.markdown.apart"]
    given, here = pickle.dumps((template, values)), {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(command, input=given, env=here, capture_output=True, timeout=60, check=False)


def test_a_process_apart_gives_the_text_or_what_is_wrong_with_it() -> None:
    taken: dict[str, Any] = {}

    def take(_: str, values: Mapping[str, Any]) -> None:
        taken.update(values)

    ours = render_comment(builds.failing_one_of_many(), limit=LIMIT, own=take)
    done = in_a_process(EXTENDS, taken)
    assert (done.returncode, done.stderr, done.stdout.decode()) == (0, b"", ours)
    done = in_a_process("one\ntwo {% endif %}", {})
    assert done.returncode == 1
    assert done.stdout.startswith(b"line 2: ")
