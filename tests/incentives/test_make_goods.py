"""A make-good is what the partner would have earned, is posted once, and is taken back by a counter-entry only."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import InternalError

from common.errors import NotFound, Refused
from common.models import AuditEntry
from deals.actions.breaches import acknowledge_breach, settle_breach
from deals.models import Breach
from incentives.actions.make_goods import pay, reverse_make_good
from incentives.actions.statements import close_statements
from incentives.models import Entry, Journal, MakeGood, Statement, StatementLine
from incentives.queries.ledger import balance_of
from incentives.queries.statements import contents_of_month
from incentives.queries.verification import problems
from tests.factories.cases import broken, lines_of
from tests.factories.crm import ProductFactory
from tests.factories.deals import a_channel, vendor
from tests.factories.incentives import FINANCE, night, published, sold
from tests.factories.tiers import hold_level
from tests.incentives.worked_examples import table

pytestmark = pytest.mark.django_db
AT = datetime(2026, 10, 24, 10, 0, tzinfo=UTC)


@pytest.fixture
def channel():
    return a_channel()


@pytest.fixture
def chief():
    return vendor("channel_chief")


def settled(channel, chief, *, amount: str = "", words: str = "") -> Breach:
    breach = broken(channel, at=AT)
    acknowledge_breach(breach.pk, words="We did not look.", by=chief, at=AT)
    paid = Decimal(amount) if amount else breach.amount
    return settle_breach(breach.pk, amount=paid, words=words, by=chief, at=AT)


def steps_of(breach) -> list[tuple[str, str]]:
    breach.refresh_from_db()
    return [(step["code"], step["amount"]) for step in breach.steps]


# What is proposed


def test_the_rebate_is_what_the_business_would_have_added(channel):
    published(eligible_types=frozenset({"var"}))
    sold(channel.partner.pk, "30000", date(2026, 10, 2))
    sold(channel.partner.pk, "99000", date(2026, 9, 30))  # another quarter
    breach = broken(channel, at=AT)
    assert steps_of(breach) == [("step.margin", "1200.00"), ("step.lost_rebate", "1200.00")]
    assert breach.steps[1]["params"] == {"plan": "Growth rebate", "from": "600", "to": "1800"}
    assert breach.amount == Decimal("2400.00")


def test_the_multiplier_of_the_level_counts(channel):
    published(uses_tier_multiplier=True)
    hold_level(channel.partner.pk, "gold", starts_on=date(2026, 1, 1))
    breach = broken(channel, at=AT, amount="10000")
    held = {step["code"]: Decimal(step["amount"]) for step in breach.steps}
    assert breach.steps[0]["params"]["level"] == "Gold"
    assert held["step.lost_rebate"] == Decimal("250.00"), "2 % of 10,000 times 1.25"


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"eligible_types": frozenset({"msp"})}, "another type of partner"),
        ({"eligible_levels": frozenset({"gold"})}, "another level"),
        ({"product_kinds": frozenset({"service"})}, "another kind of product"),
    ],
)
def test_a_plan_that_does_not_count_it_adds_nothing(channel, terms, why):
    published(**terms)
    assert steps_of(broken(channel, at=AT)) == [("step.margin", "1200.00")], why


def test_a_plan_counts_its_own_families_and_kinds(channel):
    service = ProductFactory(family=channel.product.family, kind="service")
    published(("0", "0.10"), product_kinds=frozenset({"service"}))
    lines = lines_of((channel.product, "1000"), (service, "500"))
    breach = broken(channel, at=AT, lines=lines)
    assert steps_of(breach) == [("step.margin", "45.00"), ("step.lost_rebate", "50.00")]


@pytest.mark.parametrize("row", table("make-good"), ids=lambda row: row["sold directly"])
def test_the_worked_examples(channel, row):
    published()
    hold_level(channel.partner.pk, row["level"], starts_on=date(2026, 1, 1))
    sold(channel.partner.pk, row["sold by the partner"].replace(" ", ""), date(2026, 10, 2))
    breach = broken(channel, at=AT, amount=row["sold directly"].replace(" ", ""))
    amounts = {step["code"]: step["amount"] for step in breach.steps}
    assert amounts["step.margin"] == row["margin"].replace(" ", "")
    assert amounts.get("step.lost_rebate", "0.00") == row["rebate"].replace(" ", "")
    assert breach.amount == Decimal(row["make-good"].replace(" ", ""))


# What is paid


def test_it_is_on_the_statement_of_the_open_month_with_its_steps(channel, chief):
    published()
    breach = settled(channel, chief)
    line = StatementLine.objects.get()
    assert (line.kind, line.amount, line.description) == ("make_good", Decimal("2000.00"), "Zwack Unicum Nyrt.")
    assert line.steps == breach.steps
    statement = line.statement
    assert (statement.month_starts_on, statement.partner_id) == (date(2026, 10, 1), channel.partner.pk)
    assert (statement.make_goods, statement.accruals, statement.closing) == (Decimal(2000), 0, Decimal(2000))
    assert balance_of(channel.partner.pk).amount == Decimal(2000)
    entries = Entry.objects.values_list("account__code", "amount").order_by("amount")
    assert list(entries) == [("partner_payable", Decimal(-2000)), ("make_good_expense", Decimal(2000))]
    assert problems() == []
    assert AuditEntry.objects.filter(event="make_good.posted").count() == 1


def test_another_amount_has_a_step_that_says_so(channel, chief):
    settled(channel, chief, amount="1500.00", words="The partner agreed.")
    line = StatementLine.objects.get()
    assert [(step["code"], step["amount"]) for step in line.steps] == [
        ("step.margin", "1200.00"),
        ("step.settled_otherwise", "300.00"),
    ]
    assert problems() == []


def test_a_breach_is_paid_once(channel, chief):
    breach = settled(channel, chief)
    with pytest.raises(IntegrityError), transaction.atomic():
        pay(breach_id=breach.pk, by=chief, at=AT)
    assert MakeGood.objects.count() == Journal.objects.count() == 1


def test_what_cannot_be_posted_is_not_settled(channel, chief, monkeypatch):
    breach = broken(channel, at=AT)
    acknowledge_breach(breach.pk, words="x", by=chief, at=AT)

    def fails(*_args, **_named):
        raise RuntimeError("no ledger")

    monkeypatch.setattr("incentives.actions.make_goods.post", fails)
    with pytest.raises(RuntimeError):
        settle_breach(breach.pk, amount=breach.amount, by=chief, at=AT)
    breach.refresh_from_db()
    assert (breach.status, MakeGood.objects.count()) == ("acknowledged", 0)


def test_the_night_leaves_it_alone(channel, chief):
    published()
    sold(channel.partner.pk, "10000", date(2026, 10, 2))
    settled(channel, chief)
    for day in (date(2026, 10, 24), date(2026, 10, 25)):
        night(day, channel.partner.pk)
    assert list(StatementLine.objects.order_by("kind").values_list("kind", "amount")) == [
        ("accrual", Decimal(200)),
        ("make_good", Decimal(2000)),
    ]
    assert night(date(2026, 10, 26), channel.partner.pk).journals_posted == 0
    assert problems() == []


def test_in_a_closed_month_it_goes_to_the_first_open_day(channel, chief):
    breach = broken(channel, at=AT)
    acknowledge_breach(breach.pk, words="x", by=chief, at=AT)
    sold(channel.partner.pk, "10000", date(2026, 9, 2))
    published()
    night(date(2026, 10, 24), channel.partner.pk)
    close_statements(date(2026, 10, 1), at=datetime(2026, 11, 2, tzinfo=UTC))
    settle_breach(breach.pk, amount=breach.amount, by=chief, at=AT)
    assert MakeGood.objects.get().journal.posted_on == date(2026, 11, 1)
    assert problems() == []


def test_a_statement_without_make_goods_keeps_the_hash_it_was_closed_with(channel):
    published()
    sold(channel.partner.pk, "10000", date(2026, 9, 2))
    night(date(2026, 9, 30), channel.partner.pk)
    close_statements(date(2026, 9, 1), at=AT)
    (content,) = contents_of_month(date(2026, 9, 1)).values()
    assert "make_goods" not in content["figures"]
    assert problems() == []


# What is taken back


def test_taking_back_is_an_entry_of_its_own(channel, chief):
    settled(channel, chief)
    original = MakeGood.objects.get()
    later = AT + timedelta(days=20)
    counter = reverse_make_good(original.public_id, words="Paid twice by hand.", by=FINANCE, at=later)
    assert (counter.amount, counter.reverses_id) == (-original.amount, original.pk)
    assert balance_of(channel.partner.pk).amount == 0
    november = Statement.objects.get(month_starts_on=date(2026, 11, 1))
    assert (november.opening, november.make_goods, november.closing) == (original.amount, counter.amount, 0)
    assert problems() == []
    assert AuditEntry.objects.filter(event="make_good.reversed").count() == 1


@pytest.mark.parametrize(
    ("role", "words", "codes"),
    [
        ("channel_chief", "Why not.", ["actor.not_permitted"]),
        ("finance", "  ", ["make_good.words_missing"]),
    ],
)
def test_who_may_not_take_it_back(channel, chief, role, words, codes):
    settled(channel, chief)
    public_id = MakeGood.objects.get().public_id
    with pytest.raises(Refused) as refused:
        reverse_make_good(public_id, words=words, by=vendor(role), at=AT)
    assert [reason.code for reason in refused.value.reasons] == codes
    assert MakeGood.objects.count() == 1


def test_it_is_taken_back_once(channel, chief):
    settled(channel, chief)
    original = MakeGood.objects.get()
    counter = reverse_make_good(original.public_id, words="Twice.", by=FINANCE, at=AT)
    with pytest.raises(Refused) as refused:
        reverse_make_good(original.public_id, words="Twice.", by=FINANCE, at=AT)
    assert [reason.code for reason in refused.value.reasons] == ["make_good.reversed"]
    with pytest.raises(NotFound):
        reverse_make_good(counter.public_id, words="Back again.", by=FINANCE, at=AT)


def test_the_database_refuses_to_rewrite_it(channel, chief):
    settled(channel, chief)
    for change in ({"amount": 1}, {"words": "x"}):
        with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
            MakeGood.objects.update(**change)
    with pytest.raises((InternalError, IntegrityError)), transaction.atomic():
        MakeGood.objects.all().delete()


def test_control_a_make_good_without_its_journal_is_found():
    channel = a_channel()
    MakeGood.objects.create(
        partner=channel.partner,
        breach_public_id="brc_x",
        amount=Decimal(5),
        currency="EUR",
        steps=[{"code": "step.margin", "amount": "5", "params": {}}],
        made_at=AT,
        made_by="x",
    )
    assert [found.check for found in problems()] == ["a make-good is posted once, as it was settled"]
