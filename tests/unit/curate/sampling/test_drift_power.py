"""The table of docs/curation.md is what was simulated, and that is what the shipped functions say."""

from __future__ import annotations

import pytest

from evalgate.curate.sampling.drift import ALPHA
from tests.bench.drift_power import CELLS, PAGE, lines, one, written


def test_the_page_has_the_table_that_was_recorded():
    page = PAGE.read_text(encoding="utf-8")
    assert page == written(page)


def test_every_cell_is_recorded_whole():
    assert {name: len(line["p"]) for name, line in lines().items()} == {cell.name: cell.repetitions for cell in CELLS}


@pytest.mark.parametrize("cell", [CELLS[0], CELLS[7], CELLS[-1]], ids=lambda cell: cell.name)
def test_a_simulation_repeated_says_the_same(cell):
    recorded = lines()[cell.name]["p"]
    for number in range(2):
        assert one(cell, number).test.p == pytest.approx(recorded[number], abs=0.01)


@pytest.mark.parametrize(
    "cell", [cell for cell in CELLS if not cell.share and not cell.even], ids=lambda cell: cell.name
)
@pytest.mark.parametrize("level", [ALPHA, 0.05, 0.2])
def test_where_nothing_has_drifted_no_more_is_found_than_was_promised(cell, level):
    found = lines()[cell.name]["p"]
    share = sum(p <= level for p in found) / len(found)
    assert share <= level + 3 * (level * (1 - level) / len(found)) ** 0.5


def test_other_shares_of_topics_are_seldom_called_drift():
    found = lines()[CELLS[-1].name]["p"]
    assert CELLS[-1].even
    assert sum(p <= ALPHA for p in found) / len(found) <= 0.05


def test_the_larger_the_new_topic_and_the_samples_the_more_is_found():
    share = {cell: sum(p <= ALPHA for p in lines()[cell.name]["p"]) / cell.repetitions for cell in CELLS}
    large = [share[cell] for cell in CELLS if (cell.golden, cell.production, cell.even) == (100, 400, False)]
    assert large == sorted(large)
    assert large[-1] > 0.9
