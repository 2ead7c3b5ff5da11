"""How a call fails: typed exceptions that say whose fault it is and whether trying again may help.

CallFailed                       infrastructure unless a class says otherwise
├── Unreachable                  no connection, or it broke before an answer began
├── TimedOut                     the deadline passed with no answer and no earlier failure to blame
├── RateLimited                  429, until the deadline
├── ServerFault                  408, 409, 5xx, or an error inside a 200
├── Garbled                      the body was cut, is not JSON or not an answer at all
├── TooLarge                     the body is beyond the limit
├── Stopped                      nothing is called any more: the run ends for a reason of its own
├── NotCached                    a replay, and the response cache does not hold the answer
├── Refused                      401, 402, 403, 404, a used-up quota, a redirect: the endpoint will not serve us
└── TaskFault                    the task's own doing (docs/decisions/0007)
    ├── BadRequest               400 and its like: what the task sent is wrong
    ├── ContentFiltered          the provider's filter stopped the prompt or the answer
    ├── ModelRefused             the model declined where an answer is due
    ├── EmptyAnswer              no choice, or a choice with nothing in it
    └── Unparseable              an answer, but not in the form that the task promised

A refused endpoint is not the task's fault although the task names its model: a model that was retired would otherwise
make every answer of the baseline the worst score, and any candidate would beat it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Self

from evalgate.errors import MeasurementError
from evalgate.records import ErrorKind, Failure


class CallFailed(MeasurementError):
    """A call that gave no usable answer. `type` names the condition in records; `retry` says whether to try again.

    `status` is the HTTP status (None: no response); `retry_after` the seconds that the endpoint asked us to wait.
    """

    kind: ClassVar[ErrorKind] = ErrorKind.INFRASTRUCTURE
    type: ClassVar[str] = "call_failed"

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry: bool = False,
        retry_after: float | None = None,
        next_step: str | None = None,
    ) -> None:
        super().__init__(message, next_step=next_step)
        self.status = status
        self.retry = retry
        self.retry_after = retry_after

    def failure(self) -> Failure:
        """Return this failure as the value that goes into records."""
        return Failure(kind=self.kind, type=self.type, message=self.message)

    def reworded(self, word: Callable[[str], str]) -> Self:
        """Return the same failure with `word` applied to its message, and no trace of the exception behind it."""
        return type(self)(
            word(self.message),
            status=self.status,
            retry=self.retry,
            retry_after=self.retry_after,
            next_step=self.next_step,
        )


class Unreachable(CallFailed):
    """No connection to the endpoint, or it broke before an answer began."""

    type = "unreachable"


class TimedOut(CallFailed):
    """The deadline passed while the endpoint had accepted the request and said nothing."""

    type = "timeout"


class RateLimited(CallFailed):
    """The endpoint kept refusing for too many requests."""

    type = "rate_limited"


class ServerFault(CallFailed):
    """The endpoint failed by its own account."""

    type = "server_error"


class Garbled(CallFailed):
    """What came back is not a whole answer of the protocol."""

    type = "garbled"


class TooLarge(CallFailed):
    """The response is beyond the size that is read."""

    type = "too_large"


class Stopped(CallFailed):
    """The run is being ended: the call was not made."""

    type = "stopped"


class NotCached(CallFailed):
    """Only the response cache may answer, and it does not hold the answer."""

    type = "not_cached"


class Refused(CallFailed):
    """The endpoint will not serve this request however often it is sent."""

    type = "refused"


class TaskFault(CallFailed):
    """A failure that counts as the task's own: the worst score, on both sides alike."""

    kind = ErrorKind.TASK
    type = "task_fault"


class BadRequest(TaskFault):
    """The endpoint rejects what the task sent (too long, an unknown parameter)."""

    type = "bad_request"


class ContentFiltered(TaskFault):
    """The provider's content filter stopped the prompt or the answer."""

    type = "content_filter"


class ModelRefused(TaskFault):
    """The model declined to answer where an answer is due."""

    type = "refusal"


class EmptyAnswer(TaskFault):
    """The model answered with nothing."""

    type = "empty_answer"


class Unparseable(TaskFault):
    """The model answered, but not in the form that the task promised."""

    type = "unparseable"
