"""A dataset's version is its content: one hash, whatever the file's format, order and path."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from evalgate.canonical import content_hash
from evalgate.records import Example


def example_hash(example: Example) -> str:
    """Return the SHA-256 of everything in an example, in hexadecimal."""
    return content_hash(
        {
            "id": example.id,
            "input": example.input,
            "output": example.output,
            "metadata": example.metadata,
            "split": example.split,
        }
    )


def dataset_version(examples: Iterable[Example]) -> str:
    """Return the version of `examples`, in any order: a SHA-256 in hexadecimal over their sorted hashes."""
    return version_of_hashes(bytes.fromhex(example_hash(example)) for example in examples)


def version_of_hashes(hashes: Iterable[bytes]) -> str:
    """Return the version of a dataset whose examples have these hashes (32 bytes each)."""
    digest = hashlib.sha256()
    for one in sorted(hashes):
        digest.update(one)
    return digest.hexdigest()
