"""`hailuo providers`: who sells what, at which price, and whether a key is found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import complete, context
from .show import Result, Show, table, terminal_width

if TYPE_CHECKING:
    from ..config import Account
    from ..model import Model
    from ..providers import Provider
    from .flags import Globals


def providers(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Everything about one.", autocompletion=complete.providers)
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
    config = context.read_config(flags, show)
    accounts = [config.account(name)] if name else [config.account(known) for known in config.names]
    data = {"providers": [described(account) for account in accounts]}
    return Result(data, _one(accounts[0]) if name else _all(accounts))


def _balance(flags: Globals, show: Show, name: str | None) -> Result:
    from .. import jobs
    from ..errors import Unsupported

    with context.desk(flags, show) as desk:
        account = desk.config.chosen(name)
        left = jobs.balance(desk, account)
    if left is None:
        raise Unsupported(f"{account.name} documents no way to ask for the balance", hint=account.provider.docs)
    return Result({"provider": account.name, "balance": left}, [left])


def described(account: Account) -> dict[str, Any]:
    """One provider as plain values."""
    provider = account.provider
    return {
        "name": account.name,
        "title": provider.title,
        "protocol": provider.name,
        "base_url": account.base_url,
        "docs": provider.docs,
        "key": {"found": account.has_key, "source": account.key_source or None, "env": provider.key_env},
        "local_images": provider.local_images,
        "remote_images": provider.remote_images,
        "image_limit": provider.image_limit,
        "options": sorted(provider.takes),
        "camera": bool(provider.camera),
        "poll_seconds": provider.poll_seconds,
        "models": [_model(account, model) for model in provider.models],
    }


def _model(account: Account, model: Model) -> dict[str, Any]:
    prices = account.provider.prices
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
                "price": model.prices.get((duration, resolution)),
                "unit": prices.unit if prices and (duration, resolution) in model.prices else None,
            }
            for duration, resolution in model.makes
        ],
        "price_source": prices.source if prices else None,
        "price_seen": prices.seen if prices else None,
    }


def _all(accounts: list[Account]) -> list[str]:
    rows = []
    for account in accounts:
        provider = account.provider
        modes = {mode for model in provider.models for mode in model.modes}
        first = provider.models[0]
        price = first.prices.get(first.makes[0])
        unit = provider.prices.unit if provider.prices else ""
        key = "not needed" if provider.key_env is None else "yes" if account.has_key else f"set {provider.key_env}"
        rows.append(
            [
                account.name,
                " ".join(short for mode, short in _SHORT.items() if mode in modes),
                " ".join(dict.fromkeys(r for model in provider.models for _, r in model.makes)),
                "?" if price is None else "free" if price == 0 else f"{price:g} {unit}",
                key,
            ]
        )
    header = ["PROVIDER", "MODES", "RESOLUTIONS", "6 s 768P", "KEY"]
    return [*table(rows, header, terminal_width()), "", "t text, i image, l last frame; more: hailuo providers NAME"]


_SHORT = {"text-to-video": "t", "image-to-video": "i", "first-last-frame": "l"}


def _images(provider: Provider) -> str:
    files = f"files smaller than {provider.image_limit // 1024 // 1024} MiB" if provider.local_images else ""
    return " or ".join(filter(None, (files, "https addresses" if provider.remote_images else "")))


def _one(account: Account) -> list[str]:
    provider = account.provider
    lines = [
        f"{account.name}: {provider.title}, {account.base_url}",
        f"documents: {provider.docs}",
        f"key: {account.key_source or ('not needed' if provider.key_env is None else f'none; set {provider.key_env}')}",
        f"images: {_images(provider)}",
        f"options: {', '.join(sorted(provider.takes)) or 'none'}",
        "",
    ]
    rows = []
    unit = provider.prices.unit if provider.prices else ""
    for model in provider.models:
        for shape in model.makes:
            price = model.prices.get(shape)
            shown = "unknown" if price is None else "free" if price == 0 else f"{price:g} {unit}"
            modes = " ".join(_SHORT[mode.value] for mode in model.modes)
            rows.append([model.id, modes, f"{shape[0]} s", shape[1], shown])
    lines += table(rows, ["MODEL", "MODES", "TIME", "SIZE", "PRICE"], terminal_width())
    if provider.prices:
        lines += ["", f"prices: {provider.prices.source}, seen {provider.prices.seen}"]
    return lines
