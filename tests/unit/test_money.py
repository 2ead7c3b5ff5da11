"""Amounts of money: one style, whoever writes them."""

from __future__ import annotations

import pytest

from evalgate.decision.ratios.changes import amount
from evalgate.money import dollars
from evalgate.report import contest_cells, formatting
from evalgate.suite.resources import Resource


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "$0"),
        (1e-9, "under $0.0000001"),
        (0.00000123, "$0.00000123"),
        (0.0012, "$0.0012"),
        (0.00123456, "$0.00123"),
        (0.0012999, "$0.0013"),
        (0.5, "$0.50"),
        (0.999, "$0.999"),
        (0.99999, "$1.00"),
        (1, "$1.00"),
        (1.5, "$1.50"),
        (0.00999999, "$0.01"),
        (1240.5, "$1,240.50"),
        (2e300, "$2.00e+300"),
    ],
)
def test_everybody_writes_the_same(value: float, text: str) -> None:
    everybody = [
        dollars(value),
        formatting.quantity(value, "$"),
        contest_cells.cost(value),
        amount(value, Resource.COST),
    ]
    assert everybody == [text] * 4
