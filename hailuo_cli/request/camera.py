"""Camera commands: from the portable words of `--camera` to each provider's bracket tags, and back.

The words themselves are facts of the providers: `providers/camera_words.py`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence

from ..errors import UsageError
from ..model import Move, NextStep

Words = Mapping[Move, str]
Step = tuple[Move, ...]
"""Moves that run at the same time."""

MOST_AT_ONCE = 3
_TAG = re.compile(r"[\[［【]([^\[\]［］【】]{1,80})[\]］】]")
_SEPARATOR = re.compile(r"\s*[,，、+]\s*")


def step(text: str) -> Step:
    """Read one `--camera` value, "push in + tilt up"; UsageError names the nearest known move."""
    return tuple(_move(word) for word in _SEPARATOR.split(text.strip()))


def tag(moves: Step, words: Words) -> str:
    """Write one step in a provider's words: "[Push in,Tilt up]"."""
    return "[" + ",".join(words[move] for move in moves) + "]"


def directed(prompt: str, camera: Sequence[str], words: Words) -> str:
    """The prompt followed by one tag for each `--camera` value, in sequence."""
    return " ".join([prompt, *(tag(step(text), words) for text in camera)])


def tags(prompt: str) -> Iterator[tuple[str, ...]]:
    """Every bracket tag typed in a prompt, as the words in it."""
    for found in _TAG.finditer(prompt):
        yield tuple(_SEPARATOR.split(found[1].strip()))


def steps(prompt: str, words: Words) -> list[Step]:
    """The moves that the tags of a prompt ask for, in sequence; words that are no command are left out."""
    known = {word.casefold(): move for move, word in words.items()}
    found = (tuple(known[w.casefold()] for w in tag if w.casefold() in known) for tag in tags(prompt))
    return [moves for moves in found if moves]


def doubts(prompt: str, words: Words) -> Iterator[str]:
    """A warning for every tag typed in the prompt that the provider does not document."""
    typed = list(tags(prompt))
    known = {word.casefold(): word for word in words.values()} if typed else {}
    for tag in typed:
        for word in tag:
            if word.casefold() not in known:
                near = difflib.get_close_matches(word.casefold(), known, n=1, cutoff=0.5)
                nearest = f"; the nearest it does is [{known[near[0]]}]" if near else ""
                yield f"[{word}] is no camera command that this provider documents{nearest}"
        if len(tag) > MOST_AT_ONCE:
            yield f"{len(tag)} moves at once in one tag; at most {MOST_AT_ONCE} are recommended"


def _move(word: str) -> Move:
    name = " ".join(word.strip("[] ").casefold().replace("-", " ").split())
    if name in set(Move):
        return Move(name)
    near = difflib.get_close_matches(name, list(Move), n=1, cutoff=0.3)
    hint = f'nearest: --camera "{near[0]}"' if near else None
    raise UsageError(f'"{word}" is not a camera move', hint=hint, next_step=NextStep("camera"))
