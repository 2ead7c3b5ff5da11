"""What the keys of a config model mean: the texts that stand below its attributes in the source.

pydantic reads them too, but those of every model at every start, which is a tenth of it. Here they are read where they
are shown.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from itertools import pairwise

from evalgate.suite.model import ConfigModel


def meanings(model: type[ConfigModel]) -> dict[str, str]:
    """Return the text of each attribute that has one, by its name; those of the models that it extends come along."""
    kinds = (kind for kind in reversed(model.__mro__) if issubclass(kind, ConfigModel))
    return {name: text for kind in kinds for name, text in _own(kind)}


def _own(kind: type[ConfigModel]) -> Iterator[tuple[str, str]]:
    tree = ast.parse(inspect.getsource(sys.modules[kind.__module__]))
    body = next(each.body for each in tree.body if isinstance(each, ast.ClassDef) and each.name == kind.__name__)
    for declared, below in pairwise(body):
        if isinstance(declared, ast.AnnAssign) and isinstance(declared.target, ast.Name):
            match below:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield declared.target.id, inspect.cleandoc(text)
