"""Kills at random times, several commands at once on one ledger."""

from __future__ import annotations

import random
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence

from tests.support.zygote import Exit, Run

from .flows import Broken, Promise, whole
from .home import PROVIDER, Home, Row
from .lab import Lab, Verdict, Violation

AT_ONCE = 4
FILMS = 4
"""Every so-manieth order is waited for and saved too."""


def struck(lab: Lab, runs: int, seed: int) -> Verdict:
    """Kill so many orders at a time between nothing and a little more than they take, and give each again, twice."""
    began = time.monotonic()
    home = Home.new(lab.folder / f"random{seed}", lab.api, f"random{seed}")
    usual = {is_film: _usual(lab, home, is_film) for is_film in (False, True)}
    chance = random.Random(seed)  # noqa: S311
    moments = [(number, chance.uniform(0, 1.2)) for number in range(runs)]
    landed: Counter[bool] = Counter()

    def tried(moment: tuple[int, float]) -> list[Violation]:
        number, share = moment
        run = _order(home, number)
        with lab.zygote() as zygote:
            first = zygote.run_for(run, share * usual[_is_film(number)])
            landed[first.killed] += 1
            ran = [first, zygote.run(run), zygote.run(run)]
        return [Violation("random", f"run {number} of seed {seed}", broken) for broken in _ended(ran)]

    violations = lab.each(tried, moments)
    violations += [Violation("random", f"seed {seed}", broken) for broken in _paid_once(home)]
    remarks = f"seed {seed}, {landed[True]} kills landed, {AT_ONCE} at once on one ledger"
    return Verdict("random", runs, violations, time.monotonic() - began, remarks)


def _is_film(number: int) -> bool:
    return number % FILMS == FILMS - 1


def _prompt(number: int) -> str:
    return f"bear number {number}"


def _order(home: Home, number: int) -> Run:
    words = ("--dedupe-key", f"k{number}")
    if _is_film(number):
        return home.run("generate", _prompt(number), *words, "-o", f"{number}.mp4", "--poll-interval", "0.05")
    return home.run("submit", _prompt(number), *words)


def _usual(lab: Lab, home: Home, is_film: bool) -> float:
    """Seconds that a clean run takes while the others run too."""

    def took(number: int) -> Sequence[float]:
        with lab.zygote() as zygote:
            began = time.monotonic()
            ran = zygote.run(_order(home, number))
            assert ran.code == 0, ran
            return [time.monotonic() - began]

    numbers = [-n for n in range(1, 100) if _is_film(-n) is is_film][: 2 * AT_ONCE]
    return statistics.median(lab.each(took, numbers))


def _ended(ran: Sequence[Exit]) -> Iterator[Broken]:
    for number, one in enumerate(ran):
        if one.hung or "Traceback" in one.err or (number and one.code not in (0, 7)):
            yield Broken(Promise.FREE, f"run {number} ended {one.code}: {one.err[-300:]}")


def _paid_once(home: Home) -> Iterator[Broken]:
    try:
        rows = home.rows()
    except sqlite3.DatabaseError as error:
        yield Broken(Promise.LEDGER, str(error))
        return
    by_prompt: dict[str | None, list[Row]] = {}
    for row in rows:
        by_prompt.setdefault(row.prompt, []).append(row)
    for prompt, count in Counter(order.prompt for order in home.api.orders(home.customer)).items():
        if count > 1:
            yield Broken(Promise.ONCE, f"{prompt}: {count} orders")
    for order in home.api.orders(home.customer):
        mine = by_prompt.get(order.prompt, [])
        if order.ticket not in {row.ticket for row in mine} and "unconfirmed" not in {row.state for row in mine}:
            yield Broken(Promise.KEPT, f"{PROVIDER}:{order.ticket} is in no row")
    yield from whole(home, rows)
    if home.parts():
        yield Broken(Promise.FREE, f"left behind: {home.parts()}")
