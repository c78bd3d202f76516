"""docs/webhooks.md says what the adapters say."""

from __future__ import annotations

import re
from pathlib import Path

from hailuo_cli.providers import PROVIDERS, TellsWebhookSecret

PAGE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")


def test_the_table_of_signatures_is_that_of_the_adapters() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]*)\|$", PAGE, re.MULTILINE)
    calling = {name: provider for name, provider in PROVIDERS.items() if provider.webhook}
    assert [row[0] for row in rows] == list(calling)
    for name, asked_in, signature, secret in rows:
        provider = calling[name]
        webhook = provider.webhook
        assert webhook is not None
        assert asked_in == webhook.asked_in
        assert (not signature.startswith("none")) == (webhook.claim is not None)
        assert ("challenge" in signature) == (webhook.challenge is not None)
        assert secret.startswith("published at") == (webhook.key_set is not None)
        assert secret.startswith("asked for") == isinstance(provider, TellsWebhookSecret)
        assert secret.startswith("`webhook_secret`") == (
            webhook.claim is not None and not webhook.key_set and not isinstance(provider, TellsWebhookSecret)
        )
