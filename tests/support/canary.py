"""The one key of the whole suite, in characters that every encoding writes differently, and how to find it anywhere.

Nothing that hailuo prints, writes or sends to a stranger may hold even the first eight characters of it.
"""

from __future__ import annotations

import base64
from urllib.parse import quote

KEY = "cana+ry/key=0123456789~"
SIGNATURE = "s3cret"
"""In the query of every address of a video: shown only where it is asked for."""


def spellings(secret: str) -> frozenset[bytes]:
    """The first eight characters of a secret as text, in an address, and in base64 wherever it stands in there."""
    first = secret[:8].encode()
    found = {first, quote(first, safe="").encode(), quote(first, safe="").lower().encode()}
    for before in range(3):
        packed = base64.b64encode(bytes(before) + first)[-(-before * 8 // 6) : (before + len(first)) * 8 // 6]
        found |= {packed, packed.translate(bytes.maketrans(b"+/", b"-_"))}
    return frozenset(found)


_KEY = spellings(KEY)


def shown_in(data: str | bytes) -> list[str]:
    """Every spelling of the key that is in there."""
    content = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    return sorted(spelling.decode() for spelling in _KEY if spelling in content)
