"""Kie.ai: jobs whose result is JSON in a text; errors come inside HTTP 200, files go to a host of their own."""

from __future__ import annotations

from ..errors import HailuoError, JobFailed, JobGone, RateLimited, ServerTrouble, Unsupported
from ..model import LocalImage, Mode, Model, Order, RemoteState
from ..wire import Call, Flow, Reply, get, post
from . import upstream
from .answers import SUCCESS
from .base import OPTIMIZER, WEBHOOK, Provider
from .values import OrderLimits, Progress
from .webhooks import Claim, Webhook, WebhookCall, from_base64

BETWEEN = (Mode.IMAGE, Mode.FIRST_LAST)
O2 = "hailuo-02"
H3_MAKES = upstream.h3("768P", "2K")


def _hailuo_23(tier: str) -> Model:
    # both tiers have both sizes; 10 s at 1080P is refused because the model behind it does not make it
    return Model(
        f"hailuo/2-3-image-to-video-{tier}",
        modes=(Mode.IMAGE,),
        variants=upstream.HAILUO,
        prompt_limit=5000,
        missing_fields=frozenset({OPTIMIZER}),
    )


def _h3(*modes: Mode) -> Model:
    return Model(
        f"minimax-h3/{modes[0].value}",
        family=upstream.H3,
        modes=modes,
        variants=H3_MAKES,
        prompt_limit=upstream.H3_PROMPT,
        missing_fields=frozenset({OPTIMIZER}),
    )


# the sample of its page reads the one, its calls carry the other
TASK_ID = (("data", "taskId"), ("data", "task_id"))


def _signed(call: WebhookCall) -> Claim:
    # https://docs.kie.ai/common-api/webhook-verification: the id and the time are signed, the rest of the body is not
    task_id = next((text for path in TASK_ID if (text := call.reply.find(*path))), "")
    timestamp = call.header("X-Webhook-Timestamp")
    signature = from_base64(call.header("X-Webhook-Signature"))
    return Claim(f"{task_id}.{timestamp}".encode(), timestamp, (signature,))


class Kie(Provider):
    name = "kie"
    title = "Kie.ai"
    docs = "https://docs.kie.ai/market/hailuo/2-3-image-to-video-standard"
    base_url = "https://api.kie.ai"
    upload_url = "https://kieai.redpandaai.co"
    key_env = "KIE_API_KEY"
    models = (
        # it has no Hailuo 2.3 from text
        _hailuo_23("standard"),
        _hailuo_23("pro"),
        upstream.tier("hailuo/02-text-to-video-standard", family=O2, modes=(Mode.TEXT,), limit=1500),
        Model(
            "hailuo/02-image-to-video-standard",
            family=O2,
            modes=(Mode.IMAGE,),
            variants=upstream.STANDARD + upstream.P512,
            prompt_limit=1500,
        ),
        Model(
            "hailuo/02-image-to-video-standard",
            family=O2,
            modes=(Mode.FIRST_LAST,),
            variants=upstream.STANDARD,
            prompt_limit=1500,
        ),
        upstream.tier("hailuo/02-text-to-video-pro", pro=True, family=O2, modes=(Mode.TEXT,), limit=1500),
        upstream.tier("hailuo/02-image-to-video-pro", pro=True, family=O2, modes=BETWEEN, limit=1500),
        _h3(Mode.TEXT),
        # its page contradicts itself about sending both frames; public clients do
        _h3(Mode.IMAGE, Mode.FIRST_LAST),
    )
    options = frozenset({OPTIMIZER, WEBHOOK})
    webhook = Webhook("body callBackUrl", job=TASK_ID, claim=_signed)
    data_urls = False
    image_limit = 10 * 1024 * 1024
    states = {
        "waiting": RemoteState.QUEUED,
        "queuing": RemoteState.QUEUED,
        "generating": RemoteState.RUNNING,
        "success": RemoteState.DONE,
        "fail": RemoteState.FAILED,
    }
    error_codes = {
        "408": ServerTrouble,
        "433": RateLimited,  # a limit that its owner has set for the key
        "455": ServerTrouble,  # maintenance
        "501": JobFailed,
        "505": Unsupported,  # switched off
    }
    code_paths = (("code",), ("failCode",))
    success_codes = SUCCESS
    own_paths = (("code",),)
    free_params = frozenset({"input.aspect_ratio", "input.nsfw_checker"})
    poll_seconds = 3
    limits = OrderLimits(source="https://docs.kie.ai, Getting Started", orders=20, seconds=10)
    retention = "24 hours to 14 days (its pages differ)"

    def submit(self, order: Order) -> Flow[str]:
        h3 = order.model.family == upstream.H3
        duration = order.duration_field
        image, last = (
            (yield from self.image_reference(order.image)),
            (yield from self.image_reference(order.last_image)),
        )
        ratio = order.unless_param("input.aspect_ratio", upstream.H3_RATIO) if h3 and order.mode is Mode.TEXT else None
        body = {
            "model": order.model.id,
            "callBackUrl": order.webhook,
            "input": {
                "prompt": order.prompt,
                "first_frame_url" if h3 else "image_url": image,
                "last_frame_url" if h3 else "end_image_url": last,
                "aspect_ratio": ratio,
                "duration": duration if h3 or duration is None else str(duration),
                "resolution": order.resolution_field,
                "prompt_optimizer": order.prompt_optimizer,
            },
        }
        reply = (yield post("/api/v1/jobs/createTask", body)).inside("data")
        return reply.text("taskId")

    def upload(self, image: LocalImage) -> Flow[str]:
        # of its three ways the one for images; a name that comes again may give the old file, so it is the content's
        body = {
            "base64Data": image,
            "uploadPath": "hailuo",
            "fileName": f"{image.digest[:32]}-{image.file_name}",
        }
        reply = yield post("/api/file-base64-upload", body, bills=False, uploads=True)
        return reply.url("data", "downloadUrl")

    def check(self, ticket: str) -> Flow[Progress]:
        reply = (yield get("/api/v1/jobs/recordInfo", taskId=ticket)).inside("data").about(ticket, "taskId")
        progress = self.progress(reply.text("state"), reply, percent=reply.percent("progress"))
        return progress.with_video(reply.unpacked("resultJson").address("resultUrls", 0))

    def balance(self) -> Flow[str]:
        return f"{(yield get('/api/v1/chat/credit')).number('data'):g} credits"

    def refusal(self, call: Call, reply: Reply) -> HailuoError | None:
        error = super().refusal(call, reply)
        # its page's one example of this code here is "recordInfo is null": there is no such task
        unknown = call.method == "GET" and "422" in self.codes(reply)
        return JobGone(error.message) if error and unknown else error
