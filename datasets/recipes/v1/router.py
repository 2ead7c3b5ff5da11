"""The recipe assistant's router, version 1: the route with the most known words in the query wins."""

from __future__ import annotations

import re

from words import WORDS

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_ENDINGS = ("en", "er", "em", "es", "s", "n", "e")


def route(input):  # noqa: A002 - the name by which the example's input is passed
    """Return {"route": …, "confidence": 0 to 1} for {"query": …}."""
    stems = [_stem(token) for token in _tokens(input["query"])]
    hits = {name: sum(stem in known for stem in stems) for name, known in _STEMS.items()}
    best = max(hits, key=hits.get)
    if not hits[best]:
        return {"route": "smalltalk", "confidence": 0.0}
    return {"route": best, "confidence": round(hits[best] / sum(hits.values()), 2)}


def _tokens(query):
    return re.findall(r"[a-z]+", query.lower().translate(_UMLAUTS))


def _stem(token):
    for ending in _ENDINGS:
        if token.endswith(ending) and len(token) - len(ending) >= 4:
            return token[: -len(ending)]
    return token


_STEMS = {
    name: frozenset(_stem(word) for words in by_language.values() for word in words.split())
    for name, by_language in WORDS.items()
}
