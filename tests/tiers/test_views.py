"""The tier page: one's own, a rival's, a missing one, and nobody's."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from partners.models import Partner
from tests.factories.partners import MembershipFactory, PartnerFactory, UserFactory, VendorRoleFactory
from tests.factories.tiers import (
    PUBLISHED_AT,
    a_certificate,
    a_credit,
    credit,
    default_programme,
    enrolled_partner_id,
    hold_level,
)
from tiers.actions.standings import review_partners

pytestmark = pytest.mark.django_db
OWN = reverse("tiers:standing")


@pytest.fixture
def partner() -> Partner:
    return Partner.objects.get(pk=enrolled_partner_id(name="Nordlicht Systems"))


@pytest.fixture
def signed_in(client: Client) -> Callable[..., Client]:
    def sign_in(user: object) -> Client:
        client.force_login(user)  # type: ignore[arg-type]
        return client

    return sign_in


def without_secrets(answer: HttpResponse, public_id: str) -> str:
    """The answer without the address asked for and the token that each answer has anew."""
    return re.sub(r'"X-CSRFToken": "\w+"', "", answer.content.decode()).replace(public_id, "ID")


def address(partner: Partner) -> str:
    return reverse("tiers:partner", args=[partner.public_id])


@pytest.mark.parametrize("role", ["admin", "seller", "finance", "viewer"])
def test_every_role_of_a_partner_sees_its_own_tier(
    partner: Partner, signed_in: Callable[..., Client], role: str
) -> None:
    client = signed_in(MembershipFactory(partner=partner, role=role).user)
    for url in (OWN, address(partner)):
        page = client.get(url)
        assert page.status_code == 200
        assert "Nordlicht Systems" in page.content.decode()


@pytest.mark.parametrize("role", ["channel_manager", "channel_chief", "finance", "direct_sales", "ceo", "admin"])
def test_the_vendor_sees_any_partners_tier_and_has_none_itself(
    partner: Partner, signed_in: Callable[..., Client], role: str
) -> None:
    client = signed_in(VendorRoleFactory(role=role).user)
    assert client.get(address(partner)).status_code == 200
    assert client.get(OWN).status_code == 404
    assert client.get(reverse("tiers:partner", args=["ptn_0000000000000000"])).status_code == 404


def test_a_rivals_tier_is_answered_like_a_missing_one(partner: Partner, signed_in: Callable[..., Client]) -> None:
    rival = PartnerFactory(name="Canary Rival")
    client = signed_in(MembershipFactory(partner=partner).user)
    foreign = client.get(address(rival))
    missing = client.get(reverse("tiers:partner", args=["ptn_0000000000000000"]))
    assert foreign.status_code == missing.status_code == 404
    assert without_secrets(foreign, rival.public_id) == without_secrets(missing, "ptn_0000000000000000")
    assert "Canary" not in foreign.content.decode()


def test_who_left_or_never_belonged_finds_nothing(partner: Partner, signed_in: Callable[..., Client]) -> None:
    for user in (MembershipFactory(partner=partner, is_active=False).user, UserFactory()):
        client = signed_in(user)
        assert [client.get(url).status_code for url in (OWN, address(partner))] == [404, 404]


def test_anonymous_visitors_are_asked_to_sign_in_whatever_the_address(client: Client, partner: Partner) -> None:
    urls = [OWN, address(partner), reverse("tiers:partner", args=["ptn_0000000000000000"])]
    answers = [client.get(url) for url in urls]
    assert [answer.status_code for answer in answers] == [302, 302, 302]
    assert [answer["Location"] for answer in answers] == [f"{reverse('account_login')}?next={url}" for url in urls]


def test_the_page_shows_requirements_paths_credits_and_announcements(
    partner: Partner, signed_in: Callable[..., Client]
) -> None:
    today = timezone.localdate()
    credit(
        a_credit(partner.pk, "channel_revenue", Decimal("60000.50"), today, key="Sale 4711"),
        a_credit(partner.pk, "certified_people", 3, today),
    )
    hold_level(partner.pk, "gold", starts_on=date(2025, 6, 1))
    review_partners([partner.pk], day=today, at=PUBLISHED_AT)
    client = signed_in(MembershipFactory(partner=partner).user)
    text = client.get(OWN).content.decode()
    for words in (
        *(
            "Next: Platinum",
            "What keeps Gold",
            "Path 1",
            "Path 2",
            "The shorter way",
            "€60,000.50",
            "€500,000.00",
            "Missing only:",
        ),
        *("Sale 4711", "Demotion to Bronze announced", "Rose to Gold", "150 days", "1.25", "12%"),
    ):
        assert words in text, words
    assert "style=" not in text
    assert "<style" not in text


def test_a_past_day_is_shown_as_it_was_known_then_and_says_so(
    partner: Partner, signed_in: Callable[..., Client]
) -> None:
    today = timezone.localdate()
    late = a_credit(partner.pk, "channel_revenue", 70_000, today - timedelta(days=40), key="Entered late")
    credit(late, at=timezone.now())
    client = signed_in(MembershipFactory(partner=partner).user)
    past = {"on": (today - timedelta(days=30)).isoformat()}
    then, later = client.get(OWN, past).content.decode(), client.get(OWN, past | {"known": "now"}).content.decode()
    assert "by what was known at the end of that day" in then
    assert "Entered late" not in then
    assert "with what became known of it later" in later
    assert "Entered late" in later
    assert "known at the end" not in client.get(OWN).content.decode()


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (1, "That day is still to come."),
        ("9999-12-31", "That day is still to come."),
        ("0001-01-01", "That is too long ago."),
        ("1999-12-31", "That is too long ago."),
        ("2026-02-30", "Enter a valid date."),
        ("<b>", "Enter a valid date."),
    ],
)
def test_days_that_cannot_be_shown_are_refused_and_today_is_shown(
    partner: Partner, signed_in: Callable[..., Client], asked: int | str, answer: str
) -> None:
    today = timezone.localdate()
    day = asked if isinstance(asked, str) else (today + timedelta(days=asked)).isoformat()
    page = signed_in(MembershipFactory(partner=partner).user).get(OWN, {"on": day})
    assert page.status_code == 200
    assert answer in page.content.decode()
    assert page.context["page"].position.day == today
    assert "<b>" not in page.content.decode()


def test_before_the_first_programme_there_is_none(partner: Partner, signed_in: Callable[..., Client]) -> None:
    page = signed_in(MembershipFactory(partner=partner).user).get(OWN, {"on": "2000-01-01"})
    assert page.status_code == 200
    assert "No programme yet" in page.content.decode()


@pytest.mark.parametrize(
    ("role", "sees_rebates"), [("admin", True), ("finance", True), ("seller", False), ("viewer", False)]
)
def test_what_rebates_come_to_is_for_those_who_read_statements(
    partner: Partner, signed_in: Callable[..., Client], role: str, sees_rebates: bool
) -> None:
    page = signed_in(MembershipFactory(partner=partner, role=role).user).get(OWN)
    assert (page.context["page"].business.rebate_base is not None) == sees_rebates
    assert ("of rebates before the level" in page.content.decode()) == sees_rebates


@pytest.mark.parametrize("role", ["admin", "viewer"])
def test_on_whom_the_level_hangs(partner: Partner, signed_in: Callable[..., Client], role: str) -> None:
    today = timezone.localdate()
    hold_level(partner.pk, "silver", starts_on=date(2025, 6, 1))
    people = [a_certificate(partner.pk, who, date(2025, 6, 1)) for who in ("Anna Nowak", "Jan Kowalski", "Péter Nagy")]
    business = a_credit(partner.pk, "channel_revenue", 150_000, today), a_credit(partner.pk, "new_customers", 2, today)
    credit(*business, *people)
    client = signed_in(MembershipFactory(partner=partner, role=role).user)
    text = client.get(OWN).content.decode()
    for words in ("Silver hangs on each of 3 people.", "Certificate of Jan Kowalski alone is enough", "€4,500 a year"):
        assert words in text, words
    credit(a_certificate(partner.pk, "Zoë Virtanen", date(2025, 6, 1)))
    text = client.get(OWN).content.decode()
    assert "Silver stays, whoever of the 4 people leaves" in text
    assert "hangs on" not in text


def test_two_thousand_credits_and_people(partner: Partner, signed_in: Callable[..., Client]) -> None:
    today = timezone.localdate()
    hold_level(partner.pk, "silver", starts_on=date(2025, 6, 1))
    credit(*(a_credit(partner.pk, "channel_revenue", 100, today - timedelta(days=n % 365)) for n in range(1_000)))
    credit(*(a_certificate(partner.pk, f"Person {n:04}", today - timedelta(days=n % 365)) for n in range(1_000)))
    client = signed_in(MembershipFactory(partner=partner).user)
    page = client.get(OWN)
    assert page.status_code == 200
    assert len(page.context["page"].position.ahead.bus_factor.people) == 1_000
    assert len(page.content) < 200_000


def test_the_number_of_statements_does_not_grow(partner: Partner, signed_in: Callable[..., Client]) -> None:
    client = signed_in(MembershipFactory(partner=partner).user)
    client.get(OWN)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            client.get(OWN)
        counts.append(len(captured))
        credit(*(a_credit(partner.pk, "channel_revenue", 1, timezone.localdate()) for _ in range(200)))
    assert counts[0] == counts[1]


def test_without_a_programme_the_page_says_so(signed_in: Callable[..., Client]) -> None:
    client = signed_in(MembershipFactory(partner=PartnerFactory()).user)
    page = client.get(OWN)
    assert page.status_code == 200
    assert "No programme yet" in page.content.decode()


def test_the_top_level_has_nothing_above_it(partner: Partner, signed_in: Callable[..., Client]) -> None:
    default_programme()
    hold_level(partner.pk, "platinum", starts_on=date(2025, 6, 1))
    client = signed_in(MembershipFactory(partner=partner).user)
    assert "The highest level" in client.get(OWN).content.decode()
