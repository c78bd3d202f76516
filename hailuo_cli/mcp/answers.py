"""What an agent is told: a document as JSON, without keys and signed links; of an error also what goes on from it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..documents import error_document
from ..redaction import Redactor

if TYPE_CHECKING:
    from mcp.types import CallToolResult

    from ..errors import HailuoError
    from ..model import Job, NextStep

_LINK = re.compile(r"(https?://)(?:[^\s/?#\"'<>]*@)?([^\s?#\"'<>]*)[?#][^\s\"'<>]*", re.IGNORECASE)
_LOGIN = re.compile(r"(https?://)[^\s/?#\"'<>]*@", re.IGNORECASE)
_OPTION = re.compile(r"--([a-z][a-z-]+)")
_PERSONAL = re.compile(r"--(?:again|despite-unconfirmed|force|max-cost|never-sent|yes)\b")
"""What no tool takes: only a person says so, at the command line."""


class Answers:
    """Makes the answers of one call; `notes` are what was said on the way."""

    def __init__(self, redactor: Redactor, notes: Sequence[str] = ()) -> None:
        self._redactor = redactor
        self._notes = notes

    def of(self, document: Mapping[str, Any]) -> CallToolResult:
        """The answer of a call that went well."""
        return self._result(document)

    def failed(self, error: HailuoError) -> CallToolResult:
        """The answer of a call that did not: code, exit, message, hint and the job it is about."""
        told = error_document(error, advice(error))
        told["message"] = _in_our_words(told["message"])
        return self._result({"error": told}, is_error=True)

    def _result(self, document: Mapping[str, Any], *, is_error: bool = False) -> CallToolResult:
        from mcp.types import CallToolResult, TextContent

        notes = {"notes": list(dict.fromkeys(self._notes))} if self._notes else {}
        clean = _without_links(self._redactor.value({**document, **notes}))
        text = json.dumps(clean, ensure_ascii=False)
        return CallToolResult(
            content=[TextContent(type="text", text=text)], structured_content=clean, is_error=is_error
        )


def advice(error: HailuoError) -> str | None:
    """What to do about an error, in words and in the names of the tools."""
    hint = error.hint
    if hint and _PERSONAL.search(hint):
        hint = f"for a person to decide, at the command line: {hint}"
    elif hint:
        hint = _in_our_words(hint)
    step = _step(error.next_step) if error.next_step else None
    return "; ".join(text for text in (hint, step) if text) or None


def _step(step: NextStep) -> str | None:
    match step.action:
        case "wait" | "download" | "status" | "cancel":
            return "then: " + ", ".join(f"{step.action} {_name(job)}" for job in step.jobs)
        case "resolve" | "settle":
            return "never order it again; a person settles it: " + ", ".join(
                f"hailuo jobs resolve {job.id}" for job in step.jobs
            )
        case "jobs":
            return "the tool jobs lists them"
        case "providers":
            return "the tool quote tells every seller's price"
    return None


def _name(job: Job) -> str:
    return json.dumps({"job": job.ref or job.id})


def _in_our_words(text: str) -> str:
    """The options of the command line as the arguments of the tools: --dedupe-key is dedupe_key. A command stays one."""
    if "hailuo " in text:
        return text
    return _OPTION.sub(lambda found: found[1].replace("-", "_"), text)


def _without_links(value: Any) -> Any:
    """A JSON value whose addresses have lost what may be secret in them: a login, a query, a fragment."""
    if isinstance(value, str):
        return _LOGIN.sub(r"\1", _LINK.sub(r"\1\2", value)) if "://" in value else value
    if isinstance(value, dict):
        return {name: _without_links(inner) for name, inner in value.items()}
    return [_without_links(inner) for inner in value] if isinstance(value, list) else value
