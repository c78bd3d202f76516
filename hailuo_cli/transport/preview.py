"""What a request would look like on its way, for `--dry-run`."""

from __future__ import annotations

import json
from typing import Any

from ..model import MASK
from ..providers import Provider
from ..wire import Call, Upload
from .bodies import described


def shown(request: Call | Upload, provider: Provider, base_url: str) -> dict[str, Any]:
    """What would go out for a request, with the key masked and images named, as plain values."""
    if isinstance(request, Upload):
        return {"method": "PUT", "url": request.url, "headers": dict(request.headers), "body": request.image.label}
    headers = {**provider.auth(MASK), **request.headers}
    body = None
    if request.form is not None:
        body = {
            name: value if isinstance(value, str) else f"<{value.label}: {value.size} bytes>"
            for name, value in request.form.items()
        }
        headers["Content-Type"] = "multipart/form-data"
    elif request.body is not None:
        body = json.loads(json.dumps(request.body, default=described))
        headers["Content-Type"] = "application/json"
    url = provider.origin(request, base_url.rstrip("/")) + request.path
    return {"method": request.method, "url": url, "query": dict(request.query), "headers": headers, "body": body}
