"""What `evalgate init` made up to begin with: it shows how a gate works, and says nothing of what people ask."""

from __future__ import annotations

from typing import Final

from evalgate.records import Example

_KEY: Final = "made_up_by"
_MAKER: Final = "evalgate init"


def is_made_up(example: Example) -> bool:
    """Return whether an example is one of those that `evalgate init` wrote."""
    return example.metadata.get(_KEY) == _MAKER
