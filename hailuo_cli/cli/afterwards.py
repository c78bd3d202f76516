"""What happens once films are saved, as this terminal does it: labels, documents, programs, notices."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from . import front_end
from .options import AfterOptions, SaveOptions

if TYPE_CHECKING:
    from ..client import Client
    from ..films.after import After
    from ..model import Job
    from ..orders.context import Context


@dataclass(frozen=True)
class Afterwards:
    """The steps after saving, for as long as one command runs. `tell` shows a warning beside the display."""

    after: After
    context: Context
    notifies: bool
    environ: dict[str, str]

    def finish(self, job: Job, tell: Callable[[str], None]) -> Job:
        """Label and describe a film before it is told of."""

        def note(job: Job, sha256: str, size: int) -> Job:
            return self.context.ledger.note(job, sha256=sha256, bytes=size)

        return self.after.finish(job, note, tell)

    def hand_on(self, job: Job, tell: Callable[[str], None]) -> None:
        """Run the program that was asked for."""
        self.after.hand_on(job, tell)

    def ended(self, done: int, failed: int, name: str | None) -> None:
        """Tell the person that it is done: how many, or the one film by its name."""
        if not self.notifies:
            return
        from ..films import notify, programs

        what = f"saved {name}" if name and not failed else f"{done} saved, {failed} failed"
        notice = notify.planned(what, os.environ, sys.platform, shutil.which)
        if notice.program and not programs.run(notice.program, self.environ, timeout=notify.SECONDS):
            return
        if sys.stderr is not None and sys.stderr.isatty():
            sys.stderr.write(notice.terminal)
            sys.stderr.flush()


def refuse_without_waiting(options: AfterOptions) -> None:
    """For a command that only orders: what was asked for would never be done."""
    for field in fields(options):
        if getattr(options, field.name):
            name = f"--{field.name.replace('_', '-')}"
            raise UsageError(f"{name} is done once a video is saved", hint=f"add --wait, or give {name} to hailuo wait")


def planned(
    client: Client, context: Context, options: AfterOptions, saving: SaveOptions, *, save: bool = True
) -> Afterwards | None:
    """What was asked for by options or by the profile, checked; None where that is nothing."""
    settings = client.config.settings

    def either(name: str) -> Any:
        given = getattr(options, name)
        return getattr(settings, name) if given is None else given

    wanted = {name: either(name) for name in ("label", "write_info_json", "on_saved", "notify")}
    if all(value in (None, False) for value in wanted.values()):
        return None
    from ..films.after import plan

    environ = front_end.keyless(client)
    after = plan(
        label=save and bool(wanted["label"]),
        info=save and bool(wanted["write_info_json"]),
        command=wanted["on_saved"] if save else None,
        to_pipe=saving.output == "-",
        environ=environ,
        which=shutil.which,
        stdout=sys.stderr,
        is_windows=sys.platform == "win32",
    )
    return Afterwards(after, context, bool(wanted["notify"]), environ)
