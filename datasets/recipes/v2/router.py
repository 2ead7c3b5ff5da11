"""The recipe assistant's router, version 2: words, hints and phrases are weighed against each other.

Version 1 counted known words. Here a phrase counts more than a word and a word more than a hint, accents no longer
matter, and a query that nothing is known about is taken for a search.
"""

from __future__ import annotations

from text import stem, stems
from words import WORDS

_HINT, _WORD, _PHRASE = 1, 4, 6
_UNKNOWN = {"route": "recipe_search", "confidence": 0.0}


def route(input):  # noqa: A002 - the name by which the example's input is passed
    """Return {"route": …, "confidence": 0 to 1} for {"query": …}."""
    found = stems(input["query"])
    scores = {name: _score(found, weights) for name, weights in _WEIGHTS.items()}
    best = max(scores, key=scores.get)
    if not scores[best]:
        return dict(_UNKNOWN)
    return {"route": best, "confidence": round(scores[best] / sum(scores.values()), 2)}


def _score(found, weights):
    return sum(weight for phrase, weight in weights.items() if _contains(found, phrase))


def _contains(found, phrase):
    width = len(phrase)
    return any(found[start : start + width] == phrase for start in range(len(found) - width + 1))


def _weighed(entry):
    phrase = tuple(stem(word) for word in entry.lstrip("~").split("_"))
    if entry.startswith("~"):
        return phrase, _HINT
    return phrase, _PHRASE if len(phrase) > 1 else _WORD


_WEIGHTS = {
    name: dict(_weighed(entry) for entries in by_language.values() for entry in entries.split())
    for name, by_language in WORDS.items()
}
