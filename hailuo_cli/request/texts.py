"""The one check that every text option passes before it reaches a ledger, a header or a path."""

from __future__ import annotations

import unicodedata

from ..errors import UsageError

LONGEST = 255
"""Characters of a name: a key, a label, a model."""


def checked(text: str, option: str, *, longest: int = LONGEST, lines: bool = False) -> str:
    """The text as it is. UsageError, naming the option, for one that is empty or blank, longer than `longest`
    characters, not valid Unicode, or holds control characters (with `lines`, line breaks and tabs are let through).
    """
    if not text.strip():
        raise UsageError(f"{option} is empty", hint=f"give it a text, or omit {option}")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise UsageError(f"{option} is not valid text: it has an unpaired surrogate", hint="type it as UTF-8")
    allowed = "\n\r\t" if lines else ""
    odd = next((letter for letter in text if unicodedata.category(letter) == "Cc" and letter not in allowed), None)
    if odd:
        raise UsageError(f"{option} holds the control character U+{ord(odd):04X}", hint="remove it")
    if len(text) > longest:
        raise UsageError(f"{option} has {len(text)} characters; at most {longest} are taken", hint="shorten it")
    return text
