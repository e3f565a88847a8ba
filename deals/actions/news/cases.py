"""Telling people of appeals and breaches. Run from the outbox, after the effect is committed."""

from collections.abc import Sequence
from datetime import datetime

from django.urls import reverse

from deals.choices.cases import AppealStatus
from deals.models import Appeal, Breach
from deals.queries.calendar import day_of
from partners import queries as partner_queries
from partners.actions.notices import notify

PARTNER_ROLES = ("admin", "seller")
JUDGES = ("channel_chief", "channel_manager")


def tell_of_breaches(*, breach_ids: Sequence[int], event: str, at: datetime) -> None:
    """The partner's people of whatever happens to a breach of theirs; channel chief and CEO of one that is found."""
    chiefs = partner_queries.people_with_vendor_role("channel_chief", "ceo") if event == "opened" else []
    for breach in Breach.objects.filter(pk__in=breach_ids).select_related("registration", "partner").order_by("pk"):
        params = {"customer": breach.registration.customer_name, "partner": breach.partner.name}
        url = reverse("deals:breach", args=[breach.public_id])
        people = partner_queries.people_of_partner(breach.partner_id, PARTNER_ROLES)
        about = breach.public_id
        notify(people, kind="breaches.ours", code=f"notice.breach_{event}", at=at, params=params, url=url, about=about)
        notify(chiefs, kind="breaches.found", code="notice.breach_found", at=at, params=params, url=url, about=about)


def tell_of_late_answer(*, breach_id: int, at: datetime) -> None:
    """The channel chief: a promise about a broken promise was not kept either. Of one breach once."""
    breach = Breach.objects.select_related("registration", "partner").get(pk=breach_id)
    notify(
        partner_queries.people_with_vendor_role("channel_chief"),
        kind="breaches.late",
        code="notice.breach_late",
        at=at,
        params={
            "customer": breach.registration.customer_name,
            "partner": breach.partner.name,
            "day": day_of(breach.due_at).isoformat(),
        },
        url=reverse("deals:breach", args=[breach.public_id]),
        about=breach.public_id,
        dedup=breach.public_id,
    )


def tell_of_appeal_filed(*, appeal_id: int, at: datetime) -> None:
    """Everybody who may judge it; who decided before is told by the page that somebody else has to."""
    appeal = Appeal.objects.select_related("registration__partner").get(pk=appeal_id)
    registration = appeal.registration
    notify(
        partner_queries.people_with_vendor_role(*JUDGES),
        kind="appeals.filed",
        code="notice.appeal_filed",
        at=at,
        params={"customer": registration.customer_name, "partner": registration.partner.name},
        url=reverse("deals:appeal", args=[appeal.public_id]),
        about=appeal.public_id,
    )


def tell_of_appeal_judged(*, appeal_id: int, at: datetime) -> None:
    """The partner's administrators and sellers."""
    appeal = Appeal.objects.select_related("registration").get(pk=appeal_id)
    outcome = "overturned" if appeal.status == AppealStatus.OVERTURNED else "upheld"
    notify(
        partner_queries.people_of_partner(appeal.registration.partner_id, PARTNER_ROLES),
        kind="appeals.judged",
        code=f"notice.appeal_{outcome}",
        at=at,
        params={"customer": appeal.registration.customer_name},
        url=reverse("deals:appeal", args=[appeal.public_id]),
        about=appeal.public_id,
    )
