"""What the providers' pages ask for a video: the one file to edit when prices change.

To update: read the page again, correct the amounts, and set `seen` of that list to the day (or month) of reading.
A model is named by its id at the provider, or by the beginning of several ids and a star; an amount by
"SECONDS RESOLUTION" for a clip or "RESOLUTION/s" for a second of it. What no page says is left out: it is unknown, and
unknown is never 0. Amounts are texts, so that they are exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ..model import Shape

STALE_DAYS = 180
"""A price that was read longer ago has to be looked up again."""


@dataclass(frozen=True)
class Rate:
    """What one unit of a currency was worth in USD on a day."""

    usd: Decimal
    source: str
    seen: str


@dataclass(frozen=True)
class Amount:
    """A listed price: in the page's own currency, and in USD at a dated rate."""

    amount: Decimal
    currency: str
    usd: Decimal
    source: str
    seen: str
    """The day or month of reading; empty where nobody read it on a page."""
    rate: Rate | None = None
    """What `usd` was worked out with, where the page is not in USD."""

    @property
    def origin(self) -> str:
        """Where the price comes from, in words."""
        if self.rate is None:
            return f"{self.source} ({self.seen})" if self.seen else self.source
        return (
            f"{self.amount:f} {self.currency}, {self.source} ({self.seen}), at {self.rate.usd:f} USD ({self.rate.seen})"
        )


@dataclass(frozen=True)
class PriceList:
    """The prices of one page. `rate` is None where they are in USD."""

    source: str
    seen: str
    rows: Mapping[str, Mapping[str, str]]
    currency: str = "USD"
    rate: Rate | None = None

    def find(self, model: str, shape: Shape) -> Amount | None:
        """What a model asks for a duration and resolution; None where this page does not say."""
        seconds, resolution = shape
        for name, amounts in self.rows.items():
            if name == model or (name.endswith("*") and model.startswith(name[:-1])):
                clip, second = amounts.get(f"{seconds} {resolution}"), amounts.get(f"{resolution}/s")
                if clip is None and second is None:
                    continue
                amount = Decimal(clip) if clip is not None else Decimal(second or 0) * seconds
                usd = amount * self.rate.usd if self.rate else amount
                return Amount(amount, self.currency, usd, self.source, self.seen, self.rate)
        return None


def days_since(seen: str, today: date) -> int:
    """The age of a price in days; a month counts from its first day."""
    return (today - date.fromisoformat(seen if len(seen) > 7 else f"{seen}-01")).days


YUAN = Rate(Decimal("0.1502"), "https://frankfurter.dev/currencies/usd/cny: 6.66 CNY for 1 USD", "2026-11-26")
"""Where it is wrong it should be too high: a limit in USD then holds back too much, and never too little."""
CREDIT = Rate(Decimal("0.01"), "https://apiin.one/model/hailuo-2-3: 30 to 85 credits are $0.30 to $0.85", "2026-10")

H3_LIKE_MINIMAX = {"768P/s": "0.08", "2K/s": "0.13"}
HAILUO_23_FAST = {"6 768P": "0.19", "10 768P": "0.32", "6 1080P": "0.33"}

LISTS: Mapping[str, tuple[PriceList, ...]] = {
    "pixelbyte": (
        PriceList(
            "https://developer.pixelbyte.app/docs/models/video/minimax-plus",
            "2026-02-18",
            {
                "minimax-plus/hailuo-2.3-standard/*": {"768P/s": "0.035"},
                "minimax-plus/hailuo-2.3-pro/*": {"6 1080P": "0.05"},
                "minimax-plus/hailuo-2.3-fast/*": {"768P/s": "0.025"},
                "minimax-plus/hailuo-2.3-fast-pro/*": {"6 1080P": "0.035"},
            },
        ),
    ),
    "pixazo": (
        PriceList(
            "https://www.pixazo.ai/models/hailuo",
            "2026-03-31",
            {"minimax-hailuo-ai": {"6 768P": "0.35", "10 768P": "0.60", "6 1080P": "0.35"}},
        ),
    ),
    "apiinone": (
        PriceList(
            "https://apiin.one/model/hailuo-2-3",
            "2026-10",
            {
                # pro is 45 to 85 credits, and not said which for what
                "hailuo-2-3": {"6 768P": "30", "10 768P": "45", "6 1080P": "45"},
                "hailuo/2-3-image-to-video-standard": {"6 768P": "30", "10 768P": "45", "6 1080P": "45"},
            },
            currency="credits",
            rate=CREDIT,
        ),
    ),
    "minimax": (
        # Hailuo's own prices are in no copy of the page
        PriceList("https://platform.minimax.io/docs/guides/pricing-paygo", "2026-10", {"MiniMax-H3": H3_LIKE_MINIMAX}),
    ),
    "fal": (
        PriceList(
            "https://fal.ai/models, the llms.txt of each model",
            "2026-10",
            {
                "fal-ai/minimax/hailuo-2.3/standard/*": {"6 768P": "0.28", "10 768P": "0.56"},
                "fal-ai/minimax/hailuo-2.3/pro/*": {"6 1080P": "0.49"},
                "fal-ai/minimax/hailuo-2.3-fast/*": HAILUO_23_FAST,
                "fal-ai/minimax/hailuo-02/standard/text-to-video": {"6 768P": "0.27", "10 768P": "0.45"},
                "fal-ai/minimax/hailuo-02/standard/image-to-video": {"768P/s": "0.045", "512P/s": "0.017"},
                "fal-ai/minimax/hailuo-02/pro/*": {"6 1080P": "0.48"},
                "minimax/h3/*": {"480P/s": "0.05", "768P/s": "0.06", "2K/s": "0.13", "4K/s": "0.16"},
            },
        ),
    ),
    "replicate": (
        PriceList(
            "https://replicate.com/minimax",
            "2026-10",
            {"minimax/hailuo-2.3-fast": HAILUO_23_FAST, "minimax/h3": H3_LIKE_MINIMAX},
        ),
    ),
    "openrouter": (
        PriceList(
            "https://openrouter.ai/minimax/hailuo-2.3",
            "2026-10",
            {
                # the page has one price for a second, which is that of 1080P elsewhere
                "minimax/hailuo-2.3": {"768P/s": "0.0817", "1080P/s": "0.0817"},
                "minimax/hailuo-3": {"2K/s": "0.13"},
            },
        ),
    ),
    "wavespeed": (
        PriceList(
            "https://wavespeed.ai/docs/docs-api/minimax",
            "2026-10",
            {
                "minimax/hailuo-2.3/t2v-standard": {"6 768P": "0.23", "10 768P": "0.56"},
                "minimax/hailuo-2.3/i2v-standard": {"6 768P": "0.28", "10 768P": "0.56"},
                "minimax/hailuo-2.3/t2v-pro": {"6 1080P": "0.49"},
                "minimax/hailuo-2.3/i2v-pro": {"6 1080P": "0.49"},
                "minimax/hailuo-2.3/fast": {"6 768P": "0.19", "10 768P": "0.32"},
                "minimax/hailuo-02/i2v-standard": {"6 768P": "0.28", "10 768P": "0.56"},
            },
        ),
    ),
    # Atlas Cloud's pages give what others ask for a clip as the price of a second; unknown until one is corrected
    "muapi": (
        PriceList(
            "https://muapi.ai/minimax-hailuo",
            "2026-10",
            {
                # prices are "a request"; whether ten seconds cost more is not said, so only six have one
                "minimax-hailuo-2.3-standard-*": {"6 768P": "0.36"},
                "minimax-hailuo-2.3-pro-*": {"6 1080P": "0.63"},
                "minimax-hailuo-2.3-fast": {"6 768P": "0.24"},
                "minimax-hailuo-02-standard-t2v": {"6 768P": "0.30"},
                # of the size it takes by itself
                "minimax-hailuo-02-standard-i2v": {"6 512P": "0.15"},
                "minimax-hailuo-02-pro-*": {"6 1080P": "0.60"},
            },
        ),
    ),
    "ppio": (
        PriceList(
            "https://ppio.com/docs/models/reference-minimax-hailuo-2.3-t2v",
            "2026-10",
            {
                "minimax-hailuo-2.3-fast-i2v": {"6 768P": "1.35", "10 768P": "2.25", "6 1080P": "2.3"},
                "minimax-hailuo-2.3-*": {"6 768P": "2", "10 768P": "4", "6 1080P": "3.5"},
            },
            currency="CNY",
            rate=YUAN,
        ),
    ),
    "kie": (
        PriceList(
            "https://kie.ai/pricing",
            "2026-10",
            {
                "hailuo/2-3-image-to-video-pro": {"6 768P": "0.22", "10 768P": "0.45", "6 1080P": "0.39"},
                "minimax-h3/*": H3_LIKE_MINIMAX,
            },
        ),
    ),
    "sandbox": (
        PriceList(
            "it runs on your own machine", "2026-10", {"animatic": dict.fromkeys(("6 768P", "10 768P", "6 1080P"), "0")}
        ),
    ),
}
