"""Addresses of services."""

from evalgate.suite.addresses import is_loopback


def test_loopback_is_known_by_name_and_address():
    assert [is_loopback(h) for h in ("localhost", "127.9.0.1", "::1", "10.0.0.1", "localhost.evil.org")] == [
        True, True, True, False, False,
    ]  # fmt: skip
