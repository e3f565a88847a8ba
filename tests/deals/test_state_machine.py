"""Registrations through whatever can happen to them, in any order: the invariants hold after every step."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.deals.machine.play import Play
from tests.deals.machine.world import IDENTITIES, Cast, the_cast

pytestmark = pytest.mark.django_db

SHORT = settings(
    max_examples=30,
    stateful_step_count=50,
    derandomize=True,
    deadline=None,
    database=None,
    print_blob=False,
    phases=[Phase.generate],  # to find the shortest game that fails takes minutes
    suppress_health_check=list(HealthCheck),
)
LONG = settings(
    SHORT, max_examples=200, stateful_step_count=120, derandomize=False, phases=[Phase.generate, Phase.shrink]
)
PROFILE = LONG if os.environ.get("HYPOTHESIS_PROFILE") == "long" else SHORT

# What must have happened at least once in the game through everything, or it has shown nothing about it.
HAPPENED = {
    *("register: approved", "register: in_review", "register: rejected", "withdraw", "hold", "give up hold"),
    *("ask", "answer", "approve", "reject", "extend", "grant", "refuse", "change: applied", "change: pending"),
    *("take back change", "settle change: approve", "settle change: reject", "stage", "win", "lose", "release"),
    *("revoke", "appeal", "overturn", "uphold", "invite", "join", "merge", "opportunity", "sale", "own up", "deny"),
    *("ladder", "clock", "news"),
}


@pytest.fixture
def cast(db: None) -> Cast:
    return the_cast()


def game_of(cast: Cast) -> type[Play]:
    return type("Game", (Play,), {"cast": cast, "done": Counter(), "refused": Counter()})


def played(cast: Cast, profile: settings) -> type[Play]:
    """All games of the profile, with what was done and refused in them."""
    game = game_of(cast)
    run_state_machine_as_test(game, settings=profile)
    return game


@pytest.mark.slow
def test_the_invariants_hold_whatever_happens(cast: Cast) -> None:
    game = played(cast, PROFILE)
    assert len(game.done) > len(HAPPENED) // 2, f"too little was played: {game.done}"
    assert sum(game.refused.values()) > 100, f"too little was refused: {game.refused}"


def test_one_game_through_everything(cast: Cast) -> None:
    """Chance may leave something out: here each deed is done once, and looked at."""
    game = game_of(cast)
    play = game()
    try:
        for step in everything(play):
            step()
            play.nothing_is_broken()
    finally:
        play.teardown()
    missing = HAPPENED - set(+game.done)
    assert missing == set(), f"{missing}; refused: {game.refused}"


def everything(play: Play) -> Iterator[Callable[[], None]]:
    """The deeds with the places of what they are done to: the first, or the last, of those they fit."""
    quandary, kowalczyk, zwack, unicum = IDENTITIES[6], IDENTITIES[0], IDENTITIES[3], IDENTITIES[4]

    def registers(company: int, typed: dict[str, str], amount: int = 4_000, site: str = "") -> None:
        play.register(company, typed, amount, (0,), (site, "own"))

    yield play.begin
    yield partial(registers, 0, quandary, 50_000)
    yield partial(play.ask, 0, True, False)
    yield partial(play.answer, 0, True, quandary, (0, 1), 2)
    yield partial(play.withdraw, 0, True, True)
    yield partial(play.hold, 1, IDENTITIES[1], (0,), "")
    yield partial(play.give_up_hold, 0, 1)
    yield partial(play.reject, 0, True, True)
    yield partial(play.appeal, 0, True, True)
    yield partial(play.judge, 0, False, 1)
    for grants in (True, False, True):  # the first is granted by itself
        yield partial(play.ask_for_time, 0, True, True, 0)
        yield partial(play.answer_time, 0, grants)
    yield partial(play.move_stage, 1, True, True)
    for verdict in ("approve", "reject"):
        yield partial(play.change, 0, True, kowalczyk, (0, 1), 0, 50_000 if verdict == "approve" else 900_000)
        yield partial(play.settle_change, 0, verdict, None)
    yield partial(play.change, 0, True, kowalczyk, (0, 1), 4, 4_000)
    yield partial(play.change, 0, True, kowalczyk, (0,), 3, 4_000)
    yield partial(play.take_back_change, 0)
    yield partial(play.invite, 0, True, 1, False)
    yield partial(play.answer_invitation, 0, True)
    for family in ("0", "1"):
        yield partial(play.opportunity, int(family), 0, family, True)
    yield partial(play.direct_sale, 0, 0, (0, "9000"), 0, True)
    yield partial(play.answer_breach, 0, "acknowledge")
    yield partial(play.answer_breach, 1, "reject")
    yield play.news_go_out
    yield partial(play.revoke, 0, True)
    yield partial(play.appeal, 0, True, True)
    yield partial(play.judge, 0, True, 1)
    for how in ("win", "lose", "release"):
        yield partial(registers, 2, quandary, 4_000, f"Plant {how}")
        yield partial(play.end, 0, True, True, how)
    yield partial(registers, 1, unicum, 50_000, "Plant North")
    yield partial(registers, 0, zwack, 50_000, "Plant South")
    yield partial(play.approve, 0, True, None, True)
    for hours in (24, 5 * 24, 46 * 24, 61 * 24):
        yield partial(play.time_passes, hours, True)
    yield partial(registers, 0, kowalczyk)
    yield partial(play.merge, 1, 0)
    yield play.news_go_out
