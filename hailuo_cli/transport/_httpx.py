"""httpx and what it stands on (httpcore, h11), without what it imports for others: its command-line tool, and what httpcore runs its asynchronous half on.

These cost as much as httpx itself, and are imported wherever they happen to be installed.
"""

from __future__ import annotations

import sys

_unneeded = {name for name in ("click", "anyio", "trio") if name not in sys.modules}
sys.modules.update(dict.fromkeys(_unneeded))  # type: ignore[arg-type]
import h11  # noqa: E402
import httpcore  # noqa: E402
import httpx  # noqa: E402

for _name in _unneeded:
    del sys.modules[_name]

__all__ = ["h11", "httpcore", "httpx"]
