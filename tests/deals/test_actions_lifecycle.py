"""Reviews, outcomes, withdrawals, rulebooks, mail; and what the database itself refuses."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import DecimalField, Value
from django.db.models.functions import Cast

from common.actor import SYSTEM
from common.errors import NotFound, Refused
from common.models import AuditEntry
from crm.models import Customer
from deals.actions.outcomes import lose_registration, note_sale_changed, win_registration
from deals.actions.policies import add_named_account
from deals.actions.registrations import submit_registration, withdraw_registration
from deals.actions.reviews import approve_registration, reject_registration
from deals.actions.rulebooks import publish_rulebook
from deals.models import Decision, NamedAccount, Protection, Registration, Rulebook
from deals.rules.rulebook import DEFAULT_RULES, Rule
from tests.factories.crm import OpportunityFactory, SaleFactory
from tests.factories.deals import drafted, registered, vendor

HOUR = timedelta(hours=1)


def codes(caught) -> tuple[str, ...]:
    return tuple(reason.code for reason in caught.value.reasons)


def in_review(channel, now, **typed) -> Registration:
    return registered(channel, at=now, **{"amount": 50_000, **typed})


def events(registration) -> list[str]:
    entries = AuditEntry.objects.filter(subject_kind="deals.registration", subject_id=str(registration.pk))
    return list(entries.order_by("id").values_list("event", flat=True))


def test_a_manager_approves_with_a_reason(channel, now):
    waiting = in_review(channel, now)
    approved = approve_registration(waiting.pk, reason=" Well known ", by=channel.manager, at=now + HOUR)
    assert (approved.status, approved.decided_at) == ("approved", now + HOUR)
    assert approved.protected_until == now + HOUR + timedelta(days=60)
    decision = approved.decisions.get(sequence=2)
    assert (decision.verdict, decision.judged_verdict, decision.decisive_rule) == ("approve", "review", "size")
    assert (decision.reason_code, decision.reason_params) == (
        "registration.approved_by_person",
        {"words": "Well known"},
    )
    assert decision.decided_by_id == channel.manager.user_id
    assert events(approved)[-2:] == ["registration.sent_to_review", "registration.approved"]


def test_a_manager_says_who_the_customer_is(channel, now):
    waiting = in_review(channel, now, customer_domain="")
    approved = approve_registration(
        waiting.pk, reason="The same", by=channel.manager, at=now, customer_id=channel.customer.pk
    )
    assert (approved.customer_id, approved.match_kind) == (channel.customer.pk, "settled")
    assert Protection.objects.get().customer == channel.customer


def test_a_manager_says_that_it_is_nobody_we_know(channel, now):
    waiting = in_review(channel, now, customer_domain="")
    approved = approve_registration(waiting.pk, reason="Another one", by=channel.manager, at=now)
    assert approved.customer_id != channel.customer.pk
    assert Customer.objects.count() == 2


def test_a_manager_rejects_with_a_reason(channel, now):
    waiting = in_review(channel, now)
    rejected = reject_registration(waiting.pk, reason="Tender", by=channel.manager, at=now)
    assert (rejected.status, rejected.protected_until) == ("rejected", None)
    assert not Protection.objects.exists()
    assert events(rejected)[-1] == "registration.rejected"


@pytest.mark.parametrize("act", [approve_registration, reject_registration])
def test_decisions_are_refused_without_a_reason_without_the_role_and_twice(channel, now, act):
    waiting = in_review(channel, now)
    before = Decision.objects.count(), AuditEntry.objects.count()
    with pytest.raises(Refused) as caught:
        act(waiting.pk, reason="  ", by=channel.manager, at=now)
    assert codes(caught) == ("registration.words_missing",)
    with pytest.raises(Refused) as caught:
        act(waiting.pk, reason="x" * 1001, by=channel.manager, at=now)
    assert codes(caught) == ("registration.text_too_long",)
    for outsider in (channel.seller, vendor("finance"), vendor("direct_sales")):
        with pytest.raises(Refused) as caught:
            act(waiting.pk, reason="Mine", by=outsider, at=now)
        assert codes(caught) == ("actor.not_permitted",)
    assert (Decision.objects.count(), AuditEntry.objects.count()) == before
    act(waiting.pk, reason="Yes", by=channel.manager, at=now)
    with pytest.raises(Refused) as caught:
        act(waiting.pk, reason="Yes", by=channel.manager, at=now)
    assert codes(caught) == ("registration.status",)


def test_an_unknown_customer_or_registration_is_refused(channel, now):
    waiting = in_review(channel, now)
    with pytest.raises(Refused) as caught:
        approve_registration(waiting.pk, reason="Yes", by=channel.manager, at=now, customer_id=10**9)
    assert codes(caught) == ("registration.unknown_customer",)
    with pytest.raises(NotFound):
        approve_registration(10**9, reason="Yes", by=channel.manager, at=now)


def test_direct_sales_cannot_revive_an_opportunity_while_the_review_runs(channel, now):
    opportunity = OpportunityFactory(
        customer=channel.customer, family=None, first_seen_at=now - HOUR, close_on=date(2030, 1, 1)
    )
    for name in ("updated_at_source", "stage_moved_at"):
        setattr(opportunity, name, now - timedelta(days=200))
    opportunity.save()
    waiting = in_review(channel, now)
    assert waiting.status == "in_review"
    opportunity.updated_at_source = now + HOUR
    opportunity.save()
    approved = approve_registration(waiting.pk, reason="First", by=channel.manager, at=now + 2 * HOUR)
    assert approved.status == "approved"


def test_a_won_deal_keeps_its_protection(channel, now):
    won = win_registration(registered(channel, at=now).pk, by=channel.seller, at=now + HOUR)
    assert (won.status, won.won_at, events(won)[-1]) == ("won", now + HOUR, "registration.won")
    assert Protection.objects.get().ends_at == won.protected_until


def test_a_lost_deal_frees_the_customer_at_once(channel, now):
    lost = lose_registration(registered(channel, at=now).pk, reason="price", by=channel.seller, at=now + HOUR)
    assert (lost.status, lost.protected_until, lost.lost_reason) == ("lost", now + HOUR, "price")
    assert registered(channel, at=now + HOUR, by_rival=True).status == "approved"


def test_a_deal_is_lost_even_by_a_clock_that_runs_behind(channel, now):
    lost = lose_registration(registered(channel, at=now).pk, reason="price", by=channel.seller, at=now - HOUR)
    assert lost.status == "lost"
    protection = Protection.objects.get()
    assert protection.ends_at == protection.starts_at


def test_outcomes_are_refused_after_the_lapse_for_rivals_and_for_no_reason(channel, now):
    approved = registered(channel, at=now)
    lapsed = approved.protected_until
    with pytest.raises(Refused) as caught:
        win_registration(approved.pk, by=channel.seller, at=lapsed)
    assert codes(caught) == ("registration.status",)
    with pytest.raises(Refused) as caught:
        lose_registration(approved.pk, reason="price", by=channel.rival_seller, at=now)
    assert codes(caught) == ("actor.not_permitted",)
    with pytest.raises(Refused) as caught:
        lose_registration(approved.pk, reason="bad weather", by=channel.seller, at=now)
    assert codes(caught) == ("registration.choice_invalid",)
    approved.refresh_from_db()
    assert (approved.status, events(approved)[-1]) == ("approved", "registration.approved")


def test_a_registration_is_withdrawn_until_it_is_decided(channel, now):
    for registration in (drafted(channel, at=now), in_review(channel, now)):
        withdrawn = withdraw_registration(registration.pk, by=channel.seller, at=now)
        assert (withdrawn.status, events(withdrawn)[-1]) == ("withdrawn", "registration.withdrawn")
        with pytest.raises(Refused):
            submit_registration(registration.pk, by=channel.seller, at=now)
    approved = registered(channel, at=now)
    with pytest.raises(Refused) as caught:
        withdraw_registration(approved.pk, by=channel.seller, at=now)
    assert codes(caught) == ("registration.status",)


def sale(channel, registration, **facts):
    values = {"partner": channel.partner, "customer": channel.customer, "booked_on": date(2026, 10, 20)}
    return SaleFactory(registration_public_id=registration.public_id, **{**values, **facts})


def test_a_reported_sale_wins_its_registration(channel, now):
    approved = registered(channel, at=now)
    reported = sale(channel, approved)
    note_sale_changed(sale_ids=[reported.pk], partner_ids=[channel.partner.pk], at=now + HOUR)
    note_sale_changed(sale_ids=[reported.pk], partner_ids=[channel.partner.pk], at=now + 2 * HOUR)
    approved.refresh_from_db()
    assert (approved.status, approved.won_at) == ("won", now + HOUR)
    entry = AuditEntry.objects.get(event="registration.won")
    assert (entry.actor_key, entry.facts) == ("system", {"sale": reported.public_id})


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"status": "cancelled"}, "approved"),
        ({"is_current": False}, "approved"),
        ({"booked_on": date(2026, 12, 13)}, "won"),  # the day on which the protection ends
        ({"booked_on": date(2026, 12, 14)}, "approved"),
    ],
)
def test_which_sales_win(channel, now, facts, status):
    approved = registered(channel, at=now)
    note_sale_changed(sale_ids=[sale(channel, approved, **facts).pk], at=now)
    approved.refresh_from_db()
    assert approved.status == status


def test_another_partner_s_sale_does_not_win_it(channel, now):
    approved, waiting = registered(channel, at=now), in_review(channel, now, customer_name="Other", customer_domain="")
    for registration in (approved, waiting):
        note_sale_changed(sale_ids=[sale(channel, registration, partner=channel.rival).pk], at=now)
        note_sale_changed(sale_ids=[sale(channel, waiting).pk], at=now)
        registration.refresh_from_db()
    assert (approved.status, waiting.status) == ("approved", "in_review")


def test_rulebooks_take_effect_by_day_and_the_chief_publishes_them(channel, now):
    strict = [*DEFAULT_RULES[:-1], Rule("size", {"minimum_amount": "6000", "auto_approve_up_to": {"bronze": "7000"}})]
    tomorrow = now.date() + timedelta(days=1)
    with pytest.raises(Refused):
        publish_rulebook(strict, effective_from=tomorrow, by=channel.manager, at=now)
    published = publish_rulebook(strict, effective_from=tomorrow, by=vendor("channel_chief"), at=now)
    assert published.version == 2
    first = registered(channel, at=now)
    second = registered(
        channel, at=now + timedelta(days=1), by_rival=True, customer_name="Elsewhere", customer_domain=""
    )
    assert [(found.status, found.decisions.get().rulebook.version) for found in (first, second)] == [
        ("approved", 1),
        ("rejected", 2),
    ]
    with pytest.raises(Refused) as caught:
        publish_rulebook([], effective_from=tomorrow, by=SYSTEM, at=now)
    assert codes(caught) == ("rulebook.empty",)
    assert Rulebook.objects.count() == 2


def test_a_named_account_is_listed_once_at_a_time(channel, now):
    chief = vendor("channel_chief")
    period = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 7, 1)}
    add_named_account(channel.customer.pk, **period, by=chief, at=now)
    with pytest.raises(Refused) as caught:
        add_named_account(channel.customer.pk, starts_on=date(2026, 6, 30), by=chief, at=now)
    assert codes(caught) == ("policy.overlaps",)
    add_named_account(channel.customer.pk, starts_on=date(2026, 7, 1), by=chief, at=now)
    assert NamedAccount.objects.count() == 2


@pytest.mark.parametrize("statement", ["UPDATE deals_decision SET verdict = 'approve'", "DELETE FROM deals_decision"])
def test_decisions_cannot_be_rewritten(channel, now, statement):
    registered(channel, at=now)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_published_rules_cannot_be_rewritten(channel):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Rulebook.objects.update(rules=[])


def test_the_application_s_role_may_not_rewrite_decisions(channel):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT has_table_privilege('prm_app', 'deals_decision', privilege) FROM unnest(ARRAY"
            "['INSERT', 'SELECT', 'UPDATE', 'DELETE', 'TRUNCATE']) privilege"
        )
        assert [row[0] for row in cursor.fetchall()] == [True, True, False, False, False]


@pytest.mark.parametrize(
    "broken",
    [
        {"status": "expired"},
        {"status": "approved", "protected_until": None},
        {"receipt_number": None},
        {"total_amount": Cast(Value("NaN"), DecimalField(max_digits=19, decimal_places=4))},
    ],
)
def test_the_database_refuses_what_cannot_be(channel, now, broken):
    approved = registered(channel, at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        Registration.objects.filter(pk=approved.pk).update(**broken)


def test_the_constraint_refuses_overlapping_protections(channel, now):
    approved = registered(channel, at=now)
    protection = approved.protections.get()
    other = registered(channel, at=now, by_rival=True, customer_name="Elsewhere", customer_domain="")
    same = {"customer": protection.customer, "family": protection.family}
    with pytest.raises(IntegrityError), transaction.atomic():
        Protection.objects.create(
            registration=other, partner=channel.rival, **same, starts_at=now + HOUR, ends_at=now + 2 * HOUR
        )
    Protection.objects.create(
        registration=other,
        partner=channel.rival,
        **same,
        starts_at=protection.ends_at,
        ends_at=protection.ends_at + HOUR,
    )
