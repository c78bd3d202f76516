"""`hailuo providers`: who sells what, at which price, and whether a key is found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import Unsupported, UsageError
from ..model import FAMILY_ALIASES, Mode
from ..request import pricing
from ..request.rules import resolution
from . import complete, front_end
from .show import Result, Show, table, terminal_width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..config.profiles import Account
    from ..model import Model
    from ..providers import Provider
    from ..providers.prices import Amount
    from .flags import Globals


WORDS = {Mode.TEXT: "text", Mode.IMAGE: "image", Mode.FIRST_LAST: "last"}
FEW = 3
"""How many lengths of a model have a line each."""


def providers(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Everything about one.", autocompletion=complete.providers)
    ] = None,
    model: Annotated[
        str | None, typer.Option(metavar="ID", help="Who sells this model.", autocompletion=complete.models)
    ] = None,
    mode: Annotated[str | None, typer.Option(metavar="text|image|last", help="Who sells this kind of video.")] = None,
    sells: Annotated[
        str | None,
        typer.Option(metavar="1080P", help="Who sells this resolution.", autocompletion=complete.resolutions),
    ] = None,
    ask_balance: Annotated[
        bool, typer.Option("--balance", help="Also ask NAME how much is left (needs the key and network).")
    ] = False,
) -> Result:
    """List providers, models, modes, limits and prices, and where each key was found."""
    flags = ctx.find_root().obj
    show = Show(flags)
    if ask_balance:
        return _balance(flags, show, name)
    config = front_end.client(flags, show).config
    wanted = Wanted.read(model, mode, sells)
    accounts = [config.account(name)] if name else [config.account(known) for known in config.names]
    rows = [(account, found) for account in accounts if (found := wanted.among(account.provider.models))]
    if not rows:
        raise Unsupported("nobody sells that", hint="hailuo providers, with fewer of --model, --mode and --sells")
    data = {"providers": [described(account, found) for account, found in rows]}
    return Result(data, _one(*rows[0]) if name else _all(rows, wanted))


@dataclass(frozen=True)
class Wanted:
    """What the list of offers is narrowed to; None: anything."""

    model: str | None = None
    mode: Mode | None = None
    resolution: str | None = None

    @classmethod
    def read(cls, model: str | None, mode: str | None, sells: str | None) -> Wanted:
        """The filters as they were typed; UsageError for a mode that is none."""
        words = {word: kind for kind, word in WORDS.items()} | {kind.value: kind for kind in Mode}
        if mode is not None and mode not in words:
            raise UsageError(f"--mode {mode} is not a kind of video", hint="--mode text, image or last")
        family = FAMILY_ALIASES.get((model or "").lower(), model)
        return cls(family, words[mode] if mode else None, resolution(sells) if sells else None)

    def among(self, models: Sequence[Model]) -> list[Model]:
        return [
            model
            for model in models
            if self.model in (None, model.id, model.family)
            and (self.mode is None or self.mode in model.modes)
            and any(self.resolution in (None, r) for _, r in model.variants)
        ]


def _balance(flags: Globals, show: Show, name: str | None) -> Result:
    from ..orders import lookup

    with front_end.opened(flags, show) as (_, context):
        account = context.config.chosen(name)
        left = lookup.balance(context, account)
    if left is None:
        raise Unsupported(f"{account.name} documents no way to ask for the balance", hint=account.provider.docs)
    return Result({"provider": account.name, "balance": left}, [left])


def described(account: Account, models: Sequence[Model]) -> dict[str, Any]:
    """One provider, with some of its models, as plain values."""
    from ..providers import Cancels

    provider = account.provider
    return {
        "name": account.name,
        "title": provider.title,
        "protocol": provider.name,
        "base_url": account.base_url,
        "upload_url": _second_host(account),
        "docs": provider.docs,
        "key": {"found": account.has_key, "source": account.key_source or None, "env": provider.key_env},
        "local_images": provider.local_images,
        "remote_images": provider.remote_images,
        "image_limit": provider.image_limit,
        "options": sorted(provider.options),
        "camera": bool(provider.camera),
        "poll_seconds": provider.poll_seconds,
        "keeps": provider.retention or None,
        "limits": str(provider.limits) if provider.limits else None,
        "cancels": isinstance(provider, Cancels),
        "models": [_model(account, model) for model in models],
    }


def _second_host(account: Account) -> str | None:
    """The provider's own host for files, unless a base_url of the user's gets them."""
    return account.provider.upload_url if account.base_url.rstrip("/") == account.provider.base_url else None


def _model(account: Account, model: Model) -> dict[str, Any]:
    prices = {shape: pricing.offered(account, model, shape) for shape in model.variants}
    listed = next(filter(None, prices.values()), None)
    return {
        "id": model.id,
        "family": model.family,
        "modes": [mode.value for mode in model.modes],
        "prompt_limit": model.prompt_limit,
        "usual_seconds": model.usual_seconds,
        "makes": [
            {
                "duration": duration,
                "resolution": resolution,
                "price": float(price.amount) if price else None,
                "unit": price.currency if price else None,
            }
            for (duration, resolution), price in prices.items()
        ],
        "price_source": listed.source if listed else None,
        "price_seen": (listed.seen or None) if listed else None,
    }


def _all(rows: Sequence[tuple[Account, Sequence[Model]]], wanted: Wanted) -> list[str]:
    """Who can be used right away first, then who needs a key: names, what is sold, and one price to compare."""
    shape = (6, wanted.resolution or "768P")
    header = ["PROVIDER", "MODES", "MODELS", f"{shape[0]} s {shape[1]}"]
    able, others = ([row for row in rows if row[0].has_key is state] for state in (True, False))
    cells = [
        [*_offer(account, models, shape), "found" if account.key_source else "not needed"] for account, models in able
    ]
    cells += [[*_offer(account, models, shape), account.provider.key_env or ""] for account, models in others]
    lines = table(cells, [*header, "KEY, OR TO SET"], terminal_width())
    if able and others:
        lines.insert(len(able) + 1, "")
    notes = "t text, i image, l last frame; - not sold, ? no price published; more: hailuo providers NAME"
    return [*lines, "", notes]


def _offer(account: Account, models: Sequence[Model], shape: tuple[int, str]) -> list[str]:
    modes = {mode for model in models for mode in model.modes}
    selling = [model for model in models if shape in model.variants]
    price = pricing.offered(account, selling[0], shape) if selling else None
    return [
        account.name,
        " ".join(word[0] for mode, word in WORDS.items() if mode in modes),
        " ".join(dict.fromkeys(model.family.removeprefix("hailuo-") for model in models)),
        _amount(price) if selling else "-",
    ]


def _amount(price: Amount | None, unknown: str = "?") -> str:
    return unknown if price is None else f"{float(price.amount):g} {price.currency}" if price.amount else "free"


def _images(provider: Provider) -> str:
    files = f"files smaller than {provider.image_limit // 1024 // 1024} MiB" if provider.local_images else ""
    return " or ".join(filter(None, (files, "https addresses" if provider.remote_images else "")))


def _one(account: Account, models: Sequence[Model]) -> list[str]:
    provider = account.provider
    lines = [
        f"{account.name}: {provider.title}, {account.base_url}",
        f"documents: {provider.docs}",
        f"key: {account.key_source or ('not needed' if provider.key_env is None else f'none; set {provider.key_env}')}",
        f"images: {_images(provider)}",
        f"options: {', '.join(sorted(provider.options)) or 'none'}",
    ]
    if second := _second_host(account):
        lines.append(f"files and the key also go to: {second}")
    if provider.retention:
        lines.append(f"keeps a video for: {provider.retention}")
    if provider.limits:
        lines.append(f"limits: {provider.limits}")
    rows = [[model.id, _modes(model), *cells] for model in models for cells in _sizes(model, account)]
    lines += ["", *table(rows, ["MODEL", "MODES", "TIME", "SIZE", "PRICE"], terminal_width())]
    listed = [pricing.offered(account, model, shape) for model in models for shape in model.variants]
    pages = dict.fromkeys((price.source, price.seen) for price in listed if price)
    lines += (
        ["", *(f"prices: {source}" + (f", seen {seen}" if seen else "") for source, seen in pages)] if pages else []
    )
    return lines


def _modes(model: Model) -> str:
    return " ".join(WORDS[mode][0] for mode in model.modes)


def _sizes(model: Model, account: Account) -> Iterator[list[str]]:
    """Lengths, size and price: a line each, or one line for many lengths."""
    for size in dict.fromkeys(r for _, r in model.variants):
        lengths = sorted(d for d, r in model.variants if r == size)
        if len(lengths) <= FEW:
            yield from (
                [f"{d} s", size, _amount(pricing.offered(account, model, (d, size)), "unknown")] for d in lengths
            )
            continue
        first, last = (pricing.offered(account, model, (d, size)) for d in (lengths[0], lengths[-1]))
        price = f"{float(first.amount):g} to {_amount(last)}" if first and last else "unknown"
        yield [f"{lengths[0]} to {lengths[-1]} s", size, price]
