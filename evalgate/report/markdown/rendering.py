"""A template filled in: everything in it goes through the escaping, whatever the template forgets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar

from evalgate.errors import ConfigurationError, EvalgateError
from evalgate.report import escaping, templates
from evalgate.report.markdown.detail import Detail
from evalgate.report.markdown.marked import LONGEST, code, whole
from evalgate.report.markdown.sections import MARKS

if TYPE_CHECKING:
    from jinja2 import BaseLoader
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from markupsafe import Markup

    _Kind = TypeVar("_Kind", bound=ImmutableSandboxedEnvironment)

COMMENT: Final = "comment.md.j2"
SUMMARY: Final = "summary.md.j2"

_MARK: Final = "<!-- evalgate:"

Own = Callable[[str, Mapping[str, Any]], str | None]
"""Renders a template of the user's in place of one of ours, by its name, with the same values; None where there is
none. Raises EvalgateError for one that cannot be rendered."""


def rendered(template: str, values: Mapping[str, Any], own: Own | None = None) -> str:
    """Return the text of a template, by its file's name, with one line end at the end. Raises what `own` does."""
    told = own(template, values) if own is not None else None
    if told is not None and _MARK in told.casefold():
        raise ConfigurationError(f"{template} writes a mark of evalgate's own, by which comments are found")
    if told is not None:
        return told
    text: str = _environment().get_template(template).render(values, Detail=Detail)
    return text.rstrip() + "\n"


def not_own(error: EvalgateError) -> str:
    """Say that a template of the user's was not used, and why."""
    return f"The template of this repository's own was not used: {error.message}."


def dressed(kind: type[_Kind], loader: BaseLoader | None = None) -> _Kind:
    """Return an environment for Markdown: with its escaping, its filters and its tests."""
    environment = templates.escaping(kind, _sentence, loader)
    environment.filters |= {"code": code, "whole": whole, "mark": MARKS.__getitem__, "join": _joined}
    environment.tests["command"] = lambda text: str(text).startswith("evalgate ")
    return environment


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return dressed(ImmutableSandboxedEnvironment)


def _joined(texts: Iterable[object], between: str = "") -> Markup:
    """Join texts, each escaped unless it is; Jinja's own would escape them for HTML alone."""
    from markupsafe import Markup

    pieces = [each if isinstance(each, Markup) else _sentence(str(each)) for each in texts]
    return Markup(_spaced(between).join(pieces))  # noqa: S704 escaped above


def _spaced(between: str) -> str:
    """Escape what stands between texts, and keep the white space around it."""
    inner = between.strip()
    return between.replace(inner, _sentence(inner)) if inner else between


def _sentence(text: str) -> str:
    return escaping.sentence_for_markdown(escaping.shortened(text, LONGEST))
