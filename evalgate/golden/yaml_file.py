"""YAML: a list of examples, or a mapping with the list under `examples`; read whole, with the place of each value."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from evalgate.golden.json_values import bad_values
from evalgate.golden.raw import Path, Place, Problem, Raw
from evalgate.yaml_source import Node, read_yaml


def read_yaml_file(text: str) -> Iterator[Raw | Problem]:
    """Yield what a YAML text holds."""
    document = read_yaml(text)
    for problem in document.problems:
        yield Problem(*problem)
    root = document.root
    if root is None or root.value is None:
        return
    examples = root.child("examples") if isinstance(root.value, dict) else root
    if examples is None or not isinstance(examples.value, list):
        place = (examples or root).place
        yield Problem("a YAML dataset is a list of examples, or a mapping with the list under `examples`", *place)
        return
    for node in examples.value:
        value = node.plain()
        for path, message in bad_values(value):
            yield Problem(message, *node.place_of(path))
        yield Raw(value, node.place, _finder(node))


def _finder(node: Node) -> Callable[[Path], Place]:
    return lambda path: node.place_of(path, key=True)
