"""Self-signed certificates for 127.0.0.1, and the TLS side of a server that has one."""

from __future__ import annotations

import ssl
from pathlib import Path

# TLS. The key opens nothing but these tests; the certificates are for 127.0.0.1, one of them is of the year 2000.
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
