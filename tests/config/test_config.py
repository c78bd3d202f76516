"""Profiles: what may stand in the file, who wins, where keys come from, and writing without losing anything."""

from __future__ import annotations

import inspect
import json
import os
import stat
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from hailuo_cli import durations
from hailuo_cli.config import keys, lock, paths, schema, writer
from hailuo_cli.config.json_schema import SHIPPED, json_schema
from hailuo_cli.config.keys import cleaned_key
from hailuo_cli.config.profiles import load
from hailuo_cli.config.settings import Budget, Choice
from hailuo_cli.errors import AuthError, DiskError, HailuoError, NoKey, UsageError
from hailuo_cli.model import Request
from hailuo_cli.orders.delivery import DEFAULT_TIMEOUT
from hailuo_cli.providers import PROVIDERS
from hailuo_cli.saving import naming
from tests.support.canary import KEY

POSIX = pytest.mark.skipif(os.name == "nt", reason="modes and owners are those of POSIX")

WHOLE = """\
default_profile = "personal"

[profiles.personal]
provider = "pixazo"
output = "{job}.mp4"
timeout = "20m"
poll_interval = 5
max_cost = 1.00
duration = 6
camera = ["push in", "shake"]

[profiles.personal.providers.pixazo]
api_key_env = "PIXAZO_API_KEY"
duration = 10

[profiles.work.providers.minimax]
api_key = "sk-work"
base_url = "https://api.minimaxi.com"
resolution = "1080P"
camera_tags = "zh"

[profiles.work.providers.myrelay]
protocol = "minimax"
base_url = "https://relay.example.com"
api_key_env = "MYRELAY_KEY"
"""


@pytest.fixture
def written(home: Path) -> Path:
    path = home / "config.toml"
    path.write_text(WHOLE)
    path.chmod(0o600)
    return path


def file(home: Path, text: str | bytes) -> Path:
    path = home / "config.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    path.chmod(0o600)
    return path


# what may stand in the file

BAD: dict[str, tuple[str | bytes, str, str]] = {
    "cut off": ('default_profile = "personal"\n[profiles.personal', ":2", ""),
    "cut in a text": ('a = 1\nb = "abc', ":2", ""),
    "a key twice": ('[profiles.a]\ntimeout = "5m"\ntimeout = "6m"\n', ":3", ""),
    "a table twice": ("[profiles.a]\n[profiles.a]\n", ":2", ""),
    "Latin-1": (b'[profiles.a]\noutput = "caf\xe9.mp4"\n', ":2: not UTF-8", "UTF-8"),
    "UTF-16": ("default_profile = 'a'\n".encode("utf-16"), ":1: not UTF-8", "UTF-8"),
    "NUL": ('a = "x\0"\n', ":1", ""),
    "5,000 levels": ("a = " + "[" * 5000, "too deeply", ""),
    "5,000 digits": ("[profiles.a]\nduration = " + "9" * 5000, "a number in it is too long", ""),
    "an unknown key": ("[profiles.a]\n\ntimeot = 5\n", ':3: unknown key "timeot"', '"timeout"'),
    "an unknown key at the top": ("provider = 'pixazo'\n", ':1: unknown key "provider"', ""),
    "an unknown key of a provider": (
        '[profiles.a.providers.pixazo]\napikey = "x"\n',
        ':2: unknown key "apikey"',
        "api_key",
    ),
    "an unknown provider": ("[profiles.a]\n[profiles.a.providers.pixazoo]\n", ":2: no provider", '"pixazo"'),
    "a relay without base_url": ('[profiles.a.providers.relay]\nprotocol = "minimax"\n', ":1: no provider", "base_url"),
    "an unknown protocol": (
        '[profiles.a.providers.relay]\nbase_url = "https://r.example"\nprotocol = "minimaxx"\n',
        ':3: unknown protocol "minimaxx"',
        '"minimax"',
    ),
    "text for a number": ('[profiles.a]\nmax_cost = "1"\n', ":2: max_cost must be", ""),
    "true for a number": ("[profiles.a]\nduration = true\n", ":2: duration must be a whole number", ""),
    "a number for a switch": ("[profiles.a]\nwatermark = 1\n", ":2: watermark must be true or false", ""),
    "a fraction for a whole number": ("[profiles.a]\nduration = 6.0\n", ":2: duration must be a whole number", ""),
    "a date": ("[profiles.a]\nprovider = 2026-01-01\n", ":2: provider must be a text", ""),
    "a text for a table": ('profiles = "a"\n', ":1: profiles must be a table", ""),
    "a text for a profile": ('[profiles]\na = "b"\n', ":2: a must be a table", ""),
    "a list for a profile": ("[[profiles.a]]\n", ":1: a must be a table", ""),
    "a text for a provider": ('[profiles.a.providers]\npixazo = "x"\n', ":2: pixazo must be a table", ""),
    "no length of time": ('[profiles.a]\ntimeout = "soon"\n', ":2: timeout:", "10m"),
    "no time at all": ("[profiles.a]\npoll_interval = 0\n", ":2: poll_interval:", "10m"),
    "tags in Latin": ('[profiles.a.providers.pixazo]\ncamera_tags = "la"\n', ":2: camera_tags", ""),
    "a provider that nobody knows": ('[profiles.a]\nprovider = "pixaso"\n', ":2: no provider", '"pixazo"'),
    "one unknown of a list": ('[profiles.a.choice]\nnot = ["minimax", "x"]\n', ":2: no provider", "hailuo providers"),
    "an unknown field of a name": ('[profiles.a]\noutput = "{promt}.mp4"\n', ":2: output: has an", '"prompt"'),
    "no name at all": ('[profiles.a]\noutput = ""\n', ":2: output: is empty", "a file or a folder"),
    "a Windows path with \\U": ('[profiles.a]\noutput = "C:\\Users\\me"\n', ":2", "single quotes"),
    "a Windows path with \\V": ('[profiles.a]\noutput = "D:\\Videos"\n', ":2", "single quotes"),
    "a Windows path with \\t": ('[profiles.a]\noutput = "D:\\temp"\n', ":2: output: holds a control", "single quotes"),
    "less than nothing": ("[profiles.a]\nmax_cost = -1\n", ":2: max_cost: must be", ""),
    "no seconds": ("[profiles.a]\nduration = 0\n", ":2: duration: must be more", ""),
    "a key where a variable is named": (
        f'[profiles.a.providers.pixazo]\napi_key_env = "{KEY}"\n',
        ":2: api_key_env: must be the name",
        "set-key",
    ),
    "a command cut off": ("[profiles.a.providers.pixazo]\napi_key_command = 'pass \"x'\n", ":2: api_key_command:", ""),
    "no command": ("[profiles.a]\non_saved = []\n", ":2: on_saved: is empty", ""),
    "a webhook without TLS": ('[profiles.a]\nwebhook = "http://x.example"\n', ":2: webhook: must be", ""),
    "a budget in words": ('[profiles.a.budget]\nday = "5"\n', ":2: day must be", ""),
    "a budget of an hour": ("[profiles.a.budget]\nhour = 5\n", ':2: unknown key "hour"', "day, month"),
    "a price of no size": ('[profiles.a.providers.minimax.prices]\n"hailuo-2.3 6" = 1\n', ":2", "hailuo-3 2K/s"),
    "a price of a family not sold": (
        '[profiles.a.providers.minimax.prices]\n"hailuo-2.4 6 768P" = 1\n',
        ":2: hailuo-2.4 is not sold",
        "hailuo-2.3",
    ),
    "a price below nothing": ('[profiles.a.providers.minimax.prices]\n"hailuo-2.3 6 768P" = -1\n', ":2", ""),
    "a ledger that is no database": ('ledger = "mysql://x/y"\n', ":1: ledger: must be", "postgresql://"),
    "a ledger with its password": ('ledger = "postgres://me:pw@h/d"\n', ":1: ledger: must not", "PGPASSFILE"),
    "a password in the query": ('[profiles.a]\nledger = "postgres://h/d?password=x"\n', ":2: ledger:", "PGPASSFILE"),
    "in a dotted key": ('profiles.a.providers.pixazo.base_url = "http://x.example"\n', ":1: base_url", ""),
    "in an inline table": ("[profiles]\na = { timeot = 5 }\n", ': unknown key "timeot"', '"timeout"'),
}


@pytest.mark.parametrize("fault", BAD)
def test_G11_a_file_that_is_not_understood_is_named_with_its_line_and_left_as_it_is(fault: str, home: Path) -> None:
    text, said, hint = BAD[fault]
    path = file(home, text)
    before = path.read_bytes()
    with pytest.raises(UsageError) as error:
        load(path, None, {})
    assert error.value.exit == 2
    assert error.value.message.startswith(str(path))
    assert said in error.value.message
    assert hint in (error.value.hint or "")
    assert path.read_bytes() == before


def test_G11_a_byte_order_mark_and_windows_line_ends_are_no_fault(home: Path) -> None:
    path = file(home, b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode())
    assert load(path, None, {}).settings.timeout == 1200


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[profiles.a]\ncamera = [1]\n", id="a move that is a number"),
        pytest.param("[profiles.a]\nmax_cost = nan\n", id="a limit that is no number"),
        pytest.param(f"[profiles.a]\nmax_cost = 0x{'f' * 400}\n", id="a limit beyond TOML's numbers"),
        pytest.param(f"[profiles.a]\ntimeout = 0x{'f' * 5000}\n", id="a time that cannot even be written"),
        pytest.param('[profiles.a.providers.pixazo]\nbase_url = "https://["\n', id="half an address"),
        pytest.param('[profiles.a.providers.pixazo]\nbase_url = "https://[zz]/"\n', id="no address"),
        pytest.param('[profiles.a.providers.pixazo]\nbase_url = "https://api .example"\n', id="a space in the host"),
    ],
)
def test_G11_a_value_that_cannot_be_used_is_refused_where_it_stands(text: str, home: Path) -> None:
    with pytest.raises(UsageError, match=":2"):
        load(file(home, text), None, {})


@pytest.mark.parametrize(
    "url",
    [
        "http://api.minimax.io",
        "http://10.0.0.1",
        "http://localhost.example",
        "http://127.0.0.1.example",
        "http://2130706433",
        "ftp://api.minimax.io",
        "file:///etc",
        "api.minimax.io",
        "//api.minimax.io",
        "https://",
        "https://me@api.minimax.io",
        "https://me:pw@api.minimax.io",
        "https://api.minimax.io/?key=1",
        "https://api.minimax.io/#x",
        "https://api.minimax.io:99999",
        "https://api..minimax.io",
        "https://xn--a/",
        "https://[v1.a]/",
        "https://müller.example",
        "",
    ],
)
def test_E7_a_base_url_that_is_not_plain_https_is_refused(url: str, home: Path) -> None:
    path = file(home, f'[profiles.a.providers.minimax]\nbase_url = "{url}"\n')
    with pytest.raises(UsageError, match=":2: base_url"):
        load(path, None, {})


@pytest.mark.parametrize(
    "url",
    [
        "https://api.minimaxi.com",
        "https://relay.example.com/v1/",
        "http://127.0.0.1:8080",
        "http://localhost:1",
        "http://[::1]:1",
    ],
)
def test_E7_https_and_loopback_are_taken(url: str, home: Path) -> None:
    path = file(home, f'[profiles.a.providers.minimax]\nbase_url = "{url}"\n')
    assert load(path, None, {}).account("minimax").base_url == url


def test_E7_no_environment_variable_moves_a_base_url() -> None:
    environ = {
        f"{name}{end}": "https://evil.example"
        for name in ("MINIMAX", "HAILUO", "HAILUO_MINIMAX")
        for end in ("_BASE_URL", "_API_HOST", "_API_BASE")
    }
    assert load(None, None, environ).account("minimax").base_url == "https://api.minimax.io"


# who wins


@pytest.mark.parametrize(
    ("option", "environ", "profile"),
    [
        ("work", {"HAILUO_PROFILE": "personal"}, "work"),
        (None, {"HAILUO_PROFILE": "work"}, "work"),
        (None, {}, "personal"),
        (None, {"HAILUO_PROFILE": ""}, "personal"),
    ],
)
def test_a_profile_is_chosen_by_option_then_environment_then_file(
    written: Path, option: str | None, environ: dict[str, str], profile: str
) -> None:
    assert load(written, option, environ).profile == profile


def test_the_only_profile_is_the_default_and_of_several_none_is(home: Path) -> None:
    assert load(file(home, '[profiles.only]\ntimeout = "5m"\n'), None, {}).profile == "only"
    assert load(file(home, "[profiles.a]\n[profiles.b]\n"), None, {}).profile is None
    assert load(None, None, {}).profile is None


def test_a_profile_that_is_not_there_is_refused_with_the_nearest(written: Path) -> None:
    with pytest.raises(UsageError, match="no profile is called personel") as error:
        load(written, "personel", {})
    assert '"personal"' in (error.value.hint or "")


def test_the_file_is_found_by_option_then_environment_then_the_user_s_folder(written: Path, home: Path) -> None:
    environ = {"HAILUO_CONFIG": str(home / "other.toml")}
    assert paths.config_path(written, environ) == written
    assert paths.config_path(None, environ) == home / "other.toml"
    assert paths.config_path(None, {"HAILUO_CONFIG": ""}).name == "config.toml"
    assert home in paths.config_path(None, {}).parents


def test_a_file_that_was_named_must_be_there_and_the_usual_one_need_not(home: Path) -> None:
    gone = home / "gone.toml"
    for option, environ in ((gone, {}), (None, {"HAILUO_CONFIG": str(gone)})):
        with pytest.raises(UsageError, match="no config file"):
            load(option, None, environ)
        assert load(option, None, environ, may_be_new=True).data == {}
    assert load(None, None, {}).data == {}
    with pytest.raises(DiskError):
        load(home, None, {})


def test_a_provider_s_own_defaults_go_before_the_profile_s(written: Path) -> None:
    found = load(written, None, {})
    assert found.account("pixazo").defaults == {"duration": 10, "camera": ["push in", "shake"]}
    assert found.account("minimax").defaults == {"duration": 6, "camera": ["push in", "shake"]}
    work = load(written, "work", {}).account("minimax")
    assert (work.defaults, work.camera_zh) == ({"resolution": "1080P"}, True)


@pytest.mark.parametrize(
    ("option", "environ", "chosen"),
    [
        ("minimax", {"HAILUO_PROVIDER": "sandbox"}, "minimax"),
        (None, {"HAILUO_PROVIDER": "sandbox"}, "sandbox"),
        (None, {"HAILUO_PROVIDER": ""}, "pixazo"),
        (None, {}, "pixazo"),
    ],
)
def test_a_provider_is_chosen_by_option_then_environment_then_profile(
    written: Path, option: str | None, environ: dict[str, str], chosen: str
) -> None:
    assert load(written, "personal", environ).chosen(option).name == chosen


def test_with_no_choice_the_only_provider_with_a_key_is_used() -> None:
    assert load(None, None, {"MINIMAX_API_KEY": KEY}).chosen(None).name == "minimax"


def test_with_several_keys_the_user_is_asked_which() -> None:
    with pytest.raises(UsageError) as error:
        load(None, None, {"MINIMAX_API_KEY": KEY, "PIXAZO_API_KEY": KEY}).chosen(None)
    assert "minimax (MINIMAX_API_KEY in the environment)" in error.value.message
    assert "--provider" in (error.value.hint or "")
    assert KEY not in f"{error.value.message}{error.value.hint}"


def test_with_no_key_everything_that_was_looked_for_is_listed_and_the_sandbox_only_named() -> None:
    with pytest.raises(NoKey) as error:
        load(None, None, {}).chosen(None)
    assert error.value.exit == 3
    for provider in PROVIDERS.values():
        if provider.key_env:
            assert provider.key_env in error.value.message
    assert "--provider sandbox" in (error.value.hint or "")


@pytest.mark.parametrize(("name", "nearest"), [("pixaso", "pixazo"), ("kling", "hailuo providers"), ("", "providers")])
def test_an_unknown_provider_is_refused_with_the_nearest(name: str, nearest: str) -> None:
    with pytest.raises(UsageError, match="no provider is called") as error:
        load(None, None, {}).account(name)
    assert nearest in (error.value.hint or "")


def test_another_profile_of_the_same_file_is_seen_and_one_that_is_gone_is_not(written: Path) -> None:
    found = load(written, None, {})
    assert found.seen_as("work").account("minimax").base_url == "https://api.minimaxi.com"
    assert found.seen_as("gone") is found
    assert found.seen_as(None) is found


def test_a_profile_that_was_asked_for_by_name_is_not_left(written: Path) -> None:
    found = load(written, "personal", {})
    assert found.seen_as("work") is found
    # a profile in the environment is a default: it must not send another profile's jobs to the wrong account
    assert load(written, None, {"HAILUO_PROFILE": "personal"}).seen_as("work").profile == "work"


# keys


def test_the_environment_s_key_goes_before_the_file_s_and_each_names_its_source(home: Path) -> None:
    path = file(home, '[profiles.a.providers.minimax]\napi_key = "from-file"\n')
    found = load(path, None, {"MINIMAX_API_KEY": "from-environment"}).account("minimax")
    assert found.key is not None
    assert (found.key.reveal(), found.key_source) == ("from-environment", "MINIMAX_API_KEY in the environment")
    found = load(path, None, {"MINIMAX_API_KEY": ""}).account("minimax")
    assert found.key is not None
    assert (found.key.reveal(), found.key_source) == ("from-file", f"api_key in {path}")


def test_G15_an_empty_key_variable_counts_as_unset_and_is_said(home: Path) -> None:
    found = load(None, None, {"MINIMAX_API_KEY": ""})
    with pytest.raises(NoKey) as error:
        found.unlocked(found.account("minimax"))
    assert "MINIMAX_API_KEY in the environment (it is set, but empty)" in error.value.message
    assert "hailuo config set-key minimax" in (error.value.hint or "")


def test_a_variable_that_was_named_replaces_the_usual_one(home: Path) -> None:
    path = file(home, '[profiles.a.providers.minimax]\napi_key_env = "TEAM_KEY"\n')
    assert not load(path, None, {"MINIMAX_API_KEY": KEY}).account("minimax").has_key
    assert load(path, None, {"TEAM_KEY": KEY}).account("minimax").key_source == "TEAM_KEY in the environment"


def test_E9_a_relay_never_gets_the_key_of_the_provider_whose_protocol_it_speaks(written: Path) -> None:
    found = load(written, "work", {"MINIMAX_API_KEY": KEY})
    relay = found.account("myrelay")
    assert relay.base_url == "https://relay.example.com"
    assert relay.provider is PROVIDERS["minimax"]
    assert relay.key is None
    with pytest.raises(NoKey, match="MYRELAY_KEY"):
        found.unlocked(relay)
    written.write_text(WHOLE.replace('api_key_env = "MYRELAY_KEY"', ""))
    unnamed = load(written, "work", {"MINIMAX_API_KEY": KEY})
    assert unnamed.account("myrelay").key is None
    with pytest.raises(NoKey):
        unnamed.unlocked(unnamed.account("myrelay"))


def test_a_relay_uses_the_key_that_is_named_for_it(written: Path) -> None:
    theirs = load(written, "work", {"MYRELAY_KEY": "theirs"}).account("myrelay").key
    assert theirs is not None
    assert theirs.reveal() == "theirs"


@pytest.mark.parametrize(
    "text",
    [KEY, f"  {KEY}\n", f"\ufeff{KEY}", f"{KEY}\r\n", f"\u00a0{KEY}\u00a0", f'"{KEY}"', f"'{KEY}'", f'  "{KEY}"\n'],
)
def test_E15_what_copying_adds_to_a_key_is_taken_off(text: str) -> None:
    assert cleaned_key(text, "the test").reveal() == KEY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        '""',
        "a b",
        "a\nb",
        "a\r\nX-Evil: 1",
        "a\0b",
        "schlüssel",
        "a\u200bb",
        "\x1b[2J",
        "k" * 10_000,
        "a\tb",
        '" "',
    ],
)
def test_E15_what_no_key_can_be_is_refused_before_any_network_and_never_shown(text: str) -> None:
    with pytest.raises(AuthError) as error:
        cleaned_key(text, "the test")
    assert error.value.exit == 3
    assert "the test" in error.value.message
    assert len(error.value.message) < 200
    assert error.value.message.isprintable()


def test_a_key_shows_itself_as_a_mask() -> None:
    key = cleaned_key(KEY, "x")
    assert KEY[:8] not in f"{key} {key!r} {[key]} {load(None, None, {'MINIMAX_API_KEY': KEY}).account('minimax')}"


@POSIX
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_E17_a_key_in_a_file_that_others_can_read_is_used_with_a_warning_that_says_the_fix(
    mode: int, home: Path
) -> None:
    path = file(home, '[profiles.a.providers.minimax]\napi_key = "from-file"\n')
    path.chmod(mode)
    found = load(path, None, {})
    for _ in range(2):
        assert found.account("minimax").has_key
    assert found.warnings == [f"{path} holds a key and others can read it; chmod 600 {path}"]


@POSIX
def test_E17_a_private_file_or_one_without_a_key_gets_no_warning(home: Path, written: Path) -> None:
    for profile, mode in (("work", 0o600), ("work", 0o400), ("personal", 0o644)):
        written.chmod(mode)
        found = load(written, profile, {})
        for name in found.names:
            found.account(name)
        assert found.warnings == []


@POSIX
def test_E17_a_key_in_somebody_else_s_file_is_not_used(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = file(home, '[profiles.a.providers.minimax]\napi_key = "from-file"\n')
    if os.geteuid() == 0:
        os.chown(path, 12345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(AuthError, match="belongs to another user") as error:
        load(path, None, {})
    assert error.value.exit == 3
    assert f"install -m 600 {path} hailuo.toml" in (error.value.hint or "")
    with pytest.raises(AuthError):
        writer.assign(path, {("default_profile",): "a"})


@POSIX
@pytest.mark.parametrize(("mode", "who"), [(0o602, "everybody"), (0o666, "everybody"), (0o620, "its group")])
def test_a_file_that_others_can_write_to_is_not_read_at_all(mode: int, who: str, home: Path) -> None:
    path = file(home, '[profiles.a.providers.minimax]\nbase_url = "https://evil.example"\n')
    path.chmod(mode)
    if os.geteuid() == 0:
        os.chown(path, -1, 12345)  # a group that is nobody's own
    with pytest.raises(AuthError, match=f"{who} .*can write") as error:
        load(path, None, {"MINIMAX_API_KEY": KEY})
    assert error.value.hint == f"chmod go-w {path}"
    path.chmod(0o600)
    assert load(path, None, {}).account("minimax").base_url == "https://evil.example"


def test_a_key_that_cannot_be_used_stops_only_its_own_provider() -> None:
    found = load(None, None, {"MINIMAX_API_KEY": "a b", "PIXAZO_API_KEY": KEY})
    assert found.unlocked(found.account("pixazo")).key
    with pytest.raises(AuthError):
        found.unlocked(found.account("minimax"))


def test_E16_a_key_written_into_a_file_that_others_can_read_closes_it(home: Path) -> None:
    path = file(home, 'default_profile = "a"\n[profiles.a]\n')
    path.chmod(0o644)
    writer.assign(path, {("profiles", "a", "timeout"): "20m"})
    assert path.stat().st_mode & 0o777 == 0o644
    writer.assign(path, {("profiles", "a", "providers", "minimax", "api_key"): KEY})
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_command_runs_only_when_the_key_is_needed(home: Path) -> None:
    mark = home / "ran"
    code = f"import pathlib; pathlib.Path({str(mark)!r}).touch(); print('from-command'); print('a second line')"
    script = home / "key.py"
    script.write_text(code)
    path = file(home, f"[profiles.a.providers.minimax]\napi_key_command = '''\"{sys.executable}\" \"{script}\"'''\n")
    found = load(path, None, {})
    account = found.account("minimax")
    assert account.has_key
    assert found.chosen(None).name == "minimax"
    assert not mark.exists()
    key = found.unlocked(account).key
    assert mark.exists()
    assert key is not None
    assert key.reveal() == "from-command"


@pytest.mark.parametrize(
    "command",
    [
        "no-such-command-anywhere get key",
        f"'{sys.executable}' -c 'raise SystemExit(3)'",
        f"'{sys.executable}' -c ''",
    ],
)
def test_a_key_command_that_gives_no_key_exits_3_and_names_itself(home: Path, command: str) -> None:
    path = file(home, tomli_w.dumps({"profiles": {"a": {"providers": {"minimax": {"api_key_command": command}}}}}))
    found = load(path, None, {})
    with pytest.raises(NoKey) as error:
        found.unlocked(found.account("minimax"))
    assert error.value.exit == 3


def test_the_sandbox_needs_no_key() -> None:
    found = load(None, None, {})
    sandbox = found.account("sandbox")
    assert sandbox.has_key
    assert found.unlocked(sandbox) is sandbox


# writing


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("timeout", "20m", "20m"),
        ("timeout", "90", 90),
        ("max_cost", "1.50", Decimal("1.50")),
        ("max_cost", "1", 1),
        ("duration", "6", 6),
        ("duration", "six", "six"),
        ("watermark", "true", True),
        ("watermark", "yes", "yes"),
        ("provider", "7", "7"),
        ("camera", "push in", "push in"),
        ("nonsense", "x", "x"),
    ],
)
def test_a_value_of_the_command_line_takes_the_type_its_name_wants(name: str, text: str, value: object) -> None:
    found = schema.typed(("profiles", "personal", name), text)
    assert (found, type(found)) == (value, type(value))
    assert str(found) == str(value)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("default_profile",), "work"),
        (("profiles", "personal", "timeout"), "1h"),
        (("profiles", "personal", "camera"), ["pan left"]),
        (("profiles", "personal", "providers", "pixazo", "api_key"), "new"),
        (("profiles", "personal", "providers", "minimax", "api_key"), "new"),
        (("profiles", "new one", "output"), 'say "hi".mp4'),
        (("profiles", "work", "providers", "minimax", "base_url"), "https://api.minimax.io"),
    ],
)
def test_one_value_is_set_and_everything_else_stays_comments_included(where: tuple[str, ...], value: Any) -> None:
    text = WHOLE.replace("[profiles.personal]\n", "# mine\n[profiles.personal]  # and this\n")
    wanted = tomllib.loads(text)
    table: Any = wanted
    for name in where[:-1]:
        table = table.setdefault(name, {})
    table[where[-1]] = value
    new = writer.edited(text, where, value)
    assert tomllib.loads(new) == wanted
    assert "# mine\n" in new
    assert "# and this" in new
    assert len(set(text.splitlines()) - set(new.splitlines())) <= 1


def test_one_value_is_taken_out_and_everything_else_stays_comments_included() -> None:
    text = WHOLE.replace("[profiles.personal]\n", "# mine\n[profiles.personal]  # and this\n")
    new = writer.edited(text, ("profiles", "personal", "timeout"), writer.NOTHING)
    assert new == text.replace('timeout = "20m"\n', "")
    with pytest.raises(UsageError, match=r"profiles\.personal\.timeout is not in the file"):
        writer.edited(new, ("profiles", "personal", "timeout"), writer.NOTHING)
    exact = writer.edited(text, ("profiles", "personal", "max_cost"), Decimal("1.10"))
    assert "max_cost = 1.10\n" in exact
    budget = writer.edited(text, ("profiles", "personal", "budget", "day"), Decimal(5))
    assert "[profiles.personal.budget]" in budget
    assert "budget" not in writer.edited(budget, ("profiles", "personal", "budget", "day"), writer.NOTHING)
    whole_table = writer.edited(text, ("profiles", "work", "providers", "myrelay"), writer.NOTHING)
    assert "myrelay" not in whole_table
    assert "# mine\n[profiles.personal]  # and this\n" in whole_table


def test_several_values_are_set_together_or_not_at_all(written: Path) -> None:
    before = written.read_bytes()
    changes: dict[tuple[str, ...], Any] = {
        ("profiles", "work", "timeout"): "5m",
        ("profiles", "work", "provider"): "nobody",
    }
    with pytest.raises(UsageError, match='no provider is called "nobody"'):
        writer.assign(written, changes)
    assert written.read_bytes() == before
    writer.assign(written, {**changes, ("profiles", "work", "provider"): "myrelay"})
    found = load(written, "work", {}).settings
    assert (found.timeout, found.provider) == (300, "myrelay")


def test_writers_at_once_lose_nothing(home: Path) -> None:
    path = home / "config.toml"
    names = [name for name, provider in PROVIDERS.items() if provider.key_env][:6]
    code = "import sys; from hailuo_cli.config import writer; from pathlib import Path; "
    code += "writer.assign(Path(sys.argv[1]), {('profiles', 'a', 'providers', sys.argv[2], 'api_key'): 'k' * 20})"
    running = [subprocess.Popen([sys.executable, "-c", code, str(path), name]) for name in names]
    assert [process.wait(60) for process in running] == [0] * len(names)
    assert set(load(path, "a", {}).settings.providers) == set(names)
    assert [entry.name for entry in home.iterdir() if entry.is_file()] == ["config.toml"]


def test_a_writer_that_never_gets_its_turn_says_so(written: Path) -> None:
    with (
        lock.locked(written),
        pytest.raises(DiskError, match="another process is changing"),
        lock.locked(written, patience=0.05),
    ):
        pass
    assert not list(written.parent.glob(".*"))


@pytest.mark.parametrize("where", [("default_profile", "x"), ("profiles", "personal", "timeout", "x")])
def test_setting_something_below_a_value_is_a_usage_error(written: Path, where: tuple[str, ...]) -> None:
    with pytest.raises(UsageError):
        writer.assign(written, {where: "y"})


def test_what_hailuo_would_not_read_back_is_not_written(written: Path) -> None:
    before = written.read_bytes()
    for where, value in (
        (("profiles", "personal", "timeout"), "soon"),
        (("profiles", "personal", "nonsense"), 1),
        (("profiles", "personal", "providers", "minimax", "base_url"), "http://x.example"),
    ):
        with pytest.raises(UsageError):
            writer.assign(written, {where: value})
    assert written.read_bytes() == before
    assert not list(written.parent.glob(".*toml*"))


def test_a_new_file_is_the_commented_template_and_never_replaces_one(home: Path) -> None:
    path = home / "deep" / "er" / "config.toml"
    writer.create(path)
    assert load(path, None, {}).profile == "personal"
    path.write_text("# mine\n")
    with pytest.raises(UsageError, match="is there already"):
        writer.create(path)
    assert path.read_text() == "# mine\n"


@POSIX
def test_E16_a_key_file_is_private_from_its_creation_under_any_umask(home: Path) -> None:
    before = os.umask(0)
    try:
        path = home / "new" / "config.toml"
        writer.assign(path, {("profiles", "personal", "providers", "minimax", "api_key"): KEY})
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@POSIX
def test_E16_a_key_is_private_in_the_very_first_moment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes: list[int] = []
    sync = os.fsync

    def seen(handle: int) -> None:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            modes.append(stat.S_IMODE(os.fstat(handle).st_mode))
        sync(handle)

    monkeypatch.setattr(os, "fsync", seen)
    before = os.umask(0)
    try:
        writer.write(home / "config.toml", f'api_key = "{KEY}"')
    finally:
        os.umask(before)
    assert modes
    assert set(modes) == {0o600}


@POSIX
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o400])
def test_G13_a_file_keeps_its_mode(written: Path, mode: int) -> None:
    written.chmod(mode)
    if os.geteuid() != 0 and not mode & 0o200:
        pytest.skip("it is read-only")
    writer.assign(written, {("default_profile",): "work"})
    assert stat.S_IMODE(written.stat().st_mode) == mode


@POSIX
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root writes anything")
def test_G12_a_read_only_file_is_left_alone(written: Path) -> None:
    written.chmod(0o400)
    before = written.read_bytes()
    with pytest.raises(DiskError, match="read-only"):
        writer.assign(written, {("default_profile",): "work"})
    assert written.read_bytes() == before


@POSIX
def test_G13_a_linked_dotfile_stays_a_link(written: Path, home: Path) -> None:
    (home / "dot").mkdir()
    real = home / "dot" / "real.toml"
    written.rename(real)
    written.symlink_to(real)
    writer.assign(written, {("default_profile",): "work"})
    assert written.is_symlink()
    assert tomllib.loads(real.read_text())["default_profile"] == "work"
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_G13_a_write_that_fails_leaves_the_old_file_whole_and_nothing_beside_it(
    written: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    before, beside = written.read_bytes(), sorted(written.parent.iterdir())
    with monkeypatch.context() as patch:
        if step == "fsync":
            patch.setattr(os, "fsync", full)
        else:
            patch.setattr(Path, "replace", full)
        with pytest.raises(DiskError, match="No space left") as error:
            writer.assign(written, {("default_profile",): "work"})
    assert error.value.exit == 9
    assert written.read_bytes() == before
    assert sorted(written.parent.iterdir()) == beside


def test_a_folder_in_place_of_the_file_is_a_disk_error(home: Path) -> None:
    (home / "config.toml").mkdir()
    with pytest.raises(DiskError):
        writer.assign(home / "config.toml", {("default_profile",): "x"})
    (home / "plain").touch()
    for path in (home / "config.toml", home / "plain" / "config.toml"):
        with pytest.raises(DiskError):
            writer.write(path, "x")


def test_a_value_that_is_no_valid_text_is_refused(written: Path) -> None:
    with pytest.raises(HailuoError):
        writer.assign(written, {("profiles", "personal", "output"): "caf\udce9.mp4"})


def test_the_example_of_the_design_is_read_whole(written: Path) -> None:
    found = load(written, None, {"PIXAZO_API_KEY": KEY})
    assert found.names[-len(PROVIDERS) :] == list(PROVIDERS)
    expected: Mapping[str, Any] = {"provider": "pixazo", "output": "{job}.mp4", "timeout": 1200, "max_cost": 1}
    assert {name: getattr(found.settings, name) for name in expected} == expected
    assert load(written, "work", {}).names == [*PROVIDERS, "myrelay"]


def test_the_settings_of_a_profile_are_typed(home: Path) -> None:
    text = """\
ledger = "postgresql://top/db"
[profiles.a]
output = "~/Videos/"
on_saved = "notify-send 'it is saved'"
timeout = "1h30m"
resolution = "768P"
[profiles.a.choice]
provider = "pixazo, minimax"
not = ["kie"]
[profiles.a.budget]
day = 5
month = 20.10
[profiles.a.mcp]
max_cost = 0.5
[profiles.a.providers.minimax.prices]
"hailuo-2.3 6 768P" = 0.28
"hailuo-3 2K/s" = 0.1
"""
    found = load(file(home, text), None, {"HOME": str(home)})
    settings = found.settings
    assert settings.output == f"{Path.home()}/Videos/"
    assert settings.on_saved == ("notify-send", "it is saved")
    assert settings.timeout == 5400
    assert settings.choice == Choice(provider=("pixazo", "minimax"), never=("kie",))
    assert settings.budget == Budget(Decimal(5), Decimal("20.10"))
    assert settings.mcp_max_cost == Decimal("0.5")
    assert found.account("minimax").prices == {
        ("hailuo-2.3", 6, "768P"): Decimal("0.28"),
        ("hailuo-3", None, "2K"): Decimal("0.1"),
    }
    assert found.account("minimax").defaults == {"resolution": "768P"}
    assert found.ledger == "postgresql://top/db"


def test_the_ledger_is_named_by_the_environment_then_the_profile_then_the_file(home: Path) -> None:
    path = file(home, 'ledger = "postgres://top/d"\n[profiles.a]\nledger = "postgres://mine/d"\n[profiles.b]\n')
    assert load(path, "a", {"HAILUO_LEDGER": "postgres://env/d"}).ledger == "postgres://env/d"
    assert load(path, "a", {}).ledger == "postgres://mine/d"
    assert load(path, "b", {}).ledger == "postgres://top/d"
    with pytest.raises(UsageError, match="HAILUO_LEDGER must not hold a password"):
        assert load(path, "a", {"HAILUO_LEDGER": "postgres://u:pw@env/d"}).ledger


def test_every_request_option_but_words_and_pictures_can_be_a_default() -> None:
    plain = {field.name for field in fields(Request)} - {"prompt", "image", "last_image", "params"}
    assert set(schema.REQUEST_OPTIONS) == plain | {"fit"}
    assert plain <= set(schema.PROFILE)
    assert plain <= set(schema.ENTRY)


def test_the_json_schema_that_is_shipped_is_the_one_of_the_table() -> None:
    """To write it again: hailuo config schema > hailuo_cli/config/config.schema.json"""
    assert json.loads(SHIPPED.read_text()) == json_schema()


def test_a_file_that_hailuo_writes_names_its_schema(home: Path) -> None:
    path = home / "config.toml"
    writer.create(path)
    first = path.read_text().splitlines()[0]
    assert first == f"#:schema {SHIPPED.as_uri()}"


def test_what_the_defaults_are_said_to_be_is_what_they_are() -> None:
    assert durations.seconds(schema.DEFAULT_TIMEOUT) == DEFAULT_TIMEOUT
    assert inspect.signature(naming.target).parameters["default"].default == schema.DEFAULT_OUTPUT


# inputs that have no error of their own


@pytest.mark.parametrize("text", ["  ", "\t", '""', "# put it here", " # later", "''"])
def test_a_variable_that_holds_no_key_is_none_and_the_file_is_asked(text: str, home: Path) -> None:
    path = file(home, '[profiles.a.providers.minimax]\napi_key = "from-file"\n')
    found = load(path, None, {"MINIMAX_API_KEY": text})
    assert found.account("minimax").key_source == f"api_key in {path}"
    alone = load(None, None, {"MINIMAX_API_KEY": text})
    assert not alone.account("minimax").has_key
    with pytest.raises(NoKey, match="it is set, but"):
        alone.unlocked(alone.account("minimax"))


@pytest.mark.parametrize(
    ("command", "seconds", "said"),
    [
        ("import time; time.sleep(60)", 0.5, "not done within"),
        ("import os, time; os.fork() or time.sleep(60)", 0.5, "not done within"),
        ("while True: print('k' * 1000)", 60, "more than 64 KiB"),
        ("raise SystemExit(3)", 60, "exit code 3"),
    ],
)
@POSIX
def test_a_key_command_that_never_ends_or_prints_without_end_is_left(command: str, seconds: float, said: str) -> None:
    with pytest.raises(NoKey, match=said):
        keys.printed(f'{sys.executable} -c "{command}"', "api_key_command in x", seconds=seconds)


def test_a_key_command_has_no_shell_and_that_is_said() -> None:
    with pytest.raises(NoKey) as error:
        keys.printed("no-such-command | head -n 1", "api_key_command in x")
    assert error.value.hint == "it is run without a shell; for pipes and variables write sh -c '…'"
    with pytest.raises(NoKey) as error:
        keys.printed("no-such-command --password hunter22", "api_key_command in x")
    assert "hunter22" not in f"{error.value.message}{error.value.hint}"


@POSIX
def test_a_home_folder_in_a_key_command_is_found(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(home))
    (home / "key.txt").write_text("from-home\n")
    assert keys.printed("cat ~/key.txt", "x") == "from-home"


@POSIX
@pytest.mark.parametrize(("place", "error"), [("/dev/zero", UsageError), ("/dev", DiskError), ("/dev/tty", DiskError)])
def test_a_device_is_no_config(place: str, error: type[HailuoError]) -> None:
    with pytest.raises(error):
        load(Path(place), None, {})


@POSIX
def test_nothing_and_a_pipe_can_be_a_config(home: Path) -> None:
    assert load(Path("/dev/null"), None, {}).data == {}
    os.mkfifo(home / "pipe", 0o600)
    assert load(home / "pipe", None, {}).data == {}
    ours, theirs = os.pipe()  # as in: hailuo --config <(pass show hailuo)
    os.write(theirs, b"[profiles.a]")
    os.close(theirs)
    assert load(Path(f"/dev/fd/{ours}"), None, {}).data == {"profiles": {"a": {}}}
    os.close(ours)
