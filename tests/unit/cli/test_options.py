"""Options that say something of the config: what they lay over it."""

import pytest

from evalgate.cli.options import failing


@pytest.mark.parametrize(
    ("verdicts", "inconclusive", "unmeasurable"),
    [
        (("fail",), "warn", "warn"),
        (("inconclusive",), "fail", "warn"),
        (("fail", "unmeasurable"), "warn", "fail"),
        (("unmeasurable", "inconclusive"), "fail", "fail"),
    ],
)
def test_what_fails_is_what_is_named(verdicts, inconclusive, unmeasurable):
    """What is not named warns, whatever the config says of it."""
    assert failing(verdicts) == {"policy.on_inconclusive": inconclusive, "policy.on_unmeasurable": unmeasurable}


def test_where_nothing_is_named_the_config_says_it():
    assert failing(()) == {}
