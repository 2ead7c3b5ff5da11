"""A judge held to human labels, as text for a terminal. It renders the stored JSON: what is shown is what was found."""

from __future__ import annotations

import json
from typing import Any, Final

from evalgate.money import dollars
from evalgate.report.console import Console, Tone
from evalgate.report.formatting import count
from evalgate.report.judge_words import Found, found_out, is_pairwise
from evalgate.report.page import Column, Page, Part

_SHOWN: Final = 10
_EXCERPT: Final = 300


def render_validation(found: Found, console: Console, *, everything: bool = False) -> str:
    """Return the report `validation_json` made; the first disagreements only, or `everything`."""
    page = Page(console=console)
    _head(page, found)
    if found["measured"]:
        _table(page, found)
        for lead, text in found_out(found):
            page.prose(text, lead=Part(text=f"{lead}:", tone=Tone.STRONG), indent=2, hanging=4)
    _disagreements(page, found, everything=everything)
    page.blank()
    page.prose(next_step(found), lead=Part(text="next:", tone=Tone.STRONG), hanging=6)
    return page.text()


def next_step(found: Found) -> str:
    """Say what comes next."""
    name, judge = found["judge"]["name"], found["judge"]["judge"]
    if not found["measured"]:
        return "see why verdicts are missing, then run the command again"
    if found["trusted"]:
        return f"evalgate run; the reports trust {name} as long as it is what it is now"
    if found["kappa"]["value"] is None:
        return "label answers of both kinds, good and bad, then run the command again"
    mend = f"mend {judge}" if "." in judge else "give it a prompt of your own, or another model"
    return f"read the disagreements, {mend}, or label more answers; then run the command again"


def _head(page: Page, found: Found) -> None:
    judge = found["judge"]
    word, tone = _verdict(found)
    page.line(Part(text=judge["name"], tone=Tone.STRONG), "  ", Part(text=word, tone=tone))
    asked = f", asked {judge['repetitions']} times each" if judge["repetitions"] > 1 else ""
    spent = found["spent"]
    cost = "" if spent["cost"] is None else f", {dollars(spent['cost'])}"
    labelled = count(found["answers"], "labelled pair" if is_pairwise(found) else "labelled answer")
    page.prose(
        f"judge {judge['judge']} on {', '.join(judge['models'])}{asked}; {labelled} of {found['file']},"
        f" {_calls(spent)}{cost}",
        indent=2,
        tone=Tone.QUIET,
    )
    if found["split"]:
        left = count(found["split"], "answer")
        page.prose(f"People are split over {left}: nothing can be held to those, and they are left out.", indent=2)
    if found["missing"]:
        reasons = "; ".join(found["failures"][:3])
        missing = count(found["missing"], "verdict")
        page.prose(f"{missing} {_is(found['missing'])} missing: {reasons}", indent=2, hanging=4)
    if not found["measured"]:
        page.prose("So little was judged that nothing can be said of the judge; nothing was stored.", indent=2)


def _calls(spent: Found) -> str:
    cached = spent.get("from_cache", 0)
    if spent["calls"]:
        return f"{count(spent['calls'], 'call')}{f' beside {cached:,} from the cache' if cached else ''}"
    return f"no new call, {cached:,} from the cache" if cached else "no call that was answered"


def _verdict(found: Found) -> tuple[str, Tone]:
    if not found["measured"]:
        return "NOT MEASURED", Tone.UNSURE
    return ("TRUSTED", Tone.GOOD) if found["trusted"] else ("NOT TRUSTED", Tone.BAD)


def _table(page: Page, found: Found) -> None:
    labels = found["labels"]
    page.blank()
    columns = [Column(head="people say"), *(Column(head=f"judge: {label}", right=True) for label in labels)]
    rows = [
        [Part(text=label), *(_cell(n, right=row == column) for column, n in enumerate(counts))]
        for row, (label, counts) in enumerate(zip(labels, found["table"], strict=True))
    ]
    if not page.table(columns, rows, cut=True):
        for label, counts in zip(labels, found["table"], strict=True):
            said = ", ".join(f"{other} {n:,}" for other, n in zip(labels, counts, strict=True))
            page.prose(f"the judge says {said}", lead=Part(text=f"{label}:"), indent=2, hanging=4)
    page.blank()


def _cell(n: int, *, right: bool) -> Part:
    return Part(text=f"{n:,}", tone=Tone.GOOD if right and n else Tone.BAD if n else Tone.QUIET)


def _disagreements(page: Page, found: Found, *, everything: bool) -> None:
    listed = found["disagreements"]
    if not listed:
        return
    shown = listed if everything else listed[:_SHOWN]
    page.blank()
    name = found["judge"]["name"]
    more = f", the first {len(shown)} (`evalgate judge show {name} --all` has all)" if len(shown) < len(listed) else ""
    noun = "answer of which it says" if len(listed) == 1 else "answers of which it says"
    page.prose(f"{len(listed):,} {noun} something else than people{more}:", indent=2)
    for each in shown:
        page.blank()
        page.line(
            Part(text=str(each["id"]), tone=Tone.STRONG),
            f"  people: {each['people']}, judge: ",
            Part(text=each["judge"], tone=Tone.BAD),
            indent=2,
        )
        shown = {"answer": "candidate", "other": "baseline"} if is_pairwise(found) else {"answer": "answer"}
        for what in ("input", "expected", *shown):
            if each[what] not in (None, {}):
                page.prose(
                    _excerpt(each[what]),
                    lead=Part(text=f"{shown.get(what, what)}:", tone=Tone.QUIET),
                    indent=4,
                    hanging=6,
                )
        if each["explanation"]:
            page.prose(
                _excerpt(each["explanation"]), lead=Part(text="the judge:", tone=Tone.QUIET), indent=4, hanging=6
            )


def _excerpt(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
