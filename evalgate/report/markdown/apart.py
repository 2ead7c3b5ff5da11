"""A template of the user's own, rendered in a process apart, which may be ended: a template can take for ever.

It overrides blocks of ours. What it prints is escaped as in ours; whatever could join an escaped piece with one that
is not (`~`, `+`, methods of texts, most filters) is refused, so that hostile words stay words in a template that nobody
has tried with any.
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Mapping
from typing import Any, Final

from jinja2 import BaseLoader, ChoiceLoader, DictLoader, PrefixLoader, TemplateError, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from evalgate.report.markdown.detail import Detail
from evalgate.report.markdown.rendering import dressed
from evalgate.report.templates import shipped

_OUTPUT: Final = 4 * 1024 * 1024
"""Characters that a template may come to: more than any place takes."""
_MEMORY: Final = 4 * 1024**3
_OWN: Final = "own"
_FILTERS: Final = frozenset(
    """
    abs batch code count default dictsort first float groupby int items join last length list lower map mark max min
    reject rejectattr round select selectattr slice sort title trim unique upper whole
    """.split()  # noqa: SIM905 it is read so
)


class Strict(ImmutableSandboxedEnvironment):
    """A sandbox in which texts are printed, and nothing else is done with them."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Reckon with numbers; refuse texts."""
        if operator == "**" or not all(isinstance(each, int | float) for each in (left, right)):
            raise SecurityError(f"`{operator}` is for numbers here: print one thing after the other")
        return super().call_binop(context, operator, left, right)

    def wrap_str_format(self, value: Any) -> None:
        """Give no method of texts that escapes for HTML alone."""

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Refuse the methods of texts."""
        return not isinstance(obj, str) and super().is_safe_attribute(obj, attr, value)


def render_own(text: str, values: Mapping[str, Any]) -> str:
    """Return what a template of the user's comes to.

    Raises TemplateError (of Jinja), and ValueError where it comes to too much.
    """
    pieces: list[str] = []
    size = 0
    for piece in _environment(text).get_template(_OWN).generate(values, Detail=Detail):
        size += len(piece)
        if size > _OUTPUT:
            raise ValueError(f"it comes to more than {_OUTPUT:,} characters")
        pieces.append(piece)
    return "".join(pieces).rstrip() + "\n"


def _environment(text: str) -> Strict:
    own: BaseLoader = DictLoader({_OWN: text})
    environment = dressed(Strict, loader=ChoiceLoader([own, PrefixLoader({"evalgate": shipped()})]))
    environment.filters = {name: environment.filters[name] for name in _FILTERS}
    for node in environment.parse(text, _OWN).find_all(nodes.Concat):
        raise TemplateSyntaxError("`~` joins texts: print one thing after the other", node.lineno)
    return environment


def main() -> int:
    """Read (template, values) as a pickle, write the text; on 1, write what is wrong with the template instead."""
    text, values = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 the process that started this one wrote it
    _bound()
    try:
        written, code = render_own(text, values), 0
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        place = f"line {line}: " if line is not None and getattr(error, "name", _OWN) == _OWN else ""
        written, code = f"{place}{error.message or type(error).__name__}", 1
    except (ValueError, TypeError, ArithmeticError, LookupError, RecursionError, MemoryError) as error:
        written, code = str(error) or type(error).__name__, 1
    sys.stdout.buffer.write(written.encode("utf-8", "replace"))
    return code


def _bound() -> None:
    """Bound the memory, where the system can."""
    try:
        import resource
    except ImportError:
        return  # Windows: the time is bounded there, too
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))


if __name__ == "__main__":
    sys.exit(main())
