"""The whole examination, in the order in which a command would meet each trouble."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..config.profiles import Account, Config
from ..errors import HailuoError
from ..transport import Session
from . import local, sellers
from .report import Check, failed


def examine(
    read_config: Callable[[], Config],
    connect: Callable[[Account], Session],
    verify_shared: Callable[[str], str],
    environ: Mapping[str, str],
) -> Iterator[Check]:
    """Every check, whatever the ones before it found; nothing is written, and what is asked bills nothing.

    `verify_shared` says how a ledger at an address is, or raises what a command would.
    """
    yield local.version()
    yield local.extras()
    config: Config | None = None
    try:
        config = read_config()
        yield from local.config(config)
    except HailuoError as error:
        yield failed("config", error)
    yield local.data(environ)
    yield local.ledger(config, environ, verify_shared)
    yield from local.network()
    if config is not None:
        yield from local.keys(config)
        yield from sellers.ask(config, connect)
