"""The analytics assistant, version 2: a question about a fleet in, one SQL query out.

Version 1 scanned the question once per aspect and built SQL as it went. Here a question is read into a Query first
(`reading`, with the words in `lexicon` and the dates in `times`), and `render` writes it down.
"""

from __future__ import annotations

from datetime import date

from reading import read
from render import render


def answer(input):  # noqa: A002 - the name by which the example's input is passed
    """Return {"sql": …} for {"question": …, "tenant_id": …, "today": "YYYY-MM-DD"}."""
    query = read(input["question"], date.fromisoformat(input["today"]))
    return {"sql": render(query, input["tenant_id"])}
