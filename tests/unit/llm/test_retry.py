"""When to try again, and after how long."""

from __future__ import annotations

import pytest

from evalgate.llm.failures import BadRequest, RateLimited, ServerFault, Unreachable
from evalgate.llm.retry import CONNECT_ATTEMPTS, delay_before_retry, requested_delay, worth_retrying

DATE = "Sat, 21 Nov 2026 10:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "9", "retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:07 GMT", "date": DATE}, 7.0),
        ({"retry-after": "Sat, 21 Nov 2026 09:00:00 GMT", "date": DATE}, 0.0),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:07 GMT"}, None),
        ({"retry-after": "Sat, 21 Nov 2026 10:00:07 -0000", "date": DATE}, None),
        ({"retry-after": "Sat, 21 Nov 99999999999 10:00:07 GMT", "date": DATE}, None),
    ],
)
def test_what_the_endpoint_asks_for_is_read_in_every_form(headers, seconds):
    assert requested_delay(headers) == seconds


def test_delays_grow_with_full_jitter_and_have_a_ceiling():
    failure = ServerFault("x", retry=True)
    assert [delay_before_retry(failure, n, lambda: 1.0) for n in (1, 2, 3, 4, 5, 6, 1000)] == [0.5, 1, 2, 4, 8, 8, 8]
    assert delay_before_retry(failure, 5, lambda: 0.0) == 0.0


def test_a_requested_delay_is_the_least_that_is_waited():
    failure = RateLimited("x", retry=True, retry_after=3.0)
    assert delay_before_retry(failure, 1, lambda: 0.0) == 3.0
    assert 3.0 < delay_before_retry(failure, 1, lambda: 0.99) < 3.5


def test_connections_are_given_up_sooner_than_a_busy_endpoint_and_the_rest_at_once():
    assert worth_retrying(Unreachable("x", retry=True), CONNECT_ATTEMPTS - 1)
    assert not worth_retrying(Unreachable("x", retry=True), CONNECT_ATTEMPTS)
    assert worth_retrying(ServerFault("x", retry=True), 1000)
    assert not worth_retrying(BadRequest("x"), 1)
