"""The pictures of the comment in the docs show what the comment is now."""

from __future__ import annotations

import re

import pytest

from tests.pictures.figures import FIGURES, GOLDEN, PICTURES, ROOT, Picture, marked, shows


@pytest.mark.parametrize("picture", PICTURES, ids=lambda each: each.file)
def test_a_picture_was_made_from_the_text_that_is_kept(picture: Picture) -> None:
    """Where this fails, the comment is another one: `python -m tests.pictures` draws it anew; look at it."""
    png = (FIGURES / picture.file).read_bytes()
    assert shows(png, (GOLDEN / f"{picture.golden}.md").read_text("utf-8"))
    assert len(png) < 150_000


def test_another_text_is_another_picture() -> None:
    png = (FIGURES / PICTURES[0].file).read_bytes()
    assert shows(marked(png, "a"), "a")
    assert not shows(marked(png, "a"), "b")


def test_every_picture_is_shown_on_a_page() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    linked = {name for page in pages for name in re.findall(r"figures/(comment[\w.-]*\.png)", page.read_text("utf-8"))}
    assert linked == {picture.file for picture in PICTURES}
