"""WaveSpeed's protocol: predictions, whose result is a list of addresses; a failed one comes with HTTP 200."""

from __future__ import annotations

from typing import ClassVar

from ...model import RemoteState
from ...wire import Flow, get
from ..answers import SUCCESS
from ..base import Provider
from ..values import Progress


class PredictionsProtocol(Provider):
    result_path: ClassVar[str]
    states = {"processing": RemoteState.RUNNING, "completed": RemoteState.DONE, "failed": RemoteState.FAILED}
    # data URLs are documented for some of its models only; every one takes an address
    data_urls = False
    success_codes = SUCCESS
    own_paths = (("code",), ("message",), ("error",), ("msg",), ("detail",))
    poll_seconds = 5

    def check(self, ticket: str) -> Flow[Progress]:
        reply = (yield get(self.result_path, id=ticket)).inside("data").about(ticket, "id")
        return self.progress(reply.text("status"), reply).with_video(reply.address("outputs", 0))
