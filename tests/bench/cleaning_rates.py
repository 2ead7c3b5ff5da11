"""What cleaning finds of what is planted: `python -m tests.bench.cleaning_rates` writes the table of docs/curation.md.

What it takes, `curation_speed` measures.

With `--presidio`, Presidio reads what is English too, with the small model that the tests train, in the environment
that they make for it, and the table is printed. `--presidio MODEL` takes another one, installed here.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from evalgate.cli.curate.cleaning import languages_told
from evalgate.cli.curate.presidio import presidio_of
from evalgate.curate.cleaning.duplicates import Inputs, said_in
from evalgate.curate.cleaning.findings import Finding, Kind
from evalgate.curate.cleaning.given_names import known_names
from evalgate.curate.cleaning.identifiers import REGIONS
from evalgate.curate.cleaning.redaction import Redactor
from evalgate.suite.curate_clean import Presidio
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


def personal(redactor: Redactor, count: int = TEXTS, seed: int = SEED) -> list[Rate]:
    """Return for each kind how much of it is wholly gone, and how much of what was replaced was planted."""
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


def hard_ones(redactor: Redactor, count: int = 400, seed: int = SEED) -> Rate:
    """Return how much is gone of what is hard to find."""
    found = planted = taken = rightly = 0
    for text in hard(count, seed):
        findings = redactor.findings(text.text)
        taken += len(findings)
        rightly += sum(any(start < each.end and each.start < end for _, start, end in text.places) for each in findings)
        planted += len(text.places)
        found += sum(_gone(text, start, end, findings) for _, start, end in text.places)
    what = "what is hard: names written small, alone or in Chinese; what is spelled out"
    return Rate(what=what, planted=planted, found=found, taken=taken, rightly=rightly)


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


def own() -> Redactor:
    """Return our own patterns alone."""
    return Redactor(names=known_names())


def with_presidio(model: str) -> Redactor:
    """Return them with Presidio beside them, which reads what is English, or cannot be told, with one model."""
    settings = Presidio.model_validate({"models": {"en": model}})
    return Redactor(names=known_names(), other=presidio_of(settings, REGIONS, Path.cwd(), languages_told()))


def again() -> None:
    """Do this in the environment of the tests' Presidio, with their model."""
    from tests.presidio import environ, model_folder, presidio_python

    command = (str(presidio_python()), "-m", "tests.bench.cleaning_rates", "--presidio", str(model_folder()))
    subprocess.run(command, check=True, env=environ())


def main() -> None:
    """Write the table, or print that with Presidio."""
    arguments = sys.argv[1:]
    if arguments == ["--presidio"]:
        again()
    elif arguments[:1] == ["--presidio"]:
        redactor = with_presidio(arguments[1])
        print(table([*personal(redactor), hard_ones(redactor)]))
    else:
        found = [*personal(own()), hard_ones(own()), *copies()]
        PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")


if __name__ == "__main__":
    main()
