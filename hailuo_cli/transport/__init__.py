"""Everything that touches the network, and the only package that knows httpx.

Two clients that never mix. `Session` talks to one configured origin with its key and follows no redirect.
`Fetcher` goes wherever a result address points, without key, cookies or netrc, and follows a few safe redirects.
"""

from .fetcher import Fetcher, Stream
from .session import Session

__all__ = ["Fetcher", "Session", "Stream"]
