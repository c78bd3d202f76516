"""T11: the config file, as bytes, as text and as what was written into it."""

from __future__ import annotations

import copy
import tempfile
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import tomli_w
from hypothesis import assume
from hypothesis import strategies as st

from hailuo_cli.config import schema, writer
from hailuo_cli.config.keys import cleaned_key
from hailuo_cli.config.profiles import load
from hailuo_cli.errors import AuthError, HailuoError, UsageError
from hailuo_cli.providers import PROVIDERS
from hailuo_cli.request.pricing import Price, refuse_above

from .inputs import texts
from .target import seeds, target

FILES: list[str] = seeds("configs")
KEY_NAMES = sorted(
    {*schema.TOP, *schema.PROFILE, *schema.ENTRY, *schema.BUDGET, "personal", "minimax", "a.b", "a b", '"', "#"}
)
names = st.text(min_size=1, max_size=6) | st.sampled_from(KEY_NAMES)
scalars = st.text(max_size=12) | st.integers() | st.booleans() | st.floats(allow_nan=False) | st.dates()
values = scalars | st.lists(scalars, max_size=3)
documents = st.dictionaries(
    names, st.recursive(values, lambda inner: st.dictionaries(names, inner, max_size=3)), max_size=4
)
lines = st.sampled_from(
    ["[profiles.p]", "[profiles.p.providers.minimax]", "[[profiles]]", "default_profile = 'p'"]
) | st.builds(
    "{} = {}".format,
    st.sampled_from(KEY_NAMES),
    st.sampled_from(
        ["1", "0x" + "f" * 5000, "9" * 5000, "nan", "-inf", "1e999", "'x'", '"""', "[1]", "{}", "1979-05-27", "true"]
    ),
)
toml = (
    st.lists(lines, max_size=6).map("\n".join)
    | st.text("[]{}=.,\"'abprofilesdtimeout \n#", max_size=200)
    | documents.map(tomli_w.dumps)
    | texts
)


def read(content: bytes) -> None:
    """The whole way of a config file: its bytes, its text, its accounts."""
    with tempfile.NamedTemporaryFile(suffix=".toml") as file:
        file.write(content)
        file.flush()
        config = load(Path(file.name), None, {})
        for name in config.names:
            config.account(name)
        refuse_above(config.settings.max_cost, Price(Decimal(0), "free"), PROVIDERS["sandbox"])
        config.chosen("sandbox")


@target(
    content=toml.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=60),
    examples=[{"content": text.encode("latin-1")} for text in FILES],
)
def test_T11_any_bytes_are_a_config_or_a_usage_error(content: bytes) -> None:
    try:
        read(content)
    except HailuoError as error:
        assert error.exit in (2, 4)


said = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=5)
request_options = {
    "model": said,
    "duration": st.integers(1, 2**63 - 1),
    "resolution": said,
    "camera": said | st.lists(said, max_size=2),
    "prompt_optimizer": st.booleans(),
    "fast_pretreatment": st.booleans(),
    "watermark": st.booleans(),
    "webhook": st.just("https://h.example/x"),
}
variables = st.from_regex("[A-Z_]{1,9}", fullmatch=True)
commands = st.from_regex("[a-z]{1,9}( [a-z]{1,9})?", fullmatch=True)
entries = st.fixed_dictionaries(
    {},
    optional={
        "api_key": said,
        "api_key_env": variables,
        "api_key_command": commands,
        "webhook_secret": said,
        "webhook_secret_env": variables,
        "webhook_secret_command": commands,
        "base_url": st.sampled_from(["https://relay.example", "http://127.0.0.1:1/x"]),
        "protocol": st.sampled_from(sorted(PROVIDERS)),
        "camera_tags": st.sampled_from(["en", "zh"]),
        **request_options,
    },
)
profiles = st.fixed_dictionaries(
    {},
    optional={
        "provider": st.sampled_from(["cheapest", "fastest", *sorted(PROVIDERS)]),
        "output": said.filter(lambda text: text.strip() and not {*text} & {*"{}"}),
        "timeout": st.sampled_from(["20m", "1h30m"]) | st.integers(1, 1000) | st.floats(0.5, 1000),
        "poll_interval": st.sampled_from(["20s", 30]),
        "max_cost": st.integers(0, 10**6) | st.floats(0, 1e6),
        "providers": st.dictionaries(st.sampled_from(sorted(PROVIDERS)), entries, max_size=2),
        **request_options,
    },
)
configs = st.fixed_dictionaries({}, optional={"default_profile": said, "profiles": st.dictionaries(said, profiles)})


@target(config=configs)
def test_T11_what_was_written_is_read_back(config: dict[str, Any]) -> None:
    written = tomli_w.dumps(config)
    assert schema.parse(written, Path("c")) == tomllib.loads(written, parse_float=Decimal)


@target(
    document=documents, where=st.lists(names, min_size=1, max_size=4).map(tuple), value=values, comment=st.booleans()
)
def test_T11_what_is_set_is_read_back_and_nothing_else_changes(
    document: dict[str, Any], where: tuple[str, ...], value: Any, comment: bool
) -> None:
    wanted: Any = copy.deepcopy(document)
    table: Any = wanted
    for name in where[:-1]:
        table = table.setdefault(name, {})
        assume(isinstance(table, dict))
    table[where[-1]] = value
    text = tomli_w.dumps(document)
    if comment:
        text = f"# {where[-1]!r} = 1\n{text}# the end\n".replace("\n\n", "\n  # [x]\n\n")
    assert tomllib.loads(text) == document
    assert tomllib.loads(writer.edited(text, where, value)) == wanted


@target(name=names, text=texts | st.sampled_from(["9" * 5000, "1e999", "nan", "-0", "0x1", "²"]))
def test_T11_a_value_typed_for_the_config_is_kept_or_refused(name: str, text: str) -> None:
    where = ("profiles", "p", name)
    try:
        written = writer.edited("", where, schema.typed(where, text))
        schema.parse(written, Path("c"))
    except UsageError as error:
        assert error.exit == 2


@target(text=texts | st.text())
def test_T11_a_key_is_one_line_of_visible_ascii_and_cleaning_it_again_changes_nothing_but_quotes(text: str) -> None:
    try:
        key = cleaned_key(text, "x").reveal()
    except AuthError:
        return
    assert key.isascii()
    assert key.isprintable()
    assert " " not in key
    assert cleaned_key(f" {key}\n", "x").reveal() in (key, key[1:-1])
