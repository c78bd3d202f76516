"""Reading what a provider says when something went wrong: codes in any place, words that end a job, HTTP's own meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..errors import (
    AuthError,
    BalanceError,
    ContentRefused,
    HailuoError,
    InvalidRequest,
    JobGone,
    RateLimited,
    Redirected,
    ServerTrouble,
    UnsafeReply,
)
from ..model import RemoteState
from ..wire import Call

SUCCESS = frozenset({"0", "200", "ok", "success"})
"""What stands where a code does when all is well, in any letter case."""

# "… (1026)", "task failed, code: 1026 , msg: …", "(E005)"
_CODE = re.compile(
    r"\(\s*([A-Za-z]?[0-9]{3,6}|[A-Za-z]+)\s*\)|\bcode[\"']?\s*[:=]?\s*[\"']?([A-Za-z]?[0-9]{3,6})\b|\b(E[0-9]{3,4})\b"
)
_CANCELLED = re.compile("cancel|aborted|取消|キャンセル|отмен")
_FAILED = re.compile(
    "fail|error|expire|reject|time[ _-]?d?[ _-]?out|terminated|失败|失敗|错误|錯誤|拒绝|拒絕|过期|過期|超时|超時|终止|ошибк|отклон"
)
_NOT_YET = re.compile("ing$|request|pending|retry")
"""Of a job that is on its way: CANCELLATION_REQUESTED, cancelling, retry_after_error."""


def codes_within(text: str) -> Iterator[str]:
    """What may be an error code in a sentence; whoever asks knows which of them are."""
    for found in _CODE.finditer(text):
        yield next(filter(None, found.groups()))


def plain_end(word: str) -> RemoteState | None:
    """How a job ended by a word that no document has and that says so plainly; None for every other word."""
    word = word.casefold()
    if _NOT_YET.search(word):
        return None
    if _CANCELLED.search(word):
        return RemoteState.CANCELLED
    return RemoteState.FAILED if _FAILED.search(word) else None


def kind_by_status(call: Call, status: int) -> type[HailuoError]:
    """What an HTTP status means to the user where no documented code says more."""
    kinds: dict[int, type[HailuoError]] = {
        400: InvalidRequest,
        401: AuthError,
        402: BalanceError,
        403: AuthError,
        404: InvalidRequest if call.method == "POST" else JobGone,
        409: UnsafeReply if call.bills else ServerTrouble,
        410: JobGone,
        413: InvalidRequest,
        422: InvalidRequest,
        429: RateLimited,
        451: ContentRefused,
    }
    if 300 <= status < 400:
        return Redirected
    if status in kinds:
        return kinds[status]
    # a code in a 2xx that no document explains is as unclear as a 5xx: it may have landed
    return ServerTrouble if status == 408 or status >= 500 or status < 300 else UnsafeReply
