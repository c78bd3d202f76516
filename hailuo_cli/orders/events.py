"""What a wait tells: small values, one at a time. A job's last event is `Finished`."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import HailuoError
from ..model import Job
from ..providers import Progress
from ..saving.download import Downloading, DownloadRetry
from ..waiting.eta import Eta
from ..waiting.polling import PollRetry


@dataclass(frozen=True)
class StatusChecked:
    """The provider said how a job stands; `eta` is what to expect, where something is known."""

    job: Job
    progress: Progress
    eta: Eta | None = None


@dataclass(frozen=True)
class Retrying:
    """A look or a download failed and is tried again."""

    job: Job
    retry: PollRetry | DownloadRetry


@dataclass(frozen=True)
class DownloadProgress:
    """Bytes of the video are coming in."""

    job: Job
    amount: Downloading


@dataclass(frozen=True)
class Finished:
    """The last event of a job: saved or ready, or what went wrong. `already`: the file was there before."""

    job: Job
    error: HailuoError | None = None
    already: bool = False


@dataclass(frozen=True)
class PassedOn:
    """A job ended unbilled, and `next_job` was ordered in its place at another seller; it is waited for instead."""

    job: Job
    error: HailuoError
    next_job: Job


Event = StatusChecked | Retrying | DownloadProgress | Finished | PassedOn
