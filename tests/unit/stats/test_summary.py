"""Total, mean, median and the 95th percentile."""

import numpy as np
import pytest

from evalgate.stats.summary import Summary, summarize


def test_known_answers():
    amounts = np.arange(1.0, 102.0)
    assert summarize(amounts) == Summary(count=101, total=5151.0, mean=51.0, median=51.0, p95=96.0)
    assert summarize(np.array([2.5])) == Summary(count=1, total=2.5, mean=2.5, median=2.5, p95=2.5)


def test_of_nothing_there_is_none():
    assert summarize(np.array([])) is None


def test_the_order_changes_no_digit():
    amounts = np.array([0.1] * 10 + [1e9, 1e-9] * 5)
    rng = np.random.default_rng(3)
    assert {summarize(rng.permutation(amounts)) for _ in range(20)} == {summarize(amounts)}
    found = summarize(np.array([0.1] * 10))
    assert found is not None
    assert found.total == pytest.approx(1.0, abs=0)
