"""The score book over REST: credits in, all or nothing, taken back by key, read in order."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.models import AuditEntry
from tests.api.conftest import ApiClient, ask_token, quick_secrets, register
from tests.factories.partners import PartnerFactory
from tests.factories.tiers import a_credit, credit, default_programme
from tiers.models import ScoreCredit

__all__ = ["quick_secrets"]
pytestmark = pytest.mark.django_db

BOOK = "/score-credits"


def client_with(*scopes: str) -> ApiClient:
    return ApiClient(ask_token(*register("LMS", *scopes)).json()["access_token"])


@pytest.fixture
def lms():
    default_programme()
    return client_with("tiers.read", "tiers.write")


@pytest.fixture
def partner():
    return PartnerFactory()


def a_row(partner, key="course-1", **changes):
    row = {"partner": partner.public_id, "metric": "training", "amount": "1", "valid_from": "2026-05-01"}
    return {**row, "source_key": key, **changes}


def sent(client, *rows, to=BOOK):
    return client.post(to, {"rows": list(rows)})


def outcomes(answer):
    assert answer.status_code == 200, answer.content
    return [row["outcome"] for row in answer.json()["results"]]


def errors(answer):
    assert answer.status_code == 422, answer.content
    return {place: [error["code"] for error in found] for place, found in answer.json()["errors"].items()}


def standing_sum(partner) -> Decimal:
    return sum((row.amount for row in ScoreCredit.objects.filter(partner=partner)), Decimal(0))


def test_credits_count_once_however_often_they_are_sent(lms, partner):
    rows = [
        a_row(partner, "course-1", holder="Anna", label="Basics"),
        a_row(
            partner, "deal-1", metric="channel_revenue", amount="2500.1234", currency="EUR", valid_until="2027-05-01"
        ),
    ]
    assert outcomes(sent(lms, *rows)) == ["created", "created"]
    assert outcomes(sent(lms, *rows, a_row(partner, "course-2"))) == ["unchanged", "unchanged", "created"]
    first, third, second = ScoreCredit.objects.order_by("source_key")
    assert (first.source_kind, first.source_key, first.holder, first.label) == (
        "reported",
        "course-1",
        "Anna",
        "Basics",
    )
    assert (second.amount, second.valid_until) == (Decimal("2500.1234"), date(2027, 5, 1))
    told = {entry.subject_id: entry for entry in AuditEntry.objects.filter(event="score.credited")}
    assert told.keys() == {str(row.pk) for row in (first, second, third)}
    assert AuditEntry.objects.filter(event="score.credited").count() == 3
    assert told[str(second.pk)].facts == {"key": "deal-1", "amount": "2500.1234", "metric": "channel_revenue"}
    assert {entry.actor_label for entry in told.values()} == {"LMS"}


def test_every_fault_of_every_row_is_told_and_nothing_is_applied(lms, partner):
    good = a_row(partner, "good")
    answer = sent(
        lms,
        good,
        a_row(partner, "b", metric="golf") | {"partner": "ptn_missing"},
        a_row(partner, "c", metric="channel_revenue", currency="USD"),
        a_row(partner, "d", valid_until="2026-05-01"),
        a_row(partner, "e", amount="NaN"),
        a_row(partner, "f", amount="100000000000000"),
        a_row(partner, "g", currency="EUR"),
        {**good, "amount": "2"},
    )
    assert errors(answer) == {
        "rows[1].partner": ["score.partner_unknown"],
        "rows[1].metric": ["metric.unknown"],
        "rows[2].currency": ["score.currency_other"],
        "rows[3].valid_until": ["score.validity_reversed"],
        "rows[4].amount": ["score.amount_invalid"],
        "rows[5].amount": ["score.amount_invalid"],
        "rows[6].currency": ["score.currency_unneeded"],
        "rows[7].source_key": ["score.doubled"],
    }
    assert ScoreCredit.objects.count() == 0
    assert not AuditEntry.objects.filter(event="score.credited").exists()


def test_malformed_rows_are_told_by_place(lms, partner):
    answer = sent(lms, a_row(partner, valid_from="31.02.2026", colour="red"), {"partner": partner.public_id})
    assert set(errors(answer)) == {
        *("rows[0].valid_from", "rows[0].colour", "rows[1].metric", "rows[1].amount", "rows[1].valid_from"),
        "rows[1].source_key",
    }
    many = lms.post(BOOK, {"rows": [a_row(partner, str(number)) for number in range(1001)]})
    assert many.status_code == 413
    assert ScoreCredit.objects.count() == 0


def test_the_same_key_with_other_content_is_refused_with_its_whole_batch(lms, partner):
    assert outcomes(sent(lms, a_row(partner))) == ["created"]
    assert errors(sent(lms, a_row(partner, "new"), a_row(partner, amount="2"))) == {
        "rows[1].source_key": ["score.key_differs"]
    }
    assert standing_sum(partner) == 1
    other = PartnerFactory()
    assert outcomes(sent(lms, a_row(other), a_row(partner, metric="nps", amount="-40"))) == ["created", "created"]


def test_reversals_undo_all_of_a_key_once_and_say_why(lms, partner):
    other = PartnerFactory()
    sent(lms, a_row(partner), a_row(other, amount="3"), a_row(partner, "kept"))
    undone = {"source_key": "course-1", "reason": "The course was not finished."}
    assert outcomes(sent(lms, undone, to=f"{BOOK}/reversals")) == ["updated"]
    assert (standing_sum(partner), standing_sum(other)) == (1, 0)
    assert outcomes(sent(lms, undone, to=f"{BOOK}/reversals")) == ["unchanged"]
    told = AuditEntry.objects.filter(event="score.reversed")
    assert [entry.facts["reason"] for entry in told] == [undone["reason"]] * 2
    assert errors(sent(lms, a_row(partner))) == {"rows[0].source_key": ["score.source_reversed"]}


def test_a_wrong_reversal_undoes_nothing(lms, partner):
    credit(a_credit(partner.pk, "training", 1, date(2026, 5, 1), key="of-the-program"))
    sent(lms, a_row(partner))
    good = {"source_key": "course-1", "reason": "Mistaken."}
    answer = sent(
        lms,
        good,
        {"source_key": "course-9", "reason": "x"},
        {"source_key": "of-the-program", "reason": " "},
        good,
        to=f"{BOOK}/reversals",
    )
    assert errors(answer) == {
        "rows[1].source_key": ["score.key_unknown"],
        "rows[2].source_key": ["score.key_unknown"],
        "rows[2].reason": ["score.reason_missing"],
        "rows[3].source_key": ["row.duplicate"],
    }
    assert standing_sum(partner) == 2
    assert not AuditEntry.objects.filter(event="score.reversed").exists()


def pages(client, **query):
    answer = client.get(BOOK, **query).json()
    found = list(answer["results"])
    while answer["next"]:
        answer = client.http.get(answer["next"], headers={"Authorization": f"Bearer {client.token}"}).json()
        found += answer["results"]
    return found


def test_the_book_is_read_in_order_and_narrowed(lms, partner):
    other, day = PartnerFactory(), date(2026, 5, 1)
    at = timezone.now()
    for number in range(7):
        credit(a_credit(partner.pk, "training", number, day, key=f"k{number}"), at=at - timedelta(hours=number // 2))
    credit(a_credit(other.pk, "nps", 50, day), at=at + timedelta(hours=1))
    everything = pages(lms, limit=2)
    assert [row["recorded_at"] for row in everything] == sorted(row["recorded_at"] for row in everything)
    assert len({(row["source_key"], row["metric"]) for row in everything}) == len(everything) == 8
    assert len(pages(lms, partner=partner.public_id, limit=3)) == 7
    assert [row["metric"] for row in pages(lms, metric="nps")] == ["nps"]
    assert pages(lms, partner="ptn_missing") == pages(lms, metric="golf") == []
    since = (at - timedelta(minutes=30)).isoformat()
    assert len(pages(lms, updated_since=since)) == 3
    sent(lms, a_row(partner), a_row(partner, "other"))
    sent(lms, {"source_key": "course-1", "reason": "x"}, to=f"{BOOK}/reversals")
    shown = pages(lms, source_key="course-1")
    assert [(row["amount"], row["is_reversal"]) for row in shown] == [("1.0000", False), ("-1.0000", True)]


@pytest.mark.parametrize("cursor", ["x", "bm9uc2Vuc2U", "WyIyMDI2LTA1LTAxIiwxXQ", "\u202e"])
def test_a_cursor_that_is_none_of_ours(lms, cursor):
    assert lms.get(BOOK, cursor=cursor).status_code == 422


def test_a_page_costs_the_same_however_long_the_book_is(lms, partner):
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert lms.get(BOOK, partner=partner.public_id).status_code == 200
        return len(captured)

    credit(a_credit(partner.pk, "training", 1, date(2026, 5, 1)))
    before = cost()
    credit(*[a_credit(PartnerFactory().pk, "nps", 1, date(2026, 5, 1)) for _ in range(3)])
    credit(*[a_credit(partner.pk, "training", 1, date(2026, 5, 1)) for _ in range(40)])
    assert cost() == before <= 4


def test_a_batch_costs_the_same_however_many_rows(lms, partner):
    def cost(*rows) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert set(outcomes(sent(lms, *rows))) == {"created"}
        return len(captured)

    sent(lms, a_row(partner, "first"), a_row(partner, "second", metric="nps"))
    few = cost(a_row(partner, "a"))
    assert cost(*(a_row(PartnerFactory(), f"b{number}") for number in range(30))) == few <= 25


def test_scopes(partner):
    default_programme()
    reader, writer = client_with("tiers.read"), client_with("tiers.write")
    assert sent(reader, a_row(partner)).status_code == 403
    assert sent(reader, {"source_key": "x", "reason": "x"}, to=f"{BOOK}/reversals").status_code == 403
    assert reader.post("/metrics", {"code": "a", "name": "A", "unit": "number"}, key="k").status_code == 403
    assert writer.get(BOOK).status_code == writer.get("/metrics").status_code == 403
    assert writer.get(f"/partners/{partner.public_id}/standing").status_code == 403
    assert sent(client_with("crm.write", "deals.write"), a_row(partner)).status_code == 403
    assert ScoreCredit.objects.count() == 0
    assert outcomes(sent(writer, a_row(partner))) == ["created"]
