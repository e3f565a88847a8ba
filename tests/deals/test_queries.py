"""What lists, pages, receipts and replays answer, to whom, and with how many statements."""

from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.actor import ANONYMOUS, Actor
from common.errors import NotFound
from deals.actions.outcomes import lose_registration
from deals.actions.registrations import submit_registration, withdraw_registration
from deals.actions.reviews import approve_registration
from deals.models import Decision, Registration
from deals.queries import decisions, registrations, reviews, rulebooks, timelines
from deals.queries.registrations import Narrowing, registration_list
from tests.factories.crm import CustomerFactory
from tests.factories.deals import drafted, registered, vendor

CLIENT = Actor("client", "client:crm", "CRM", scopes=frozenset({"deals.read"}))
HOUR = timedelta(hours=1)


def names(page) -> list[str]:
    return [row.customer_name for row in page.rows]


def several(channel, now) -> None:
    """One draft, one approved, one in review, one of the rival."""
    drafted(channel, at=now, customer_name="Alpha Ltd", customer_domain="")
    registered(channel, at=now, customer_name="Beta Ltd", customer_domain="", amount=2000)
    registered(channel, at=now, customer_name="Gamma Ltd", customer_domain="", amount=90_000)
    registered(channel, at=now, by_rival=True)


def test_who_sees_which_registrations(channel, now):
    several(channel, now)
    seen = {
        "own": registrations.registrations_visible_to(channel.seller).count(),
        "rival": registrations.registrations_visible_to(channel.rival_seller).count(),
        "manager": registrations.registrations_visible_to(channel.manager).count(),
        "ceo": registrations.registrations_visible_to(vendor("ceo")).count(),
        "direct sales": registrations.registrations_visible_to(vendor("direct_sales")).count(),
        "client": registrations.registrations_visible_to(CLIENT).count(),
        "client without scope": registrations.registrations_visible_to(Actor("client", "client:x", "X")).count(),
        "anonymous": registrations.registrations_visible_to(ANONYMOUS).count(),
    }
    assert seen == {
        "own": 3,
        "rival": 1,
        "manager": 3,  # not the draft
        "ceo": 3,
        "direct sales": 0,
        "client": 4,
        "client without scope": 0,
        "anonymous": 0,
    }


def test_a_partner_s_own_client_sees_its_partner_only(channel, now):
    several(channel, now)
    client = Actor("client", "client:p", "P", scopes=CLIENT.scopes, partner_roles={channel.rival.pk: "viewer"})
    assert registrations.registrations_visible_to(client).count() == 1


def test_a_foreign_registration_is_a_missing_one(channel, now):
    registration = registered(channel, at=now)
    for public_id in (registration.public_id, "reg_0000000000000000"):
        with pytest.raises(NotFound, match="registration"):
            registrations.find_registration(channel.rival_seller, public_id)


def test_the_list_is_searched_filtered_and_sorted(channel, now):
    several(channel, now)

    def found(**narrowing):
        return names(registration_list(channel.seller, at=now, narrowing=Narrowing(**narrowing)))

    assert found() == ["Gamma Ltd", "Beta Ltd", "Alpha Ltd"]
    assert found(sort="newest") == found(sort="customer") == ["Alpha Ltd", "Beta Ltd", "Gamma Ltd"]
    assert found(sort="-value") == ["Gamma Ltd", "Alpha Ltd", "Beta Ltd"]
    assert found(sort="no such column") == found()
    assert found(search=" gAmm ") == ["Gamma Ltd"]
    assert found(search="Zwack") == []
    assert found(status="draft") == ["Alpha Ltd"]
    assert found(status="no such status") == found()
    beta = Registration.objects.get(customer_name="Beta Ltd")
    assert found(search=beta.public_id) == ["Beta Ltd"]
    later = beta.protected_until
    assert names(registration_list(channel.seller, at=later, narrowing=Narrowing(status="expired"))) == ["Beta Ltd"]
    assert names(registration_list(channel.seller, at=later, narrowing=Narrowing(status="approved"))) == []


@pytest.mark.parametrize("sort", ["newest", "-newest", "customer", "-customer", "closes", "-closes", "value", "-value"])
def test_pages_follow_each_other_without_gap_or_double(channel, now, monkeypatch, sort):
    monkeypatch.setattr(registrations, "PAGE_SIZE", 2)
    for number in range(5):
        closes = date(2026, 12, 1) if number % 2 else None
        drafted(channel, at=now, customer_name=f"Same {number // 2}", expected_close_on=closes, customer_domain="")
    everything = [row.pk for row in registration_list(channel.seller, at=now, narrowing=Narrowing(sort=sort)).rows]
    collected, cursor = [], ""
    while True:
        page = registration_list(channel.seller, at=now, narrowing=Narrowing(sort=sort, cursor=cursor))
        collected += [row.pk for row in page.rows]
        cursor = page.next_cursor
        if not cursor:
            break
    assert len(collected) == len(set(collected)) == 5
    assert collected[:2] == everything


@pytest.mark.parametrize("cursor", ["x", "e30=", "WyJ4IiwgInkiXQ==", "ż", "WyJcdTAwMDAiLCA1XQ=="])
def test_a_cursor_that_is_not_ours_is_the_first_page(channel, now, cursor):
    registered(channel, at=now)
    for sort in ("newest", "customer"):
        assert len(registration_list(channel.seller, at=now, narrowing=Narrowing(cursor=cursor, sort=sort)).rows) == 1


def test_statements_do_not_grow_with_rows(channel, now, django_assert_num_queries):
    for number in range(4):
        registered(channel, at=now, customer_name=f"Company {number}", customer_domain="", amount=90_000)
    waiting = Registration.objects.latest("pk")
    with django_assert_num_queries(1):
        assert [row.partner.name for row in registration_list(channel.seller, at=now).rows] == ["Alpha Partner"] * 4
    with django_assert_num_queries(2):
        page = registrations.registration_page(channel.seller, waiting.public_id, at=now)
        assert [line.product.family.name for line in page.lines]
    with django_assert_num_queries(2):
        told(channel.seller, waiting, at=now)
    with django_assert_num_queries(1):
        assert [row.partner.name for row in reviews.review_queue()] == ["Alpha Partner"] * 4
    with django_assert_num_queries(2):
        rows = registrations.registrations_with_lines(CLIENT, at=now)
        assert [line.family_code for row in rows for line in row.read_lines]


def test_submitting_takes_few_statements(channel, now):
    draft = drafted(channel, at=now, customer_domain=channel.customer.domain)
    with CaptureQueriesContext(connection) as captured:
        submit_registration(draft.pk, by=channel.seller, at=now)
    kinds = [query["sql"].split()[0] for query in captured.captured_queries]
    assert len([kind for kind in kinds if kind not in ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")]) == 13


def test_the_deal_page_knows_what_each_may_do(channel, now):
    waiting = registered(channel, at=now, amount=90_000)

    def allowed(actor, registration):
        page = registrations.registration_page(actor, registration.public_id, at=now)
        return [name for name in ("edit", "submit", "withdraw", "close", "review") if getattr(page, f"may_{name}")]

    assert allowed(channel.seller, waiting) == ["withdraw"]
    assert allowed(channel.manager, waiting) == ["review"]
    assert allowed(vendor("ceo"), waiting) == []
    approved = approve_registration(waiting.pk, reason="Yes", by=channel.manager, at=now)
    assert allowed(channel.seller, approved) == ["close"]
    draft = drafted(channel, at=now)
    assert allowed(channel.seller, draft) == ["edit", "submit", "withdraw"]


def test_receipts_are_complete_for_the_vendor_and_redacted_for_partners(channel, now):
    registered(channel, at=now, by_rival=True)
    registration = registered(channel, at=now)
    (full,) = decisions.receipts_of(channel.manager, registration)
    (told,) = decisions.receipts_of(channel.seller, registration)
    assert full.reason.code == told.reason.code == "registration.customer_protected"
    assert [line.rule for line in told.lines] == [
        *("blocked_customer", "standing", "authorisation", "named_account", "customer_check"),
        *("territory", "tender", "size"),
    ]
    assert [line.rule for line in told.lines if line.is_decisive] == ["customer_check"]
    rival = Registration.objects.get(partner=channel.rival)
    assert rival.public_id in str(full)
    assert full.inputs["protections"]
    assert told.inputs == {}
    assert not any(secret in str(told) for secret in (rival.public_id, "Rival", "2026-12-13"))


def told(actor, registration, *, at):
    return timelines.timeline_of(registration, decisions.receipts_of(actor, registration), at=at)


def test_timelines_tell_what_happened_to_whom_it_concerns(channel, now):
    registration = registered(channel, at=now)
    lapsed = told(channel.seller, registration, at=registration.protected_until)
    assert [str(entry.title) for entry in lapsed] == ["Protection ended", "Approved", "Submitted", "Draft saved"]
    assert "approved automatically up to" in lapsed[1].text
    lost = lose_registration(registration.pk, reason="price", by=channel.seller, at=now + HOUR)
    newest = told(channel.seller, lost, at=now)[0]
    assert (str(newest.title), newest.text) == ("Lost", "Price")


def test_decisions_replay(channel, now):
    several(channel, now)
    registered(channel, at=now)
    waiting = registered(channel, at=now, customer_name="Zwack", customer_domain="", amount=30_000)
    approve_registration(waiting.pk, reason="Yes", by=channel.manager, at=now)
    printed = StringIO()
    call_command("replay_decisions", stdout=printed)
    count = Decision.objects.count()
    assert printed.getvalue() == f"{count} decisions judged again, 0 differ\n"
    later = StringIO()
    call_command("replay_decisions", "--since", "2026-10-14T10:00:01+00:00", stdout=later)
    assert later.getvalue().startswith("0 decisions")


def test_a_decision_that_was_tampered_with_does_not_replay(channel, now):
    genuine = registered(channel, at=now).decisions.get()
    Decision.objects.create(
        registration=genuine.registration,
        sequence=2,
        verdict="approve",
        judged_verdict="reject",
        decisive_rule=genuine.decisive_rule,
        reason_code=genuine.reason_code,
        rulebook=genuine.rulebook,
        outcomes=genuine.outcomes,
        inputs=genuine.inputs | {"amount": "1"},
        at=now,
    )
    assert decisions.replay(genuine).is_same
    printed = StringIO()
    with pytest.raises(CommandError):
        call_command("replay_decisions", stdout=printed)
    assert printed.getvalue().splitlines()[-1] == "2 decisions judged again, 1 differ"


def test_counts_and_times_are_by_time(channel, now):
    several(channel, now)
    withdraw_registration(
        registered(channel, at=now, amount=80_000, customer_name="Delta", customer_domain="").pk,
        by=channel.seller,
        at=now,
    )
    counts = registrations.counts_by_status(now)
    assert {status: count for status, count in counts.items() if count} == {
        "in_review": 1,
        "approved": 2,
        "withdrawn": 1,
    }
    later = registrations.counts_by_status(now + timedelta(days=60))
    assert (later["approved"], later["expired"]) == (0, 2)
    waiting = Registration.objects.get(status="in_review")
    approve_registration(waiting.pk, reason="Yes", by=channel.manager, at=now + HOUR)
    times = decisions.decision_times(now, now + HOUR)
    assert [(found.verdict, found.is_automatic) for found in times] == [("approve", True)] * 2
    (by_hand,) = decisions.decision_times(now + HOUR, now + 2 * HOUR)
    assert (by_hand.is_automatic, by_hand.decided_at - by_hand.submitted_at, by_hand.due_at) == (
        False,
        HOUR,
        waiting.review_due_at,
    )


def test_the_queue_is_by_time_left(channel, now):
    friday = datetime(2026, 10, 16, 10, 0, tzinfo=UTC)
    late = registered(channel, at=friday, amount=90_000, customer_name="Late", customer_domain="")
    early = registered(channel, at=now, amount=90_000, customer_name="Early", customer_domain="")
    assert list(reviews.review_queue()) == [early, late]
    assert reviews.review_count() == 2
    instant = timedelta(microseconds=1)
    due_at = early.review_due_at
    assert [reviews.overdue_count(at) for at in (due_at - instant, due_at, due_at + instant)] == [0, 0, 1]


def test_side_by_side(channel, now):
    similar = CustomerFactory(legal_name="Zwack Unikum Kft.", country="HU")
    registration = registered(channel, at=now, customer_domain="")
    page = reviews.review_page(channel.manager, registration.public_id, at=now)
    assert [known.legal_name for known in page.customers] == [channel.customer.legal_name, similar.legal_name]
    assert [field.agreement for field in page.customers[0].fields] == ["same", "same", "unknown", "unknown"]
    assert not any(known.is_matched for known in page.customers)
    decided = registered(channel, at=now)
    with pytest.raises(NotFound):
        reviews.review_page(channel.manager, decided.public_id, at=now)


def test_published_rules_in_words(channel, now):
    found = rulebooks.published_rulebook(now.date())
    assert (found.version, [rule.code for rule in found.rules][:2]) == (1, ["blocked_customer", "standing"])
    assert "within 90 days" in next(rule.question for rule in found.rules if rule.code == "direct_opportunity")
    assert rulebooks.published_rulebook(date(2025, 1, 1)) is None
