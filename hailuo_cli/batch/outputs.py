"""Where the videos of rows are saved, and which of those places are no good."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from ..errors import UsageError
from ..saving import naming
from .rows import BadRow, Row, rule_of

DEFAULT = "{name}.mp4"
_FIELD = re.compile(r"\{\{|\}\}|\{(?:name|take)\}")


def absolute(template: str, folder: str) -> str:
    """A template as an absolute one: relative to a folder, `~` being the home folder. A folder gets DEFAULT inside.

    UsageError for stdout, for an empty text, and where there is no home folder.
    """
    if template == "-":
        raise UsageError("output cannot be stdout in a batch")
    if template.startswith("~"):
        template = os.path.expanduser(template)  # noqa: PTH111 - Path raises for a user that there is none of
    if not os.path.isabs(template):  # noqa: PTH117 - called for every row
        template = os.path.join(literal(folder), template)  # noqa: PTH118
    is_folder = template.endswith(("/", os.sep)) or ("{" not in template and os.path.isdir(template))  # noqa: PTH112
    return os.path.join(template, DEFAULT) if is_folder else template  # noqa: PTH118


def template_of(row: Row) -> str:
    """The template of a row with its id filled in: what `--output` would be for it alone."""
    return _FIELD.sub(lambda found: row.id if found[0] == "{name}" else found[0], row.output)


def template_of_take(row: Row, take: int) -> str:
    """The same for one take: `.take-2` before the ending where the template has no place for it."""
    template = str(naming.for_take(template_of(row), take))
    return _FIELD.sub(lambda found: str(take) if found[0] == "{take}" else found[0], template)


def bad_outputs(rows: Iterable[Row], folder: Path, *, allow_outside: bool) -> list[BadRow]:
    """The rows whose output cannot be a name, is outside the folder, or is another row's as well."""
    bad: list[BadRow] = []
    taken: dict[str, str] = {}
    inside = os.path.join(os.path.normpath(folder.absolute()), "")  # noqa: PTH118
    for row in rows:
        for take in range(1, row.takes + 1):
            try:
                path = os.path.normpath(_expected_path(row, take))
            except UsageError as error:
                bad.append(BadRow(row.id, row.line, f"output: {rule_of(error).removeprefix('--output ')}"))
                break
            if not allow_outside and not path.startswith(inside):
                rule = f"output {path} is outside the folder of the file; --allow-outside allows it"
                bad.append(BadRow(row.id, row.line, rule))
                break
            # names that differ in case alone are one file on many disks
            other = taken.setdefault(unicodedata.normalize("NFC", path).casefold(), row.id)
            if other != row.id:
                bad.append(BadRow(row.id, row.line, f"output {path} is that of {other} too; put {{name}} into it"))
                break
            if take > 1 and _same_for_all_takes(row):
                bad.append(BadRow(row.id, row.line, "output is the same for every take; put {take} into it"))
                break
    return bad


def _expected_path(row: Row, take: int) -> str:
    """The path of one take, as far as it is known before the order."""
    template = template_of_take(row, take)
    # what has nothing left to fill in need not be looked at on the disk for this
    return str(naming.target(template, _known(row, take))) if "{" in template or "}" in template else template


def _same_for_all_takes(row: Row) -> bool:
    return template_of_take(row, 1) == template_of_take(row, 2)


def _known(row: Row, take: int) -> dict[str, str]:
    """Stand-ins for the fields of a template: those that no two orders share are told apart, the others are alike."""
    own = f"{row.id}-{take}"
    said = {name: str(row.options.get(name, name)) for name in ("provider", "model", "duration", "resolution")}
    return {"job": own, "id": own, "ref": own, "date": "date", "time": "time", "prompt": row.prompt, **said}


def literal(path: str) -> str:
    """A path as a template that means just it."""
    return path.replace("{", "{{").replace("}", "}}")
