from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import permutations

import pytest
from django.db import connection
from django.db.models import Sum

from common.actor import SYSTEM, Actor
from common.audit import entries_about, verify_chain
from common.errors import Refused
from common.models import AuditEntry
from common.money import Money
from common.period import Period
from incentives.actions.accruals import RecalculationResult, recalculate_partners
from incentives.actions.payouts import record_payout
from incentives.actions.plans import NewPlanVersion, publish_default_plans, publish_plan_version
from incentives.actions.statements import close_months_before, close_statements
from incentives.models import Accrual, Entry, Journal, Plan, PlanVersion, Recalculation, Statement
from incentives.queries.ledger import balance_of
from incentives.queries.verification import problems
from tests.factories.crm import SaleFactory, SaleLineFactory
from tests.factories.incentives import AT, FINANCE, bands, corrected, night, published, sold, terms
from tests.factories.partners import PartnerFactory
from tests.factories.tiers import enrolled_partner_id, hold_level
from tests.incentives.worked_examples import number, table

pytestmark = pytest.mark.django_db
SEPTEMBER_END = date(2026, 9, 30)


def refused_with(caught) -> tuple[str, ...]:
    return tuple(reason.code for reason in caught.value.reasons)


def partner(**other) -> int:
    return PartnerFactory(**other).pk


def posted(partner_id: int) -> list[tuple[str, Decimal, date]]:
    """Every journal of the partner: its kind, what it moved from the partner's view, and when."""
    journals = Journal.objects.filter(partner_id=partner_id, entries__account__partner_id=partner_id)
    rows = journals.annotate(moved=-Sum("entries__amount")).order_by("pk").values_list("kind", "moved", "posted_on")
    return [(kind, moved.quantize(Decimal("0.01")), day) for kind, moved, day in rows]


def owed() -> dict[int, Decimal]:
    entries = Entry.objects.filter(account__code="partner_payable").order_by("account__partner_id")
    return dict(entries.values_list("account__partner_id").annotate(owed=-Sum("amount")))


# Plans


def test_default_plans_are_published_and_frozen():
    found = publish_default_plans(starts_on=date(2026, 1, 1), by=FINANCE, at=AT)
    assert [str(version) for version in found] == ["Growth rebate v1", "Service attach rebate v1"]
    assert all(version.published_at == AT for version in PlanVersion.objects.all())
    assert [entry.event for entry in entries_about(found[0])] == ["plan.published"]


def test_publishing_is_refused_with_every_reason_and_nothing_is_left():
    wrong = NewPlanVersion("x", "X", terms(bands=bands(("1", "0.02")), family_codes=frozenset({"hardware"})))
    with pytest.raises(Refused) as caught:
        publish_plan_version(wrong, by=Actor("person", "user:1", "A", 1), at=AT)
    assert refused_with(caught) == ("actor.not_permitted", "plan.first_band_not_zero", "plan.family_unknown")
    assert not Plan.objects.exists()


def test_a_successor_ends_its_predecessor_and_what_was_accrued_moves_over():
    reseller = partner()
    published(("0", "0.02"))
    sold(reseller, "1000", date(2026, 8, 3))
    night(SEPTEMBER_END, reseller)
    successor = published(("0", "0.05"), period=Period(date(2026, 7, 1)))
    assert PlanVersion.objects.get(number=1).ends_on == date(2026, 7, 1)
    night(date(2026, 10, 2), reseller)
    assert posted(reseller)[1:] == [
        ("adjustment", Decimal("-20.00"), date(2026, 10, 2)),
        ("accrual", Decimal("50.00"), date(2026, 10, 2)),
    ]
    assert Accrual.objects.get(plan_version__number=1).steps[0]["code"] == "step.version_ended"
    assert Accrual.objects.get(plan_version=successor).amount == 50


# Recalculation


def test_the_worked_history_of_the_document():
    reseller = partner()
    published()
    happenings = {
        "40 000.00 sold in July": lambda: sold(reseller, "40000", date(2026, 7, 9)),
        "30 000.00 sold in August": lambda: sold(reseller, "30000", date(2026, 8, 9)),
        "nothing new": lambda: None,
        "5 000.00 of August reported late": lambda: sold(reseller, "5000", date(2026, 8, 20)),
        "July's sale cancelled": lambda: corrected(happened[0], None),
        "July's sale booked again": lambda: corrected(happened[-1], "40000"),
    }
    happened = []
    for row in table("history"):
        day = date.fromisoformat(row["business date"])
        happened.append(happenings[row["what happened"]]())
        result = night(day, reseller)
        accrual = Accrual.objects.get()
        assert (accrual.volume, accrual.amount) == (number(row["volume of the quarter"]), number(row["target"]))
        kind, _, amount = row["posted"].partition(" ")
        if amount:
            assert posted(reseller)[-1] == (kind, number(amount), day)
            assert result == RecalculationResult(1, 1, number(amount))
        else:
            assert result == RecalculationResult()
    assert problems() == []


def test_a_second_run_posts_nothing_and_writes_nothing(django_assert_num_queries):
    reseller = enrolled_partner_id()
    published(uses_tier_multiplier=True)
    sold(reseller, "1000", date(2026, 8, 3))
    assert night(SEPTEMBER_END, reseller).journals_posted == 1
    before = list(Accrual.objects.values()), list(Statement.objects.values()), AuditEntry.objects.count()
    with django_assert_num_queries(10) as asked:
        assert night(SEPTEMBER_END, reseller) == RecalculationResult()
    assert not [query for query in asked.captured_queries if query["sql"].startswith(("INSERT", "UPDATE"))]
    assert before == (list(Accrual.objects.values()), list(Statement.objects.values()), AuditEntry.objects.count())


def test_what_it_leaves_is_recorded_and_tied_to_the_journals():
    reseller = partner()
    published()
    sold(reseller, "1000", date(2026, 8, 3))
    recalculate_partners([reseller], day=SEPTEMBER_END, run_key="nightly:2026-09-30", at=AT)
    made = Recalculation.objects.get()
    [entry] = entries_about(made)
    assert (entry.event, entry.facts["run_key"], entry.facts["journals_posted"]) == (
        *("accruals.recalculated", "nightly:2026-09-30", 1),
    )
    assert len(entry.facts["journals_hash"]) == 64
    connection.check_constraints()
    assert verify_chain().broken_at is None


def two_plans() -> None:
    published()
    published(("0", "0.03"), ("10000", "0.05"), code="attach", calculation="whole_volume", measurement="month")


def partners_with_sales(count: int) -> list[int]:
    """Partners of different size, selling in every month from January to September."""
    partners = [partner() for _ in range(count)]
    for place, reseller in enumerate(partners):
        for month in range(1, 10):
            sold(reseller, str(3000 * (place + 1) + month), date(2026, month, 5 + place))
    return partners


@pytest.mark.parametrize("order", [0, 5, 23])
def test_order_and_partition_of_partners_do_not_matter(order):
    two_plans()
    partners = partners_with_sales(4)
    for reseller in list(permutations(partners))[order]:
        night(SEPTEMBER_END, reseller)
    apart = owed()
    assert night(SEPTEMBER_END, *partners) == RecalculationResult()
    assert night(SEPTEMBER_END, *reversed(partners)) == RecalculationResult()
    assert owed() == apart
    assert list(apart.values()) == sorted(apart.values())
    assert len(apart) == 4


def test_nine_monthly_nights_equal_one():
    two_plans()
    stepwise, at_once = partners_with_sales(3), partners_with_sales(3)
    for month in range(1, 9):
        night(date(2026, month, 28), *stepwise)
    night(SEPTEMBER_END, *stepwise, *at_once)
    assert [owed()[reseller] for reseller in stepwise] == [owed()[reseller] for reseller in at_once]
    figures = ("plan_version", "period_starts_on", "volume", "amount", "steps")
    accruals = Accrual.objects.order_by("partner_id", "plan_version", "period_starts_on")
    in_steps = list(accruals.filter(partner__in=stepwise).values_list(*figures))
    assert in_steps == list(accruals.filter(partner__in=at_once).values_list(*figures))
    assert len(in_steps) == 3 * (3 + 9)
    assert problems() == []


def test_a_plan_counts_its_families_and_kinds_only():
    reseller = partner()
    sold(reseller, "1000", date(2026, 8, 3), family="software", kind="service")
    sold(reseller, "200", date(2026, 8, 3), family="software", kind="product")
    sold(reseller, "30", date(2026, 8, 3), family="hardware", kind="product")
    published(("0", "1"), code="families", family_codes=frozenset({"software"}))
    published(("0", "1"), code="kinds", product_kinds=frozenset({"product"}))
    published(("0", "1"), code="both", family_codes=frozenset({"software"}), product_kinds=frozenset({"product"}))
    night(SEPTEMBER_END, reseller)
    assert {accrual.plan_version.plan.code: int(accrual.volume) for accrual in Accrual.objects.all()} == {
        "families": 1200,
        "kinds": 230,
        "both": 200,
    }


def test_sales_wait_for_their_day_and_their_rate():
    reseller = partner()
    published(("0", "0.1"))
    waiting = SaleFactory(partner_id=reseller, booked_on=date(2026, 8, 3), currency="PLN", waits_for_rate=True)
    SaleLineFactory(sale=waiting, net_amount=Decimal(1000), base_amount=None)
    sold(reseller, "500", date(2026, 8, 20))
    assert night(date(2026, 8, 19), reseller) == RecalculationResult()
    assert night(date(2026, 8, 20), reseller).difference == 50


def test_the_tier_of_the_last_day_multiplies():
    reseller = enrolled_partner_id()
    published(("0", "0.1"), uses_tier_multiplier=True)
    sold(reseller, "1000", date(2026, 8, 3))
    night(date(2026, 8, 31), reseller)
    hold_level(reseller, "gold", starts_on=SEPTEMBER_END)
    night(SEPTEMBER_END, reseller)
    hold_level(reseller, "platinum", starts_on=date(2026, 10, 1))
    night(date(2026, 10, 1), reseller)
    assert [(kind, amount) for kind, amount, _ in posted(reseller)] == [
        ("accrual", Decimal("100.00")),
        ("accrual", Decimal("25.00")),
    ]


def test_levels_and_types_that_do_not_take_part_earn_nothing():
    gold_only = enrolled_partner_id()
    affiliate = partner(types=["affiliate"])
    published(("0", "0.1"), eligible_levels=frozenset({"gold"}))
    for reseller in (gold_only, affiliate):
        sold(reseller, "1000", date(2026, 8, 3))
    assert night(SEPTEMBER_END, gold_only, affiliate).difference == 0
    assert Accrual.objects.get().steps[0]["code"] == "step.level_not_eligible"
    hold_level(gold_only, "gold", starts_on=SEPTEMBER_END)
    assert night(SEPTEMBER_END, gold_only, affiliate).difference == 100


def test_returns_beyond_sales_earn_nothing_and_are_not_carried():
    reseller = partner()
    published(("0", "0.1"), measurement="month")
    sold(reseller, "-1000", date(2026, 8, 3))
    sold(reseller, "500", date(2026, 9, 3))
    assert night(SEPTEMBER_END, reseller).difference == 50
    assert Accrual.objects.get(amount=0).steps[0]["code"] == "step.negative_volume"


def test_an_older_night_never_undoes_a_newer_one():
    reseller = partner()
    published(("0", "0.1"))
    sold(reseller, "1000", date(2026, 8, 3))
    night(SEPTEMBER_END, reseller)
    assert night(date(2026, 7, 31), reseller) == RecalculationResult()
    sold(reseller, "10", date(2026, 8, 4))
    assert night(date(2026, 8, 31), reseller) == RecalculationResult()
    assert night(SEPTEMBER_END, reseller).difference == 1


def test_a_clawback_takes_at_most_what_was_accrued_and_a_re_won_sale_accrues_once():
    reseller = partner()
    published(("0", "0.1"))
    sale = sold(reseller, "1000", date(2026, 8, 3))
    night(SEPTEMBER_END, reseller)
    cancelled = corrected(sale, None)
    night(date(2026, 10, 1), reseller)
    sold(reseller, "-300", date(2026, 8, 9))
    night(date(2026, 10, 2), reseller)
    assert balance_of(reseller) == Money(Decimal(0), "EUR")
    corrected(cancelled, "1300")
    night(date(2026, 10, 3), reseller)
    night(date(2026, 10, 4), reseller)
    assert [(kind, amount) for kind, amount, _ in posted(reseller)] == [
        ("accrual", Decimal("100.00")),
        ("clawback", Decimal("-100.00")),
        ("adjustment", Decimal("100.00")),
    ]


def test_sales_of_more_than_24_months_ago_are_left_alone():
    reseller = partner()
    published(("0", "0.1"), period=Period(date(2024, 1, 1)))
    sold(reseller, "1000", date(2024, 9, 30))
    assert night(date(2026, 10, 1), reseller) == RecalculationResult()
    assert night(date(2026, 9, 30), reseller).difference == 100
    assert night(date(2026, 10, 1), reseller) == RecalculationResult()


# Closing


def at(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 10, 0, tzinfo=UTC)


def test_a_closed_statement_never_changes_and_the_next_one_continues_it():
    reseller = partner()
    published(("0", "0.1"))
    sale = sold(reseller, "1000", date(2026, 9, 3))
    night(SEPTEMBER_END, reseller)
    assert close_statements(date(2026, 9, 1), at=at(2026, 10, 1)) == 1
    september = Statement.objects.filter(month_starts_on=date(2026, 9, 1))
    before = september.values().get(), september.get().lines.values().get()
    corrected(sale, "700")
    night(SEPTEMBER_END, reseller)
    assert (september.values().get(), september.get().lines.values().get()) == before
    october = Statement.objects.get(month_starts_on=date(2026, 10, 1))
    assert (october.opening, october.accruals, october.closing, october.status) == (100, -30, 70, "open")
    assert posted(reseller)[-1] == ("accrual", Decimal("-30.00"), date(2026, 10, 1))
    assert problems() == []


def test_closing_twice_closes_once_and_is_recorded():
    reseller = partner()
    published(("0", "0.1"))
    sold(reseller, "1000", date(2026, 9, 3))
    night(SEPTEMBER_END, reseller)
    assert [close_statements(SEPTEMBER_END, at=at(2026, 10, 1)) for _ in range(2)] == [1, 0]
    [entry] = AuditEntry.objects.filter(event="month.closed")
    assert entry.facts["statements"] == 1


@pytest.mark.parametrize(
    ("month", "when", "code"),
    [
        (date(2026, 9, 1), at(2026, 9, 30), "statement.month_not_over"),
        (date(2026, 10, 1), at(2026, 11, 1), "statement.earlier_month_open"),
    ],
)
def test_closing_is_refused(month, when, code):
    reseller = partner()
    published(("0", "0.1"))
    sold(reseller, "1000", date(2026, 9, 3))
    night(SEPTEMBER_END, reseller)
    with pytest.raises(Refused) as caught:
        close_statements(month, at=when)
    assert refused_with(caught) == (code,)
    assert set(Statement.objects.values_list("status", flat=True)) == {"open"}


def test_months_are_closed_one_after_the_other():
    reseller = partner()
    published(("0", "0.1"))
    for month in (6, 8):
        sold(reseller, "1000", date(2026, month, 3))
        night(date(2026, month, 28), reseller)
    assert close_months_before(date(2026, 6, 30), at=AT) == 0
    assert close_months_before(date(2026, 7, 1), at=AT) == 1
    assert close_months_before(date(2026, 10, 1), at=AT) == 1
    statements = Statement.objects.order_by("month_starts_on").values_list("opening", "closing", "status")
    assert list(statements) == [(0, 100, "closed"), (100, 200, "closed")]
    assert problems() == []


# Payouts


def earned(amount: str) -> int:
    reseller = partner()
    published(("0", "1"), code=f"plan-{reseller}")
    sold(reseller, amount, date(2026, 9, 3))
    night(SEPTEMBER_END, reseller)
    return reseller


def euros(amount: str) -> Money:
    return Money(Decimal(amount), "EUR")


def test_a_payout_is_recorded_once_per_reference():
    reseller = earned("100")
    first = record_payout(reseller, euros("60"), reference=" SEPA-1 ", by=FINANCE, at=AT)
    again = record_payout(reseller, euros("60"), reference="SEPA-1", by=FINANCE, at=AT)
    assert first == again
    assert balance_of(reseller) == euros("40.0000")
    october = Statement.objects.get(month_starts_on=date(2026, 10, 1))
    assert (october.opening, october.payouts, october.closing) == (100, -60, 40)
    assert [entry.event for entry in entries_about(first)] == ["payout.recorded"]
    assert problems() == []


@pytest.mark.parametrize(
    ("amount", "reference", "by", "codes"),
    [
        ("100.01", "SEPA-2", FINANCE, ("payout.exceeds_balance",)),
        ("50", "SEPA-1", FINANCE, ("payout.reference_reused",)),
        ("0", "", FINANCE, ("payout.amount_not_positive", "payout.reference_missing")),
        ("10", "SEPA-2", Actor("person", "user:1", "A", 1, frozenset({"ceo"})), ("actor.not_permitted",)),
        ("10", "SEPA-2", Actor("person", "user:1", "A", 1, partner_roles={1: "finance"}), ("actor.not_permitted",)),
    ],
)
def test_a_payout_is_refused(amount, reference, by, codes):
    reseller = earned("110")
    record_payout(reseller, euros("10"), reference="SEPA-1", by=FINANCE, at=AT)
    with pytest.raises(Refused) as caught:
        record_payout(reseller, euros(amount), reference=reference, by=by, at=AT)
    assert refused_with(caught) == codes
    assert balance_of(reseller) == euros("100.0000")


def test_what_was_paid_and_is_clawed_back_is_carried_as_a_debt():
    reseller = partner()
    published(("0", "0.1"))
    sale = sold(reseller, "1000", date(2026, 9, 3))
    night(SEPTEMBER_END, reseller)
    record_payout(reseller, euros("100"), reference="SEPA-1", by=FINANCE, at=AT)
    corrected(sale, None)
    night(date(2026, 10, 15), reseller)
    assert balance_of(reseller) == euros("-100.0000")
    assert posted(reseller)[-1] == ("clawback", Decimal("-100.00"), date(2026, 10, 15))


def test_the_program_itself_may_pay():
    assert record_payout(earned("5"), euros("5"), reference="R", by=SYSTEM, at=AT).kind == "payout"
