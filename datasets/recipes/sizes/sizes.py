"""Four routers that know more and more words: stand-ins for models, with tokens, prices and pauses made up."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path

import evalgate

sys.path.append(str(Path(__file__).resolve().parents[1] / "v1"))

from words import WORDS

_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def small(input):  # noqa: A002 - the name by which the input is passed
    """Know English."""
    return _answer(input["query"], "en", dollars=0.00002, seconds=0.001)


def medium(input):  # noqa: A002 - the name by which the input is passed
    """Know English, Spanish and French."""
    return _answer(input["query"], "en es fr", dollars=0.00011, seconds=0.002)


def large(input):  # noqa: A002 - the name by which the input is passed
    """Know German too."""
    return _answer(input["query"], "en es fr de", dollars=0.0012, seconds=0.006)


def old(input):  # noqa: A002 - the name by which the input is passed
    """Know English and Spanish, for more."""
    return _answer(input["query"], "en es", dollars=0.0008, seconds=0.009)


def _answer(query, languages, *, dollars, seconds):
    time.sleep(seconds)
    tokens = {token[:6] for token in re.findall(r"[a-z]+", query.lower().translate(_UMLAUTS))}
    hits = {name: len(tokens & _stems(by_language, languages)) for name, by_language in WORDS.items()}
    best = max(hits, key=hits.get)
    used = {"model": languages, "input_tokens": 210 + len(query) // 4, "output_tokens": 12, "cost": dollars}
    output = {"route": best if hits[best] else "smalltalk", "confidence": 1.0}
    return evalgate.Result(output, usage=[used])


def _stems(by_language, languages):
    return {word[:6] for language in languages.split() for word in by_language[language].split()}
