"""The tier page of a partner at risk: what it reads in a few seconds, in every window."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.e2e.inspection import Inspector
from tests.e2e.pages import Sight
from tests.factories.partners import MembershipFactory
from tests.factories.tiers import a_certificate, a_credit, credit, enrolled_partner_id, hold_level

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.django_db(transaction=True)]
WINDOWS = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]
PEOPLE = ("Anna Nowak", "Jan Kowalski", "Péter Nagy")


def a_partner_at_risk(today: date) -> int:
    """Silver by three people of whom one's certificate ends in fifty days, and revenue that was sold a year ago."""
    partner_id = enrolled_partner_id(starts_on=today - timedelta(days=600), name="Nordlicht Systems")
    hold_level(partner_id, "silver", starts_on=today - timedelta(days=200))
    long_ago = today - timedelta(days=300)
    ends = (today + timedelta(days=50), None, today + timedelta(days=400))
    credit(*(a_certificate(partner_id, who, long_ago, until) for who, until in zip(PEOPLE, ends, strict=True)))
    sold = (today - timedelta(days=days) for days in (330, 250, 190, 120, 60, 20))
    credit(*(a_credit(partner_id, "channel_revenue", 36_000, day, key=f"Sale {day}") for day in sold))
    credit(*(a_credit(partner_id, "new_customers", 1, today - timedelta(days=days)) for days in (250, 120, 20)))
    return partner_id


def test_a_partner_reads_where_it_stands_and_what_comes(open_context, live_server):
    today = timezone.localdate()
    user = MembershipFactory(partner_id=a_partner_at_risk(today), role="admin").user
    own, past = reverse("tiers:standing"), (today - timedelta(days=30)).isoformat()
    sights = [Sight("risk", own), Sight("risk-past", f"{own}?on={past}"), Sight("risk-home", "/")]
    problems = []
    for width, theme in WINDOWS:
        inspector = Inspector(open_context(user, width=width, theme=theme), live_server.url)
        for sight in sights:
            inspector.inspect(sight, f"partner-admin/{width}-{theme}")
        problems += [f"{width} {theme} {problem}" for problem in inspector.problems]
        inspector.page.goto(own)
        words = inspector.page.locator("main").inner_text()
        assert "Certificate of Anna Nowak expires" in words
        assert "Certified people: 3 → 2 · Silver needs 3" in words
        assert "Silver hangs on each of 3 people" in words
    assert problems == []
