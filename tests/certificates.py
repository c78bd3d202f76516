"""Certificates for servers of tests. Their one key opens nothing else; GOOD and OLD, of the year 2000, are for 127.0.0.1."""

from __future__ import annotations

import ssl
from pathlib import Path

_KEY = """
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgzGRlerlOnN4h3R5dODf4/TD4bGcB0GDVgWaNei+H1uuhRANCAAQQ
DJSRdCFjbumv3Siu6e+PYUTTbszLlBj35Zg7s9j9GsQO6YSmOQk2T00p7Z5CC+7G9WiUc+tMsoFQYPxpAdm2"""
GOOD = """
MIIBcjCCARigAwIBAgIBATAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAxoYWlsdW8gdGVzdHMwIBcNMjAwMTAxMDAwMDAwWhgPMjEy
MDAxMDEwMDAwMDBaMBcxFTATBgNVBAMMDGhhaWx1byB0ZXN0czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBAMlJF0IWNu6a/d
KK7p749hRNNuzMuUGPflmDuz2P0axA7phKY5CTZPTSntnkIL7sb1aJRz60yygVBg/GkB2bajUzBRMA8GA1UdEQQIMAaHBH8AAAEw
DwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAoQwHQYDVR0OBBYEFI1JgxCW6ywMfEc/pY1NYDnAUnxWMAoGCCqGSM49BAMC
A0gAMEUCIA5IF2Gm8nlYmFgKExxoLkvc6e4Phmoit6o1yRApqTDJAiEAqLyL9DLKlvE/Fr7N2ZBb9lXyvbA8KNb//Hb8D268SvY="""
OLD = """
MIIBbzCCARagAwIBAgIBAjAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAxoYWlsdW8gdGVzdHMwHhcNMDAwMTAxMDAwMDAwWhcNMDEw
MTAxMDAwMDAwWjAXMRUwEwYDVQQDDAxoYWlsdW8gdGVzdHMwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQQDJSRdCFjbumv3Siu
6e+PYUTTbszLlBj35Zg7s9j9GsQO6YSmOQk2T00p7Z5CC+7G9WiUc+tMsoFQYPxpAdm2o1MwUTAPBgNVHREECDAGhwR/AAABMA8G
A1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgKEMB0GA1UdDgQWBBSNSYMQlussDHxHP6WNTWA5wFJ8VjAKBggqhkjOPQQDAgNH
ADBEAiBS0FOOsKKKjcXuwLUqQ3rDEQogads2F5266ZT50I1OegIgN2f5voD7EdILoWvOYz8HszN6xo3hlKbdcT+uCmYajS8="""
WORLD = """
MIIBlDCCATqgAwIBAgIBAzAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAxoYWlsdW8gdGVzdHMwIBcNMjAwMTAxMDAwMDAwWhgPMjExOTEy
MDgwMDAwMDBaMBcxFTATBgNVBAMMDGhhaWx1byB0ZXN0czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBAMlJF0IWNu6a/dKK7p749h
RNNuzMuUGPflmDuz2P0axA7phKY5CTZPTSntnkIL7sb1aJRz60yygVBg/GkB2bajdTBzMDEGA1UdEQQqMCiCC2hhaWx1by50ZXN0gg0q
LmhhaWx1by50ZXN0hwQBAgMEhwQBAgMFMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgKEMB0GA1UdDgQWBBSNSYMQlussDHxH
P6WNTWA5wFJ8VjAKBggqhkjOPQQDAgNIADBFAiEA3BGQ8N2cfr+nV3vwN3/RJYjGbT5Wr7UMN9v/Q2vqSPQCIHG8E66auZscru/DLEIy
1NBA0P/brnxBaKvAzASr7Me3"""
"""For api.hailuo.test and other names below hailuo.test, 1.2.3.4 and 1.2.3.5."""


def pem(kind: str, text: str) -> str:
    return f"-----BEGIN {kind}-----\n{text.strip()}\n-----END {kind}-----\n"


def certified(home: Path, certificate: str) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS side, and the file to trust it by."""
    cert, key = home / "cert.pem", home / "key.pem"
    cert.write_text(pem("CERTIFICATE", certificate))
    key.write_text(pem("PRIVATE KEY", _KEY))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, cert
