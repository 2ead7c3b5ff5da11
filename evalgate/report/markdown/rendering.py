"""A template of ours filled in: everything in it goes through the escaping, whatever the template forgets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evalgate.report import escaping
from evalgate.report.markdown.detail import Detail
from evalgate.report.markdown.marked import code, whole
from evalgate.report.markdown.sections import MARKS
from evalgate.report.templates import escaping_environment


def rendered(template: str, values: Mapping[str, Any]) -> str:
    """Return the text of a template, by its file's name, with one line end at the end."""
    environment = escaping_environment(escaping.sentence_for_markdown)
    environment.filters |= {"code": code, "whole": whole, "mark": MARKS.__getitem__}
    environment.tests["command"] = lambda text: str(text).startswith("evalgate ")
    text: str = environment.get_template(template).render(values, Detail=Detail)
    return text.rstrip() + "\n"
