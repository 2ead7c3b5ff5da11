"""What goes wrong between here and GitHub, in words that end with what to do. None of it changes a verdict."""

from __future__ import annotations

from evalgate.errors import MeasurementError


class GitHubError(MeasurementError):
    """GitHub was not reached, or refused.

    `status` is the HTTP status, None where there was no answer. `wait` is how many seconds it asks to be left alone,
    None where it says nothing of that.
    """

    def __init__(
        self, message: str, *, status: int | None = None, wait: float | None = None, next_step: str | None = None
    ) -> None:
        super().__init__(message, next_step=next_step)
        self.status = status
        self.wait = wait

    @property
    def passing(self) -> bool:
        """Whether the same may succeed later: no answer, too many requests, the server's own failure."""
        return self.status is None or self.wait is not None or self.status == 429 or self.status >= 500
