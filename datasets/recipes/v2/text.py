"""Text to stems: one tokeniser and one stemmer for every language."""

from __future__ import annotations

import re
import unicodedata

_ENDINGS = (
    "aciones",
    "acion",
    "ments",
    "ment",
    "ando",
    "en",
    "er",
    "em",
    "es",
    "ar",
    "ir",
    "os",
    "as",
    "s",
    "n",
    "e",
    "o",
    "a",
)
_SHORTEST = 4


def tokens(text):
    """Return the words of `text` in lower case and without accents, so that cuántas and cuantas are one word."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("’", "'")).encode("ascii", "ignore").decode()
    return re.findall(r"[a-z]+(?:'[a-z]+)?", plain)


def stem(token):
    """Return `token` without its ending, if enough of it is left."""
    for ending in _ENDINGS:
        if token.endswith(ending) and len(token) - len(ending) >= _SHORTEST:
            return token[: -len(ending)]
    return token


def stems(text):
    """Return the stems of the words of `text`, in their order."""
    return tuple(stem(token) for token in tokens(text))
