"""The check before a registration: what it says, what it never says, how much may be asked, who is watched."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import outbox
from common.actor import SYSTEM
from common.errors import Refused
from common.models import AuditEntry
from crm.models import Customer
from crm.rules.matching import CustomerIdentity
from deals.actions.checks import KEPT, preflight, purge_checks
from deals.actions.registrations import register_deal
from deals.choices.engagement import RuleVerdict
from deals.models import PreflightCheck, Registration
from deals.queries.preflight import check
from deals.rules.facts import Judgement, Outcome
from deals.rules.preflight import PreflightQuestion, answer_of, is_watched, may_check, may_hold
from deals.rules.terms import Terms
from partners.models import Notification, Partner
from tests.factories.crm import CustomerFactory, OpportunityFactory
from tests.factories.deals import a_draft, registered
from tests.factories.partners import MembershipFactory, PartnerFactory

AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)
TERMS = Terms()


def judged(verdict, rule="", code="x", **inputs):
    outcome = Outcome(rule, verdict, code, inputs)
    return Judgement(verdict, rule, (outcome,))


@pytest.mark.parametrize(
    ("judgement", "light", "code"),
    [
        (judged(RuleVerdict.APPROVE, "size", "registration.small_enough"), "green", "check.free"),
        (judged(RuleVerdict.REVIEW, "size", "registration.large"), "green", "check.free"),
        (judged(RuleVerdict.REVIEW), "green", "check.free"),
        (judged(RuleVerdict.REVIEW, "similar_customer"), "amber", "check.person_looks"),
        (judged(RuleVerdict.REVIEW, "earlier_claim"), "amber", "check.person_looks"),
        (judged(RuleVerdict.REVIEW, "pencil_hold"), "amber", "check.person_looks"),
        (judged(RuleVerdict.CO_SELL, "direct_opportunity"), "amber", "check.person_looks"),
        (judged(RuleVerdict.REJECT, "live_protection", rival="R"), "red", "registration.customer_protected"),
        (judged(RuleVerdict.REJECT, "direct_opportunity", alive=["O"]), "red", "registration.customer_protected"),
        (judged(RuleVerdict.REJECT, "incumbency", won="W"), "red", "registration.customer_protected"),
        (judged(RuleVerdict.REJECT, "standing", "registration.credit_hold"), "red", "registration.credit_hold"),
    ],
)
def test_the_light(judgement, light, code):
    answer = answer_of(judgement)
    assert (answer.light, answer.code) == (light, code)
    assert not {"rival", "alive", "won"} & answer.params.keys()


@pytest.mark.parametrize(
    ("lights", "watched"),
    [
        ("r" * 19, False),
        ("r" * 20, True),
        ("r" * 10 + "g" * 10, False),
        ("r" * 11 + "g" * 9, True),
        ("r" * 20 + "g" * 60, True),
        ("g" * 60, False),
    ],
)
def test_who_is_watched(lights, watched):
    assert is_watched([{"r": "red", "g": "green"}[one] for one in lights], TERMS) is watched


@pytest.mark.parametrize(
    ("asked", "watched", "minutes"), [(59, False, 0), (60, False, 30), (5, True, 0), (6, True, 30)]
)
def test_how_much_may_be_asked(asked, watched, minutes):
    recent = [AT - timedelta(minutes=30) + timedelta(seconds=number) for number in range(asked)]
    verdict = may_check(recent, watched=watched, terms=TERMS, at=AT)
    assert [reason.params["minutes"] for reason in verdict.reasons] == ([minutes] if minutes else [])


@pytest.mark.parametrize(
    ("live", "ended_hours_ago", "code"),
    [(4, None, ()), (5, None, ("pencil.too_many",)), (0, 71, ("pencil.held_lately",)), (0, 72, ()), (0, 73, ())],
)
def test_who_may_hold(live, ended_hours_ago, code):
    ended = None if ended_hours_ago is None else AT - timedelta(hours=ended_hours_ago)
    assert may_hold(live, ended, terms=TERMS, at=AT).codes == code


def about(channel, name="Brand New Company", country="DE", amount: str | None = "5000", **typed) -> PreflightQuestion:
    identity = CustomerIdentity(name, country, typed.get("domain", ""), typed.get("tax_id", ""))
    return PreflightQuestion(identity, (channel.product.family_id,), amount=Decimal(amount) if amount else None)


def known(channel, **changes) -> PreflightQuestion:
    customer = channel.customer
    question = about(channel, customer.legal_name, customer.country, domain=customer.domain)
    return replace(question, **changes)


def ask(channel, question, at=AT):
    return preflight(channel.partner.pk, question, by=channel.seller, at=at)


def test_it_is_green_for_what_is_free(channel):
    for question in (about(channel), about(channel, amount=None), about(channel, amount="900000"), known(channel)):
        assert check(channel.partner.pk, question, at=AT).light == "green"
    assert not Registration.objects.exists()
    assert Customer.objects.count() == 1


def test_it_says_what_the_rules_would_say(channel):
    """For every light the registration that follows is decided as the check foretold."""
    registered(channel, at=AT, by_rival=True)
    OpportunityFactory(customer=registered(channel, at=AT, by_rival=True, customer_name="Elsewhere GmbH").customer)
    for question, light, status in (
        (about(channel), "green", "approved"),
        (about(channel, "Zwack Unicum Kft", "HU"), "amber", "in_review"),
        (known(channel), "red", "rejected"),
    ):
        assert check(channel.partner.pk, question, at=AT).light == light
        identity = question.identity
        draft = a_draft(
            channel.partner,
            channel.product,
            customer_name=identity.legal_name,
            customer_country=identity.country,
            customer_domain=identity.domain,
        )
        assert register_deal(draft, by=channel.seller, at=AT).status == status


def test_red_is_one_answer_whoever_is_the_reason(channel):
    """A rival's protection and a direct opportunity cannot be told apart: same text, same way to it."""
    registered(channel, at=AT, by_rival=True)
    other = CustomerFactory(legal_name="Other Company AG", country="DE", domain="other.example.com")
    OpportunityFactory(customer=other, updated_at_source=AT - timedelta(days=3))
    direct = about(channel, other.legal_name, "DE", domain=other.domain)
    answers, counts = [], []
    for question in (known(channel), direct):
        with CaptureQueriesContext(connection) as queries:
            answers.append(check(channel.partner.pk, question, at=AT))
        counts.append(len(queries))
    assert answers[0] == answers[1]
    assert (answers[0].light, answers[0].code) == ("red", "registration.customer_protected")
    assert answers[0].params == {}
    assert max(counts) - min(counts) <= 1  # words of the name that were not counted before


def test_its_statements_are_few_whatever_the_answer(channel):
    registered(channel, at=AT, by_rival=True)
    check(channel.partner.pk, known(channel), at=AT)  # a process reads a published rulebook once
    for question in (about(channel), known(channel), about(channel, "Zwack Unicum Kft", "HU")):
        with CaptureQueriesContext(connection) as queries:
            check(channel.partner.pk, question, at=AT)
        assert len(queries) <= 10, [" ".join(query["sql"].split())[:90] for query in queries]
        assert not any(query["sql"].lstrip().startswith(("INSERT", "UPDATE", "DELETE")) for query in queries)
        assert not any("nextval" in query["sql"].split("coalesce(9223372036854775807")[0] for query in queries)


def test_own_problems_are_told_as_such(channel):
    Partner.objects.filter(pk=channel.partner.pk).update(credit_hold=True)
    assert check(channel.partner.pk, about(channel), at=AT).code == "registration.credit_hold"
    registered(channel, at=AT, by_rival=True)
    assert check(channel.partner.pk, known(channel), at=AT).code == "registration.credit_hold"


def test_the_same_company_is_asked_for_once(channel):
    for name in ("Brand New Company", "BRAND  new company", "Brand New Company GmbH"):
        ask(channel, about(channel, name))
    assert PreflightCheck.objects.count() == 1
    registered(channel, at=AT, by_rival=True, customer_name="Brand New Company", customer_country="DE")
    row = PreflightCheck.objects.get()
    assert "Brand" not in row.asked
    assert (row.light, row.by, row.partner_id) == ("green", channel.seller.label, channel.partner.pk)


def test_too_many_companies_are_refused_and_when_to_try_again_is_told(channel):
    for number in range(60):
        ask(channel, about(channel, f"Company Number {number}"), AT + timedelta(seconds=number))
    with pytest.raises(Refused) as caught:
        ask(channel, about(channel, "One More"), AT + timedelta(minutes=30))
    (reason,) = caught.value.reasons
    assert (reason.code, reason.params) == ("check.too_many", {"count": 60, "minutes": 30})
    assert PreflightCheck.objects.count() == 60
    assert ask(channel, about(channel, "Company Number 7"), AT + timedelta(minutes=30)).light == "green"
    assert ask(channel, about(channel, "One More"), AT + timedelta(minutes=60, seconds=1)).light == "green"
    assert preflight(channel.rival.pk, about(channel, "One More"), by=channel.rival_seller, at=AT).light == "green"


def test_whoever_is_refused_much_is_watched(channel):
    MembershipFactory(partner=channel.partner)
    Partner.objects.filter(pk=channel.partner.pk).update(credit_hold=True)
    for number in range(20):
        ask(channel, about(channel, f"Company Number {number}"))
    assert AuditEntry.objects.filter(event="check.watched").count() == 1
    outbox.relay(at=AT)
    notice = Notification.objects.get(kind="checks_watched")
    assert notice.user_id == channel.manager.user_id
    assert notice.params["percent"] == 100
    with pytest.raises(Refused) as caught:
        ask(channel, about(channel, "One More"))
    assert caught.value.reasons[0].params["count"] == 6
    Partner.objects.filter(pk=channel.partner.pk).update(credit_hold=False)
    tomorrow = AT + timedelta(days=1)
    for number in range(7):
        ask(channel, about(channel, f"Tomorrow {number}"), tomorrow)
    assert AuditEntry.objects.filter(event="check.watched").count() == 1


def test_another_partner_cannot_be_asked_for(channel):
    with pytest.raises(Refused) as caught:
        preflight(channel.rival.pk, about(channel), by=channel.seller, at=AT)
    assert caught.value.reasons[0].code == "actor.not_permitted"
    assert not PreflightCheck.objects.exists()


def test_the_vendors_own_clients_are_not_counted(channel):
    assert preflight(channel.partner.pk, about(channel), by=SYSTEM, at=AT).light == "green"
    assert not PreflightCheck.objects.exists()


def test_old_checks_are_forgotten(channel):
    ask(channel, about(channel), AT - KEPT)
    ask(channel, about(channel, "Later"), AT - KEPT + timedelta(seconds=1))
    assert purge_checks(at=AT) == 0
    assert purge_checks(at=AT + timedelta(seconds=1)) == 1
    assert PreflightCheck.objects.count() == 1


def test_a_check_names_nobody(channel):
    PartnerFactory()
    registered(channel, at=AT, by_rival=True)
    answer = ask(channel, known(channel))
    assert "Rival" not in f"{answer}"
