"""Telling partners' people that other rules will apply. Run from the outbox, after they are published."""

from datetime import datetime

from django.urls import reverse

from deals.models import Rulebook
from partners import queries as partner_queries
from partners import rules as partner_rules
from partners.actions.notices import notify


def tell_of_published_rules(*, rulebook_id: int, at: datetime) -> None:
    """Everybody at a partner who may read the rules, once: from which day they apply, and where they are written."""
    rulebook = Rulebook.objects.get(pk=rulebook_id)
    assert rulebook.effective_from is not None
    notify(
        partner_queries.people_of_all_partners(partner_rules.CAPABILITIES["registration.view"].partner_roles),
        kind="rules.published",
        code="notice.rules_published",
        at=at,
        params={"version": rulebook.version, "day": rulebook.effective_from.isoformat()},
        url=reverse("deals:rulebook", args=[rulebook.public_id]),
        about=rulebook.public_id,
        dedup=rulebook.public_id,
    )
