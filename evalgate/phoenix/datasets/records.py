"""Datasets of a Phoenix server as records: what the modules that read and write them speak in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Dataset:
    """One dataset. Ids of what was deleted are used again: `created_at` (as the server writes it) tells them apart."""

    id: str
    name: str
    created_at: str
    examples: int = 0
    """In its latest version."""
    description: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """One version of a dataset, by the id that the server gave it."""

    id: str
    created_at: str
    description: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredExample:
    """An example as the server has it. `node_id` is what experiments know it by; `id` is None where nobody gave one.

    `splits` are those that it is in now: the server keeps no history of them.
    """

    id: str | None
    node_id: str
    input: Mapping[str, Any]
    output: Mapping[str, Any]
    metadata: Mapping[str, Any]
    splits: tuple[str, ...] = ()
    span_id: str | None = None
