"""Everybody at once: threads with a database connection of their own that begin at the same instant."""

import threading
from collections.abc import Callable
from typing import TypeVar

from django.db import connection

T = TypeVar("T")
SIDES = 8


def outcomes_of(*deeds: Callable[[], T]) -> list[T | Exception]:
    """What each deed returned or raised, in the order in which they were given."""
    start = threading.Barrier(len(deeds))
    outcomes: list[T | Exception] = [RuntimeError("it did not end")] * len(deeds)

    def run(place: int, deed: Callable[[], T]) -> None:
        try:
            connection.ensure_connection()
            start.wait(timeout=60)
            outcomes[place] = deed()
        except Exception as error:  # noqa: BLE001 - whatever it is, the test must see it
            outcomes[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, deed)) for place, deed in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    return outcomes


def at_once(work: Callable[[int], T], sides: int = SIDES) -> list[T]:
    """What each side returned; raises the first error of a side."""
    returned = []
    for outcome in outcomes_of(*(lambda side=side: work(side) for side in range(sides))):  # type: ignore[misc]
        if isinstance(outcome, Exception):
            raise outcome
        returned.append(outcome)
    return returned
