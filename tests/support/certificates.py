"""TLS for a loopback server. The key opens nothing but these tests.

Both certificates are signed by themselves: one until 2119 for 127.0.0.1, provider.example and the hosts of
tests/support/world.py (1.2.3.4, 1.2.3.5, hailuo.test and below), one for 127.0.0.1 that ended in 2001. A wrong name is any other name for this machine (localhost); self-signed is what nobody was told to trust.
"""

from __future__ import annotations

import ssl
from pathlib import Path

_KEY = """
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgzGRlerlOnN4h3R5dODf4/TD4bGcB0GDVgWaNei+H1uuhRANCAAQQ
DJSRdCFjbumv3Siu6e+PYUTTbszLlBj35Zg7s9j9GsQO6YSmOQk2T00p7Z5CC+7G9WiUc+tMsoFQYPxpAdm2"""
_GOOD = """
MIIBrTCCAVSgAwIBAgIBBDAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAxoYWlsdW8gdGVzdHMwIBcNMDAwMTAxMDAwMDAwWhgPMjEyMDAx
MDEwMDAwMDBaMBcxFTATBgNVBAMMDGhhaWx1byB0ZXN0czBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBAMlJF0IWNu6a/dKK7p749h
RNNuzMuUGPflmDuz2P0axA7phKY5CTZPTSntnkIL7sb1aJRz60yygVBg/GkB2bajgY4wgYswSQYDVR0RBEIwQIcEfwAAAYIQcHJvdmlk
ZXIuZXhhbXBsZYINKi5oYWlsdW8udGVzdIILaGFpbHVvLnRlc3SHBAECAwSHBAECAwUwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8E
BAMCAoQwHQYDVR0OBBYEFI1JgxCW6ywMfEc/pY1NYDnAUnxWMAoGCCqGSM49BAMCA0cAMEQCIHlFP0utoJ0dFV33rodl7/pAXDJhrB+4
ZdyqNS2KCC6AAiBUP6AQcbGqc/VnPSo8L4xOjmhza/PiTJY2qSZDg/zX5w=="""
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
