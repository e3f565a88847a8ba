"""The tier board through HTTP: who may see it, what it says, what the file holds."""

import csv
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.http import HttpResponseBase
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from partners.models import Partner, User
from tests.factories.partners import MembershipFactory, PartnerFactory, VendorRoleFactory
from tests.factories.tiers import PUBLISHED_AT, a_credit, credit, default_programme, enrolled_partner_id, hold_level
from tiers.choices.board import COLUMNS, NOTICE_COLUMNS
from tiers.models import DemotionNotice, Freeze, Level, Override

pytestmark = pytest.mark.django_db
BOARD, EXPORT = reverse("tiers:board"), reverse("tiers:board-export")
TIME, NOTICES = reverse("tiers:board-over-time"), reverse("tiers:board-notices")
PAGES = (BOARD, EXPORT, TIME, reverse("tiers:board-over-time-export"), NOTICES, reverse("tiers:board-notices-export"))


@pytest.fixture
def manager() -> User:
    return VendorRoleFactory(role="channel_manager").user


@pytest.fixture
def reader(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


@pytest.fixture
def text(reader: Client) -> Callable[..., str]:
    def text_of(address: str = BOARD, **query: str) -> str:
        answer = reader.get(address, query)
        assert answer.status_code == 200
        return answer.content.decode()

    return text_of


def lines_of(answer: HttpResponseBase) -> list[list[str]]:
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    return list(csv.reader(content.decode("utf-8-sig").splitlines()))


def partner_named(name: str, code: str = "", **partner: object) -> Partner:
    found = Partner.objects.get(pk=enrolled_partner_id(name=name, **partner))
    if code:
        hold_level(found.pk, code, starts_on=date(2025, 6, 1))
    return found


@pytest.mark.parametrize("role", ["channel_manager", "channel_chief", "ceo", "admin", "finance"])
def test_the_vendors_staff_sees_it(client: Client, role: str) -> None:
    default_programme()
    client.force_login(VendorRoleFactory(role=role).user)
    assert [client.get(page).status_code for page in PAGES] == [200] * len(PAGES)


def test_to_partners_and_direct_sales_it_does_not_exist(client: Client) -> None:
    partner_named("Canary Rival")
    seller, direct = MembershipFactory(role="admin").user, VendorRoleFactory(role="direct_sales").user
    for user in (seller, direct):
        client.force_login(user)
        assert [client.get(page).status_code for page in PAGES] == [404] * len(PAGES)


def test_before_the_first_programme_it_says_so(text: Callable[..., str]) -> None:
    PartnerFactory(name="Too Early")
    for page in (BOARD, TIME):
        assert "No programme yet" in text(page)
    assert "No notices yet" in text(NOTICES)
    assert "Too Early" not in text()


def test_a_row_says_where_a_partner_is_and_what_comes(text: Callable[..., str], manager: User) -> None:
    today = timezone.localdate()
    partner = partner_named("Nordlicht Systems", "silver", account_manager=manager)
    credit(
        a_credit(partner.pk, "channel_revenue", "120000.50", today),
        a_credit(partner.pk, "new_customers", 2, today),
        a_credit(partner.pk, "certified_people", 3, today - timedelta(days=5), today + timedelta(days=40)),
    )
    page = text()
    for words in (
        "Nordlicht Systems",
        "Silver",
        "€120,001",
        "Gold",
        "Will be lost",
        "Certified people: a credit expires",
    ):
        assert words in page, words
    assert reverse("tiers:partner", args=[partner.public_id]) in page
    assert "style=" not in page


def test_an_override_stands_beside_the_level_and_a_freeze_below(text: Callable[..., str], manager: User) -> None:
    today = timezone.localdate()
    partner = partner_named("Nordlicht Systems", "silver")
    gold = Level.objects.get(code="gold")
    period = {"starts_on": today, "ends_on": today + timedelta(days=31)}
    chief = VendorRoleFactory(role="channel_chief").user
    asked = {"requested_by": manager, "requested_at": PUBLISHED_AT, "reason": "Secret words"}
    decided = {"status": "approved", "decided_by": chief, "decided_at": PUBLISHED_AT}
    Override.objects.create(partner=partner, level=gold, **period, **asked, **decided)
    Freeze.objects.create(partner=partner, **period, reason="Merger", set_by="x", set_at=PUBLISHED_AT)
    page = text()
    for words in ("Silver", "Gold given until", "Frozen until"):
        assert words in page, words
    assert "Secret words" not in page
    for show in ("overridden", "frozen"):
        assert "Nordlicht Systems" in text(show=show)
    assert "Nordlicht Systems" not in text(show="notice")


def test_the_file_has_what_the_page_shows(reader: Client, manager: User) -> None:
    today = timezone.localdate()
    partner_named("Bronze One")
    gold = partner_named("=Gold One", "gold", account_manager=manager)
    bronze = Level.objects.get(code="bronze")
    DemotionNotice.objects.create(
        partner=gold, level=bronze, given_on=today - timedelta(days=3), effective_on=today + timedelta(days=90)
    )
    head, *rows = lines_of(reader.get(EXPORT, {"level": "gold", "mine": "1"}))
    assert tuple(head) == COLUMNS
    assert len(rows) == 1
    row = dict(zip(head, rows[0], strict=True))
    assert row["name"] == "'=Gold One"
    assert (row["level"], row["next_level"], row["risk"]) == ("gold", "platinum", "Notice running")
    assert (row["risk_on"], row["risk_cause"]) == (str(today + timedelta(days=90)), "Falls to Bronze")
    assert len(lines_of(reader.get(EXPORT))) == 3


def test_notices_are_listed_as_they_stood_on_the_day(reader: Client, text: Callable[..., str]) -> None:
    partner = partner_named("Nordlicht Systems", "silver")
    bronze = Level.objects.get(code="bronze")
    DemotionNotice.objects.create(
        partner=partner,
        level=bronze,
        given_on=date(2025, 8, 1),
        effective_on=date(2026, 1, 1),
        outcome="cancelled",
        closed_on=date(2025, 9, 1),
    )
    assert "Nordlicht Systems" in text(NOTICES, outcome="cancelled")
    assert "Nordlicht Systems" not in text(NOTICES, outcome="open")
    assert "Nordlicht Systems" in text(NOTICES, outcome="open", on="2025-08-31")
    assert "Nordlicht Systems" not in text(NOTICES, outcome="open", on="2025-09-01")
    assert "Nordlicht Systems" not in text(NOTICES, on="2025-07-31")
    head, row = lines_of(reader.get(reverse("tiers:board-notices-export")))
    assert tuple(head) == NOTICE_COLUMNS
    assert row[1:] == ["Nordlicht Systems", "Bronze", "2025-08-01", "2026-01-01", "cancelled", "2025-09-01"]


def test_levels_over_time_end_with_the_day(reader: Client) -> None:
    partner_named("Nordlicht Systems", "silver")
    address = reverse("tiers:board-over-time-export")
    _head, *rows = lines_of(reader.get(address, {"on": "2025-06-15"}))
    counts = {(day, level): count for day, level, count in rows}
    assert len({day for day, _level in counts}) == 24
    assert rows[0][0] == "2025-06-15"
    assert counts["2025-06-15", "silver"] == counts["2025-05-31", "bronze"] == counts["2025-01-31", "bronze"] == "1"
    assert counts["2025-05-31", "silver"] == counts["2025-06-15", "bronze"] == counts["2024-12-31", "bronze"] == "0"


def test_a_past_day_shows_what_was_held_then(text: Callable[..., str]) -> None:
    partner_named("Nordlicht Systems", "silver")
    assert "As of 31 May 2025" in text(on="2025-05-31")
    assert "Nordlicht Systems" in text(on="2025-05-31", level="bronze")
    assert "Nordlicht Systems" not in text(on="2025-05-31", level="silver")
    assert "Nordlicht Systems" in text(on="2999-01-01", level="silver")  # a day to come is today
    assert "Nordlicht Systems" in text(on="nonsense", after="nonsense", level="silver")


@pytest.mark.parametrize("address", [BOARD, NOTICES, TIME])
def test_the_number_of_statements_does_not_grow(reader: Client, address: str) -> None:
    counts = []
    for number in range(2):
        for place in range(3 + 20 * number):
            partner = partner_named(f"Partner {number} {place}", "silver")
            credit(a_credit(partner.pk, "channel_revenue", 50_000 * place, timezone.localdate()))
            DemotionNotice.objects.create(
                partner=partner,
                level=Level.objects.get(code="bronze"),
                given_on=date(2026, 1, 1),
                effective_on=date(2026, 9, 1),
            )
        reader.get(address)
        with CaptureQueriesContext(connection) as captured:
            assert "Partner 0 0" in reader.get(address).content.decode() or address == TIME
        counts.append(len(captured))
    assert counts[0] == counts[1]
