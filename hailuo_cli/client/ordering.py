"""What options mean, what is checked before an order, and which seller gets it: the same for every front end."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, Unpack

from .. import durations
from ..errors import UsageError
from ..orders.options import WaitOptions
from .opening import Opening

if TYPE_CHECKING:
    from ..choosing.fallback import Walk
    from ..choosing.ordering import Placed
    from ..choosing.quotes import Quote
    from ..config.profiles import Account
    from ..orders.context import Context
    from ..orders.delivery import Delivery
    from ..orders.prepare import Prepared
    from ..orders.submit import Terms
    from ..orders.takes import Ordered
    from ..request.build import Stdin


class Ordering(Opening):
    """From options to orders that are paid for once."""

    def delivery(self, *, save: bool = True, **options: Unpack[WaitOptions]) -> Delivery:
        """How to wait and where to save: options, then the profile, then the defaults."""
        from ..orders.delivery import DEFAULT_TIMEOUT, MAX_SIZE, Delivery
        from ..request import build

        settings = self.config.settings

        def seconds(name: Literal["timeout", "poll_interval"], otherwise: float | None) -> float | None:
            value = options.get(name)
            if value is None:
                return otherwise
            try:
                return durations.seconds(str(value))
            except UsageError as error:
                error.message = f"--{name.replace('_', '-')}: {error.message}"
                raise

        max_size = options.get("max_size")
        if options.get("output") == "":
            raise UsageError("--output is empty", hint="name a file or a folder, or omit --output")
        return Delivery(
            timeout=seconds("timeout", settings.timeout) or DEFAULT_TIMEOUT,
            poll_interval=seconds("poll_interval", settings.poll_interval),
            output=options.get("output"),
            default_output=settings.output,
            force=options.get("force", False),
            max_size=build.size(max_size) if max_size is not None else MAX_SIZE,
            save=save,
        )

    def terms(self, command: str, how: Delivery, options: Mapping[str, Any]) -> Terms:
        """How an order is paid, from options and the profile."""
        from ..orders import spending
        from ..orders.duplicates import Again
        from ..orders.submit import Terms
        from ..request import build, texts

        limit = options.get("max_cost")
        for option, name in (("--dedupe-key", "dedupe_key"), ("--name", "name")):
            if options.get(name) is not None:
                texts.checked(options[name], option)
        return Terms(
            command=command,
            dedupe_key=options.get("dedupe_key"),
            again=Again(bool(options.get("again")), bool(options.get("despite_unconfirmed"))),
            max_cost=self.config.settings.max_cost if limit is None else build.usd("--max-cost", limit),
            budget=build.usd("--budget", options.get("budget")),
            allowance=spending.allowance(
                self.config.settings.budget, build.usd("--assume-price", options.get("assume_price"))
            ),
            output=_absolute(how.output) if how.output and not how.pipe else None,
            label=options.get("name"),
        )

    @contextlib.contextmanager
    def checked(
        self,
        context: Context,
        values: Mapping[str, Any],
        terms: Terms,
        how: Delivery,
        *,
        takes: int = 1,
        stdin: Stdin | None = None,
        ask_price: bool = False,
    ) -> Iterator[Prepared]:
        """What `values` ask for, with a seller chosen, every local rule kept and the image files open; nothing is ordered.

        A key or a ledger is not needed for that: what is missing is a warning.
        """
        with self._walk(context, values, terms, how, takes, stdin, rehearsal=True) as walk:
            ready = walk.ready(terms, rehearsal=True, ask_price=ask_price)
            self._warn_of(ready)
            yield ready

    def order(
        self,
        context: Context,
        values: Mapping[str, Any],
        terms: Terms,
        how: Delivery,
        *,
        takes: int = 1,
        stdin: Stdin | None = None,
        address: Callable[[Account], str] | None = None,
    ) -> Ordered:
        """Order what `values` ask for, after everything local is known: one job a take, with those that were there.

        `address` gives each order a webhook of its own.
        """
        with self.placed(context, values, terms, how, takes=takes, stdin=stdin, address=address) as placed:
            return placed.made

    @contextlib.contextmanager
    def placed(
        self,
        context: Context,
        values: Mapping[str, Any],
        terms: Terms,
        how: Delivery,
        *,
        takes: int = 1,
        stdin: Stdin | None = None,
        address: Callable[[Account], str] | None = None,
    ) -> Iterator[Placed]:
        """The same, with the way on: as long as the block runs the image files are open, so that another seller can be
        asked for what one did not make.
        """
        from ..choosing.ordering import Placed
        from ..orders import takes as every_take

        with self._walk(context, values, terms, how, takes, stdin) as walk:
            walk.address = address
            self._warn_of(walk.ready(terms))
            yield Placed(walk, terms, every_take.order(walk.order, terms, takes))

    @contextlib.contextmanager
    def _walk(
        self,
        context: Context,
        values: Mapping[str, Any],
        terms: Terms,
        how: Delivery,
        takes: int,
        stdin: Stdin | None,
        *,
        rehearsal: bool = False,
    ) -> Iterator[Walk]:
        """The sellers that can do what `values` ask for, in the order in which they are to be asked."""
        from ..choosing import choosing
        from ..choosing.fallback import Walk
        from ..config.paths import data_folder
        from ..request import build, images

        wish = choosing.wish_of(context.config, values)
        with contextlib.closing(build.Asked(values, stdin or build.no_stdin)) as asked:
            selection = choosing.chosen(context, wish, asked, terms, rehearsal=rehearsal)
            for line in selection.explained() if wish.is_choice else ():
                context.log(line)
            folder = data_folder(self._environ) / "images"
            yield Walk(
                context, selection, how, takes, choosing.fallback(values), keep=lambda order: images.kept(order, folder)
            )

    def _warn_of(self, ready: Prepared) -> None:
        """What was done to the images, and what is doubtful about an order."""
        for image in ready.order.request.fitted:
            done = f"{'; '.join(image.notes)} ({image.width} × {image.height}, {image.size:,} bytes)"
            self._front_end.say(f"{image.label}: {done}")
        for warning in ready.warnings:
            self._front_end.warn(warning)

    def quotes(
        self, context: Context, values: Mapping[str, Any], *, ask: bool = False, stdin: Stdin | None = None
    ) -> list[Quote]:
        """The same with the context in hand."""
        from ..choosing.quotes import quotes
        from ..request import build

        terms = self.terms("quote", self.delivery(save=False), values)
        with contextlib.closing(build.Asked(values, stdin or build.no_stdin)) as asked:
            return quotes(context, values, asked, terms, ask=ask)


def _absolute(output: str) -> str:
    ending = os.sep if output.endswith(os.sep) else ""
    return os.path.abspath(os.path.expanduser(output)) + ending  # noqa: PTH100, PTH111 - it is a template
