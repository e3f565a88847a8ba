"""The sentinel finds what direct sales does inside a protection and follows the CRM; the vendor answers for it."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from common import events
from common.actor import SYSTEM, Actor
from common.errors import NotFound, Refused
from common.models import AuditEntry
from crm.actions.rates import upsert_rates
from crm.models import Opportunity
from crm.rules.rows import RateRow
from deals.actions.breaches import acknowledge_breach, propose_make_good, reject_breach, settle_breach
from deals.actions.outcomes import lose_registration, revoke_registration
from deals.actions.sentinel import note_opportunities_changed, sweep_breaches
from deals.models import Breach, Participant
from deals.queries.breaches import breach_page
from prm import wiring
from tests.factories.cases import broken, lines_of, protected, report_opportunity, report_sale
from tests.factories.crm import CustomerFactory, OpportunityFactory, ProductFactory
from tests.factories.deals import a_channel, vendor

pytestmark = pytest.mark.django_db
AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)  # a Wednesday
LATER = AT + timedelta(days=10)


@pytest.fixture
def channel():
    return a_channel()


@pytest.fixture
def chief():
    return vendor("channel_chief")


@pytest.fixture
def finance():
    return vendor("finance")


def refused_codes(act) -> list[str]:
    with pytest.raises(Refused) as refused:
        act()
    return [reason.code for reason in refused.value.reasons]


def events_of(breach) -> list[str]:
    entries = AuditEntry.objects.filter(subject_kind="deals.breach", subject_id=str(breach.pk)).order_by("pk")
    return list(entries.values_list("event", flat=True))


# What is found


def test_a_direct_opportunity_inside_a_protection_is_a_breach_with_a_make_good(channel):
    registration = protected(channel, at=AT)
    report_opportunity(channel, at=LATER)
    breach = Breach.objects.get()
    assert (breach.registration_id, breach.partner_id, breach.status) == (registration.pk, channel.partner.pk, "open")
    assert (breach.source, breach.source_external_id, breach.found_at) == ("opportunity", "O-1", LATER)
    assert breach.amount == Decimal("1200.00"), "Bronze has a deal discount of 3 %"
    assert [step["code"] for step in breach.steps] == ["step.expected_margin"]
    assert breach.due_at == datetime(2026, 10, 27, 16, 0, tzinfo=UTC), "a Saturday and two business days"
    assert events_of(breach) == ["breach.opened"]


def test_a_direct_sale_counts_the_protected_families_only(channel):
    protected(channel, at=AT)
    report_sale(channel, at=LATER, lines=lines_of((channel.product, "1000"), (ProductFactory(), "90000")))
    assert Breach.objects.get().amount == Decimal("30.00")
    assert Breach.objects.get().facts["families"] == [channel.product.family.code]


def test_a_late_report_of_a_sale_is_still_a_breach(channel):
    registration = protected(channel, at=AT)
    report_sale(channel, at=registration.protected_until + timedelta(days=30), booked_on=LATER.date())
    assert Breach.objects.get().registration_id == registration.pk


def test_a_merged_record_is_the_same_company(channel):
    protected(channel, at=AT)
    twin = CustomerFactory(legal_name="Zwack Unicum Zrt.", merged_into=channel.customer)
    OpportunityFactory(external_id="O-2", customer=twin, first_seen_at=LATER, updated_at=LATER)
    note_opportunities_changed(opportunity_ids=[Opportunity.objects.get().pk], at=LATER)
    assert Breach.objects.get().source_external_id == "O-2"


def test_a_sale_in_a_currency_without_a_rate_waits_for_its_make_good(channel):
    protected(channel, at=AT)
    report_sale(channel, at=LATER, currency="PLN")
    assert (Breach.objects.get().amount, Breach.objects.get().steps[0]["code"]) == (0, "step.nothing_known")
    upsert_rates([RateRow(currency="PLN", on=LATER.date(), rate=Decimal("0.25"))], by=SYSTEM, at=LATER)
    assert Breach.objects.get().amount == Decimal("300.00")


@pytest.mark.parametrize(
    ("sale", "why"),
    [
        ({"status": "cancelled"}, "it is none"),
        ({"amount": "-5"}, "a return"),
        ({"booked_on": AT.date() - timedelta(days=1)}, "before the approval"),
    ],
)
def test_what_is_no_breach(channel, sale, why):
    protected(channel, at=AT)
    report_sale(channel, at=LATER, **sale)
    assert not Breach.objects.exists(), why


def test_another_partners_sale_is_no_breach_of_the_vendors(channel):
    protected(channel, at=AT)
    report_sale(channel, at=LATER, partner=channel.rival.public_id)
    report_sale(channel, at=LATER, external_id="S-2", partner=channel.partner.public_id)
    assert not Breach.objects.exists()


def test_an_opportunity_that_was_there_before_is_no_breach(channel):
    report_opportunity(channel, at=AT - timedelta(days=200), close_on=date(2026, 4, 1))  # dead by the rules
    protected(channel, at=AT)
    report_opportunity(channel, at=LATER)
    assert not Breach.objects.exists()


def test_direct_sales_that_sells_along_by_agreement_breaks_nothing(channel):
    registration = protected(channel, at=AT)
    told = {"registration": registration, "invited_at": AT, "invited_by": "x", "consent": "given"}
    Participant.objects.create(partner=channel.partner, role="lead", share_bps=6000, **told)
    Participant.objects.create(partner=None, role="direct", share_bps=4000, **told)
    report_sale(channel, at=LATER)
    assert not Breach.objects.exists()


def test_nothing_happens_after_the_deal_is_lost(channel):
    registration = protected(channel, at=AT)
    lose_registration(registration.pk, reason="price", by=channel.seller, at=AT + timedelta(days=5))
    report_opportunity(channel, at=LATER)
    report_sale(channel, at=LATER)
    assert not Breach.objects.exists()


# It follows the CRM


def test_the_same_report_again_finds_nothing_new(channel):
    breach = broken(channel, at=LATER)
    report_sale(channel, at=LATER + timedelta(days=1), booked_on=LATER.date())
    assert sweep_breaches(at=LATER + timedelta(days=1)) == 1
    assert Breach.objects.get() == breach
    assert events_of(breach) == ["breach.opened"]


def test_a_corrected_sale_corrects_the_proposal_while_it_is_open(channel):
    breach = broken(channel, at=LATER)
    report_sale(channel, at=LATER, amount="10000")
    breach.refresh_from_db()
    assert (breach.amount, breach.status) == (Decimal("300.00"), "open")
    assert events_of(breach) == ["breach.opened", "breach.changed"]


def test_a_cancelled_sale_is_withdrawn_and_one_that_returns_is_open_again(channel):
    breach = broken(channel, at=LATER)
    report_sale(channel, at=LATER, booked_on=LATER.date(), status="cancelled")
    breach.refresh_from_db()
    assert breach.status == "withdrawn"
    again = LATER + timedelta(days=3)
    report_sale(channel, at=again, booked_on=LATER.date())
    breach.refresh_from_db()
    assert (breach.status, breach.found_at, breach.amount) == ("open", again, Decimal("1200.00"))
    assert events_of(breach) == ["breach.opened", "breach.withdrawn", "breach.reopened"]


def test_a_closed_opportunity_is_withdrawn_also_after_the_protection(channel):
    registration = protected(channel, at=AT)
    report_opportunity(channel, at=LATER)
    after = registration.protected_until + timedelta(days=1)
    report_opportunity(channel, at=after, stage="negotiation")
    assert Breach.objects.get().status == "open", "the end of the protection does not undo what happened in it"
    report_opportunity(channel, at=after, is_open=False)
    assert Breach.objects.get().status == "withdrawn"


def test_what_is_acknowledged_stays_and_says_what_the_crm_says_now(channel, chief):
    breach = broken(channel, at=LATER)
    acknowledge_breach(breach.pk, words="We did not look.", by=chief, at=LATER)
    report_sale(channel, at=LATER, amount="10000")
    page = breach_page(chief, breach.public_id)
    assert (page.breach.status, page.breach.amount) == ("acknowledged", Decimal("1200.00"))
    assert (page.has_changed, page.is_gone, page.amount_now) == (True, False, Decimal(10_000))
    report_sale(channel, at=LATER, status="cancelled", amount="10000")
    page = breach_page(chief, breach.public_id)
    assert (page.breach.status, page.is_gone) == ("acknowledged", True)
    report_sale(channel, at=LATER)
    assert not breach_page(chief, breach.public_id).has_changed


def test_an_import_that_the_sentinel_cannot_watch_is_no_import(channel, monkeypatch):
    protected(channel, at=AT)

    def fails(**_news):
        raise RuntimeError("the sentinel sleeps")

    events.connect({**wiring.LISTENERS, "opportunity.changed": [fails]})
    try:
        with pytest.raises(RuntimeError):
            report_opportunity(channel, at=LATER)
    finally:
        events.connect(wiring.LISTENERS)
    assert not Opportunity.objects.exists()


def test_the_hourly_sweep_finds_what_an_import_could_not_see(channel):
    events.connect({})
    try:
        registration = protected(channel, at=AT)
        report_opportunity(channel, at=LATER)
        report_sale(channel, at=LATER)
    finally:
        events.connect(wiring.LISTENERS)
    assert not Breach.objects.exists()
    assert sweep_breaches(at=LATER + timedelta(hours=16)) == 2
    assert set(Breach.objects.values_list("registration_id", "source")) == {
        (registration.pk, "opportunity"),
        (registration.pk, "sale"),
    }


# What people do about it


def test_acknowledging_says_what_went_wrong(channel, chief):
    breach = broken(channel, at=LATER)
    acknowledge_breach(breach.pk, words=" We did not look. ", by=chief, at=LATER + timedelta(days=1))
    breach.refresh_from_db()
    assert (breach.status, breach.words, breach.acknowledged_by) == ("acknowledged", "We did not look.", chief.label)
    assert events_of(breach) == ["breach.opened", "breach.acknowledged"]


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("  ", ["registration.words_missing"]),
        ("x" * 2001, ["registration.text_too_long"]),
        ("a\u202eb", ["registration.text_characters"]),
    ],
)
def test_words_that_cannot_be_read_are_refused(channel, chief, words, codes):
    breach = broken(channel, at=LATER)
    assert refused_codes(lambda: acknowledge_breach(breach.pk, words=words, by=chief, at=LATER)) == codes
    assert refused_codes(lambda: reject_breach(breach.pk, reason=words, by=chief, at=LATER)) == codes
    breach.refresh_from_db()
    assert (breach.status, events_of(breach)) == ("open", ["breach.opened"])


@pytest.mark.parametrize("who", ["channel_manager", "direct_sales", "ceo"])
def test_others_do_not_settle_it(channel, who):
    breach, by = broken(channel, at=LATER), vendor(who)
    for act in (
        lambda: acknowledge_breach(breach.pk, words="x", by=by, at=LATER),
        lambda: settle_breach(breach.pk, amount=Decimal(1), words="x", by=by, at=LATER),
        lambda: reject_breach(breach.pk, reason="x", by=by, at=LATER),
    ):
        assert refused_codes(act) == ["actor.not_permitted"]
    assert events_of(breach) == ["breach.opened"]


def test_a_partners_machine_does_not_settle_its_own_breach(channel):
    breach = broken(channel, at=LATER)
    client = Actor(
        "client",
        "client:alpha",
        "Alpha's machine",
        partner_roles={channel.partner.pk: "admin"},
        scopes=frozenset({"deals.read", "deals.write"}),
    )
    assert refused_codes(lambda: acknowledge_breach(breach.pk, words="x", by=client, at=LATER)) == [
        "actor.not_permitted"
    ]


def test_settling_needs_an_acknowledgement(channel, chief):
    breach = broken(channel, at=LATER)
    assert refused_codes(lambda: settle_breach(breach.pk, amount=breach.amount, by=chief, at=LATER)) == [
        "breach.status"
    ]


def test_a_large_make_good_takes_two(channel, chief, finance):
    breach = broken(channel, at=LATER, amount="333333.67")
    acknowledge_breach(breach.pk, words="We did not look.", by=chief, at=LATER)
    proposed = Decimal("10000.01")
    assert refused_codes(lambda: settle_breach(breach.pk, amount=proposed, by=chief, at=LATER)) == [
        "breach.second_person"
    ]
    settle_breach(breach.pk, amount=proposed, by=finance, at=LATER)
    breach.refresh_from_db()
    assert (breach.status, breach.settled_amount, breach.closed_by) == ("settled", proposed, finance.label)
    assert events_of(breach) == ["breach.opened", "breach.acknowledged", "breach.settled"]


def test_rejecting_says_why(channel, chief):
    breach = broken(channel, at=LATER)
    reject_breach(breach.pk, reason="Ordered by the partner itself.", by=chief, at=LATER)
    breach.refresh_from_db()
    assert (breach.status, breach.closing_words) == ("rejected", "Ordered by the partner itself.")
    assert breach.acknowledged_at == LATER
    assert refused_codes(lambda: reject_breach(breach.pk, reason="Again.", by=chief, at=LATER)) == ["breach.status"]


def test_what_was_paid_for_the_offer_is_not_paid_again_for_the_sale(channel, chief):
    protected(channel, at=AT)
    report_opportunity(channel, at=LATER)
    offer = Breach.objects.get()
    acknowledge_breach(offer.pk, words="We offered.", by=chief, at=LATER)
    report_sale(channel, at=LATER, amount="50000")
    sale = Breach.objects.get(source="sale")
    assert sale.amount == Decimal("1500.00")
    settle_breach(offer.pk, amount=Decimal("1200.00"), by=chief, at=LATER)
    sale.refresh_from_db()
    assert sale.amount == Decimal("300.00")
    assert [step["code"] for step in sale.steps] == ["step.margin", "step.made_good_before"]


def test_steps_that_do_not_add_up_are_not_kept(channel):
    breach = broken(channel, at=LATER)
    with pytest.raises(ValueError, match="do not add up"):
        propose_make_good(breach.pk, amount=Decimal(5), currency="EUR", steps=(), at=LATER)
    breach.refresh_from_db()
    assert breach.amount == Decimal("1200.00")


def test_there_is_no_such_breach(chief):
    with pytest.raises(NotFound):
        acknowledge_breach(404, words="x", by=chief, at=LATER)


def test_what_is_taken_up_again_after_the_end_breaks_nothing(channel):
    """Closed while the customer was protected, and opened again when nobody was: it stays withdrawn, however often."""
    registration = protected(channel, at=AT)
    report_opportunity(channel, at=AT + timedelta(hours=1))
    report_opportunity(channel, at=AT + timedelta(hours=2), is_open=False)
    revoke_registration(registration.pk, words="Unused", by=SYSTEM, at=AT + timedelta(hours=3))
    report_opportunity(channel, at=AT + timedelta(hours=4), stage="negotiation")
    assert Breach.objects.get().status == "withdrawn"
    sweep_breaches(at=AT + timedelta(hours=5))
    assert Breach.objects.get().status == "withdrawn"


def test_a_sale_found_in_the_morning_stays_a_breach_when_the_partner_gives_up_in_the_afternoon(channel):
    registration = protected(channel, at=AT)
    report_sale(channel, at=LATER)
    assert Breach.objects.get().status == "open"
    revoke_registration(registration.pk, words="Unused", by=SYSTEM, at=LATER + timedelta(hours=3))
    sweep_breaches(at=LATER + timedelta(hours=4))
    assert Breach.objects.get().status == "open"
