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
    ├── WithoutTls           an address for the video that works only without TLS
    └── BadVideo             the file is not a whole video

Interrupted (129, 130, 143) and ReaderGone (141) are not errors of a command but ends of the process,
so they pass by every `except Exception`.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any, ClassVar, Self

if TYPE_CHECKING:
    from .model import Job, NextStep


class HailuoError(Exception):
    """A sentence for the user, what to do about it, and an exit code that scripts can rely on.

    `hint` is advice in words, `next_step` the step that goes on from here, which a front end makes a command of.
    `job` is the job it is about, where there is one; `answer` what the server said, where that was no clear answer.
    `facts` are what a program is told besides, by name: the `limit` that stands in the way, the `reasons` of each seller.
    `lacks_model`: the provider says that it does not have the model, which is no fault of the request.
    `body`: the JSON of an answer that says so inside an HTTP 2xx.
    `is_foreign`: the answer is not of the provider's own form, so a proxy or a login page may have given it.
    """

    code: ClassVar[str] = "bug"
    exit: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None, next_step: NextStep | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.next_step = next_step
        self.job: Job | None = None
        self.answer: str | None = None
        self.body: Any = None
        self.facts: dict[str, Any] = {}
        self.lacks_model = False
        self.is_foreign = False

    def about(self, job: Job) -> Self:
        """The same error, said of a job."""
        self.job = job
        return self


class Bug(HailuoError):
    """When hailuo itself does what it should not."""


class UsageError(HailuoError):
    """When the command line, the config file, a batch file or the prompt cannot be meant so; nothing was sent."""

    code, exit = "usage", 2


class InvalidImage(UsageError):
    """When an image breaks a rule that is known here; nothing was sent.

    `mended_by` are the ways of --fit that would make this image keep the rule, the first one first.
    """

    code = "invalid_image"
    mended_by: tuple[str, ...] = ()


class InvalidRequest(UsageError):
    """When the provider rejects the request as malformed; nothing is billed."""

    code = "invalid_request"


class Unsupported(UsageError):
    """When this provider or model does not do what was asked for."""

    code = "unsupported"


class NoKey(HailuoError):
    """When no key is found for the provider."""

    code, exit = "no_key", 3


class AuthError(NoKey):
    """When the provider refuses the key."""

    code = "auth"


class BalanceError(HailuoError):
    """When the provider says that there is no money left."""

    code, exit = "balance", 4


class RateLimited(HailuoError):
    """When the provider says that there are too many requests.

    `retry_after` is in seconds, None where the server gave no usable value.
    """

    code, exit = "rate_limited", 4
    retry_after: float | None = None


class CostLimit(HailuoError):
    """When an order would pass a limit of the user's, or has no known price under one; nothing was sent."""

    code, exit = "cost_limit", 4


class StillRunning(HailuoError):
    """When waiting was given up; the job goes on at the provider."""

    code, exit = "still_running", 5


class NetworkError(HailuoError):
    """When the network or TLS fails."""

    code, exit = "network", 6


class NotSent(NetworkError):
    """When no byte of the request left this machine.

    `passing` is False where trying again cannot help (a certificate that does not fit the host).
    """

    passing: bool = True


class Unanswered(NetworkError):
    """When a request was sent, but no whole answer came back."""


class ServerTrouble(NetworkError):
    """When the server says that it has a passing problem (408, 5xx).

    `refused` is True where the status means that nothing was taken; `retry_after` is in seconds.
    """

    retry_after: float | None = None
    refused: bool = False


class Unconfirmed(HailuoError):
    """When an order may have landed and may be billed; it is never sent again by itself."""

    code, exit = "unconfirmed", 7


class JobFailed(HailuoError):
    """When the provider says that the job failed."""

    code, exit = "job_failed", 8


class JobCancelled(JobFailed):
    """When the provider says that the job was cancelled."""

    code = "job_cancelled"


class JobGone(JobFailed):
    """When the provider does not know the job, or has its video no more."""

    code = "job_gone"


class DiskError(HailuoError):
    """When the local disk, a permission or a device stands in the way."""

    code, exit = "disk", 9


class TicketUnsaved(DiskError):
    """When a job is ordered, but its reference could not be written into the ledger."""


class ContentRefused(HailuoError):
    """When moderation refuses the prompt, the image or the video."""

    code, exit = "content_refused", 10


class LedgerError(HailuoError):
    """When the ledger is damaged, foreign, newer than this version or cannot be trusted."""

    code, exit = "ledger", 11


class LedgerLocked(LedgerError):
    """When another process holds the ledger for too long."""


class TicketTaken(LedgerError):
    """When a provider gives a reference that already belongs to another job."""


class UnsafeReply(HailuoError):
    """When an answer or a file fails a safety check."""

    code, exit = "unsafe_reply", 12


class BadReply(UnsafeReply):
    """When an answer is not what the provider's documents promise."""


class Redirected(UnsafeReply):
    """When an answer points to another address.

    `refused` is True for 301, 307 and 308, after which a server has not taken the request.
    """

    refused: bool = False


class WithoutTls(UnsafeReply):
    """When the video's address is http on another machine, and nothing answers there with https."""


class BadVideo(UnsafeReply):
    """When a file is not a whole video."""

    code = "bad_video"


class Interrupted(BaseException):
    """When a signal asks us to stop; the exit code is 128 + the signal's number.

    `notes` are facts in words ("nothing was sent"), `next_step` is what goes on from here.
    """

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum
        self.exit = 128 + signum
        self.notes: list[str] = []
        self.next_step: NextStep | None = None

    @property
    def name(self) -> str:
        """The name of the signal, such as SIGINT."""
        return signal.Signals(self.signum).name


class ReaderGone(BaseException):
    """When whoever read our stdout went away (`hailuo jobs | head -1`)."""

    exit = 141
