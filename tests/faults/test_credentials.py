"""Group E on the installed command: where the key goes, where it does not, and what anybody gets to see of it.

That nothing printed and no file left behind holds any of the key is checked after every test of the suite (conftest).
"""

from __future__ import annotations

import contextlib
import os
import shlex
import stat
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from hailuo_cli.errors import Redirected
from hailuo_cli.model import RemoteState, Secret
from hailuo_cli.providers import PROVIDERS
from hailuo_cli.transport import Session
from hailuo_cli.wire import get
from tests.support.answers import Play, says
from tests.support.canary import KEY, SIGNATURE, shown_in
from tests.support.certificates import certified
from tests.support.command import HURRIED, hailuo, point_at
from tests.support.fault_server import Origin
from tests.support.standin import StandIn, small_video
from tests.support.world import Page, Visit, World
from tests.wire import scripts

POSIX = pytest.mark.skipif(os.name == "nt", reason="needs POSIX")
LINUX = pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc")
PIXAZO = scripts()["pixazo"]
HOME = "https://api.hailuo.test"
KEYED = sorted(name for name, provider in PROVIDERS.items() if provider.key_env)
CODES = (301, 302, 303, 307, 308)


def live_at(home: Path, monkeypatch: pytest.MonkeyPatch, name: str, base_url: str = HOME, **entry: str) -> None:
    """A profile in which a provider lives at this address."""
    path = home / "hailuo.toml"
    lines = [f'{key} = "{value}"' for key, value in {"base_url": base_url, **entry}.items()]
    path.write_text("\n".join([f"[profiles.test.providers.{name}]", *lines, ""]))
    path.chmod(0o600)
    monkeypatch.setenv("HAILUO_CONFIG", str(path))
    if (variable := PROVIDERS[name].key_env) and "api_key" not in entry and "api_key_command" not in entry:
        monkeypatch.setenv(variable, KEY)


def only_home_saw_the_key(world: World) -> bool:
    return all(visit.origin == f"{HOME}:443" for visit in (*world.visits, *world.tunnels) if shown_in(str(visit)))


# other origins


class Spelled(type(PROVIDERS["pixazo"])):  # type: ignore[misc]
    """A provider that wants its key under this name."""

    def __init__(self, header: str) -> None:
        self._header = header

    def auth(self, key: str) -> Mapping[str, str]:
        return {} if self._header == "query" else {self._header: key}


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("header", ["Authorization", "x-api-key", "X-Key", "Key", "api-token", "query"])
def test_E1_no_spelling_of_the_key_and_no_redirect_takes_it_to_another_origin(header: str, code: int) -> None:
    with Origin(says(200, {})) as elsewhere, Origin(says(code, b"", Location=f"{elsewhere.url}/x?a=1")) as server:
        call = get("/look", key=KEY) if header == "query" else get("/look")
        with Session(Spelled(header), server.url, Secret(KEY)) as session, pytest.raises(Redirected) as error:
            session.send(call)
        assert shown_in(str(server.asked))
        assert not shown_in(f"{error.value}{error.value.hint}")
        assert elsewhere.connections == 0


@pytest.mark.parametrize("name", KEYED)
def test_E1_every_provider_s_key_stays_home_whatever_the_redirect(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def play(visit: Visit) -> Page:
        code = next(code for code in CODES if f"job-{code}" in f"{visit.path}")
        return Page(code, headers={"Location": f"https://other.hailuo.test{visit.path}"})

    live_at(home, monkeypatch, name)
    with World(home, play) as world:
        ran = hailuo("status", *[f"{name}:job-{code}" for code in CODES], env=world.environment())
    assert ran.code == 12
    assert ran.err.count("redirects to https://other.hailuo.test") == len(CODES)
    assert [visit.origin for visit in world.visits] == [f"{HOME}:443"] * len(CODES)
    assert shown_in(str(world.visits))
    assert {tunnel.path for tunnel in world.tunnels} == {"api.hailuo.test:443"}


ORIGINS = {
    "another port": "https://api.hailuo.test:8443/x",
    "no TLS": "http://api.hailuo.test/x",
    "a name below": "https://v2.api.hailuo.test/x",
    "a name above": "https://hailuo.test/x",
    "a dot behind": "https://api.hailuo.test./x",
    "upper case": "HTTPS://API.HAILUO.TEST/x",
    "punycode": "https://xn--80ak6aa92e.hailuo.test/x",
    "a login": "https://api.hailuo.test@other.hailuo.test/x",
    "no scheme": "//other.hailuo.test/x",
    "the same place": "https://api.hailuo.test/x",
}


def test_E2_every_spelling_of_another_origin_is_another_origin(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = list(ORIGINS.values())
    live_at(home, monkeypatch, "pixazo")
    with World(home, lambda visit: Page(302, headers={"Location": places[int(visit.path[-2:])]})) as world:
        ran = hailuo("status", *[f"pixazo:job-{number:02}" for number in range(len(places))], env=world.environment())
    assert ran.code == 12
    assert ran.err.count("not followed, so that the key stays home") == len(places)
    assert len(world.visits) == len(places)
    assert {tunnel.path for tunnel in world.tunnels} == {"api.hailuo.test:443"}


def whole_job(visit: Visit) -> Page:
    """Pixazo, with cookies for everybody and a video that moves twice."""
    cookies = {"Set-Cookie": "session=1; Domain=hailuo.test; Path=/"}
    if visit.origin.startswith("https://1.2.3.4"):
        return Page(302, headers={"Location": "https://1.2.3.5/clip.mp4?Signature=x", **cookies})
    if visit.origin.startswith("https://1.2.3.5"):
        return Page(200, small_video(), {"ETag": '"one"', **cookies})
    if visit.method == "POST":
        return Page(202, {"request_id": "job-1"}, cookies)
    media = {"media_url": [f"https://1.2.3.4/clip.mp4?Signature={SIGNATURE}"]}
    return Page(200, {"request_id": "job-1", "status": "COMPLETED", "output": media}, cookies)


def test_E3_E4_E5_N5_a_whole_job_takes_the_key_home_and_nothing_anywhere_else(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hosts = ["api.hailuo.test", "1.2.3.4", "1.2.3.5", "127.0.0.1"]
    entries = [f"machine {host} login me password n3trc\n" for host in hosts]
    (home / ".netrc").write_text("".join([*entries, "default login me password n3trc\n"]))
    (home / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(home / ".netrc"))
    live_at(home, monkeypatch, "pixazo")

    def in_two_looks(visit: Visit) -> Page:
        if len(world.visits) == 2:
            return Page(200, {"request_id": "job-1", "status": "QUEUED"}, {"Set-Cookie": "session=1; Path=/"})
        return whole_job(visit)

    with World(home, in_two_looks) as world:
        words = ["generate", "a bear", "--provider", "pixazo", "-o", "clip.mp4"]
        ran = hailuo(*words, env=world.environment(), first=HURRIED)
    assert ran.code == 0, ran.err
    assert Path("clip.mp4").read_bytes() == small_video()
    assert [visit.origin for visit in world.visits] == [
        f"{HOME}:443", f"{HOME}:443", f"{HOME}:443", "https://1.2.3.4:443", "https://1.2.3.5:443",
    ]  # fmt: skip
    assert only_home_saw_the_key(world)
    for visit in world.visits:
        assert "cookie" not in visit.headers
        assert "authorization" not in visit.headers
        assert (visit.headers.get("ocp-apim-subscription-key") == KEY) is visit.origin.startswith(HOME)
        assert set(visit.headers) <= {
            "host", "accept", "accept-encoding", "connection", "user-agent", "content-type", "content-length",
            "ocp-apim-subscription-key", "cache-control",
        }  # fmt: skip


PRIVATE = {
    "loopback": "https://127.0.0.1/x",
    "localhost": "https://localhost/x",
    "a private network": "https://10.0.0.1/x",
    "a cloud's metadata": "http://169.254.169.254/latest/meta-data",
    "IPv6 loopback": "https://[::1]/x",
    "a mapped address": "https://[::ffff:127.0.0.1]/x",
    "no TLS": "http://1.2.3.5/x",
    "a file": "file:///etc/passwd",
}


def test_D16_C11_what_began_in_public_stays_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = list(PRIVATE.values())

    def play(visit: Visit) -> Page:
        number = visit.path[-2:]
        if visit.origin.startswith("https://1.2.3.4"):
            return Page(302, headers={"Location": places[int(number)]})
        media = {"media_url": [f"https://1.2.3.4/{number}"]}
        return Page(200, {"request_id": f"job-{number}", "status": "COMPLETED", "output": media})

    live_at(home, monkeypatch, "pixazo")
    Path("films").mkdir()
    jobs = [f"pixazo:job-{number:02}" for number in range(len(places))]
    with World(home, play) as world:
        ran = hailuo("download", *jobs, "-o", "films/", env=world.environment())
    assert ran.code == 12
    assert ran.err.count("the address given for the file") == len(places)
    assert {tunnel.path for tunnel in world.tunnels} == {"api.hailuo.test:443", "1.2.3.4:443"}
    assert len(world.visits) == 2 * len(places)


def test_E6_the_password_of_a_proxy_goes_to_the_proxy_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    live_at(home, monkeypatch, "pixazo")
    with World(home, whole_job) as world:
        ran = hailuo("wait", "pixazo:job-1", "-vv", env=world.environment("me:pr0xypass@"))
    assert ran.code == 0, ran.err
    assert all(tunnel.headers["proxy-authorization"].startswith("Basic ") for tunnel in world.tunnels)
    assert not any("proxy-authorization" in visit.headers for visit in world.visits)
    assert "pr0xypass" not in ran.out + ran.err
    assert only_home_saw_the_key(world)


@pytest.mark.parametrize("wrong", ["self-signed", "another name", "expired"])
def test_E19_H12_a_certificate_that_does_not_fit_is_asked_once_and_told_nothing(
    wrong: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context, cert = certified(home, expired=wrong == "expired")
    if wrong != "self-signed":
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    with Origin(says(202, {"request_id": "job-1"}), tls=context) as server:
        host = "localhost" if wrong == "another name" else "127.0.0.1"
        live_at(home, monkeypatch, "pixazo", f"https://{host}:{server.port}")
        ran = hailuo("submit", "a bear", "--provider", "pixazo", "--json")
        assert ran.code == 6
        assert ran.json["error"]["job"]["state"] == "not_sent"
        assert "nothing was sent" in ran.json["error"]["message"]
        assert (server.connections, server.asked) == (1, [])
    assert ("is this machine's clock right?" in ran.err) is (wrong == "expired")


# where settings come from


@POSIX
def test_E8_nothing_in_the_working_folder_is_a_setting(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = (
        'default_profile = "x"\n[profiles.x]\nprovider = "pixazo"\noutput = "/tmp/x.mp4"\n'
        '[profiles.x.providers.pixazo]\nbase_url = "https://evil.example"\napi_key_command = "touch stolen"\n'
    )
    for name in ("config.toml", "hailuo.toml", ".hailuo.toml", ".hailuo", "hailuo/config.toml", ".config/hailuo.toml"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text(planted)
    Path("pyproject.toml").write_text('[tool.hailuo]\nprovider = "pixazo"\n')
    Path(".env").write_text("HAILUO_PROVIDER=pixazo\nPIXAZO_API_KEY=of-somebody-else\n")
    monkeypatch.setenv("MINIMAX_API_KEY", KEY)
    ran = hailuo("submit", "a bear", "--dry-run", "--json")
    assert ran.code == 0, ran.err
    assert ran.json["data"]["requests"][0]["url"].startswith(PROVIDERS["minimax"].base_url)
    assert "evil.example" not in hailuo("config", "show").out
    assert not Path("stolen").exists()


def test_E7_no_variable_moves_a_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIXAZO_API_KEY", KEY)
    moved = dict.fromkeys(["PIXAZO_BASE_URL", "HAILUO_BASE_URL", "BASE_URL", "PIXAZO_API_BASE"], "https://evil.example")
    ran = hailuo("submit", "a bear", "--dry-run", "--json", env=moved)
    assert ran.json["data"]["requests"][0]["url"].startswith(PROVIDERS["pixazo"].base_url)


BAD_KEYS = {
    "a line break": f"{KEY}\nX-Evil: 1",
    "a no-break space": "can\u00a0ary",
    "10 KB": "k" * 10_240,
    "no ASCII": "clé",
}


@pytest.mark.parametrize("fault", BAD_KEYS)
def test_E15_a_key_that_cannot_be_one_stops_before_the_network(
    fault: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(PIXAZO) as server:
        point_at(server, home, monkeypatch)
        ran = hailuo("submit", "a bear", "--provider", "pixazo", env={"PIXAZO_API_KEY": BAD_KEYS[fault]})
        assert ran.code == 3
        assert "PIXAZO_API_KEY" in ran.err
        assert not server.asked
    assert not (home / "data").exists()


# what can be seen


@pytest.mark.parametrize("words", [
    ["generate", "a bear", "--provider", "pixazo", "-o", "clip.mp4"],
    ["generate", "a bear", "--provider", "pixazo", "-o", "clip.mp4", "--events"],
    ["submit", "a bear", "--provider", "pixazo", "--dry-run"],
    ["download", f"pixazo:{PIXAZO.ticket}", "-o", "clip.mp4", "--json"],
    ["config", "show", "--json"],
])  # fmt: skip
def test_E10_E18_the_most_talkative_command_shows_neither_the_key_nor_a_signed_address(
    words: list[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(PIXAZO, course=(RemoteState.DONE,)) as server:
        point_at(server, home, monkeypatch)
        ran = hailuo(*words, "-vvv")  # which looks for both by itself
        assert ran.code == 0, ran.err
        assert "GET http://127.0.0.1" in ran.err or words[0] not in ("generate", "download")


REPEATS: dict[str, list[Play]] = {
    "a refusal": [says(400, {"message": f"your key {KEY} is not for this"})],
    "the beginning of it": [says(401, {"message": f"key {KEY[:12]}… is not known"})],
    "a page": [says(500, f"<html>{KEY}</html>".encode())],
    "the header as it came": [says(502, {"headers": {"Ocp-Apim-Subscription-Key": KEY}})],
    "a name of a field": [says(200, {KEY: KEY})],
    "a content type": [says(200, b"x", Content_Type=f"text/{KEY}")],
    "the target of a redirect": [says(307, Location=f"https://{KEY}.example/?key={KEY}")],
    "a status": [says(202, {"request_id": "job-1"}), says(200, {"status": KEY}), says(200, {"status": "FAILED"})],
    "a reason": [says(202, {"request_id": "job-1"}), says(200, {"status": "FAILED", "error": f"bad key {KEY}"})],
    "a reference": [says(202, {"request_id": KEY}), says(200, {"status": "FAILED"})],
}


@pytest.mark.parametrize("where", REPEATS)
def test_E10_a_key_that_the_provider_repeats_is_not_shown_or_written_down(
    where: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Origin(*REPEATS[where]) as server:
        live_at(home, monkeypatch, "pixazo", server.url)
        ran = hailuo("generate", "a bear", "--provider", "pixazo", "--json", "-vv")
        assert ran.code in (2, 3, 7, 8, 12)  # the ledger is looked through after the test


@pytest.mark.parametrize("flags", [[], ["--events", "-v"]])
def test_E11_a_bug_with_the_key_in_its_hands_is_a_short_text(
    flags: list[str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = (
        "import hailuo_cli.orders.submit\n"
        "def submit(desk, account, *_):\n"
        "    key = desk.config.unlocked(account).key.reveal()\n"
        "    raise RuntimeError(f'it failed with {key}')\n"
        "hailuo_cli.orders.submit.submit = submit\n"
    )
    monkeypatch.setenv("PIXAZO_API_KEY", KEY)
    ran = hailuo("submit", "a bear", "--provider", "pixazo", *flags, first=broken, fresh=True)
    assert ran.code == 1
    assert "a bug in hailuo: RuntimeError" in ran.err
    assert "please report it" in ran.err


def test_E11_a_traceback_shows_no_values(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = (
        "import hailuo_cli.orders.submit\n"
        "def submit(desk, account, *_):\n"
        "    key = desk.config.unlocked(account).key.reveal()\n"
        "    raise RuntimeError('it failed')\n"
        "hailuo_cli.orders.submit.submit = submit\n"
        "from hailuo_cli.__main__ import main; main()\n"
    )
    monkeypatch.setenv("PIXAZO_API_KEY", KEY)
    words = ["submit", "a bear", "--provider", "pixazo", "-vv"]
    done = subprocess.run([sys.executable, "-c", broken, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Traceback" in done.stderr  # that the key is not in there is looked at for every process


def test_E18_a_signed_address_is_shown_only_when_asked_for(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with StandIn(PIXAZO, course=(RemoteState.DONE,)) as server:
        point_at(server, home, monkeypatch)
        assert SIGNATURE not in hailuo("status", f"pixazo:{PIXAZO.ticket}", "--json").out
        assert SIGNATURE in hailuo("status", f"pixazo:{PIXAZO.ticket}", "--json", "--show-url").out


def modes(folder: Path) -> dict[str, str]:
    found = {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    return {path.name: oct(mode) for path, mode in found.items() if mode != (0o700 if path.is_dir() else 0o600)}


@POSIX
def test_E16_E18_under_an_open_umask_keys_and_ledger_are_the_owner_s_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = hailuo("config", "set-key", "minimax", stdin=KEY, through='umask 000; exec "$@"')
    assert ran.code == 0, ran.err
    assert shown_in((home / "config" / "hailuo" / "config.toml").read_bytes())
    assert modes(home / "config") == {}
    with StandIn(PIXAZO) as server:
        point_at(server, home, monkeypatch)
        ran = hailuo("submit", "a bear", "--provider", "pixazo", through='umask 000; exec "$@"')
        assert ran.code == 0, ran.err
    assert {path.name for path in (home / "data").iterdir()} >= {"ledger.sqlite3", "ledger.sqlite3.alive"}
    assert modes(home / "data") == {}


@POSIX
def test_E17_a_key_file_that_others_can_read_is_used_with_a_warning_and_one_of_others_is_not(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with StandIn(PIXAZO) as server:
        live_at(home, monkeypatch, "pixazo", server.url, api_key=KEY)
        path = home / "hailuo.toml"
        path.chmod(0o644)
        ran = hailuo("submit", "a bear", "--provider", "pixazo")
        assert ran.code == 0, ran.err
        assert f"chmod 600 {path}" in ran.err
        if os.geteuid() != 0:
            pytest.skip("only root can give a file away")
        os.chown(path, 12345, -1)
        ran = hailuo("submit", "a bear again", "--provider", "pixazo")
        assert ran.code == 3
        assert len(server.ordered) == 1


@LINUX
@pytest.mark.parametrize("place", ["api_key", "api_key_command"])
def test_E12_no_process_has_a_key_of_the_config_in_its_command_line_or_environment(
    place: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "key.toml").write_text(KEY)
    value = KEY if place == "api_key" else f"cat {shlex.quote(str(home / 'key.toml'))}"
    seen: list[bytes] = []

    def listed(visit: Visit) -> Page:
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                environ = (process / "environ").read_bytes()
                if str(home).encode() in environ:  # ours, and not another test's at the same time
                    seen.extend((environ, (process / "cmdline").read_bytes()))
        return whole_job(visit)

    live_at(home, monkeypatch, "pixazo", **{place: value})
    with World(home, listed) as world:
        ran = hailuo("submit", "a bear", "--provider", "pixazo", env=world.environment(), fresh=True)
    assert ran.code == 0, ran.err
    assert any(b"hailuo_cli\0submit" in text for text in seen)
    assert not any(shown_in(text) for text in seen)


def test_E12_a_key_as_an_argument_is_refused_with_the_way_that_is_safe(home: Path) -> None:
    for words in (["submit", "x", "--api-key", KEY], ["config", "set", "providers.pixazo.api_key", KEY]):
        done = subprocess.run([sys.executable, "-m", "hailuo_cli", *words], capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "hailuo config set-key" in done.stderr
