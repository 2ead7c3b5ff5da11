"""The tokenizer that an export counts with, where one is installed that needs no download."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from evalgate.curate.exporting.tokens import Count

_ENCODING: Final = "o200k_base"
"""That of the models that can be fine-tuned at OpenAI now."""


def tokenizer() -> tuple[Count | None, str]:
    """Return what says how many tokens a text has, None where nothing installed can, and how they are counted."""
    from evalgate.curate.exporting.tokens import ESTIMATED

    try:
        import bpe_openai  # type: ignore[import-not-found]  # nobody has to have it
    except ImportError:
        return None, ESTIMATED
    encoding = bpe_openai.get_encoding(_ENCODING)

    def count(text: str) -> int:
        return len(encoding.encode_ordinary(text))

    return count, f"counted by {_ENCODING} (bpe-openai {bpe_openai.__version__}), 4 more a message"
