"""A judge that reads: it compares the words between the tags, and is wrong now and then. For the demo's verdicts.

Correctness: every number of the reference is in the answer, or more than half of its words are. Tone: an answer of
seven words or more is friendly. One verdict in `_WRONG` is the other one, settled by what is judged: the same question
has the same answer for ever.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

_BLOCK = re.compile(r"<data-([0-9a-f]{12})>\n?(.*?)\n?</data-\1>", re.DOTALL)
_WRONG = 9


def reading(body: dict[str, Any]) -> dict[str, str]:
    """Return the verdict on a request for one."""
    told = body["messages"][1]["content"]
    blocks = [text for _, text in _BLOCK.findall(told)]
    labels = sorted(body["response_format"]["json_schema"]["schema"]["properties"]["label"]["enum"])
    if "friendly" in labels:
        right = len(blocks[1].split()) >= 7
        best, other, why = "friendly", "curt", f"it has {len(blocks[1].split())} words"
    else:
        _, reference, answer = blocks
        right, why = _says(reference, answer)
        best, other = "correct", "incorrect"
    digest = hashlib.sha256(repr((blocks, body.get("seed"))).encode()).digest()
    slips = digest[0] % _WRONG == 0
    return {"explanation": f"{why}{', or so it seems' if slips else ''}", "label": best if right != slips else other}


def _says(reference: str, answer: str) -> tuple[bool, str]:
    numbers = re.findall(r"\d+", reference)
    if numbers:
        lacking = [number for number in numbers if number not in re.findall(r"\d+", answer)]
        return not lacking, f"it lacks {', '.join(lacking)}" if lacking else "its numbers are those of the reference"
    wanted = set(re.findall(r"[a-z]+", reference.lower()))
    found = wanted & set(re.findall(r"[a-z]+", answer.lower()))
    return len(found) > len(wanted) / 2, f"it has {len(found)} of {len(wanted)} words of the reference"
