"""Every status × event × actor, through the actions: done and recorded once, or refused and nothing changed.

`TRANSITIONS` says what is possible, `WHO` who may ask for it; what the program does by itself (screening, sending to
review, lapsing) nobody can ask for.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from common.actor import SYSTEM, Actor
from common.audit import entries_about
from common.errors import NotFound, Refused
from deals.actions.answers import answer_inquiry
from deals.actions.appeals import file_appeal, overturn_appeal, uphold_appeal
from deals.actions.inquiries import ask_partner
from deals.actions.outcomes import (
    lose_registration,
    release_registration,
    revoke_registration,
    win_registration,
)
from deals.actions.registrations import submit_registration, withdraw_registration
from deals.actions.reviews import approve_registration, reject_registration
from deals.choices.registrations import Event, RegistrationStatus
from deals.models import Appeal, Registration
from deals.rules.transitions import TRANSITIONS
from partners.models import Partner
from tests.deals.histories import MOVES
from tests.deals.invariants import broken_invariants, fingerprint
from tests.factories.deals import Channel, drafted, person, registered, seller_of, vendor
from tests.factories.partners import MembershipFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
_S, _E = RegistrationStatus, Event


@dataclass(frozen=True)
class Ready:
    """A registration that reads as a status at the instant, and its appeal if there is one."""

    registration: Registration
    at: datetime

    @property
    def appeal_id(self) -> int:
        return Appeal.objects.filter(registration=self.registration).values_list("pk", flat=True).first() or 0


# How each event is asked for. What nobody can ask for is not here.
ACTIONS: dict[str, Callable[[Ready, Actor], Any]] = {
    _E.SUBMIT: lambda ready, by: submit_registration(ready.registration.pk, by=by, at=ready.at),
    _E.ASK: lambda ready, by: ask_partner(
        ready.registration.pk, fields=["why_now"], words="Why?", by=by, at=ready.at
    ),
    _E.ANSWER: lambda ready, by: answer_inquiry(
        ready.registration.pk, typed={}, words="So.", by=by, at=ready.at
    ),
    _E.APPROVE: lambda ready, by: approve_registration(ready.registration.pk, reason="Good", by=by, at=ready.at),
    _E.REJECT: lambda ready, by: reject_registration(ready.registration.pk, reason="No", by=by, at=ready.at),
    _E.WITHDRAW: lambda ready, by: withdraw_registration(ready.registration.pk, by=by, at=ready.at),
    _E.WIN: lambda ready, by: win_registration(ready.registration.pk, by=by, at=ready.at),
    _E.LOSE: lambda ready, by: lose_registration(ready.registration.pk, reason="price", by=by, at=ready.at),
    _E.RELEASE: lambda ready, by: release_registration(ready.registration.pk, by=by, at=ready.at),
    _E.REVOKE: lambda ready, by: revoke_registration(ready.registration.pk, words="Unused", by=by, at=ready.at),
    _E.APPEAL: lambda ready, by: file_appeal(ready.registration.pk, grounds="We were first", by=by, at=ready.at),
    _E.UPHOLD: lambda ready, by: uphold_appeal(ready.appeal_id, words="It stands", by=by, at=ready.at),
    _E.OVERTURN: lambda ready, by: overturn_appeal(ready.appeal_id, words="They are right", by=by, at=ready.at),
}  # fmt: skip
BY_ITSELF = {_E.SCREEN, _E.REVIEW, _E.LAPSE}
_PARTNER, _REVIEWERS = {"seller", "writer"}, {"manager", "chief", "reviewer"}
WHO: dict[str, set[str]] = {
    _E.SUBMIT: _PARTNER,
    _E.ANSWER: _PARTNER,
    _E.WITHDRAW: _PARTNER,
    _E.RELEASE: _PARTNER,
    _E.APPEAL: _PARTNER,
    _E.ASK: _REVIEWERS,
    _E.APPROVE: _REVIEWERS,
    _E.REJECT: _REVIEWERS,
    _E.WIN: {"seller", "writer", "manager", "chief"},
    _E.LOSE: {"seller", "writer", "manager", "chief"},
    _E.REVOKE: {"manager", "chief", "writer"},
    _E.UPHOLD: {"manager", "chief"},
    _E.OVERTURN: {"manager", "chief"},
}
JUDGED = {_E.UPHOLD, _E.OVERTURN}


def actors(channel: Channel) -> dict[str, Actor]:
    return {
        "seller": channel.seller,
        "viewer": _viewer(channel.partner),
        "rival": channel.rival_seller,
        "manager": channel.manager,
        "chief": vendor("channel_chief"),
        "direct sales": vendor("direct_sales"),
        "writer": _client("deals.read", "deals.write"),
        "reviewer": _client("deals.read", "deals.review"),
        "reader": _client("deals.read"),
    }


def _viewer(partner: Partner) -> Actor:
    membership = MembershipFactory(partner=partner, role="viewer")
    return person(membership.user, partner_roles={partner.pk: "viewer"})


def _client(*scopes: str) -> Actor:
    return Actor("client", f"client:{scopes[-1]}", "CRM", scopes=frozenset(scopes))


# How a registration comes to read as each status; by the program, or by a manager who is not asked again.


def _draft(channel: Channel, at: datetime) -> Registration:
    return drafted(channel, at=at)


def _reviewed(channel: Channel, at: datetime) -> Registration:
    return registered(channel, at=at, amount=50_000)


def _asked(channel: Channel, at: datetime) -> Registration:
    waiting = _reviewed(channel, at)
    ask_partner(waiting.pk, fields=["why_now"], words="Why?", by=SYSTEM, at=at)
    return waiting


def _approved(channel: Channel, at: datetime) -> Registration:
    return registered(channel, at=at)


def _rejected(channel: Channel, at: datetime) -> Registration:
    return reject_registration(_reviewed(channel, at).pk, reason="No", by=vendor("channel_manager"), at=at)


def _appealed(channel: Channel, at: datetime) -> Registration:
    rejected = _rejected(channel, at)
    file_appeal(rejected.pk, grounds="We were first", by=channel.seller, at=at)
    return rejected


def _upheld(channel: Channel, at: datetime) -> Registration:
    appealed = _appealed(channel, at)
    uphold_appeal(appealed.appeals.get().pk, words="It stands", by=SYSTEM, at=at)
    return appealed


def _never_left(status: str) -> Callable[[Channel, datetime], Registration]:
    """A status that is only passed through while a registration is submitted: only the database can stop there."""

    def stopped(channel: Channel, at: datetime) -> Registration:
        waiting = _reviewed(channel, at)
        Registration.objects.filter(pk=waiting.pk).update(status=status)
        return waiting

    return stopped


def _ended(end: Callable[..., Any], **how: Any) -> Callable[[Channel, datetime], Registration]:
    def ended(channel: Channel, at: datetime) -> Registration:
        return end(_approved(channel, at).pk, by=SYSTEM, at=at + HOUR, **how)  # type: ignore[no-any-return]

    return ended


STATES: dict[str, Callable[[Channel, datetime], Registration]] = {
    _S.DRAFT: _draft,
    _S.SUBMITTED: _never_left("submitted"),
    _S.SCREENING: _never_left("screening"),
    _S.IN_REVIEW: _reviewed,
    _S.ACTION_REQUIRED: _asked,
    _S.APPROVED: _approved,
    _S.REJECTED: _rejected,
    _S.WITHDRAWN: lambda channel, at: withdraw_registration(_reviewed(channel, at).pk, by=SYSTEM, at=at),
    _S.WON: _ended(win_registration),
    _S.LOST: _ended(lose_registration, reason="price"),
    _S.EXPIRED: _approved,
    _S.RELEASED: _ended(release_registration),
    _S.REVOKED: _ended(revoke_registration, words="Unused"),
    _S.APPEALED: _appealed,
    _S.UPHELD: _upheld,
}


def ready(channel: Channel, status: str, now: datetime) -> Ready:
    """An hour after it came to be so; an expired one at the very instant of its end."""
    registration = STATES[status](channel, now)
    registration.refresh_from_db()
    at = registration.protected_until if status == _S.EXPIRED else now + 2 * HOUR
    assert at is not None
    assert registration.status_on(at) == status
    return Ready(registration, at)


def test_every_status_and_every_event_is_here():
    assert set(STATES) == set(RegistrationStatus.values) == set(TRANSITIONS)
    assert set(ACTIONS) | BY_ITSELF == set(Event.values)
    assert set(WHO) == set(ACTIONS)


@pytest.mark.parametrize("status", list(STATES))
def test_what_is_listed_is_done_and_all_else_refused(channel, now, status):
    """One line for each cell that is not as it must be."""
    at_hand = ready(channel, status, now)
    wrong = [
        f"{event} by {name}: {problem}"
        for name, by in actors(channel).items()
        for event, act in ACTIONS.items()
        for problem in _problems(at_hand, status, event, lambda act=act, by=by: act(at_hand, by), name in WHO[event])
    ]
    assert wrong == []


def _problems(at_hand: Ready, status: str, event: str, act: Callable[[], Any], may: bool) -> Iterator[str]:
    """Try it, look, and take it back."""
    listed = event in TRANSITIONS[status]
    with transaction.atomic():
        before, known = fingerprint(), entries_about(at_hand.registration).count()
        try:
            act()
        except Refused as refused:
            yield from _of_refusal([reason.code for reason in refused.reasons], event, may=may, listed=listed)
        except NotFound:
            if at_hand.appeal_id:
                yield "is not found"
        else:
            yield from _of_deed(at_hand, status, event, known, may=may, listed=listed)
            before = {}
        if before and fingerprint() != before:
            yield "was refused and changed something"
        transaction.set_rollback(True)


def _of_refusal(codes: list[str], event: str, *, may: bool, listed: bool) -> Iterator[str]:
    if not may:
        expected = ["actor.not_permitted"]
    else:
        expected = ["appeal.not_open" if event in JUDGED else "registration.status"]
    if codes != expected or (may and listed):
        yield f"refused with {codes}"


def _of_deed(at_hand: Ready, status: str, event: str, known: int, *, may: bool, listed: bool) -> Iterator[str]:
    if not may or not listed:
        yield "was done"
        return
    registration = Registration.objects.get(pk=at_hand.registration.pk)
    entries = entries_about(registration)[known:]
    moves = [MOVES[entry.event] for entry in entries if entry.event in MOVES]
    expected = [_E.SUBMIT, _E.SCREEN, _E.APPROVE] if event == _E.SUBMIT else [event]
    if moves != expected or len(entries) != len(moves):
        yield f"left {[entry.event for entry in entries]}"
    reads, leads_to = (
        registration.status_on(at_hand.at),
        _S.APPROVED if event == _E.SUBMIT else TRANSITIONS[status][event],
    )
    if reads != leads_to:
        yield f"reads {reads} afterwards"
    if status not in (_S.SUBMITTED, _S.SCREENING):
        yield from (f"breaks “{found.invariant}”: {found.detail}" for found in broken_invariants(at=at_hand.at))


def test_the_cells_can_fail(channel, now, monkeypatch):
    """The control: a table that lets a lost deal be won is found out, and so is a viewer with a seller's rights."""
    monkeypatch.setitem(TRANSITIONS[_S.APPROVED], _E.WITHDRAW, _S.WITHDRAWN)  # type: ignore[index]
    at_hand = ready(channel, _S.APPROVED, now)
    done = list(
        _problems(
            at_hand, _S.APPROVED, _E.WITHDRAW,
            lambda: withdraw_registration(at_hand.registration.pk, by=channel.seller, at=at_hand.at), True,
        )
    )  # fmt: skip
    assert any("protected until its protections end" in problem for problem in done), done
    as_viewer = list(
        _problems(at_hand, _S.APPROVED, _E.RELEASE, lambda: ACTIONS[_E.RELEASE](at_hand, channel.seller), False)
    )
    assert as_viewer == ["was done"]


def test_a_seller_of_another_company_is_not_let_in(channel, now):
    at_hand = ready(channel, _S.APPROVED, now)
    with pytest.raises(Refused, match=r"actor\.not_permitted"):
        release_registration(at_hand.registration.pk, by=seller_of(channel.rival), at=at_hand.at)
