"""What counts as a breach, what is made good for one, and what may be settled: tables without a database."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from common.errors import Refused
from deals.choices.cases import BreachEvent, BreachStatus
from deals.rules import breaches as rules
from deals.rules.breaches import DirectOpportunity, DirectSale, Guarded, Settlement, is_breach
from deals.rules.make_good import LostLine, LostMargin, LostRebate, make_good, shared_out

ZONE = ZoneInfo("Europe/Warsaw")
STARTS = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
ENDS = datetime(2026, 5, 31, 10, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)
GUARDED = Guarded(1, 7, company_id=5, family_id=3, family_code="software", starts_at=STARTS, ends_at=ENDS)
OPPORTUNITY = DirectOpportunity(
    company_id=5, family_id=3, is_open=True, first_seen_at=STARTS + timedelta(days=9), reported_at=ENDS - TICK
)
SALE = DirectSale(company_id=5, partner_id=None, is_booked=True, booked_on=date(2026, 4, 1), amounts={3: Decimal(900)})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"first_seen_at": STARTS - TICK}, False),
        ({"first_seen_at": STARTS}, True),
        ({"first_seen_at": STARTS + TICK}, True),
        ({"reported_at": ENDS - TICK}, True),
        ({"reported_at": ENDS}, False),
        ({"reported_at": ENDS + TICK}, False),
        ({"is_open": False}, False),
        ({"family_id": None}, True),
        ({"family_id": 4}, False),
        ({"company_id": 6}, False),
    ],
)
def test_a_direct_opportunity(changes, expected):
    assert is_breach(GUARDED, replace(OPPORTUNITY, **changes), zone=ZONE) is expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"booked_on": date(2026, 3, 1)}, False),
        ({"booked_on": date(2026, 3, 2)}, True),
        ({"booked_on": date(2026, 3, 3)}, True),
        ({"booked_on": date(2026, 5, 30)}, True),
        ({"booked_on": date(2026, 5, 31)}, False),
        ({"booked_on": date(2026, 6, 1)}, False),
        ({"partner_id": 8}, False),  # another partner's sale is a conflict of partners, not a promise of direct sales
        ({"is_booked": False}, False),
        ({"amounts": {4: Decimal(900)}}, False),
        ({"amounts": {3: None}}, True),  # waits for a rate: sold all the same
        ({"amounts": {3: Decimal("0.01")}}, True),
        ({"amounts": {3: Decimal(0)}}, False),
        ({"amounts": {3: Decimal("-0.01")}}, False),
        ({"company_id": 6}, False),
    ],
)
def test_a_direct_sale(changes, expected):
    assert is_breach(GUARDED, replace(SALE, **changes), zone=ZONE) is expected


@pytest.mark.parametrize("day", [30, 31])
def test_a_sale_that_was_found_stays_one_on_the_day_the_protection_ends(day):
    sale = replace(SALE, booked_on=date(2026, 5, day))
    assert is_breach(GUARDED, sale, zone=ZONE, was_found=True)
    assert not is_breach(GUARDED, replace(SALE, booked_on=date(2026, 6, 1)), zone=ZONE, was_found=True)


def test_a_day_is_one_of_the_vendors_time_zone():
    late = replace(GUARDED, starts_at=datetime(2026, 3, 2, 23, 30, tzinfo=UTC))  # the third, in Warsaw
    assert not is_breach(late, replace(SALE, booked_on=date(2026, 3, 2)), zone=ZONE)
    assert is_breach(late, replace(SALE, booked_on=date(2026, 3, 3)), zone=ZONE)


@pytest.mark.parametrize("activity", [OPPORTUNITY, SALE])
@pytest.mark.parametrize("changes", [{"is_shared": True}, {"with_direct": True}])
def test_who_shares_a_deal_with_direct_sales_is_not_wronged_by_it(activity, changes):
    assert is_breach(GUARDED, activity, zone=ZONE)
    assert not is_breach(replace(GUARDED, **changes), activity, zone=ZONE)


LISTED = {
    ("open", "acknowledge"): "acknowledged",
    ("open", "reject"): "rejected",
    ("open", "withdraw"): "withdrawn",
    ("acknowledged", "settle"): "settled",
    ("acknowledged", "reject"): "rejected",
    ("withdrawn", "reopen"): "open",
}


@pytest.mark.parametrize("status", BreachStatus.values)
@pytest.mark.parametrize("event", BreachEvent.values)
def test_every_event_in_every_status(status, event):
    if (status, event) in LISTED:
        assert rules.status_after(event, status) == LISTED[status, event]
    else:
        with pytest.raises(Refused) as refused:
            rules.status_after(event, status)
        assert [reason.code for reason in refused.value.reasons] == ["breach.status"]


SETTLEMENT = Settlement(
    amount=Decimal("500.00"),
    proposed=Decimal("500.00"),
    currency="EUR",
    words="",
    limit=Decimal(10_000),
    is_same_person=True,
)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, ()),
        ({"amount": Decimal("500.01")}, ("breach.words_for_other_amount",)),
        ({"amount": Decimal("500.01"), "words": "Rounded up."}, ()),
        ({"amount": Decimal(0), "words": "None."}, ("breach.amount_not_positive",)),
        ({"amount": Decimal("-0.01"), "words": "None."}, ("breach.amount_not_positive",)),
        ({"amount": Decimal("0.01"), "words": "A cent."}, ()),
        ({"amount": Decimal("0.001"), "words": "Less."}, ("breach.amount_too_fine",)),
        ({"amount": Decimal("NaN"), "words": "?"}, ("breach.amount_too_large",)),
        ({"amount": Decimal(10) ** 13, "words": "?", "is_same_person": False}, ("breach.amount_too_large",)),
        ({"amount": Decimal("9999.99"), "proposed": Decimal("9999.99")}, ()),
        ({"amount": Decimal(10_000), "proposed": Decimal(10_000)}, ()),
        ({"amount": Decimal("10000.01"), "proposed": Decimal("10000.01")}, ("breach.second_person",)),
        ({"amount": Decimal("10000.01"), "proposed": Decimal("10000.01"), "is_same_person": False}, ()),
    ],
)
def test_what_may_be_settled(changes, codes):
    assert rules.may_settle(replace(SETTLEMENT, **changes)).codes == codes


MARGIN = LostMargin("Silver", Decimal("0.12"), is_sold=True)
LINES = [LostLine("software", "product", Decimal("40000.00")), LostLine("software", "service", Decimal("1000.04"))]


def steps_of(proposal):
    return [(step.code, str(step.amount)) for step in proposal.steps]


def test_margin_and_rebates_add_up():
    rebates = [LostRebate("Growth rebate", Decimal("1000.00"), Decimal("2640.01"))]
    proposal = make_good(LINES, MARGIN, rebates, before=Decimal(0), currency="EUR")
    assert steps_of(proposal) == [("step.margin", "4920.00"), ("step.lost_rebate", "1640.01")]
    assert proposal.amount == sum(step.amount for step in proposal.steps) == Decimal("6560.01")


@pytest.mark.parametrize(
    ("before", "expected"),
    [("0", "4920.00"), ("0.01", "4919.99"), ("4919.99", "0.01"), ("4920.00", "0.00"), ("4920.01", "0.00")],
)
def test_what_was_made_good_before_is_not_paid_twice_and_never_taken_back(before, expected):
    proposal = make_good(LINES, MARGIN, [], before=Decimal(before), currency="EUR")
    assert proposal.amount == Decimal(expected)
    assert proposal.amount == sum(step.amount for step in proposal.steps)


def test_a_plan_that_would_have_paid_less_takes_nothing_away():
    fallen = [LostRebate("Odd plan", Decimal("500.00"), Decimal("400.00"))]
    assert steps_of(make_good(LINES, MARGIN, fallen, before=Decimal(0), currency="EUR")) == [("step.margin", "4920.00")]


@pytest.mark.parametrize("lines", [[], [LostLine("software", "product", Decimal(0))]])
def test_without_an_amount_nothing_is_proposed(lines):
    proposal = make_good(lines, MARGIN, [], before=Decimal(0), currency="EUR")
    assert steps_of(proposal) == [("step.nothing_known", "0.00")]


def test_an_offer_is_not_called_a_sale():
    offered = make_good(LINES, replace(MARGIN, is_sold=False), [], before=Decimal(0), currency="EUR")
    assert steps_of(offered) == [("step.expected_margin", "4920.00")]


def test_an_amount_is_shared_out_to_the_cent():
    like = [LostLine("a", "product", Decimal(2)), LostLine("b", "service", Decimal(1))]
    parts = shared_out(Decimal("100.00"), like, "EUR")
    assert [str(part.amount) for part in parts] == ["66.67", "33.33"]
    assert sum(part.amount for part in parts) == Decimal("100.00")
