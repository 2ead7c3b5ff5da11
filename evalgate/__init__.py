"""evalgate: is this prompt, model or pipeline worse than what we ship today, or can we not tell?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evalgate.result import Result as Result

__version__ = "0.1.0"

__all__ = ["Result", "__version__"]


def __getattr__(name: str) -> Any:
    """Import `Result` where it is used: it costs a dataclass, and `evalgate --help` needs none."""
    if name == "Result":
        from evalgate.result import Result

        return Result
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
