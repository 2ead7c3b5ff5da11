"""Where taxonomies are: those that are shipped go by their names, others by their files."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from evalgate.report.templates import folder
from evalgate.suite.taxonomy import Taxonomy, load_taxonomy

SHIPPED: Final = ("pipeline_states",)


def taxonomy_of(named: str, root: Path) -> Taxonomy:
    """Return a taxonomy that is shipped, or that of a file below `root`. Raises CandidateError for one in error."""
    if named in SHIPPED:
        return load_taxonomy(folder() / "taxonomies", f"{named}.yaml")
    return load_taxonomy(root, named)
