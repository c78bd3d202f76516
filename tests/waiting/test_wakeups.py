"""A job that is rung for is looked at before its time, and not more often than is any use."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from hailuo_cli.providers import Progress
from hailuo_cli.waiting.executors import ResumeAt, SerialExecutor, Task, ThreadExecutor
from hailuo_cli.waiting.polling import Pace, watch
from hailuo_cli.waiting.rate import RateLimiter
from hailuo_cli.waiting.scheduler import CALL_GAP, run
from hailuo_cli.waiting.wakeups import FRESH_SECONDS, SELDOM, Wakeups
from tests.waiting.test_polling import DONE, RUNNING, Clock, Order

PACE = Pace(600, 600, growing=False)


def played(
    clock: Clock, jobs: dict[str, Callable[[], Progress]], wakeups: Wakeups[str], ring: dict[float, str]
) -> None:
    """Watch the jobs to their end, ringing for some of them at moments of the clock; it is slept in short pieces."""

    def sleep(seconds: float) -> None:
        clock.sleep(min(seconds, 0.25))
        for moment in [moment for moment in ring if moment <= clock()]:
            wakeups.ring(ring.pop(moment))

    chance = random.Random(5).random  # noqa: S311
    tasks = [Task(key, watch(job, PACE, clock, chance=chance), RateLimiter()) for key, job in jobs.items()]
    list(run(tasks, SerialExecutor(sleep), clock, None, None, wakeups))


def test_a_job_that_is_rung_for_is_looked_at_at_once_and_no_other() -> None:
    clock, wakeups = Clock(0.0), Wakeups[str]()
    rung, other = Order(clock, [RUNNING, DONE]), Order(clock, [RUNNING, DONE])
    played(clock, {"rung": rung, "other": other}, wakeups, {7.0: "rung", 8.0: "nobody"})
    assert 7.0 <= rung.seen[1] <= 7.5
    assert other.seen[1] >= 600


def test_a_call_during_a_look_causes_another_look() -> None:
    clock, wakeups = Clock(0.0), Wakeups[str]()
    order = Order(clock, [RUNNING, DONE])

    def look() -> Progress:
        if not order.seen:
            wakeups.ring("job")
        return order()

    played(clock, {"job": look}, wakeups, {})
    assert order.seen[1] <= 0.5


def test_a_job_that_is_called_all_the_time_is_looked_at_once_a_second() -> None:
    clock, wakeups = Clock(0.0), Wakeups[str]()
    order = Order(clock, [*[RUNNING] * 10, DONE])
    played(clock, {"job": order}, wakeups, {n / 4: "job" for n in range(200)})
    assert min(order.gaps[1:]) >= CALL_GAP - 0.25
    assert order.seen[-1] <= 20


def test_a_call_does_not_hasten_a_download_that_is_to_be_tried_again() -> None:
    clock, wakeups = Clock(0.0), Wakeups[str]()
    began: list[float] = []

    def steps() -> Iterator[Any]:
        yield ResumeAt(clock(), is_download=True)
        began.append(clock())
        yield ResumeAt(clock() + 30, is_download=True)
        began.append(clock())

    def sleep(seconds: float) -> None:
        clock.sleep(min(seconds, 1.0))
        wakeups.ring("job")

    list(run([Task("job", steps())], SerialExecutor(sleep), clock, None, None, wakeups))
    assert began == [0.0, 30.0]


def test_who_waits_for_news_of_workers_looks_up_at_a_ring_from_another_thread() -> None:
    wakeups = Wakeups[str]()
    looked = threading.Event()
    clock = Clock(0.0)
    order = Order(clock, [RUNNING, DONE])

    def look() -> Progress:
        looked.set()
        return order()

    def ring() -> None:
        looked.wait(60)
        wakeups.ring("job")

    thread = threading.Thread(target=ring)
    thread.start()
    import time

    with ThreadExecutor(1, 1) as executor:
        task = Task("job", watch(look, PACE, time.monotonic), RateLimiter())
        list(run([task], executor, time.monotonic, None, None, wakeups))
    thread.join()
    assert len(order.seen) == 2


def test_a_job_that_will_be_rung_for_is_looked_at_more_seldom_and_after_a_call_as_often_as_ever() -> None:
    clock = Clock(0.0)
    wakeups = Wakeups[str](clock)
    wakeups.expect("job")
    assert (wakeups.stretch("job"), wakeups.stretch("another")) == (SELDOM, 1.0)
    wakeups.ring("job")
    assert wakeups.stretch("job") == 1.0
    clock.sleep(FRESH_SECONDS)
    assert wakeups.stretch("job") == SELDOM


def test_a_stretched_pace_rests_longer() -> None:
    clock = Clock(0.0)
    order = Order(clock, [*[RUNNING] * 3, DONE])
    pace = replace(PACE, first=10, floor=10, stretch=lambda: SELDOM)
    for item in watch(order, pace, clock, chance=lambda: 0.0):
        if isinstance(item, ResumeAt):
            clock.sleep(item.when - clock())
    assert order.gaps == [60.0, 60.0, 60.0]
