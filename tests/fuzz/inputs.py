"""What is fed to the targets: hostile text, documented answers bent out of shape, bodies that are no answers at all."""

from __future__ import annotations

import copy
import gzip
import json
from typing import Any

from hypothesis import strategies as st

from tests.providers.test_conformance import paths

from .target import seeds

CONTROLS = "\x00\x07\x08\t\n\r\x1b\x7f\x9b\u200b\u202e\u2028\ufeff\ud800\udfff[]{}/\\%:?#@"
texts = st.text(st.characters(categories=None) | st.sampled_from(CONTROLS), max_size=40)
"""Any text at all, half characters included."""
ADDRESSES: list[str] = seeds("addresses")
addresses = (
    st.sampled_from(ADDRESSES)
    | st.builds(
        "{}{}{}{}{}".format,
        st.sampled_from(["https://", "http://", "HTTPS://", "//", "file://", "https:", ""]),
        st.sampled_from(["", "u@", "u:p@", "@"]),
        st.sampled_from(["cdn.example", "10.0.0.1", "localhost", "inside.example", "[::1]", "127.1", "a..b"]) | texts,
        st.sampled_from(["", ":443", ":0", ":x", "/", "?", "#", "."]),
        texts,
    )
    | texts
)
numbers = st.integers() | st.integers(-(10**400), 10**400) | st.floats() | st.sampled_from([10**300, -1, 0, 1e308])
leaves = st.none() | st.booleans() | numbers | texts | addresses
jsons = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8
)


@st.composite
def bent(draw: st.DrawFn, value: Any) -> Any:
    """A documented answer with a few places dropped, filled with something else or wrapped once more."""
    for _ in range(draw(st.integers(0, 3))):
        places = list(paths(value))
        if not places:
            return draw(jsons)
        *before, last = draw(st.sampled_from(places))
        value = copy.deepcopy(value)
        inner = value
        for key in before:
            inner = inner[key]
        how = draw(st.sampled_from(["drop", "fill", "list", "object", "repeat"]))
        if how == "drop":
            del inner[last]
        elif how == "fill":
            inner[last] = draw(leaves)
        else:
            inner[last] = {"list": [inner[last]], "object": {"x": inner[last]}, "repeat": f"{inner[last]}" * 50}[how]
    return value


NO_ANSWERS = [seed["piece"].encode("latin-1") * seed["times"] for seed in seeds("bodies")]
"""What came instead of JSON somewhere: nested without end, cut, empty, in another encoding."""
raw_bodies = st.binary(max_size=200) | st.sampled_from(NO_ANSWERS)


def bodies(value: Any) -> st.SearchStrategy[bytes]:
    """An answer as it travels: mostly JSON that looks like the documented one."""
    return bent(value).map(lambda reply: json.dumps(reply).encode()) | raw_bodies


@st.composite
def packed(draw: st.DrawFn, content: st.SearchStrategy[bytes]) -> tuple[bytes, str]:
    """A body and its Content-Encoding, which may lie."""
    body, encoding = (
        draw(content),
        draw(st.sampled_from(["", "", "", "identity", "gzip", "deflate", "br", "gzip, gzip"])),
    )
    return (gzip.compress(body) if encoding == "gzip" and draw(st.booleans()) else body), encoding


header_texts = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=40)
