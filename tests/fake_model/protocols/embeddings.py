"""OpenAI's embeddings: each word of a text has a direction of its own, so texts that share words are near."""

from __future__ import annotations

import hashlib
import math
import random
from typing import Any

LENGTH = 48


def answer(body: dict[str, Any]) -> dict[str, Any]:
    """Return the vectors, the last one first: an answer names the text that each of them is of."""
    data = [
        {"object": "embedding", "index": index, "embedding": vector(text)} for index, text in enumerate(body["input"])
    ]
    tokens = sum(len(text.split()) for text in body["input"])
    return {
        "object": "list",
        "data": data[::-1],
        "model": body["model"],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def vector(text: str) -> list[float]:
    """Return the sum of the directions of a text's words, of length 1."""
    summed = [0.0] * LENGTH
    for word in text.casefold().split():
        drawn = random.Random(hashlib.sha256(word.encode("utf-8", "replace")).digest())
        summed = [total + drawn.gauss(0, 1) for total in summed]
    size = math.hypot(*summed) or 1.0
    return [total / size for total in summed]
