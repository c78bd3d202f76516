"""WaveSpeed's protocol: predictions, whose result is a list of addresses; a failed one comes with HTTP 200."""

from __future__ import annotations

from typing import ClassVar

from ...model import RemoteState
from ...wire import Flow, Reply, get
from ..base import Progress, Provider


class PredictionsProtocol(Provider):
    result_path: ClassVar[str]
    states = {"processing": RemoteState.RUNNING, "completed": RemoteState.DONE, "failed": RemoteState.FAILED}
    # data URLs are documented for some of its models only; every one takes an address
    data_urls = False
    poll_seconds = 5

    def check(self, ticket: str) -> Flow[Progress]:
        reply = (yield get(self.result_path, id=ticket)).inside("data").about(ticket, "id")
        progress = self.progress(reply.text("status"), reason=reply.find("error"), code=reply.find("code"))
        return progress.with_video(reply.address("outputs", 0))

    def fault_code(self, reply: Reply) -> str | None:
        code = reply.find("code")
        return None if code == "200" else code
