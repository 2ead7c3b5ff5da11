"""Draw the comment's forms anew for the docs: `python -m tests.pictures`, then look at every one of them.

A folder as the argument gets all forms in light and dark, wide and narrow, unfolded too.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.pictures.figures import FIGURES, GOLDEN, PICTURES, marked
from tests.pictures.github import drawn
from tests.pictures.png import small


def _docs() -> None:
    texts = {each.golden: (GOLDEN / f"{each.golden}.md").read_text("utf-8") for each in PICTURES}
    with TemporaryDirectory() as folder:
        found = drawn(texts, Path(folder))
    for each in PICTURES:
        (FIGURES / each.file).write_bytes(marked(small(found[f"{each.golden}.{each.theme}.920"]), texts[each.golden]))


def _all(target: Path) -> None:
    texts = {path.stem: path.read_text("utf-8") for path in sorted(GOLDEN.glob("comment_*.md"))}
    for unfolded in (False, True):
        with TemporaryDirectory() as folder:
            for name, png in drawn(texts, Path(folder), unfolded=unfolded).items():
                (target / f"{name}{'.unfolded' if unfolded else ''}.png").write_bytes(png)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _all(Path(sys.argv[1]))
    else:
        _docs()
