"""Amounts of money as they are kept: whole billionths of a dollar, which are exact and which SQL adds up in 64 bits."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal

NANOS = 10**9


def nanos(usd: Decimal) -> int:
    """An amount as it is kept; what is finer is rounded up, so that no limit is passed by rounding."""
    return int((usd * NANOS).to_integral_value(ROUND_CEILING))


def dollars(amount: int) -> Decimal:
    """A kept amount in USD."""
    return Decimal(amount) / NANOS


def shown(usd: Decimal) -> str:
    """An amount for people: two decimals, or as many as it has."""
    exact = usd.normalize()
    decimals = exact.as_tuple().exponent
    return f"{usd:.2f}" if isinstance(decimals, int) and decimals >= -2 else f"{exact:f}"
