"""What cleaning finds of what is planted: `python -m tests.bench.cleaning_rates` writes the table of docs/curation.md.

What it takes, `curation_speed` measures.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from evalgate.curate.cleaning.duplicates import Inputs, said_in
from evalgate.curate.cleaning.findings import Finding, Kind
from evalgate.curate.cleaning.given_names import known_names
from evalgate.curate.cleaning.redaction import Redactor
from tests.bench.planted import Planted, hard, questions, texts

PAGE = Path(__file__).parents[2] / "docs" / "curation.md"
BEGIN, END = "<!-- tables: cleaning -->", "<!-- end of tables -->"
SEED, TEXTS, QUESTIONS = 2, 1500, 1500
KINDS = {
    Kind.PERSON: "names of people",
    Kind.EMAIL: "e-mail addresses",
    Kind.PHONE: "telephone numbers",
    Kind.ADDRESS: "postal addresses",
    Kind.BIRTHDAY: "dates of birth",
    Kind.IBAN: "bank accounts (IBAN)",
    Kind.CARD: "payment cards",
    Kind.ID_NUMBER: "numbers of people",
    Kind.IP: "addresses of machines",
    Kind.SECRET: "keys, tokens, passwords",
}


@dataclass(frozen=True, kw_only=True)
class Rate:
    """Of `planted`, `found` were; of what was `taken`, `rightly` so."""

    what: str
    planted: int
    found: int
    taken: int
    rightly: int

    @property
    def recall(self) -> float:
        return self.found / self.planted

    @property
    def precision(self) -> float:
        return self.rightly / self.taken


def personal(count: int = TEXTS, seed: int = SEED) -> list[Rate]:
    """Return for each kind how much of it is wholly gone, and how much of what was replaced was planted."""
    redactor = Redactor(names=known_names())
    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    taken: Counter[str] = Counter()
    rightly: Counter[str] = Counter()
    for text in texts(count, seed):
        findings = redactor.findings(text.text)
        for kind, start, end in text.places:
            planted[kind] += 1
            found[kind] += _gone(text, start, end, findings)
        for each in findings:
            taken[each.kind] += 1
            rightly[each.kind] += any(start < each.end and each.start < end for _, start, end in text.places)
    return [
        Rate(what=what, planted=planted[kind], found=found[kind], taken=taken[kind], rightly=rightly[kind])
        for kind, what in KINDS.items()
    ]


def hard_ones(count: int = 400, seed: int = SEED) -> Rate:
    """Return how much is gone of what is hard to find."""
    redactor = Redactor(names=known_names())
    found = planted = taken = 0
    for text in hard(count, seed):
        findings = redactor.findings(text.text)
        taken += len(findings)
        planted += len(text.places)
        found += sum(_gone(text, start, end, findings) for _, start, end in text.places)
    what = "what is hard: names written small, alone or in Chinese; what is spelled out"
    return Rate(what=what, planted=planted, found=found, taken=taken, rightly=found)


def _gone(text: Planted, start: int, end: int, findings: list[Finding]) -> bool:
    covered = {place for each in findings for place in range(each.start, each.end)}
    left = "".join(text.text[place] for place in range(start, end) if place not in covered)
    return not any(map(str.isalnum, left.removeprefix("password=")))


def copies(count: int = QUESTIONS, seed: int = SEED) -> list[Rate]:
    """Return how many copies of questions are left out, and of what is left out, how much is a copy; then variants."""
    inputs = Inputs()
    planted: Counter[str] = Counter()
    out: Counter[str] = Counter()
    for key, kind, text in questions(count, seed):
        planted[kind] += 1
        out[kind] += inputs.double(key, said_in({"messages": [{"role": "user", "content": text}]})) is not None
    taken = out["copy"] + out["new"]
    return [
        Rate(what="copies of questions", planted=planted["copy"], found=out["copy"], taken=taken, rightly=out["copy"]),
        Rate(
            what="questions with another number in them",
            planted=planted["variant"],
            found=out["variant"],
            taken=out["variant"],
            rightly=0,
        ),
    ]


def table(rates: list[Rate]) -> str:
    """Return the rates as a table of Markdown."""
    lines = ["| what | planted | found | of what was taken, rightly |", "|---|---:|---:|---:|"]
    for each in rates:
        lines.append(
            f"| {each.what} | {each.planted:,} | {each.recall:.1%} | {each.precision:.1%} |".replace("%", " %")
        )
    return "\n".join(lines)


def page(text: str, rates: list[Rate]) -> str:
    """Return the page with the table in its place."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n\n{table(rates)}\n\n{END}{after}"


def main() -> None:
    """Write the table."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), [*personal(), hard_ones(), *copies()]), encoding="utf-8")


if __name__ == "__main__":
    main()
