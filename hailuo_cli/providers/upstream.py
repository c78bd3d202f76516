"""What MiniMax's own documents say and its resellers pass on: error codes, and what each model makes."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import AuthError, BalanceError, ContentRefused, HailuoError, InvalidRequest, RateLimited, ServerTrouble
from ..model import Mode, Model, Shape

# https://platform.minimax.io/docs/api-reference/errorcode, every one of them; 1013 is on the pages about files
CODES: Mapping[str, type[HailuoError]] = {
    **dict.fromkeys(("1000", "1001", "1013", "1024", "1033"), ServerTrouble),
    # requests, tokens, connections, growth, and the allowance of five hours
    **dict.fromkeys(("1002", "1039", "1041", "2045", "2056"), RateLimited),
    **dict.fromkeys(("1004", "2049"), AuthError),
    "1008": BalanceError,
    **dict.fromkeys(("1026", "1027"), ContentRefused),
    # parameters; invisible characters; the rest is about voices
    **dict.fromkeys(("2013", "1042", "1043", "1044", "20132", "2037", "2039", "2042", "2048"), InvalidRequest),
}
RETRY_LATER = frozenset({"1000", "1001", "1013", "1024", "1033"})
"""Codes whose page says "retry later" and not that nothing was taken: after an order they are doubt."""
MODERATION = frozenset({"1026", "1027", "input new_sensitive", "output new_sensitive"})
"""How MiniMax's moderation shows in a sentence that a reseller passes on."""

# https://platform.minimax.io/docs/api-reference/video-generation-intro
HAILUO = ((6, "768P"), (10, "768P"), (6, "1080P"))
"""Hailuo 2.3, 2.3-Fast and 02: 10 s only at 768P."""
P512 = ((6, "512P"), (10, "512P"))
"""Hailuo 02 besides, not between two frames."""
P720 = ((6, "720P"),)
"""The 01 series."""
STANDARD = ((6, "768P"), (10, "768P"))
PRO = ((6, "1080P"),)


def tier(
    name: str, *, pro: bool = False, family: str = "hailuo-2.3", modes: tuple[Mode, ...], limit: int = 2000
) -> Model:
    """A tier that stands for a resolution: standard is 768P, pro is 1080P in one length, and neither has a field for it."""
    return Model(
        name,
        family=family,
        modes=modes,
        variants=PRO if pro else STANDARD,
        prompt_limit=limit,
        missing_fields=frozenset({"resolution", "duration"} if pro else {"resolution"}),
    )


# https://platform.minimax.io/docs/api-reference/video-generation-v2-create
H3 = "hailuo-3"
H3_PROMPT = 7000
H3_RATIO = "16:9"
"""The aspect ratio where a provider insists on one and `--param` does not name it; an image brings its own."""


def h3(*resolutions: str, shortest: int = 4) -> tuple[Shape, ...]:
    """MiniMax H3: every whole second up to 15, 6 s first, as for the models before it."""
    seconds = sorted(range(shortest, 16), key=lambda s: s != 6)
    return tuple((s, resolution) for resolution in resolutions for s in seconds)
