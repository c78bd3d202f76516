"""What was said about who is to make a video, and among whom that leaves the choice."""

from __future__ import annotations

import enum
from typing import NamedTuple

from ..config.profiles import Account, Config
from ..errors import NoKey, UsageError

EXCLUDED = "{} is excluded here, by an option or by the profile's choice"


class By(enum.StrEnum):
    """How the seller is found."""

    NAME = "name"
    ONLY_KEY = "only key"
    """Nobody was named, and one has a key."""
    LIST = "list"
    CHEAPEST = "cheapest"
    FASTEST = "fastest"


class Wish(NamedTuple):
    """How to choose, and the accounts to choose among, in the order of preference where there is one.

    `barred` are those that `only` or `not` excludes.
    """

    by: By
    accounts: tuple[Account, ...]
    barred: tuple[Account, ...] = ()

    @property
    def is_choice(self) -> bool:
        """Whether there is something to choose: one seller that was named is asked as it is."""
        return self.by not in (By.NAME, By.ONLY_KEY)


def wish(config: Config, provider: str | None = None, only: str | None = None, never: str | None = None) -> Wish:
    """What options, environment and profile say; UsageError for a name that there is none of.

    Nobody named: the only one with a key; UsageError where several have one, NoKey where none has.
    """
    said = config.choice(provider, only, never)
    names = said.provider
    if names in (("cheapest",), ("fastest",)):
        found = [config.account(name) for name in config.in_order]
        # what needs no key is no seller, and is never chosen by itself
        sellers = [account for account in found if account.provider.key_env is not None]
        allowed = tuple(account for account in sellers if is_allowed(account.name, said.only, said.never))
        return Wish(By(names[0]), allowed, tuple(account for account in sellers if account not in allowed))
    if not names:
        return Wish(By.ONLY_KEY, (_only_one(config, said.only, said.never),))
    named = [config.account(name) for name in names]
    allowed = tuple(account for account in named if is_allowed(account.name, said.only, said.never))
    barred = tuple(account for account in named if account not in allowed)
    by = By.NAME if len(named) == 1 else By.LIST
    if by is By.NAME and barred:
        raise UsageError(EXCLUDED.format(barred[0].name), hint="choose another --provider, or change what is excluded")
    return Wish(by, allowed, barred)


def is_allowed(name: str, only: tuple[str, ...], never: tuple[str, ...]) -> bool:
    """Whether a provider may be chosen: `only` is a list of all that may, and `never` always holds."""
    return (not only or name in only) and name not in never


def _only_one(config: Config, only: tuple[str, ...], never: tuple[str, ...]) -> Account:
    accounts = [config.account(name) for name in config.names if is_allowed(name, only, never)]
    able = [account for account in accounts if account.provider.key_env is not None and account.has_key]
    if len(able) == 1:
        return able[0]
    if able:
        found = ", ".join(f"{account.name} ({account.key_source})" for account in able)
        raise UsageError(
            f"several providers have a key: {found}",
            hint=f"add --provider {able[0].name} or --provider cheapest, or for good: "
            f"hailuo config set provider {able[0].name}",
        )
    looked = ", ".join(account.provider.key_env for account in accounts if account.provider.key_env)
    raise NoKey(
        f"no provider has a key: looked for {looked} in the environment, and for keys in {config.path}",
        hint="export one of them, or `hailuo config set-key PROVIDER`; with no key at all: --provider sandbox",
    )
