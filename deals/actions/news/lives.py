"""Telling people what happened to a deal, in the portal and by mail. Asked for in the transaction of the effect."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from django.urls import reverse

from common.outbox import after_commit
from deals.choices import conversation, protections
from deals.models import Registration
from partners import queries as partner_queries
from partners.actions.notices import notify

PARTNER_ROLES = ("admin", "seller")
_KINDS = {
    "partner": {"protection": "protection", "conversation": "comment"},
    "vendor": {"protection": "protection_request", "conversation": "partner_comment"},
}
assert {kind for kinds in _KINDS.values() for kind in kinds.values()} == {
    *protections.NOTICES,
    *conversation.NOTICES,
}


def tell(
    side: Literal["partner", "vendor"],
    code: str,
    *,
    about: Registration,
    at: datetime,
    params: Mapping[str, Any] | None = None,
) -> None:
    """Tell the partner's administrators and sellers, or whoever at the vendor looks after the deal, once committed.

    The sentences know ``customer`` and ``partner`` besides their own parameters.
    """
    after_commit("deals.news", at=at, registration_id=about.pk, side=side, code=code, params=dict(params or {}))


def send_news(*, registration_id: int, side: str, code: str, params: dict[str, Any], at: datetime) -> None:
    """Handles ``deals.news``."""
    registration = Registration.objects.select_related("partner").get(pk=registration_id)
    people = (
        partner_queries.people_of_partner(registration.partner_id, PARTNER_ROLES)
        if side == "partner"
        else _vendor_people(registration)
    )
    notify(
        people,
        kind=_KINDS[side][code.partition(".")[0]],
        code=code,
        at=at,
        params={"customer": registration.customer_name, "partner": registration.partner.name, **params},
        url=reverse("deals:detail", args=[registration.public_id]),
        about=registration.public_id,
    )


def _vendor_people(registration: Registration) -> list[int]:
    """The reviewer it is assigned to, or the partner's account manager; without either all channel managers."""
    nearest = registration.assigned_to_id or registration.partner.account_manager_id
    return [nearest] if nearest else partner_queries.people_with_vendor_role("channel_manager")
