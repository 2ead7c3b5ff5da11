"""What models took, as one line and as JSON."""

from __future__ import annotations

import pytest

from evalgate.records import Side
from evalgate.report.model import SideCounts, Spending, SuiteReport
from evalgate.report.spending import spending_json, spending_line


def shown(*parts: Spending, dearest: tuple[tuple[str, float], ...] = (), priced: int = 40) -> SuiteReport:
    return SuiteReport(
        name="support",
        dataset="golden.jsonl",
        dataset_version="v",
        repetitions=1,
        candidate_label="c",
        baseline_label="b",
        counts={Side.CANDIDATE: SideCounts(runs=40)},
        spending=parts,
        dearest=dearest,
        priced_examples=priced,
    )


def part(who: str = "candidate", calls: int = 40, **changes: float) -> Spending:
    given: dict = {"cached": 0, "tokens": 1_000, "cost": 0.1, "paid": 0.1, "unpriced": 0, "unseen": 0, **changes}
    return Spending(who=who, calls=calls, **given)


@pytest.mark.parametrize(
    ("suite", "line"),
    [
        (shown(), None),
        (shown(part()), "Models: 40 calls; 1,000 tokens; $0.10."),
        (
            shown(
                part(cached=30, paid=0.02),
                part("baseline", cached=40, paid=0.0, cost=0.15),
                part("correctness", 80, cached=80, paid=0.0, cost=1.7),
            ),
            (
                "Models: 160 calls, 150 of them from the cache; 3,000 tokens; $1.95, $0.02 of it paid now"
                " (candidate $0.10, baseline $0.15, correctness $1.70)."
            ),
        ),
        (
            shown(part(cached=40, paid=0.0)),
            "Models: 40 calls, all of them from the cache; 1,000 tokens; $0.10, nothing of it paid now.",
        ),
        (
            shown(part(taken_over=40, paid=0.0)),
            "Models: 40 calls, all of them made in an earlier build; 1,000 tokens; $0.10, nothing of it paid now.",
        ),
        (
            shown(part(taken_over=30, cached=4, paid=0.01)),
            (
                "Models: 40 calls, 30 of them made in an earlier build, 4 of them from the cache; 1,000 tokens; $0.10,"
                " $0.01 of it paid now."
            ),
        ),
        (
            shown(part(cost=0.0, paid=0.0, unpriced=40)),
            "Models: 40 calls; 1,000 tokens; the price is unknown (write it down under `prices:`).",
        ),
        (
            shown(part(unpriced=7), dearest=(("q-017", 0.05), ("q-2", 0.004))),
            (
                "Models: 40 calls; 1,000 tokens; $0.10; the price of 7 more calls is unknown. The dearest: q-017"
                " ($0.05)."
            ),
        ),
    ],
)
def test_one_line_says_how_many_calls_what_they_cost_and_what_was_paid_now(suite, line):
    assert spending_line(suite) == line


def test_machines_get_every_part():
    suite = shown(part(unpriced=40, cost=0.0, paid=0.0, unseen=2), dearest=(("q-1", 0.25),))
    assert spending_json(suite) == {
        "parts": [
            {
                "who": "candidate",
                "calls": 40,
                "from_cache": 0,
                "taken_over": 0,
                "tokens": 1_000,
                "usd": None,
                "usd_paid_now": None,
                "unpriced_calls": 40,
                "unseen": 2,
                "together": 0,
            }
        ],
        "dearest": [{"id": "q-1", "usd": 0.25}],
    }
