"""JSON values as YAML that people read and that `yaml_source` reads back as the same values."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import yaml

from evalgate.yaml_source import parse_yaml, resolve_scalar

_BREAKS: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")
"""What JSON may have in a text as it is, and YAML takes for the end of a line or for nothing."""
_PLAIN: Final = re.compile(r"[A-Za-z][\w ./-]*(?<! )", re.ASCII)


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, and others in quotes unless they are plain words."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write equal values out each time."""
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if "\n" in text:
        style: str | None = "|"
    else:
        style = None if _PLAIN.fullmatch(text) and resolve_scalar(text) == text else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def as_yaml(value: Any) -> str:
    """Return a JSON value as a YAML document, keys in their order; as JSON where YAML would be read as another."""
    text: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    try:
        same = parse_yaml(text) == value
    except ValueError:
        same = False
    if same:
        return text
    return _BREAKS.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False, indent=2)) + "\n"
