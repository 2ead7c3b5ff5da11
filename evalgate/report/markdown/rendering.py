"""A template of ours filled in: everything in it goes through the escaping, whatever the template forgets."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from evalgate.report import escaping
from evalgate.report.markdown.detail import Detail
from evalgate.report.markdown.marked import LONGEST, code, whole
from evalgate.report.markdown.sections import MARKS
from evalgate.report.templates import escaping_environment

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment


def rendered(template: str, values: Mapping[str, Any]) -> str:
    """Return the text of a template, by its file's name, with one line end at the end."""
    text: str = _environment().get_template(template).render(values, Detail=Detail)
    return text.rstrip() + "\n"


@cache
def _environment() -> SandboxedEnvironment:
    environment = escaping_environment(_sentence)
    environment.filters |= {"code": code, "whole": whole, "mark": MARKS.__getitem__}
    environment.tests["command"] = lambda text: str(text).startswith("evalgate ")
    return environment


def _sentence(text: str) -> str:
    return escaping.sentence_for_markdown(escaping.shortened(text, LONGEST))
