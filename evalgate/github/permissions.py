"""What a token may do, found out without doing it."""

from __future__ import annotations

from typing import Final

from evalgate.github.client import Client
from evalgate.github.errors import GitHubError

_INVALID: Final = 422
_DOING: Final = "whether this job may comment"


async def may_comment(client: Client, number: int) -> None:
    """Return where comments on a pull request may be written. Raises GitHubError: they may not, or nobody answered.

    A comment with an empty text is asked for, which there cannot be: who may not comment is told so, who may is told
    that the text is lacking.
    """
    try:
        await client.send(
            "POST", f"issues/{number}/comments", doing=_DOING, needs="pull-requests: write", body={"body": ""}
        )
    except GitHubError as error:
        if error.status != _INVALID:
            raise


async def may_read(client: Client) -> None:
    """Read the repository itself. Raises GitHubError."""
    await client.get("", doing="whether the token reads the repository", needs="contents: read")
