"""The key of a dataset's pseudonyms, beside its candidates."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from evalgate.curate.cleaning.keys import checked, key_beside
from evalgate.errors import ConfigurationError


def test_a_key_is_made_once_for_its_owner_alone_where_git_does_not_look(tmp_path):
    candidates = tmp_path / "shop.candidates.jsonl"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: key_beside(candidates, make=True), range(8)))
    assert len({key for key, _ in made}) == 1
    assert sum(new for _, new in made) == 1
    place = tmp_path / ".curate" / "shop.candidates.key"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert (tmp_path / ".curate" / ".gitignore").read_text() == "*\n"
    assert key_beside(candidates, make=False) == (made[0][0], False)
    assert sorted(each.name for each in (tmp_path / ".curate").iterdir()) == [".gitignore", "shop.candidates.key"]
    assert key_beside(tmp_path / "other.candidates.jsonl", make=True)[0] != made[0][0]


def test_looking_makes_none(tmp_path):
    assert key_beside(tmp_path / "shop.candidates.jsonl", make=False)[1] is False
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff\xfe"])
def test_a_key_that_is_none_is_said(tmp_path, content):
    candidates = tmp_path / "shop.candidates.jsonl"
    key_beside(candidates, make=True)
    (tmp_path / ".curate" / "shop.candidates.key").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"shop\.candidates"):
        key_beside(candidates, make=True)


def test_a_short_key_hides_nothing():
    with pytest.raises(ConfigurationError, match="MY_KEY has fewer than 16 characters"):
        checked("x" * 15, "MY_KEY")
    assert checked("x" * 16, "MY_KEY") == b"x" * 16
