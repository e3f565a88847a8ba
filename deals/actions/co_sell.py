"""The vendor offers to sell a deal together instead of rejecting it; the partner accepts or declines."""

from datetime import datetime

from django.db import transaction

from common.actor import Actor
from common.audit import record
from common.errors import NotFound
from deals.actions.inquiries import close_inquiry, open_inquiry_of
from deals.actions.locks import lock_registration
from deals.actions.news.reviews import tell
from deals.actions.participants import set_shares
from deals.choices.participants import Consent, ParticipantRole
from deals.choices.reviews import CO_SELL
from deals.models import Registration
from deals.queries.participants import offered_share
from deals.rules.participants import Share

_CLOCKS = ("status", "paused_at", "review_due_at", "auto_approve_at", "updated_at")


def answer_co_sell_offer(registration_id: int, *, accepts: bool, by: Actor, at: datetime) -> Registration:
    """With a yes, direct sales takes part with the share that the rule names, and has agreed by offering it.

    Either way the review begins, and a person decides knowing the answer. `NotFound` if nothing was offered.
    """
    with transaction.atomic():
        registration = lock_registration(registration_id, by=by, capability="registration.create", at=at)
        inquiry = open_inquiry_of(registration)
        if CO_SELL not in inquiry.fields:
            raise NotFound("offer")
        bps = offered_share(registration)
        close_inquiry(registration, inquiry, words="", by=by, at=at)
        registration.save(update_fields=_CLOCKS)
        if accepts and bps:
            set_shares(registration, [Share(None, ParticipantRole.DIRECT.value, bps)], by=by, at=at)
            direct = registration.participants.filter(role=ParticipantRole.DIRECT)
            direct.update(consent=Consent.GIVEN, answered_at=at, answered_by=inquiry.asked_by)
        event = "registration.co_sell_accepted" if accepts else "registration.co_sell_declined"
        record(event, on=registration, by=by, at=at, bps=bps)
        tell("inquiry.was_answered", about=registration, at=at)
    return registration
