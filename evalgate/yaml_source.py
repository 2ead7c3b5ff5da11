"""YAML that people write, as plain JSON values with the place of each, read so that hostile input cannot hurt.

The syntax is PyYAML's (safe, no tags that build objects); plain scalars are read as in YAML 1.2 and JSON, so that
`lang: no`, `on:`, `12:30` and `2024-01-01` are text here as they are in a JSON file. Anchors, aliases and `<<` work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

import yaml

MAX_DEPTH: Final = 100
MAX_ALIASED: Final = 100_000
"""Values that aliases may add to a document: beyond it the document is an attack, not a config."""

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9]\d*)", re.ASCII)
_FLOAT: Final = re.compile(r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?", re.ASCII)
_LEADING_ZERO: Final = re.compile(r"[-+]?0\d")
_NOT_A_NUMBER: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_TEXT_TAGS: Final = ("tag:yaml.org,2002:str", "!")

Place: TypeAlias = tuple[int, int]
"""Line and column, both from 1."""


class YamlProblem(NamedTuple):
    """Something wrong with the text itself, and where."""

    message: str
    line: int
    column: int


class Node(NamedTuple):
    """One value and where it stands. `value` is a scalar, or a dict or list of nodes; an alias is its anchor."""

    value: Any
    place: Place
    keys: dict[str, Place]
    """Where each key of a mapping stands."""
    size: int
    """Values in it, itself included, aliases written out."""
    block: bool = False
    """Whether it is text written as a block (`|`, `>`), whose first line is the one after `place`."""

    def plain(self) -> Any:
        """Return it without places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def at(self, path: tuple[str | int, ...]) -> Node | None:
        """Return the node at `path`, or None."""
        node: Node | None = self
        for step in path:
            node = node.child(step) if node else None
        return node

    def child(self, step: str | int) -> Node | None:
        """Return the value of a key or the item of a position, or None."""
        if isinstance(self.value, dict):
            found = self.value.get(step)
        else:
            inside = isinstance(self.value, list) and isinstance(step, int) and 0 <= step < len(self.value)
            found = self.value[step] if inside else None
        return found if isinstance(found, Node) else None

    def place_of(self, path: tuple[str | int, ...], *, key: bool = False) -> Place:
        """Return where the value at `path` stands, or with `key` its key; else the key of the nearest one around it."""
        node, best = self, self.place
        for step in path:
            child = node.child(step)
            if child is None:
                return best if node.value is None or isinstance(node.value, dict | list) else node.place
            best = node.keys.get(str(step), child.place)
            node = child
        return best if key else node.place


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """What was read. `root` is None where the text has no value or its syntax ends the reading."""

    root: Node | None
    problems: tuple[YamlProblem, ...]


def parse_yaml(text: str) -> Any:
    """Return one YAML document as plain values. Raises ValueError with the first thing that is wrong and its place."""
    document = read_yaml(text)
    if document.problems:
        problem = document.problems[0]
        raise ValueError(f"line {problem.line}, column {problem.column}: {problem.message}")
    return document.root.plain() if document.root is not None else None


def read_yaml(text: str) -> Document:
    """Read one YAML document. Never raises: what is wrong stands in `problems`, in the order of the text."""
    builder = _Builder()
    root: Node | None = None
    try:
        root = builder.document(yaml.parse(text, Loader=_LOADER))
    except _Stop as stop:
        builder.problems.append(stop.problem)
    except yaml.MarkedYAMLError as error:
        builder.problems.append(_syntax(error))
    except yaml.reader.ReaderError as error:
        builder.problems.append(_unreadable(text, error))
    return Document(root=root, problems=tuple(sorted(builder.problems, key=lambda problem: problem[1:])))


class _Stop(Exception):
    def __init__(self, message: str, place: Place) -> None:
        super().__init__(message)
        self.problem = YamlProblem(message, *place)


class _Builder:
    """Turns parser events into nodes, counting depth and what aliases add."""

    def __init__(self) -> None:
        self.problems: list[YamlProblem] = []
        self.anchors: dict[str, Node | None] = {}
        self.aliased = 0

    def document(self, events: Iterator[Any]) -> Node | None:
        """Build the only document of a stream. Raises _Stop, or YAMLError from the parser."""
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _Stop("a second document begins here: keep one per file", _place(event))
            elif isinstance(event, yaml.NodeEvent):
                root = self.node(event, events, 0)
        return root

    def node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        """Build the value that begins with `event`."""
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        if depth > MAX_DEPTH:
            raise _Stop(f"values are nested more than {MAX_DEPTH} deep", _place(event))
        if event.anchor:
            self.anchors[event.anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            node = self.scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self.sequence(event, events, depth)
        else:
            node = self.mapping(event, events, depth)
        if event.anchor:
            self.anchors[event.anchor] = node
        return node

    def alias(self, event: Any) -> Node:
        """Return what an alias stands for."""
        if event.anchor not in self.anchors:
            raise _Stop(f"*{event.anchor} stands for nothing: no &{event.anchor} comes before it", _place(event))
        node = self.anchors[event.anchor]
        if node is None:
            raise _Stop(f"*{event.anchor} stands inside itself", _place(event))
        self.aliased += node.size
        if self.aliased > MAX_ALIASED:
            raise _Stop(f"aliases add more than {MAX_ALIASED:,} values: write them out or use fewer", _place(event))
        return node

    def scalar(self, event: Any) -> Node:
        """Read a scalar as JSON would."""
        place = _place(event)
        if event.tag is not None and event.tag not in _TEXT_TAGS:
            self.problems.append(YamlProblem(f"the tag {_short(event.tag)} is not read: remove it", *place))
        plain = event.tag is None and event.implicit[0]
        return Node(resolve_scalar(event.value) if plain else event.value, place, {}, 1, event.style in ("|", ">"))

    def sequence(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        """Build a list."""
        self.refuse_tag(event, "tag:yaml.org,2002:seq")
        items: list[Node] = []
        while not isinstance(following := next(events), yaml.SequenceEndEvent):
            items.append(self.node(following, events, depth + 1))
        return Node(items, _place(event), {}, 1 + sum(item.size for item in items))

    def mapping(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        """Build a mapping; its own keys win over merged ones."""
        self.refuse_tag(event, "tag:yaml.org,2002:map")
        values: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        merged: list[Node] = []
        while not isinstance(following := next(events), yaml.MappingEndEvent):
            key = self.node(following, events, depth + 1)
            merging = key.value == "<<" and isinstance(following, yaml.ScalarEvent) and following.implicit[0]
            value = self.node(next(events), events, depth + 1)
            if merging:
                merged += self.sources(value, key.place)
            elif (name := self.key_name(key, following)) is not None:
                if name in keys:
                    self.problems.append(
                        YamlProblem(f"the key {name!r} is here twice; first on line {keys[name][0]}", *key.place)
                    )
                    continue
                values[name], keys[name] = value, key.place
        for source in merged:
            for name, value in source.value.items():
                if name not in values:
                    values[name], keys[name] = value, source.keys[name]
        return Node(values, _place(event), keys, 1 + sum(value.size for value in values.values()))

    def key_name(self, key: Node, event: Any) -> str | None:
        """Return a key as text, or None after noting that it is none."""
        if isinstance(key.value, str):
            return key.value
        written = event.value if isinstance(event, yaml.ScalarEvent) else None
        how = f'write "{_short(written)}" in quotes' if written else "write text"
        self.problems.append(YamlProblem(f"a key must be text, and this is {kind_of(key.value)}: {how}", *key.place))
        return None

    def sources(self, value: Node, place: Place) -> list[Node]:
        """Return the mappings that `<<` brings in."""
        found = value.value if isinstance(value.value, list) else [value]
        if not all(isinstance(node.value, dict) for node in found):
            self.problems.append(YamlProblem("<< merges mappings, and this is none", *place))
            return []
        return list(found)

    def refuse_tag(self, event: Any, own: str) -> None:
        """Note a tag that would build an object."""
        if event.tag not in (None, own, "!"):
            self.problems.append(YamlProblem(f"the tag {_short(event.tag)} is not read: remove it", *_place(event)))


def resolve_scalar(text: str) -> Any:
    """Return what a plain scalar stands for: None, a boolean, a number, or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > 400:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text) and not _LEADING_ZERO.match(text):
        return float(text)
    if _NOT_A_NUMBER.fullmatch(text):
        return float(text.replace(".", ""))
    return text


def kind_of(value: Any) -> str:
    """Return what a JSON value is, in words: `a number`, `text`, `a mapping` and so on."""
    if value is None:
        return "empty"
    names = ((bool, "true or false"), (int | float, "a number"), (str, "text"), (dict, "a mapping"), (list, "a list"))
    return next((name for kind, name in names if isinstance(value, kind)), type(value).__name__)


def _place(event: Any) -> Place:
    return event.start_mark.line + 1, event.start_mark.column + 1


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _syntax(error: yaml.MarkedYAMLError) -> YamlProblem:
    mark = error.problem_mark or error.context_mark
    message = " ".join(part for part in (error.context, error.problem) if part)
    if "\\t" in message or "cannot start any token" in message:
        message += " (YAML indents with spaces, never tabs)"
    return YamlProblem(f"not YAML: {message}", mark.line + 1 if mark else 1, mark.column + 1 if mark else 1)


def _unreadable(text: str, error: yaml.reader.ReaderError) -> YamlProblem:
    # The position counts bytes in one parser and characters in the other, so the character itself is looked for.
    code = error.character if isinstance(error.character, int) else ord(error.character)
    offset = max(text.find(chr(code)), 0)
    line_start = text.rfind("\n", 0, offset) + 1
    message = f"the character U+{code:04X} is not allowed in YAML: remove it"
    return YamlProblem(message, text.count("\n", 0, offset) + 1, offset - line_start + 1)
