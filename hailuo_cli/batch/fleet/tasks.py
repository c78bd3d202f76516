"""One take of a row on its way to a worker: everything that the order needs, pictures by their content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePath
from typing import Any

from ...errors import UsageError
from .. import states
from ..planning import Take
from ..rows import BatchFile, Row


@dataclass(frozen=True)
class OrderTask:
    """What a worker is told. `output` is a template from the worker's own root; `images` are hashes by their words.

    `known` are the orders that were made for the take before it was enqueued: any later one stands for this task.
    """

    batch: str
    id: str
    take: int
    prompt: str
    provider: str
    options: Mapping[str, Any]
    output: str
    request_hash: str
    price_usd: str | None = None
    max_cost: float | None = None
    images: Mapping[str, str] = field(default_factory=dict)
    known: Sequence[str] = ()
    choice: Mapping[str, Any] | None = None
    """How the seller was chosen."""
    is_reordered: bool = False
    """A changed or failed row: what was ordered before does not stand for it."""
    form: str | None = None
    """A hash of what the row said; see `form`."""

    @property
    def key(self) -> str:
        """The dedupe key of the order."""
        return states.dedupe_key(self.batch, self.id, self.take)

    def document(self) -> dict[str, Any]:
        """The task as JSON."""
        return {**asdict(self), "known": list(self.known)}

    def row(self, root: Path, images: Mapping[str, str]) -> Row:
        """The row as a batch on this machine would have it: under `root`, with pictures at these paths."""
        options = {name: images.get(value, value) if _is_image(name) else value for name, value in self.options.items()}
        return Row(
            id=self.id,
            line=None,
            prompt=self.prompt,
            options=options,
            max_cost=self.max_cost,
            output=f"{str(root.absolute()).replace('{', '{{').replace('}', '}}')}/{self.output}",
        )


def task_of(take: Take, batch: BatchFile, known: Sequence[str]) -> OrderTask:
    """A take of a plan as a task; UsageError where its video would not be inside the folder of the file."""
    prepared, row = take.prepared, take.row
    # what was chosen here is said, so that a worker's own defaults change nothing
    options = {**prepared.account.defaults, **row.options, "provider": prepared.account.name}
    options |= {"model": prepared.model, "duration": prepared.duration, "resolution": prepared.resolution}
    output = _inside(row.output, batch.folder, row.id)
    return OrderTask(
        batch=batch.name,
        id=row.id,
        take=take.number,
        prompt=row.prompt,
        provider=prepared.account.name,
        options=options,
        output=output,
        request_hash=prepared.request_hash,
        price_usd=None if prepared.price.usd is None else str(prepared.price.usd),
        max_cost=row.max_cost,
        images=dict(prepared.images),
        known=known,
        choice=prepared.choice,
        is_reordered=bool(known) and take.state in ("changed", "failed"),
        form=form(row, output, prepared.request_hash),
    )


def form(row: Row, output: str, request_hash: str) -> str:
    """A hash of what a row says, whoever sells it where that was left open, and wherever its pictures are."""
    said = [row.id, request_hash, output, row.max_cost, row.options.get("provider")]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def read(document: Mapping[str, Any]) -> OrderTask:
    """A task from its JSON; what a newer version says beside it is passed over."""
    return OrderTask(**{name: value for name, value in document.items() if name in OrderTask.__dataclass_fields__})


def _is_image(option: str) -> bool:
    return option in ("image", "last_image")


def _inside(output: str, folder: Path, row_id: str) -> str:
    """A row's absolute template as one from the folder of its file."""
    plain = str(folder.absolute()).replace("{", "{{").replace("}", "}}")
    try:
        return PurePath(output).relative_to(plain).as_posix()
    except ValueError:
        raise UsageError(
            f"{row_id}: {output} is outside the folder of the file, and workers save under roots of their own",
            hint="a path from the file's folder",
        ) from None
