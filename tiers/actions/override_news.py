"""Telling people of overrides and freezes. Run from the outbox, after the commit.

A partner's people are told of level and days, never why; the vendor's people of what waits for them and what became
of what they asked.
"""

from collections.abc import Iterable
from datetime import datetime

from django.urls import reverse

from partners import queries as partner_queries
from partners import rules as partner_rules
from partners.actions.notices import notify
from tiers.choices.overrides import NOTICES
from tiers.models import Freeze, Override

OURS, REQUESTS = "tiers.overrides", "tiers.override_requests"
ALSO_TO_STAFF = {
    "notice.override_approved": "notice.override_answered",
    "notice.override_ending": "notice.override_runs_out",
}


def tell_override_news(*, code: str, override_id: int, first_day: str, last_day: str, at: datetime) -> None:
    """Tell each side what concerns it, each person once for these days."""
    override = Override.objects.select_related("partner", "level").get(pk=override_id)
    days = {"first_day": first_day, "last_day": last_day}
    if code in NOTICES[OURS].codes:
        params = {"level": override.level.name, **days}
        _tell_partner(override, code, params, at=at)
    staff_code = ALSO_TO_STAFF.get(code, code)
    if staff_code in NOTICES[REQUESTS].codes:
        names = {"partner": override.partner.name, "level": override.level.name, "by": override.requested_label}
        notify(
            _staff_concerned(staff_code, override),
            kind=REQUESTS,
            code=staff_code,
            params=names | days,
            url=reverse("tiers:override", args=[override.public_id]),
            about=override.public_id,
            dedup=f"{override.public_id} {staff_code} {last_day}",
            at=at,
        )


def tell_freeze_news(*, code: str, freeze_id: int, first_day: str, last_day: str, at: datetime) -> None:
    """Tell the partner's people, each once for these days."""
    freeze = Freeze.objects.select_related("partner").get(pk=freeze_id)
    _tell_partner(freeze, code, {"first_day": first_day, "last_day": last_day}, at=at)


def _tell_partner(row: Override | Freeze, code: str, params: dict[str, str], *, at: datetime) -> None:
    notify(
        partner_queries.people_of_partner(row.partner_id, partner_rules.CAPABILITIES["tier.view"].partner_roles),
        kind=OURS,
        code=code,
        params=params,
        url=reverse("tiers:partner", args=[row.partner.public_id]),
        about=row.public_id,
        dedup=f"{row.public_id} {code} {params['last_day']}",
        at=at,
    )


def _staff_concerned(code: str, override: Override) -> Iterable[int]:
    """Who has to decide; of what was decided who asked, of what ends both."""
    asked, decided = override.requested_by_id, override.decided_by_id
    if code == "notice.override_requested":
        deciders = partner_rules.CAPABILITIES["tier.override_approve"].vendor_roles
        return [pk for pk in partner_queries.people_with_vendor_role(*deciders) if pk != asked]
    people = {asked, decided} if code == "notice.override_runs_out" else {asked}
    return sorted(pk for pk in people if pk is not None)
