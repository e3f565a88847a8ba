"""Leads offered, accepted, declined, expired and closed: what happens, what is refused, and who is told."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from common.actor import SYSTEM
from common.errors import NotFound, Refused
from common.models import AuditEntry, OutboxMessage
from deals.actions.leads import accept_offer, close_lead, create_lead, decline_offer, expire_offers, offer_lead
from deals.actions.rulebooks import publish_rulebook
from deals.models import Authorisation, ExclusiveGrant, Lead, LeadOffer, Registration
from deals.models.registrations import STORED_STATUSES
from deals.queries.rankings import gather
from deals.rules.leads import NewLead
from deals.rules.rulebook import DEFAULT_RULES
from deals.rules.terms import Terms
from partners.models import Notification, Partner
from prm.wiring import handlers
from tests.factories.deals import drafted, registered, vendor
from tests.factories.leads import COMPANY, CONTACT, a_lead, an_offer
from tests.factories.partners import PartnerFactory
from tests.factories.tiers import hold_level

AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)  # a Wednesday
END = datetime(2026, 10, 16, 10, 0, tzinfo=UTC)  # two business days later


def events() -> list[str]:
    found = AuditEntry.objects.filter(event__startswith="lead.").order_by("pk")
    return list(found.values_list("event", flat=True))


def test_it_is_offered_to_the_best_with_why(channel):
    ExclusiveGrant.objects.create(partner=channel.rival, countries=["DE"], starts_on=date(2026, 1, 1))
    offer = an_offer(channel, at=AT)
    assert (offer.partner, offer.lead.status) == (channel.rival, "offered")
    assert offer.score == sum(step["points"] for step in offer.steps)
    excluded = offer.lead.ranking["excluded"]
    assert [(each["partner"], each["reasons"][0]["code"]) for each in excluded] == [
        (channel.partner.pk, "lead.exclusive_elsewhere")
    ]
    assert offer.expires_at == END
    assert events() == ["lead.created", "lead.offered"]


def test_whom_the_customer_is_protected_for_is_asked(channel):
    registered(channel, by_rival=True, at=AT)
    customer = channel.customer
    typed = {"customer_name": customer.legal_name, "customer_country": "HU", "customer_domain": customer.domain}
    assert an_offer(channel, at=AT + timedelta(hours=1), **typed).partner == channel.rival


def test_nobody_left_is_unplaced_and_can_be_offered_later(channel):
    Partner.objects.update(credit_hold=True)
    lead = offer_lead(a_lead(channel, at=AT).pk, by=SYSTEM, at=AT)
    assert (lead.status, LeadOffer.objects.count(), lead.ranking["excluded_count"]) == ("unplaced", 0, 2)
    Partner.objects.filter(pk=channel.rival.pk).update(credit_hold=False)
    assert offer_lead(lead.pk, by=SYSTEM, at=AT).status == "offered"


def test_accepted_it_becomes_a_draft(channel):
    offer = accept_offer(an_offer(channel, at=AT).public_id, by=channel.seller, at=END - timedelta(seconds=1))
    draft = Registration.objects.get()
    assert (draft.partner, draft.status, draft.source) == (channel.partner, "draft", "vendor_lead")
    assert (draft.customer_name, draft.contact) == (COMPANY, f"{CONTACT}, hedwig@hidden.example")
    assert (offer.registration, offer.answer, offer.lead.status) == (draft, "accepted", "accepted")


def test_declined_it_goes_to_the_next_and_never_back(channel):
    offer = an_offer(channel, at=AT)
    decline_offer(offer.public_id, words="Too far.", by=channel.seller, at=AT)
    second = LeadOffer.objects.get(answer="waiting")
    assert (second.partner, second.lead_id) == (channel.rival, offer.lead_id)
    decline_offer(second.public_id, by=channel.rival_seller, at=AT)
    assert Lead.objects.get().status == "unplaced"
    offer_lead(offer.lead_id, by=SYSTEM, at=AT)
    assert (LeadOffer.objects.count(), Lead.objects.get().status) == (2, "unplaced")


def test_expired_at_the_instant_and_once(channel):
    offer = an_offer(channel, at=AT)
    assert expire_offers(at=END - timedelta(seconds=1)) == 0
    assert expire_offers(at=END) == 1
    assert expire_offers(at=END) == 0
    offer.refresh_from_db()
    assert (offer.answer, LeadOffer.objects.get(answer="waiting").partner) == ("expired", channel.rival)


def test_closed_takes_the_offer_back(channel):
    offer = an_offer(channel, at=AT)
    close_lead(offer.lead_id, by=vendor("channel_chief"), at=AT)
    offer.refresh_from_db()
    assert (offer.answer, Lead.objects.get().status) == ("withdrawn", "closed")


def test_too_late_or_answered_changes_nothing(channel):
    offer = an_offer(channel, at=AT)
    for answer in (accept_offer, decline_offer):
        with pytest.raises(Refused) as refused:
            answer(offer.public_id, by=channel.seller, at=END)
        assert [reason.code for reason in refused.value.reasons] == ["lead.offer_over"]
    assert (Registration.objects.count(), LeadOffer.objects.get().answer) == (0, "waiting")


def test_who_is_on_hold_meanwhile_may_not_accept(channel):
    offer = an_offer(channel, at=AT)
    Partner.objects.update(credit_hold=True)
    with pytest.raises(Refused) as refused:
        accept_offer(offer.public_id, by=channel.seller, at=AT)
    assert [reason.code for reason in refused.value.reasons] == ["lead.not_in_standing"]
    assert (Registration.objects.count(), LeadOffer.objects.get().answer) == (0, "waiting")


def test_another_ones_offer_is_missing(channel):
    offer = an_offer(channel, at=AT)
    for other in (channel.rival_seller, channel.manager, SYSTEM):
        for answer in (accept_offer, decline_offer):
            with pytest.raises(NotFound):
                answer(offer.public_id, by=other, at=AT)
    assert LeadOffer.objects.get().answer == "waiting"


def test_offered_or_accepted_it_is_not_offered_again(channel):
    offer = an_offer(channel, at=AT)
    with pytest.raises(Refused) as refused:
        offer_lead(offer.lead_id, by=SYSTEM, at=AT)
    assert [reason.code for reason in refused.value.reasons] == ["lead.status"]
    accept_offer(offer.public_id, by=channel.seller, at=AT)
    with pytest.raises(Refused):
        close_lead(offer.lead_id, by=SYSTEM, at=AT)
    assert Lead.objects.get().status == "accepted"


def test_partners_and_finance_have_no_leads(channel):
    typed = NewLead(COMPANY, "DE", channel.product.family_id, CONTACT, "x", Decimal(1), contact_phone="1")
    for nobody in (channel.seller, vendor("finance")):
        with pytest.raises(Refused):
            create_lead(typed, by=nobody, at=AT)
    assert not Lead.objects.exists()


@pytest.mark.parametrize("doubled", [{}, {"answer": "declined", "answered_at": AT}])
def test_the_database_knows_no_second_offer(channel, doubled):
    offer = an_offer(channel, at=AT)
    partner = channel.partner if doubled else channel.rival
    with pytest.raises(IntegrityError), transaction.atomic():
        LeadOffer.objects.create(
            lead=offer.lead, partner=partner, score=0, steps=[], offered_at=AT, expires_at=END, **doubled
        )


def test_both_sides_are_told_and_the_partner_nothing_of_the_company(channel):
    offer = an_offer(channel, at=AT)
    decline_offer(offer.public_id, by=channel.seller, at=AT)
    table = handlers(timezone.now)
    for message in OutboxMessage.objects.filter(topic="deals.lead_news").order_by("pk"):
        table[message.topic](**message.payload)
    told = {(each.user_id, each.code): each for each in Notification.objects.all()}
    assert set(told) == {
        (channel.seller.user_id, "lead.offered"),
        (channel.manager.user_id, "lead.declined"),
        (channel.rival_seller.user_id, "lead.offered"),
    }
    partners = [each for (user, _code), each in told.items() if user != channel.manager.user_id]
    assert not any(COMPANY in str(each.params) for each in partners)


def load(channel, *, at: datetime) -> int:
    """How many leads the channel's partner holds, as a ranking at the instant counts them."""
    found = gather(a_lead(channel, at=AT), at=at).candidates
    return next(each.load for each in found if each.partner_id == channel.partner.pk)


def test_own_deals_take_no_place_of_a_lead(channel):
    registered(channel, at=AT)
    drafted(channel, at=AT, source="vendor_lead")  # as it says itself: nobody offered it
    assert Registration.objects.filter(status="approved").exists()
    assert load(channel, at=AT) == 0


@pytest.mark.parametrize(("seconds", "held"), [(-1, 1), (0, 0), (1, 0)])
def test_an_offer_is_held_until_it_expires(channel, seconds, held):
    an_offer(channel, at=AT)
    assert load(channel, at=END + timedelta(seconds=seconds)) == held


@pytest.mark.parametrize("status", STORED_STATUSES)
def test_an_accepted_lead_is_held_while_its_deal_lives(channel, status):
    deal = registered(channel, at=AT)
    accept_offer(an_offer(channel, at=AT).public_id, by=channel.seller, at=AT)
    LeadOffer.objects.update(registration=deal)
    Registration.objects.filter(pk=deal.pk).update(status=status, review_due_at=END)
    alive = {"draft", "submitted", "screening", "in_review", "action_required", "approved", "appealed"}
    assert load(channel, at=AT) == (status in alive)


@pytest.mark.parametrize(("seconds", "held"), [(-1, 1), (0, 0), (1, 0)])
def test_an_accepted_lead_is_held_until_its_protection_ends(channel, seconds, held):
    deal = registered(channel, at=AT)
    accept_offer(an_offer(channel, at=AT).public_id, by=channel.seller, at=AT)
    LeadOffer.objects.update(registration=deal)
    assert load(channel, at=deal.protected_until + timedelta(seconds=seconds)) == held


@pytest.mark.parametrize(("limit", "asked"), [(1, "Rival Canary"), (2, "Alpha Partner"), (3, "Alpha Partner")])
def test_who_holds_as_many_as_the_limit_gets_no_further(channel, limit, asked):
    terms = Terms(lead_capacity=limit)
    publish_rulebook(DEFAULT_RULES, effective_from=date(2026, 10, 1), by=SYSTEM, at=AT, terms=terms)
    ExclusiveGrant.objects.create(partner=channel.partner, countries=["AT"], starts_on=date(2026, 1, 1))
    first = an_offer(channel, at=AT, customer_country="AT")
    Authorisation.objects.create(partner=channel.partner, countries=["DE"], starts_on=date(2026, 1, 1))
    assert (first.partner, an_offer(channel, at=AT).partner.name) == (channel.partner, asked)


def test_a_ranking_knows_the_priority_of_levels(channel):
    hold_level(channel.rival.pk, "gold", starts_on=AT.date())
    gathered = gather(a_lead(channel, at=AT), at=AT)
    priorities = {each.partner_id: each.priority for each in gathered.candidates}
    assert priorities == {channel.partner.pk: 0, channel.rival.pk: 2}


def test_a_ranking_takes_seven_statements(channel, django_assert_num_queries):
    customer = channel.customer
    typed = {"customer_name": customer.legal_name, "customer_country": "HU", "customer_domain": customer.domain}
    lead = a_lead(channel, at=AT, **typed)
    gather(lead, at=AT)  # whatever is read once in a process
    assert lead.family.code
    with django_assert_num_queries(7):
        gather(lead, at=AT)


def test_statements_do_not_grow_with_partners(channel, django_assert_max_num_queries):
    for number in range(30):
        PartnerFactory(name=f"Further {number}")
    lead = a_lead(channel, at=AT)
    offer_lead(a_lead(channel, at=AT).pk, by=SYSTEM, at=AT)  # whatever is read once in a process
    with django_assert_max_num_queries(13):  # two of them open and end the transaction; four write
        offer_lead(lead.pk, by=SYSTEM, at=AT)
