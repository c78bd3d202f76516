"""Beyond one provider at a time: relays, regions, Chinese camera words, uploads, cancelling, resolving, asking prices."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hailuo_cli.ledger.sqlite import Ledger
from hailuo_cli.model import Job, JobState, RemoteState
from hailuo_cli.providers import PROTOCOLS, PROVIDERS, Progress, camera_words
from hailuo_cli.wire import Reply, get, run_flow
from tests.support.command import hailuo, point_at
from tests.support.standin import Asked, StandIn
from tests.wire import KEY, AnImage, Look, OrderScript, Script, Turn, WithKey, scripts


def relay(server: StandIn, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "hailuo.toml"
    path.write_text(
        f"""
[profiles.test]
provider = "myrelay"
[profiles.test.providers.myrelay]
protocol = "{server.script.name}"
base_url = "{server.url}/"
api_key_env = "MYRELAY_KEY"
"""
    )
    monkeypatch.setenv("HAILUO_CONFIG", str(path))
    monkeypatch.setenv("MYRELAY_KEY", KEY)


def test_a_relay_is_a_profile_entry_and_its_own_provider_everywhere(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(scripts()["tokensmind"]) as server:
        relay(server, home, monkeypatch)
        ran = hailuo("generate", "A lighthouse", "-o", "clip.mp4", "--json")
        assert ran.code == 0, ran.err
        job = ran.json["data"]
        assert job["provider"] == "myrelay"
        assert job["ref"].startswith("myrelay:")
        assert "myrelay" in hailuo("providers").out
        assert "myrelay" in hailuo("jobs").out
        assert hailuo("wait", job["ref"]).code == 0
        assert not server.complaints


class Below(StandIn):
    """A relay that has the whole API below a path."""

    prefix: str

    @property
    def url(self) -> str:
        return super().url + self.prefix

    def _answer(self, host: str, asked: Asked) -> tuple[int, Any]:
        if not asked.path.startswith(f"{self.prefix}/"):
            return self._unknown(asked)
        return super()._answer(host, replace(asked, path=asked.path.removeprefix(self.prefix)))


@pytest.mark.parametrize("prefix", ["/minimaxi", "/task/minimax"])
def test_a_native_relay_is_minimax_below_a_path(prefix: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # 302.ai: https://api.302.ai/minimaxi/v1/video_generation
    # V-API: https://api.gpt.ge/task/minimax/v1/video_generation, gpt.morphogen.top/en/video/hailuo
    server = Below(scripts()["minimax"])
    server.prefix = prefix
    with server:
        relay(server, home, monkeypatch)
        ran = hailuo("generate", "A lighthouse", "-o", "clip.mp4", "--json")
        assert ran.code == 0, ran.err + str(server.complaints)
        assert ran.json["data"]["ref"].startswith("myrelay:")
        assert len(server.ordered) == 1
        assert len(server.asked) == 5, "an order, three looks and one retrieval"
        assert not server.complaints


def software(*words: str) -> StandIn:
    """A relay that runs new-api: its own form of every answer (tests/wire/tokensmind.py)."""
    script = scripts()["tokensmind"]
    # an accepted order is an OpenAI-style video object
    orders = sorted(script.orders, key=lambda order: "object" not in order.turns[0].reply)
    looks = {look.word: look for look in script.looks if look.turns[0].reply["code"] == "success"}
    return StandIn(replace(script, orders=tuple(orders)), course=tuple(looks[word] for word in words))


def test_a_relay_that_runs_new_api_is_tokensmind_in_the_software_s_own_form(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with software("NOT_START", "SUBMITTED", "QUEUED", "UNKNOWN", "IN_PROGRESS", "SUCCESS") as server:
        relay(server, home, monkeypatch)
        ran = hailuo("generate", "A lighthouse", "--provider", "myrelay", "-o", "clip.mp4", "--json")
        assert ran.code == 0, ran.err
        assert ran.json["data"]["state"] == "saved"
        assert len(server.ordered) == 1
        assert not server.complaints


V = "https://cdn.example.com/v.mp4"
ITSELF = "https://gateway.example.com/v1/videos/task_1/content"


def at_newapi(reply: dict[str, Any]) -> Progress:
    return run_flow(PROTOCOLS["newapi"].check("task_1"), lambda _: Reply(reply))


@pytest.mark.parametrize(
    "reply",
    [
        # https://github.com/QuantumNous/new-api-docs, docs/api/query-video.md
        {"task_id": "task_1", "status": "succeeded", "url": V, "metadata": {"duration": 6}},
        {"id": "task_1", "object": "video", "status": "completed", "metadata": {"url": V}},
        {"code": "success", "message": "", "data": {"status": "SUCCESS", "result_url": V, "fail_reason": ""}},
        # releases that keep the address of a success where the reason of a failure is
        {"code": "success", "data": {"status": "SUCCESS", "fail_reason": V, "progress": "100%"}},
        {"code": "success", "data": {"status": "SUCCESS", "data": {"video_url": V}}},
    ],
)
def test_a_relay_that_runs_new_api_may_have_the_video_in_many_places(reply: dict[str, Any]) -> None:
    assert at_newapi(reply).video == V


@pytest.mark.parametrize("address", [None, "", ITSELF, f"{ITSELF}?index=0", "not an address"])
def test_a_relay_that_runs_new_api_hands_the_video_out_itself_where_it_names_no_other_place(address: object) -> None:
    reply = {"code": "success", "data": {"status": "SUCCESS", "result_url": address}}
    assert at_newapi(reply).video == get("/v1/videos/task_1/content")
    assert at_newapi({**reply, "data": {"status": "IN_PROGRESS", "result_url": address}}).video is None


def test_a_relay_that_runs_new_api_gets_the_size_beside_and_hands_out_the_video_with_the_key(
    home: Path, frame: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {
        "model": "MiniMax-Hailuo-2.3",
        "prompt": "It waves",
        "duration": 6,
        "size": "1080P",
        "image": AnImage(),
        "metadata": {"first_frame_image": AnImage(), "prompt_optimizer": False},
    }
    # relay/channel/task/hailuo and router/video-router.go of the software
    accepted = {"id": "task_1234", "task_id": "task_1234", "object": "video", "status": "queued", "progress": 0}
    order = OrderScript("", {}, (Turn("POST", "/v1/video/generations", accepted, body=body),), "")
    content = WithKey("/v1/videos/task_1234/content")

    def look(word: str, says: RemoteState, video: WithKey | None = None) -> Look:
        reply = {"code": "success", "message": "", "data": {"task_id": "task_1234", "status": word, "progress": "30%"}}
        return Look(word, says, (Turn("GET", "/v1/video/generations/task_1234", reply),), video)

    looks = (
        look("QUEUED", RemoteState.QUEUED),
        look("IN_PROGRESS", RemoteState.RUNNING),
        look("SUCCESS", RemoteState.DONE, content),
    )
    key = {"Authorization": f"Bearer {KEY}"}
    script = Script("newapi", "https://gateway.example.com", "task_1234", ITSELF, key, (order,), looks, ())
    with StandIn(script) as server:
        relay(server, home, monkeypatch)
        asked = ("It waves", "--image", str(frame), "--resolution", "1080P", "--no-prompt-optimizer")
        ran = hailuo("generate", *asked, "-o", "clip.mp4", "--json")
        assert ran.code == 0, ran.err + str(server.complaints)
        assert Path("clip.mp4").read_bytes() == server.video
        assert not server.complaints
        assert not server.fetched
        assert body == server.ordered[0].body
    assert hailuo("submit", "x", "--provider", "newapi").code == 2, "it is a protocol and no seller"


def test_a_job_that_fails_at_a_relay_that_runs_new_api_gives_its_reason(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with software("IN_PROGRESS", "FAILURE") as server:
        relay(server, home, monkeypatch)
        ran = hailuo("generate", "A lighthouse", "--provider", "myrelay", "--json")
        # MiniMax's number is in what the gateway keeps of its answer
        assert (ran.code, ran.json["error"]["code"]) == (10, "content_refused")
        assert "code: 1026" in ran.json["error"]["message"]
        assert not server.fetched


def test_E9_a_relay_never_gets_the_key_of_the_provider_whose_protocol_it_speaks(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(scripts()["tokensmind"]) as server:
        relay(server, home, monkeypatch)
        monkeypatch.delenv("MYRELAY_KEY")
        monkeypatch.setenv("TOKENSMIND_API_KEY", KEY)
        ran = hailuo("submit", "A lighthouse", "--json")
        assert (ran.code, ran.json["error"]["code"]) == (3, "no_key")
        assert "MYRELAY_KEY" in ran.err
        assert not server.asked


def test_a_refused_minimax_key_says_that_it_works_in_one_region(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn(scripts()["minimax"]) as server:
        point_at(server, home, monkeypatch)
        monkeypatch.setenv("MINIMAX_API_KEY", "of-the-other-region")
        ran = hailuo("submit", "A lighthouse", "--provider", "minimax", "--json")
        assert ran.code == 3
        assert "https://api.minimaxi.com" in ran.json["error"]["hint"]
        assert len(server.asked) == 1, "nothing is tried by itself"


@pytest.mark.parametrize(
    ("name", "tags", "sent"),
    [
        ("minimax", "en", "A cat [Push in,Tilt up] [Truck left]"),
        ("minimax", "zh", "A cat [推进,上摇] [左移]"),
        ("tokensmind", "en", "A cat [dolly in,tilt up] [truck left]"),
        ("tokensmind", "zh", "A cat [推进,上摇] [左移]"),
        ("myrouter", "en", "A cat [Push In,Tilt Up] [Pan Left]"),
        ("pixazo", "en", "A cat [Push in,Tilt up] [Truck left]"),
        ("pixelbyte", "en", "A cat [Push in,Tilt up] [Truck left]"),
    ],
)
def test_camera_moves_go_out_in_the_words_of_the_provider(
    name: str, tags: str, sent: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(scripts()[name]) as server:
        point_at(server, home, monkeypatch, camera_tags=tags)
        ran = hailuo(
            "check", "A cat", "--camera", "push in + tilt up", "--camera", "truck left", "--provider", name, "--json"
        )
        assert ran.json["data"]["prompt"] == sent
        assert bool(ran.json["data"]["warnings"]) == (name == "pixelbyte")


def test_every_table_of_camera_words_has_each_move_once() -> None:
    tables = [p.camera for p in PROVIDERS.values() if p.camera] + [camera_words.CHINESE]
    for table in tables:
        assert len(table) == len({word.casefold() for word in table.values()}) == 15


def test_typed_tags_go_out_as_typed_and_unknown_ones_are_doubted() -> None:
    ran = hailuo("check", "A cat [Truck left] [Orbit]", "--provider", "myrouter", "--json")
    assert ran.json["data"]["prompt"] == "A cat [Truck left] [Orbit]"
    assert len([warning for warning in ran.json["data"]["warnings"] if "camera command" in warning]) == 2


class Extra(StandIn):
    """A stand-in that also answers the calls that no order needs."""

    answers: dict[tuple[str, str], Any]

    def _unknown(self, asked: Any) -> tuple[int, Any]:
        found = self.answers.get((asked.method, asked.path))
        return found if found is not None else super()._unknown(asked)


def extra(name: str, answers: dict[tuple[str, str], tuple[int, Any]]) -> Extra:
    server = Extra(scripts()[name])
    server.answers = answers
    return server


def test_a_pending_job_can_be_cancelled_where_the_provider_can(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # https://developer.pixelbyte.app/docs/api-reference/jobs/cancel
    reply = {"jobId": "job_1", "status": "cancelled", "refundedMicroCents": 210000}
    with extra("pixelbyte", {("POST", "/v1/jobs/job_1/cancel"): (200, reply)}) as server:
        point_at(server, home, monkeypatch)
        ran = hailuo("cancel", "pixelbyte:job_1", "--json")
        assert ran.code == 0, ran.err
        assert ran.json["data"]["jobs"][0]["state"] == "cancelled"
        assert hailuo("wait", "pixelbyte:job_1").code == 8


@pytest.mark.parametrize(
    ("name", "method", "path", "ticket"),
    [
        ("fal", "PUT", "/fal-ai/minimax/requests/id-1/cancel", "id-1"),
        ("fal", "PUT", "/minimax/h3/requests/id-1/cancel", "h3-id-1"),
        ("replicate", "POST", "/v1/predictions/id-1/cancel", "id-1"),
    ],
)
def test_a_cancel_that_is_only_taken_as_a_wish_leaves_the_job_open(
    name: str, method: str, path: str, ticket: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # what has begun may still end well: https://fal.ai/docs/documentation/model-apis/inference/queue
    wish = {"id": "id-1", "status": "CANCELLATION_REQUESTED" if name == "fal" else "processing"}
    with extra(name, {(method, path): (202, wish)}) as server:
        point_at(server, home, monkeypatch)
        ran = hailuo("cancel", f"{name}:{ticket}", "--json")
        assert ran.code == 0, ran.err
        (job,) = ran.json["data"]["jobs"]
        assert (job["state"], job["provider_state"]) == ("submitted", wish["status"])
        assert not server.complaints


def test_a_prediction_that_was_stopped_is_cancelled(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = {"id": "id-1", "status": "canceled"}
    with extra("replicate", {("POST", "/v1/predictions/id-1/cancel"): (200, stopped)}) as server:
        point_at(server, home, monkeypatch)
        assert hailuo("cancel", "replicate:id-1", "--json").json["data"]["jobs"][0]["state"] == "cancelled"


def test_a_cancel_that_comes_too_late_says_that_the_job_may_bill(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    late = {"success": False, "error": {"code": "JOB_CANNOT_BE_CANCELLED", "message": "it is running"}}
    with extra("pixelbyte", {("POST", "/v1/jobs/job_1/cancel"): (400, late)}) as server:
        point_at(server, home, monkeypatch)
        ran = hailuo("cancel", "pixelbyte:job_1", "--json")
        assert ran.code == 2
        assert "may go on and bill" in ran.json["error"]["message"]
        assert ran.json["error"]["job"]["state"] == "submitted"


def test_a_provider_that_cannot_cancel_says_that_the_job_still_bills(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MINIMAX_API_KEY", KEY)
    ran = hailuo("cancel", "minimax:123", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "unsupported")
    assert "still bills" in ran.json["error"]["message"]


STANDARD = "minimax-plus/hailuo-2.3-standard/text-to-video"


def unconfirmed(home: Path, provider: str = "pixelbyte", model: str = STANDARD) -> Job:
    with Ledger(home / "data" / "ledger.sqlite3", now=lambda: 1771426800.0) as ledger:
        entry, _ = ledger.begin(Job("", provider, JobState.SUBMITTING, model=model, prompt="x", profile="test"))
        return ledger.move(entry, JobState.UNCONFIRMED, error="lost")


def listed(*jobs: dict[str, Any]) -> dict[tuple[str, str], tuple[int, Any]]:
    # https://developer.pixelbyte.app/docs/api-reference/jobs/list
    return {("GET", "/v1/jobs"): (200, {"jobs": list(jobs), "nextCursor": None, "hasMore": False})}


AT_THAT_TIME = {
    "jobId": "job_that",
    "status": "processing",
    "createdAt": "2026-02-18T15:00:03Z",
    "input": {"prompt": "x"},
}
SAYS_NO_PROMPT = {**AT_THAT_TIME, "input": {}}
A_COLLEAGUES = {**AT_THAT_TIME, "jobId": "job_other", "input": {"prompt": "a colleague's secret project"}}
LONG_BEFORE = {"jobId": "job_old", "status": "completed", "createdAt": "2026-02-17T15:00:00Z"}


def test_an_unconfirmed_order_is_found_in_the_provider_s_list(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with extra("pixelbyte", listed(LONG_BEFORE, A_COLLEAGUES, AT_THAT_TIME)) as server:
        point_at(server, home, monkeypatch)
        entry = unconfirmed(home)
        ran = hailuo("jobs", "resolve", entry.id, "--json")
        assert ran.code == 0, ran.err
        assert (ran.json["data"]["ref"], ran.json["data"]["state"]) == ("pixelbyte:job_that", "submitted")


@pytest.mark.parametrize(
    "jobs",
    [
        (),
        (LONG_BEFORE,),
        (AT_THAT_TIME, {**AT_THAT_TIME, "jobId": "job_other"}),
        (A_COLLEAGUES,),
        # it may be the one, which is for a person to say
        (SAYS_NO_PROMPT,),
    ],
)
def test_an_unconfirmed_order_is_not_guessed(
    jobs: tuple[Any, ...], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with extra("pixelbyte", listed(*jobs)) as server:
        point_at(server, home, monkeypatch)
        entry = unconfirmed(home)
        ran = hailuo("jobs", "resolve", entry.id, "--json")
        assert (ran.code, ran.json["error"]["code"]) == (7, "unconfirmed")
        assert "--ticket" in ran.json["error"]["hint"]


def test_an_unconfirmed_prediction_is_found_by_its_model_and_time(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # https://replicate.com/docs/reference/http#predictions.list
    that = {
        "id": "that",
        "model": "minimax/hailuo-2.3",
        "created_at": "2026-02-18T15:00:02.148Z",
        "status": "starting",
        "input": {"prompt": "x"},
    }
    others = [
        {**that, "id": "other", "model": "minimax/h3"},
        {**that, "id": "old", "created_at": "2026-02-17T15:00:00Z"},
    ]
    rows = {"next": None, "previous": None, "results": [*others, that, {"status": "starting"}]}
    with extra("replicate", {("GET", "/v1/predictions"): (200, rows)}) as server:
        point_at(server, home, monkeypatch)
        entry = unconfirmed(home, "replicate", "minimax/hailuo-2.3")
        ran = hailuo("jobs", "resolve", entry.id, "--json")
        assert ran.code == 0, ran.err
        assert ran.json["data"]["ref"] == "replicate:that"


def test_an_unconfirmed_order_can_be_settled_by_a_person(home: Path) -> None:
    first, second = unconfirmed(home, "pixazo"), unconfirmed(home, "pixazo")
    assert hailuo("jobs", "resolve", first.id).code == 7
    assert hailuo("jobs", "resolve", first.id, "--ticket", "t-1").out == "pixazo:t-1\n"
    assert hailuo("jobs", "resolve", second.id, "--never-sent", "--json").json["data"]["state"] == "not_sent"
    assert hailuo("jobs", "resolve", second.id, "--never-sent").code == 2


def test_the_provider_is_asked_for_the_price_where_it_can_be(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # https://developer.pixelbyte.app/docs/api-reference/jobs/estimate
    reply = {"baseCostMicroCents": 210000, "estimatedCostMicroCents": 199500, "hasDiscount": True}
    with extra("pixelbyte", {("POST", "/v1/jobs/estimate"): (200, reply)}) as server:
        point_at(server, home, monkeypatch)
        ran = hailuo("check", "A lighthouse", "--provider", "pixelbyte", "--ask-price", "--json")
        assert ran.json["data"]["price_usd"] == 0.1995
        refused = hailuo("submit", "A lighthouse", "--provider", "pixelbyte", "--max-cost", "0.19", "--json")
        assert (refused.code, refused.json["error"]["code"]) == (4, "cost_limit")
        assert not server.ordered


def test_the_balance_is_asked_where_it_can_be(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: dict[tuple[str, str], tuple[int, Any]] = {
        ("GET", "/v1/dashboard/billing/subscription"): (200, {"object": "billing_subscription", "hard_limit_usd": 10}),
        ("GET", "/v1/dashboard/billing/usage"): (200, {"object": "list", "total_usage": 250.0}),
    }
    with extra("tokensmind", answers) as server:
        point_at(server, home, monkeypatch)
        assert hailuo("providers", "tokensmind", "--balance").out == "7.50 USD\n"
    assert hailuo("providers", "pixazo", "--balance").code in (2, 3)


@pytest.mark.parametrize(
    ("name", "path", "reply", "said"),
    [
        ("kie", "/api/v1/chat/credit", {"code": 200, "msg": "success", "data": 100}, "100 credits"),
        ("wavespeed", "/api/v3/balance", {"code": 200, "message": "success", "data": {"balance": 12.5}}, "12.50 USD"),
        ("novita", "/openapi/v1/billing/balance/detail", {"availableBalance": "1250", "creditLimit": "0"}, "1250"),
    ],
)
def test_what_is_left_is_said_in_the_unit_that_is_documented(
    name: str, path: str, reply: dict[str, Any], said: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with extra(name, {("GET", path): (200, reply)}) as server:
        point_at(server, home, monkeypatch)
        assert hailuo("providers", name, "--balance").out.startswith(said)


@pytest.mark.parametrize("look", [look for look in scripts()["fal"].looks if look.says is RemoteState.FAILED])
def test_a_completed_job_whose_result_is_an_error_failed(
    look: Look, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(scripts()["fal"], course=(look,)) as server:
        name = point_at(server, home, monkeypatch)
        ran = hailuo("wait", f"{name}:{server.script.ticket}", "--json")
        assert ran.code == (10 if "flagged" in str(look.reason) else 8)
        assert ran.json["error"]["job"]["state"] == "failed"
        assert str(look.reason) in ran.json["error"]["message"]


@pytest.mark.parametrize(
    ("name", "reason"), [("wavespeed", "sensitive"), ("fal", "flagged"), ("minimax_h3", "sensitive")]
)
def test_a_job_that_moderation_ended_is_told_from_one_that_failed(
    name: str, reason: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = scripts()[name]
    refused = next(look for look in script.looks if reason in (look.reason or ""))
    with StandIn(script, course=(refused,)) as server:
        ran = hailuo("wait", f"{point_at(server, home, monkeypatch)}:{script.ticket}", "--json")
        assert (ran.code, ran.json["error"]["code"]) == (10, "content_refused")


def test_a_job_that_a_look_is_refused_with_has_failed_and_is_asked_after_once_more(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reply = {"code": 501, "msg": "Content generation task failed", "data": None}
    with extra("kie", {("GET", "/api/v1/jobs/recordInfo"): (200, reply)}) as server:
        point_at(server, home, monkeypatch)
        assert hailuo("status", "kie:task_9", "--json").json["data"]["jobs"][0]["state"] == "failed"
        ran = hailuo("wait", "kie:task_9", "--json")
        assert (ran.code, ran.json["error"]["code"]) == (8, "job_failed")
        assert "task failed" in ran.json["error"]["message"]
        assert len(server.asked) == 2, "an end may be taken back by a later look"


def test_an_uploaded_file_travels_whole_and_without_the_key(
    home: Path, frame: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(scripts()["pixelbyte"]) as server:
        point_at(server, home, monkeypatch)
        ran = hailuo("submit", "It waves", "--image", str(frame), "--provider", "pixelbyte")
        assert ran.code == 0, ran.err
        uploaded = [asked for asked in server.fetched if asked.method == "PUT"]
        assert [asked.body for asked in uploaded] == [frame.read_bytes()]
        assert KEY not in json.dumps(uploaded[0].headers)
        presign = next(asked for asked in server.asked if asked.path == "/v1/uploads/presign")
        assert frame.name not in json.dumps(presign.body), "the name of a file is nobody's business"


def test_a_failed_upload_orders_nothing(home: Path, frame: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(StandIn):
        def _serve_video(self, asked: Any) -> tuple[int, Any]:
            return 507, b""

    with Full(scripts()["pixelbyte"]) as server:
        point_at(server, home, monkeypatch)
        ran = hailuo("submit", "It waves", "--image", str(frame), "--provider", "pixelbyte", "--json")
        assert ran.code == 6
        assert ran.json["error"]["job"]["state"] == "not_sent"
        assert not server.ordered


def test_a_job_that_is_done_without_an_address_is_looked_at_again_and_then_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = scripts()["pixazo"]
    done = script.look(RemoteState.DONE)
    turn = done.turns[0]
    bare = type(done)(done.word, done.says, (Turn(turn.method, turn.path, {**turn.reply, "output": None}),))
    with StandIn(script, course=(bare,)) as server:
        point_at(server, home, monkeypatch)
        ran = hailuo("wait", f"pixazo:{script.ticket}", "--json")
        assert (ran.code, ran.json["error"]["code"]) == (12, "unsafe_reply")
        assert ran.json["error"]["job"]["state"] == "succeeded"
        assert len(server.asked) == 6


def test_a_job_is_asked_after_with_the_key_of_the_profile_that_ordered_it(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(scripts()["pixazo"]) as server:
        entries = {"mine": "MY_KEY", "yours": "YOUR_KEY"}
        path = home / "hailuo.toml"
        path.write_text(
            'default_profile = "mine"\n'
            + "".join(
                f'[profiles.{name}.providers.pixazo]\nbase_url = "{server.url}"\napi_key_env = "{variable}"\n'
                for name, variable in entries.items()
            )
        )
        monkeypatch.setenv("HAILUO_CONFIG", str(path))
        monkeypatch.setenv("MY_KEY", "wrong")
        monkeypatch.setenv("YOUR_KEY", KEY)
        reference = hailuo("submit", "x", "--provider", "pixazo", "--profile", "yours").out.strip()
        assert hailuo("status", reference).code == 0
        assert hailuo("status", reference, "--profile", "mine").code == 3
