"""Where the Jinja templates are, and the environment that renders them: the one place that knows."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from jinja2 import BaseLoader
    from jinja2.sandbox import ImmutableSandboxedEnvironment, SandboxedEnvironment

    _Kind = TypeVar("_Kind", bound=ImmutableSandboxedEnvironment)


@cache
def folder() -> Path:
    """Return the folder of the templates: inside an installed package, beside the package in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside = package / "_templates"
    return inside if inside.is_dir() else package.parent / "templates"


def environment() -> SandboxedEnvironment:
    """Return an environment that writes text as it is: for files of the user's own, from the user's own words.

    A name that is not given is an error, never an empty text.
    """
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return _sandbox(ImmutableSandboxedEnvironment)


def shipped() -> BaseLoader:
    """Return what finds the templates of evalgate by the names of their files."""
    from jinja2 import FileSystemLoader

    return FileSystemLoader(folder(), encoding="utf-8")


def escaping_environment(escape: Callable[[str], str]) -> SandboxedEnvironment:
    """Return an environment in which all that a template prints goes through `escape`, as nothing can forget to.

    What is marked as safe (`markupsafe.Markup`) is printed as it is. A tag takes the white space around it along.
    """
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return escaping(ImmutableSandboxedEnvironment, escape)


def escaping(kind: type[_Kind], escape: Callable[[str], str], loader: BaseLoader | None = None) -> _Kind:
    """Return such an environment of another kind, or one that finds its templates elsewhere."""
    from markupsafe import Markup

    def escaped(value: Any) -> Markup:
        return value if isinstance(value, Markup) else Markup(escape(str(value)))  # noqa: S704 this is the escaping

    return _sandbox(kind, loader, finalize=escaped, autoescape=True, trim_blocks=True, lstrip_blocks=True)


def _sandbox(kind: type[_Kind], loader: BaseLoader | None = None, **options: Any) -> _Kind:
    from jinja2 import ChoiceLoader, PrefixLoader, StrictUndefined

    found = loader or ChoiceLoader([shipped(), PrefixLoader({"evalgate": shipped()})])
    return kind(loader=found, undefined=StrictUndefined, keep_trailing_newline=True, **options)
