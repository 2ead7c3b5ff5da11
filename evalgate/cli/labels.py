"""The labels of a workflow's pull request, as far as they count: what fails is accepted, or everything is skipped."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evalgate.errors import EvalgateError

if TYPE_CHECKING:
    from evalgate.github.access import Access
    from evalgate.github.event import Event, PullRequest
    from evalgate.github.labels import LabelSet

_SECONDS: Final = 20.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """Whose label accepts, and whose skips; `told` has a sentence for each label that is there and does not count."""

    accepted_by: str | None = None
    skipped_by: str | None = None
    head: str = ""
    told: tuple[str, ...] = ()


def read_labels(found: Access, event: Event) -> Labels:
    """Return what labels say of the commit that is measured. Where that cannot be found out, none of them counts."""
    if not event.change or event.number is None or event.pull is None or event.pull.head is None:
        return Labels()
    try:
        accept, skip = asyncio.run(_asked(found, event.number, event.pull))
    except EvalgateError as error:
        following = f" Next: {error.next_step}." if error.next_step else ""
        return Labels(told=(f"Labels do not count: {error.message}.{following}",))
    except TimeoutError:
        return Labels(told=(f"Labels do not count: GitHub took longer than {_SECONDS:.0f} s to say who set them.",))
    except Exception as error:  # noqa: BLE001 an answer that nobody thought of: the run goes on
        return Labels(told=(f"Labels do not count: GitHub's answer could not be read ({type(error).__name__}).",))
    return Labels(
        accepted_by=_who(accept),
        skipped_by=_who(skip),
        head=event.pull.head,
        told=tuple(
            f"The label {each.label} does not count: {each.why}." for each in (accept, skip) if each and not each.counts
        ),
    )


async def _asked(found: Access, number: int, pull: PullRequest) -> tuple[LabelSet | None, LabelSet | None]:
    from evalgate.github.client import connect
    from evalgate.github.labels import read_label
    from evalgate.github.pulls import read_pull
    from evalgate.suite.acceptance import ACCEPT_LABEL, SKIP_LABEL

    async with asyncio.timeout(_SECONDS + 1.0), connect(found, seconds=_SECONDS) as client:
        there = await read_pull(client, number, doing="the labels could not be read")
        head = pull.head or ""
        accepts = await read_label(client, there, ACCEPT_LABEL, head=head)
        return accepts, await read_label(client, there, SKIP_LABEL, head=head)


def _who(found: LabelSet | None) -> str | None:
    return found.by if found is not None and found.counts else None
