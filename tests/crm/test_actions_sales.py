"""Sales: revisions, exchange rates that come late, and the scores that move with them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from common import events
from crm.actions.rates import upsert_rates
from crm.actions.sales import upsert_sales
from crm.models import Sale, SaleLine
from crm.rules.rows import RateRow
from tests.crm.rows import CRM, line, sale_row
from tests.crm.test_actions_batches import codes, outcomes
from tests.factories.crm import CustomerFactory, ExchangeRateFactory, ProductFactory
from tests.factories.partners import PartnerFactory
from tiers.models import ScoreCredit

pytestmark = pytest.mark.django_db
SECOND_CURRENT = """
INSERT INTO crm_sale SELECT (jsonb_populate_record(sale, '{"id": 99, "public_id": "x", "revision": 9}')).*
FROM crm_sale sale WHERE is_current
"""
RATE = RateRow(currency="PLN", on=date(2026, 6, 1), rate=Decimal("0.25"))


@pytest.fixture(autouse=True)
def catalogue() -> None:
    CustomerFactory(external_id="C1")
    CustomerFactory(external_id="C2")
    ProductFactory(external_id="P1", kind="product")
    ProductFactory(external_id="SV", kind="service")


@pytest.fixture
def news(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    heard: list[dict[str, Any]] = []
    monkeypatch.setitem(events._listeners, "sale.changed", (lambda **facts: heard.append(facts),))
    return heard


@pytest.fixture
def partner() -> Any:
    return PartnerFactory()


def scores(partner: Any) -> dict[str, Decimal]:
    rows = ScoreCredit.objects.filter(partner=partner).values_list("metric__code").annotate(Sum("amount"))
    return {metric: amount for metric, amount in rows if amount}


def current(external_id: str = "S1") -> Sale:
    return Sale.objects.get(external_id=external_id, is_current=True)


def test_a_sale_with_its_lines_scores_for_its_partner(partner: Any, now: datetime, news: list[dict[str, Any]]) -> None:
    row = sale_row(1, line("P1", "1000.50", "3"), line("SV", "200"), partner=partner.public_id, registration="reg_x")
    assert outcomes(upsert_sales([row], by=CRM, at=now)) == ["created"]
    sale = current()
    assert (sale.revision, sale.partner_id, sale.registration_public_id) == (1, partner.pk, "reg_x")
    assert [(part.number, part.quantity, part.base_amount) for part in sale.lines.all()] == [
        (1, Decimal(3), Decimal("1000.50")),
        (2, Decimal(1), Decimal(200)),
    ]
    assert scores(partner) == {
        "channel_revenue": Decimal("1200.50"),
        "solution_revenue": Decimal("1200.50"),
        "new_customers": Decimal(1),
    }
    assert news == [{"sale_ids": [sale.pk], "partner_ids": [partner.pk], "at": now}]
    assert {credit.valid_from for credit in ScoreCredit.objects.all()} == {date(2026, 6, 15)}


def test_a_direct_sale_scores_for_nobody(now: datetime, news: list[dict[str, Any]]) -> None:
    upsert_sales([sale_row(1)], by=CRM, at=now)
    assert not ScoreCredit.objects.exists()
    assert news[0]["partner_ids"] == []


def test_the_same_sale_again_changes_nothing(partner: Any, now: datetime, news: list[dict[str, Any]]) -> None:
    row = sale_row(1, partner=partner.public_id)
    upsert_sales([row], by=CRM, at=now)
    with CaptureQueriesContext(connection) as again:
        assert outcomes(upsert_sales([row], by=CRM, at=now + timedelta(days=1))) == ["unchanged"]
    assert not [query for query in again if query["sql"].startswith(("INSERT", "UPDATE"))]
    assert (Sale.objects.count(), len(news)) == (1, 1)


def test_a_correction_is_a_new_revision_and_history_stays(
    partner: Any, now: datetime, news: list[dict[str, Any]]
) -> None:
    rival = PartnerFactory()
    upsert_sales([sale_row(1, line("P1", "1000"), partner=partner.public_id)], by=CRM, at=now)
    corrected = sale_row(1, line("P1", "700"), line("P1", "100"), partner=rival.public_id)
    assert outcomes(upsert_sales([corrected], by=CRM, at=now)) == ["updated"]
    assert list(Sale.objects.order_by("revision").values_list("revision", "is_current", "partner_id")) == [
        (1, False, partner.pk),
        (2, True, rival.pk),
    ]
    assert scores(partner) == {}
    assert scores(rival) == {"channel_revenue": Decimal(800), "new_customers": Decimal(1)}
    assert news[1]["partner_ids"] == sorted([partner.pk, rival.pk])
    assert SaleLine.objects.filter(sale__revision=1).get().net_amount == Decimal(1000)


def test_a_cancelled_sale_scores_no_more_and_may_come_back(partner: Any, now: datetime) -> None:
    booked = sale_row(1, partner=partner.public_id)
    cancelled = sale_row(1, partner=partner.public_id, status="cancelled")
    for row, expected in ((booked, 1000), (cancelled, None), (booked, 1000), (cancelled, None)):
        upsert_sales([row], by=CRM, at=now)
        assert scores(partner).get("channel_revenue") == expected
        assert scores(partner).get("new_customers") == (1 if expected else None)
    assert current().revision == 4


def test_the_earliest_sale_makes_the_customer_new(partner: Any, now: datetime) -> None:
    def valid_from() -> list[date]:
        live = ScoreCredit.objects.filter(metric__code="new_customers", reverses=None, reversals=None)
        return sorted(live.values_list("valid_from", flat=True))

    def book(number: int, day: date, status: str = "booked") -> None:
        row = sale_row(number, booked_on=day, partner=partner.public_id, status=status)
        upsert_sales([row], by=CRM, at=now)

    book(1, date(2026, 5, 1))
    book(2, date(2026, 6, 1))
    assert valid_from() == [date(2026, 5, 1)]
    book(3, date(2026, 4, 1))  # an earlier one comes late
    assert valid_from() == [date(2026, 4, 1)]
    book(3, date(2026, 4, 1), "cancelled")
    assert valid_from() == [date(2026, 5, 1)]
    book(1, date(2026, 5, 1), "cancelled")
    assert valid_from() == [date(2026, 6, 1)]
    book(1, date(2026, 5, 1))  # and back again
    assert valid_from() == [date(2026, 5, 1)]
    assert scores(partner)["new_customers"] == 1


def test_without_a_rate_the_sale_waits_and_counts_nowhere(
    partner: Any, now: datetime, news: list[dict[str, Any]]
) -> None:
    ExchangeRateFactory(currency="PLN", on=date(2026, 5, 5))  # 41 days before
    row = sale_row(1, line("P1", "1000"), currency="PLN", partner=partner.public_id)
    assert outcomes(upsert_sales([row], by=CRM, at=now)) == ["waiting"]
    assert current().waits_for_rate
    assert current().lines.get().base_amount is None
    assert scores(partner) == {}
    assert outcomes(upsert_sales([row], by=CRM, at=now)) == ["unchanged"]

    assert outcomes(upsert_rates([RATE], by=CRM, at=now)) == ["created"]
    assert not current().waits_for_rate
    assert current().lines.get().base_amount == Decimal(250)
    assert scores(partner) == {"channel_revenue": Decimal(250), "new_customers": Decimal(1)}
    assert [facts["sale_ids"] for facts in news] == [[current().pk], [current().pk]]


def test_a_rate_of_another_currency_or_too_late_a_day_completes_nothing(partner: Any, now: datetime) -> None:
    upsert_sales([sale_row(1, currency="PLN", partner=partner.public_id)], by=CRM, at=now)
    others = [
        RateRow(currency="HUF", on=date(2026, 6, 1), rate=Decimal("0.0025")),
        RateRow(currency="PLN", on=date(2026, 6, 16), rate=Decimal("0.25")),
    ]
    upsert_rates(others, by=CRM, at=now)
    assert current().waits_for_rate


def test_converted_amounts_stay_when_the_rate_is_corrected(partner: Any, now: datetime) -> None:
    upsert_rates([RATE], by=CRM, at=now)
    row = sale_row(1, line("P1", "1000"), currency="PLN", partner=partner.public_id)
    upsert_sales([row], by=CRM, at=now)
    upsert_rates([RateRow(currency="PLN", on=date(2026, 6, 1), rate=Decimal("0.30"))], by=CRM, at=now)
    assert current().lines.get().base_amount == Decimal(250)
    assert outcomes(upsert_sales([row], by=CRM, at=now)) == ["unchanged"]


def test_a_cancelled_sale_does_not_wait_for_a_rate(now: datetime) -> None:
    row = sale_row(1, currency="PLN", status="cancelled")
    assert outcomes(upsert_sales([row], by=CRM, at=now)) == ["created"]
    assert not current().waits_for_rate


def test_one_bad_row_stops_all(partner: Any, now: datetime, news: list[dict[str, Any]]) -> None:
    rows = [
        sale_row(1, partner=partner.public_id),
        sale_row(2, line("NOPE"), line("P1", "NaN"), customer="C9", partner="ptn_nope"),
        sale_row(3, line("P1", quantity="0"), status="lost", booked_on=date(9999, 12, 31), currency="eur"),
        sale_row(4, lines=[]),
    ]
    result = upsert_sales(rows, by=CRM, at=now)
    assert codes(result) == [
        [],
        [
            ("lines[1].net_amount", "row.amount_invalid"),
            ("customer", "row.unknown_customer"),
            ("partner", "row.unknown_partner"),
            ("lines[0].product", "row.unknown_product"),
        ],
        [
            ("status", "row.unknown_status"),
            ("booked_on", "row.date_invalid"),
            ("currency", "row.currency_invalid"),
            ("lines[0].quantity", "row.quantity_invalid"),
        ],
        [("lines", "row.lines_missing")],
    ]
    assert not Sale.objects.exists()
    assert not ScoreCredit.objects.exists()
    assert news == []


def test_if_a_listener_fails_nothing_has_happened(partner: Any, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_news: Any) -> None:
        raise RuntimeError

    monkeypatch.setitem(events._listeners, "sale.changed", (fail,))
    with pytest.raises(RuntimeError):
        upsert_sales([sale_row(1, partner=partner.public_id)], by=CRM, at=now)
    assert not Sale.objects.exists()
    assert not ScoreCredit.objects.exists()


def test_statements_do_not_grow_with_rows(now: datetime) -> None:
    def statements(count: int) -> int:
        partner = PartnerFactory()
        first = [sale_row(n, external_id=f"{count}-{n}", partner=partner.public_id) for n in range(count)]
        second = [
            sale_row(n, line("SV"), external_id=f"{count}-{n}", partner=partner.public_id, customer="C2")
            for n in range(count)
        ]
        with CaptureQueriesContext(connection) as queries:
            upsert_sales(first, by=CRM, at=now)
            upsert_sales(second, by=CRM, at=now)
        return len(queries)

    statements(1)  # the first of all creates the metrics
    assert statements(100) == statements(2)


@pytest.mark.parametrize(
    ("change", "guard"),
    [
        ("UPDATE crm_sale SET booked_on = '2020-01-01'", "a revision of a sale is not changed"),
        ("UPDATE crm_sale SET is_current = true WHERE NOT is_current", "a revision of a sale is not changed"),
        ("UPDATE crm_sale SET waits_for_rate = true", "a revision of a sale is not changed"),
        ("UPDATE crm_saleline SET net_amount = 1", "a line of a sale is not changed"),
        ("UPDATE crm_saleline SET base_amount = 1", "a line of a sale is not changed"),
        ("DELETE FROM crm_saleline", "a line of a sale is not changed"),
        ("DELETE FROM crm_sale", "a revision of a sale is not changed"),
        (SECOND_CURRENT, "sale_current_revision_once"),
    ],
)
def test_the_database_keeps_history_as_it_was(change: str, guard: str, now: datetime) -> None:
    upsert_sales([sale_row(1)], by=CRM, at=now)
    upsert_sales([sale_row(1, line("SV"))], by=CRM, at=now)
    with pytest.raises(DatabaseError, match=guard), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
