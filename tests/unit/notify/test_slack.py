"""What a channel sees of a message: words alone, and the links that are ours."""

import json
import re

import pytest

from evalgate.notify.slack import literal, message
from tests.unit.report.hostile import HOSTILE


def test_a_message():
    body = message(["❌ FAIL: do not merge.", "shop/support"], links={"report": "https://github.com/shop/support/1"})
    assert json.loads(body) == {
        "text": "❌ FAIL: do not merge.\nshop/support\n<https://github.com/shop/support/1|report>"
    }
    assert json.loads(message(["PASS"], links={})) == {"text": "PASS"}


@pytest.mark.parametrize(
    "text", [*HOSTILE, "<!channel>", "<!here|x>", "<@U024BE7LH>", "<https://e.org|main>", "&lt;!channel>"]
)
def test_nothing_in_it_is_obeyed(text):
    shown = literal(text)
    assert not re.search(r"[<>\n\r\u202e\x1b]", shown)
    assert not re.search(r"://|www\.|mailto:|&(?!amp;|lt;|gt;)", shown, re.IGNORECASE)
    assert not re.search(r"[*_~`](?!\u2060)|(?<!\u2060)[*_~`]|@(?!\u2060)", shown)


def test_what_is_long_is_cut():
    assert len(literal("x" * 10**6)) == 2_000


@pytest.mark.parametrize("address", ["https://e.org/|x", "https://e.org/>", "javascript:x", "", "https://e.org/ x"])
def test_an_address_that_would_be_more_than_one_is_refused(address):
    with pytest.raises(ValueError, match="can be linked"):
        message(["x"], links={"report": address})
