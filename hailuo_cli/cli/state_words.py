"""What people read of a job's state, wherever it is shown: the words of `status`, with or without a look."""

from __future__ import annotations

from collections.abc import Mapping

from ..model import Job, JobState, RemoteState

_WORDS: Mapping[JobState, str] = {JobState.SUBMITTED: "running", JobState.SUCCEEDED: "ready"}
STATES: Mapping[str, frozenset[JobState]] = {
    **{state.value: frozenset({state}) for state in JobState},
    **{word: frozenset({state}) for state, word in _WORDS.items()},
    RemoteState.QUEUED.value: frozenset({JobState.SUBMITTED}),
    "done": frozenset({JobState.SAVED}),  # as of a row of a batch
}
"""What `--state` takes: the words of the JSON, and those that are shown."""


def state_word(job: Job) -> str:
    """How a job stands by what the ledger knows: queued or running as it was last seen, ready, saved, failed, …"""
    if job.state is JobState.SUBMITTED and job.provider_state:
        from ..providers import PROVIDERS

        provider = PROVIDERS.get(job.provider)
        seen = provider.states.get(job.provider_state) if provider else None
        return seen.value if seen and not seen.over else _WORDS[job.state]
    return _WORDS.get(job.state, job.state.value)
