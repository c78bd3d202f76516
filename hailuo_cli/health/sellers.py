"""Asking each seller that has a key whether the key is good: one look that bills nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from ..config.profiles import Account, Config
from ..errors import AuthError, HailuoError, NetworkError, RateLimited
from ..providers import Finds, TellsBalance
from ..transport import Session
from ..wire import Call, Reply, Upload, run_flow
from .report import Check, failed

PATIENCE = 15.0
"""Seconds that one seller is waited for."""
CLOCK_OFF = 300.0
"""Seconds: signatures of webhooks that are older than this are refused."""
NO_JOB = "hailuo-doctor-00000000"
"""A ticket that no seller has given out."""


class _NotAsked(Exception):
    """The look would be more than a GET."""


def ask(
    config: Config,
    connect: Callable[[Account], Session],
    *,
    only: str | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Check]:
    """Ask every seller with a key (or one), and say last how this machine's clock compares with theirs."""
    offsets: list[float] = []
    for account in map(config.account, config.names):
        if account.provider.key_env is None or not account.has_key or only not in (None, account.name):
            continue
        try:
            with connect(config.unlocked(account)) as session:
                yield _asked(account, session, clock() + PATIENCE)
                if session.clock_offset is not None:
                    offsets.append(session.clock_offset)
        except HailuoError as error:
            yield failed(account.name, error)
    yield _clock(offsets)


def _asked(account: Account, session: Session, until: float) -> Check:
    def send(request: Call | Upload) -> Reply:
        if not isinstance(request, Call) or request.method != "GET":
            raise _NotAsked
        return session.send(request, until=until)

    provider = account.provider
    left: object = None
    try:
        if isinstance(provider, TellsBalance):
            left = run_flow(provider.balance(), send)
        elif isinstance(provider, Finds):
            run_flow(provider.find(), send)
        else:
            run_flow(provider.check(NO_JOB), send)
    except _NotAsked:
        return Check(account.name, f"{session.base_url} was not asked: it has no question that is free")
    except AuthError as error:
        error.hint = error.hint or f"hailuo config set-key {account.name}"
        return failed(account.name, error)
    except NetworkError as error:
        error.hint = error.hint or f"is this machine online? try: curl -I {session.base_url}"
        return failed(account.name, error)
    except RateLimited as error:
        return Check(account.name, error.message, "warning", "it answers, and asks for a pause")
    except HailuoError:
        # no such job, in whatever words: it knows the key, or it would have said so first
        return Check(account.name, f"{session.base_url} answers")
    balance = f"; left: {left}" if isinstance(left, str) else ""
    return Check(account.name, f"{session.base_url} takes the key{balance}")


def _clock(offsets: list[float]) -> Check:
    now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    if not offsets:
        return Check("clock", f"{now} (no seller was asked)")
    off = sorted(offsets)[len(offsets) // 2]
    if abs(off) < CLOCK_OFF:
        return Check("clock", now)
    way = "behind" if off > 0 else "ahead of"
    return Check(
        "clock", f"{now} is {abs(off):.0f} s {way} the sellers'", "warning", "set the clock: timedatectl set-ntp true"
    )
