"""What a partial run takes."""

import pytest

from evalgate.errors import ConfigurationError
from evalgate.gate.selection import Selection, matcher
from evalgate.records import Example

EXAMPLES = [
    Example(id=f"{lang}-{n}", input={"q": f"Frage {n}"}, metadata={"lang": lang, "n": n})
    for lang in ("de", "en")
    for n in range(3)
]


def ids(**how):
    return [example.id for example in Selection(**how).of(iter(EXAMPLES))]


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("lang=de", ["de-0", "de-1", "de-2"]),
        ("lang=de and n=1", ["de-1"]),
        ("n=0 or n=2 and lang=en", ["de-0", "en-0", "en-2"]),
        ("(n=0 or n=2) and lang=en", ["en-0", "en-2"]),
        ("not lang=de and not n=0", ["en-1", "en-2"]),
        ('"FRAGE 1"', ["de-1", "en-1"]),
        ("nothing-like-this", []),
    ],
)
def test_an_expression_of_words_selects(expression, found):
    """Words are looked up in id, metadata and input, whatever their case; `or` binds least."""
    assert ids(keyword=expression) == found


@pytest.mark.parametrize(
    ("expression", "column"), [("a and", 6), ("(a", 3), ("a b", 3), ("", 1), ('"open', 1), (")", 1), ("and", 1)]
)
def test_an_expression_that_cannot_be_read_names_the_column(expression, column):
    """Exit 2, with an example of how to write it."""
    with pytest.raises(ConfigurationError, match=f"column {column}") as caught:
        matcher(expression)
    assert "-k 'lang=de" in (caught.value.next_step or "")


def test_a_limit_counts_what_was_selected():
    """The limit applies after the expression; the flags are named together."""
    assert ids(keyword="lang=en", limit=2) == ["en-0", "en-1"]
    assert ids(only=frozenset({"de-2", "en-1"})) == ["de-2", "en-1"]
    assert Selection(keyword="lang=en", limit=2).words == "--limit 2 -k 'lang=en'"
    assert Selection().words is None
