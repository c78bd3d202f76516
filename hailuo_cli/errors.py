"""Every way a command can end other than well: one class per next step for the user.

HailuoError
├── Bug                  1   a bug in hailuo
├── UsageError           2   the command line, the config file or the prompt
│   ├── InvalidImage         an image breaks a rule
│   ├── InvalidRequest       the provider rejected the request as malformed
│   └── Unsupported          this provider or model does not do that
├── NoKey                3   no key found
│   └── AuthError            the key was refused
├── BalanceError         4   no money left
├── RateLimited          4   too many requests
├── CostLimit            4   dearer than --max-cost
├── StillRunning         5   gave up waiting; the job goes on
├── NetworkError         6
│   ├── NotSent              no byte of the request left this machine
│   ├── Unanswered           sent, but no whole answer came back
│   └── ServerTrouble        the server says it has a passing problem (408, 5xx)
├── Unconfirmed          7   a submit that may have landed and may be billed
├── JobFailed            8   the provider says so
│   ├── JobCancelled
│   └── JobGone
├── DiskError            9
│   └── TicketUnsaved        the job is ordered, but its reference could not be written down
├── ContentRefused      10   moderation
├── LedgerError         11
│   ├── LedgerLocked         another process has it
│   └── TicketTaken          a reference that already belongs to another job
└── UnsafeReply         12   an answer failed a safety check
    ├── BadReply             it is not what the documents promise
    ├── Redirected           it points to another address
    └── BadVideo             the file is not a whole video

Interrupted (129, 130, 143) and ReaderGone (141) are not errors of a command but ends of the process,
so they pass by every `except Exception`.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from .model import Job


class HailuoError(Exception):
    """A sentence for the user, a hint with the next command, and an exit code that scripts can rely on.

    `job` is the job it is about, where there is one; `answer` what the server said, where that was no clear answer.
    """

    code: ClassVar[str] = "bug"
    exit: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.job: Job | None = None
        self.answer: str | None = None


class Bug(HailuoError):
    pass


class UsageError(HailuoError):
    code, exit = "usage", 2


class InvalidImage(UsageError):
    code = "invalid_image"


class InvalidRequest(UsageError):
    code = "invalid_request"


class Unsupported(UsageError):
    code = "unsupported"


class NoKey(HailuoError):
    code, exit = "no_key", 3


class AuthError(NoKey):
    code = "auth"


class BalanceError(HailuoError):
    code, exit = "balance", 4


class RateLimited(HailuoError):
    """`retry_after` is in seconds, None where the server gave no usable value."""

    code, exit = "rate_limited", 4
    retry_after: float | None = None


class CostLimit(HailuoError):
    code, exit = "cost_limit", 4


class StillRunning(HailuoError):
    code, exit = "still_running", 5


class NetworkError(HailuoError):
    code, exit = "network", 6


class NotSent(NetworkError):
    """`passing` is False where trying again cannot help (a certificate that does not fit the host)."""

    passing: bool = True


class Unanswered(NetworkError):
    pass


class ServerTrouble(NetworkError):
    """`refused` is True where the server says so with a status that means that nothing was taken."""

    retry_after: float | None = None
    refused: bool = False


class Unconfirmed(HailuoError):
    code, exit = "unconfirmed", 7


class JobFailed(HailuoError):
    code, exit = "job_failed", 8


class JobCancelled(JobFailed):
    code = "job_cancelled"


class JobGone(JobFailed):
    code = "job_gone"


class DiskError(HailuoError):
    code, exit = "disk", 9


class TicketUnsaved(DiskError):
    pass


class ContentRefused(HailuoError):
    code, exit = "content_refused", 10


class LedgerError(HailuoError):
    code, exit = "ledger", 11


class LedgerLocked(LedgerError):
    pass


class TicketTaken(LedgerError):
    pass


class UnsafeReply(HailuoError):
    code, exit = "unsafe_reply", 12


class BadReply(UnsafeReply):
    pass


class Redirected(UnsafeReply):
    """`refused` is True for 301, 307 and 308, after which a server has not taken the request."""

    refused: bool = False


class BadVideo(UnsafeReply):
    code = "bad_video"


class Interrupted(BaseException):
    """A signal asked us to stop. Its exit code is 128 + the signal's number."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum
        self.exit = 128 + signum
        self.hints: list[str] = []

    @property
    def name(self) -> str:
        return signal.Signals(self.signum).name


class ReaderGone(BaseException):
    """Whoever read our stdout went away (`hailuo jobs | head -1`)."""

    exit = 141
