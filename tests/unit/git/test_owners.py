"""CODEOWNERS, as GitHub reads it: the last line that fits decides."""

import pytest

from evalgate.git.owners import owners_of

FILE = ".evalgate/accepted/support-route.yaml"


@pytest.mark.parametrize(
    ("text", "owners"),
    [
        ("", ()),
        ("* @all\n", ("@all",)),
        ("/.evalgate/ @leads\n", ("@leads",)),
        (".evalgate/ @leads @ops\n", ("@leads", "@ops")),
        (".evalgate @leads\n", ("@leads",)),
        ("/.evalgate/accepted/*.yaml @leads\n", ("@leads",)),
        ("**/accepted/** @leads\n", ("@leads",)),
        ("accepted/ @leads\n", ("@leads",)),
        ("*.yaml jo@example.com\n", ("jo@example.com",)),
        ("* @all\n/.evalgate/ @leads # who decides\n", ("@leads",)),
        ("/.evalgate/ @leads\n* @all\n", ("@all",)),
        ("* @all\n/.evalgate/accepted/\n", ()),
        ("# /.evalgate/ @leads\n", ()),
        ("/.evalgate/* @leads\n", ()),
        ("docs/ @docs\n/evalgate/ @code\n", ()),
        ("/.evalgate/accepted/other.yaml @leads\n", ()),
        ("!.evalgate/ @leads\n", ()),
        ("[.]evalgate/ @leads\n", ()),
        ("/.evalgate/ leads\n", ()),
        ("xevalgate/ @leads\n?evalgate/ @one\n", ("@one",)),
    ],
)
def test_the_last_pattern_that_fits_names_the_owners(tmp_path, text, owners):
    (tmp_path / "CODEOWNERS").write_text(text)
    assert owners_of(tmp_path, FILE) == owners


def test_the_first_place_that_has_one_counts_alone(tmp_path):
    for place, owner in ((".github", "@first"), ("docs", "@third"), (".", "@second")):
        (tmp_path / place).mkdir(exist_ok=True)
        (tmp_path / place / "CODEOWNERS").write_text(f"* {owner}\n")
    assert owners_of(tmp_path, FILE) == ("@first",)
    (tmp_path / ".github" / "CODEOWNERS").write_text("")
    assert owners_of(tmp_path, FILE) == ()
    (tmp_path / ".github" / "CODEOWNERS").unlink()
    assert owners_of(tmp_path, FILE) == ("@second",)


def test_a_link_is_no_codeowners(tmp_path):
    (tmp_path / "other").write_text("* @all\n")
    (tmp_path / "CODEOWNERS").symlink_to("other")
    assert owners_of(tmp_path, FILE) == ()
