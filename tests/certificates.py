"""TLS for a loopback server. The key opens nothing but these tests.

Both certificates are signed by themselves: one for 127.0.0.1 and provider.example until 2120, one for 127.0.0.1 that
ended in 2001. A wrong name is any other name for this machine (localhost); self-signed is what nobody was told to trust.
"""

from __future__ import annotations

import ssl
from pathlib import Path

_KEY = """
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgzGRlerlOnN4h3R5dODf4/TD4bGcB0GDVgWaNei+H1uuhRANCAAQQ
DJSRdCFjbumv3Siu6e+PYUTTbszLlBj35Zg7s9j9GsQO6YSmOQk2T00p7Z5CC+7G9WiUc+tMsoFQYPxpAdm2"""
_GOOD = """
MIIBhTCCASqgAwIBAgIBAzAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAxoYWlsdW8gdGVzdHMwIBcNMDAwMTAxMDAwMDAwWhgPMjEy
MDAxMDEwMDAwMDBaMBcxFTATBgNVBAMMDGhhaWx1byB0ZXN0czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBAMlJF0IWNu6a/d
KK7p749hRNNuzMuUGPflmDuz2P0axA7phKY5CTZPTSntnkIL7sb1aJRz60yygVBg/GkB2bajZTBjMCEGA1UdEQQaMBiHBH8AAAGC
EHByb3ZpZGVyLmV4YW1wbGUwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAoQwHQYDVR0OBBYEFI1JgxCW6ywMfEc/pY1N
YDnAUnxWMAoGCCqGSM49BAMCA0kAMEYCIQCcEsV/tuSsehU/hUGUgTNShSs+0jevZilkx5/gTjypoQIhAI8DN++6UEz0HFzqPBM0
5lZQwx0x0KglQcP06tj/sWM2"""
_OLD = """
MIIBbzCCARagAwIBAgIBAjAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAxoYWlsdW8gdGVzdHMwHhcNMDAwMTAxMDAwMDAwWhcNMDEw
MTAxMDAwMDAwWjAXMRUwEwYDVQQDDAxoYWlsdW8gdGVzdHMwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAQQDJSRdCFjbumv3Siu
6e+PYUTTbszLlBj35Zg7s9j9GsQO6YSmOQk2T00p7Z5CC+7G9WiUc+tMsoFQYPxpAdm2o1MwUTAPBgNVHREECDAGhwR/AAABMA8G
A1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgKEMB0GA1UdDgQWBBSNSYMQlussDHxHP6WNTWA5wFJ8VjAKBggqhkjOPQQDAgNH
ADBEAiBS0FOOsKKKjcXuwLUqQ3rDEQogads2F5266ZT50I1OegIgN2f5voD7EdILoWvOYz8HszN6xo3hlKbdcT+uCmYajS8="""


def certified(folder: Path, *, expired: bool = False) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS side, and the file to trust it by."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    cert.write_text(_pem("CERTIFICATE", _OLD if expired else _GOOD))
    key.write_text(_pem("PRIVATE KEY", _KEY))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context, cert


def _pem(kind: str, text: str) -> str:
    return f"-----BEGIN {kind}-----\n{text.strip()}\n-----END {kind}-----\n"
