"""Which IP addresses are of the public internet, and what an address becomes with TLS."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from hailuo_cli.errors import UnsafeReply
from hailuo_cli.urls import is_public, must_be_safe, with_tls

INSIDE = [
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "127.0.0.1",
    "0.0.0.0",  # noqa: S104 - an address to be judged
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.8",
    "192.0.0.170",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fc00::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:192.0.0.8",
    "::10.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b::192.0.0.8",
    "64:ff9b:1::8.8.8.8",
    "2002:a00:1::1",
    "2002:7f00:1::",
    "2002:c000:8::",
]
OUTSIDE = [
    "8.8.8.8",
    "93.184.216.34",
    "192.0.1.1",
    "2606:4700::1111",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_D4_a_private_address_in_any_form_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_D4_a_public_address_in_any_form_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", INSIDE)
def test_D4_a_name_that_leads_inside_is_unsafe_by_any_of_its_addresses(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(*_: Any, **__: Any) -> list[Any]:
        return [(0, 0, 0, "", (one, 443)) for one in ("8.8.8.8", address)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(UnsafeReply, match="private network"):
        must_be_safe("https://cdn.example/clip.mp4", "https://api.example")


@pytest.mark.parametrize(
    ("given", "tls"),
    [
        ("http://cdn.example/a?b=1#c", "https://cdn.example/a?b=1#c"),
        ("http://cdn.example:80/a", "https://cdn.example/a"),
        ("http://cdn.example:8080/a", "https://cdn.example:8080/a"),
        ("HTTP://CDN.example/a", "https://CDN.example/a"),
        ("https://cdn.example:80/a", "https://cdn.example:80/a"),
        ("ftp://cdn.example/a", "ftp://cdn.example/a"),
        ("http://[", "http://["),
    ],
)
def test_E7_an_address_with_tls_is_the_same_one(given: str, tls: str) -> None:
    assert with_tls(given) == tls
