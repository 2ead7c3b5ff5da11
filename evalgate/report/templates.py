"""Where the Jinja templates are, and the environment that renders them: the one place that knows."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment


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
    return _sandbox()


def escaping_environment(escape: Callable[[str], str]) -> SandboxedEnvironment:
    """Return an environment in which all that a template prints goes through `escape`, as nothing can forget to.

    What is marked as safe (`markupsafe.Markup`) is printed as it is. A tag takes the white space around it along.
    """
    from markupsafe import Markup

    def escaped(value: Any) -> Markup:
        return value if isinstance(value, Markup) else Markup(escape(str(value)))  # noqa: S704 this is the escaping

    return _sandbox(finalize=escaped, autoescape=True, trim_blocks=True, lstrip_blocks=True)


def _sandbox(**options: Any) -> SandboxedEnvironment:
    from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    files = FileSystemLoader(folder(), encoding="utf-8")
    loader = ChoiceLoader([files, PrefixLoader({"evalgate": files})])
    return ImmutableSandboxedEnvironment(
        loader=loader, undefined=StrictUndefined, keep_trailing_newline=True, **options
    )
