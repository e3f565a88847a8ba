"""Pages of the rules, their versions and drafts: who may open them, what they keep as typed, what they confirm."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from common.actor import SYSTEM
from common.outbox import relay
from deals.actions.backtests import do_waiting
from deals.actions.rulebooks import draft_rulebook, publish_rulebook
from deals.models import BackTest, Rulebook
from deals.queries.rulebooks import content_of
from deals.rules.revisions import fingerprint
from deals.rules.rulebook import DEFAULT_RULES, rules_from
from deals.rules.terms import terms_from
from partners.models import User
from tests.factories.deals import registered, vendor


def signed_in(actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(pk=actor.user_id))
    return client


@pytest.fixture
def at():
    return timezone.now()


@pytest.fixture
def chief_actor(channel):
    return vendor("channel_chief")


@pytest.fixture
def chief(chief_actor):
    return signed_in(chief_actor)


@pytest.fixture
def manager(channel):
    return signed_in(channel.manager)


@pytest.fixture
def seller(channel):
    return signed_in(channel.seller)


@pytest.fixture
def draft(chief_actor, at):
    return draft_rulebook(by=chief_actor, at=at)


def address(name: str, row, *more: str) -> str:
    return reverse(f"deals:{name}", args=[row.public_id, *more])


def as_shown(form) -> dict[str, object]:
    """What a browser would send of the form as it stands."""
    sent: dict[str, object] = {"order": ",".join(form.codes)}
    for field in form:
        value = field.value()
        if value is True:
            sent[field.html_name] = "on"
        elif value not in (None, False):
            prepared = field.field.prepare_value(value)
            sent[field.html_name] = prepared if not hasattr(prepared, "strftime") else prepared.strftime("%H:%M")
    return sent


def test_the_public_page_tells_rules_terms_and_what_is_announced(seller, at):
    terms = terms_from({"review_days": 3})
    later = timezone.localdate() + timedelta(days=5)
    publish_rulebook(DEFAULT_RULES, effective_from=later, by=SYSTEM, at=at, terms=terms)
    text = seller.get(reverse("deals:rules")).content.decode()
    assert "Version 1" in text
    assert "Version 2 takes effect on" in text
    assert "R10 Size" in text
    assert "A registration is reviewed within" in text
    assert "1 business day<" in text
    assert "watched" not in text


def test_partners_read_every_published_version_and_no_draft(seller, draft, at):
    listed = seller.get(reverse("deals:rulebooks")).content.decode()
    assert "Version 1" in listed
    assert "Draft" not in listed
    assert "New draft" not in listed
    first = Rulebook.objects.get(version=1)
    assert seller.get(address("rulebook", first)).status_code == 200
    for name in ("rulebook", "rulebook-edit", "rulebook-publish", "rulebook-delete", "back-test-new"):
        assert seller.get(address(name, draft)).status_code == 404, name


def test_managers_read_drafts_and_only_the_chief_works_on_them(manager, draft):
    assert manager.get(address("rulebook", draft)).status_code == 200
    assert manager.post(reverse("deals:rulebook-new")).status_code == 404
    for name in ("rulebook-edit", "rulebook-publish", "rulebook-delete", "back-test-new"):
        assert manager.get(address(name, draft)).status_code == 404, name
        assert manager.post(address(name, draft)).status_code == 404, name
    assert Rulebook.objects.count() == 2


def test_a_draft_is_begun_edited_and_read_as_partners_will(chief):
    answer = chief.post(reverse("deals:rulebook-new"))
    draft = Rulebook.objects.get(version=None)
    assert answer.headers["Location"] == address("rulebook-edit", draft)
    form = chief.get(answer.headers["Location"]).context["form"]
    sent = as_shown(form) | {
        "title": "Less waiting",
        "size-minimum_amount": "2500.50",
        "size-auto_approve_up_to-bronze": "",
        "terms-warn_days": "20, 5",
        "terms-business_days": ["0", "1"],
        "terms-opens_at": "08:30",
    }
    del sent["tender-on"]
    answer = chief.post(address("rulebook-edit", draft), sent)
    assert answer.status_code == 302, answer.context["form"].errors
    draft.refresh_from_db()
    content = content_of(draft)
    assert [rule.code for rule in content.rules] == [r.code for r in DEFAULT_RULES if r.code != "tender"]
    assert content.rules[-1].params["minimum_amount"] == "2500.50"
    assert "bronze" not in content.rules[-1].params["auto_approve_up_to"]
    assert (content.terms.warn_days, content.terms.business_days) == ((20, 5), (0, 1))
    page = chief.get(address("rulebook", draft)).content.decode()
    for told in ("Less waiting", "€2,500.50", "20 and 5 days", "08:30", "R8 Public tender", "Removed"):
        assert told in page


def test_the_form_sends_back_what_it_shows(chief, draft):
    """As it stands it changes nothing, whatever there is to be set."""
    before = fingerprint(content_of(draft))
    form = chief.get(address("rulebook-edit", draft)).context["form"]
    assert chief.post(address("rulebook-edit", draft), as_shown(form)).status_code == 302
    draft.refresh_from_db()
    assert fingerprint(content_of(draft)) == before


def test_all_problems_at_once_and_everything_as_typed(chief, draft):
    form = chief.get(address("rulebook-edit", draft)).context["form"]
    wrong = as_shown(form) | {
        "title": "Kept as typed",
        "size-minimum_amount": "much",
        "incumbency-share_bps": "10001",
        "similar_customer-from_score": "95",
        "terms-opens_at": "18:00",
        "terms-warn_days": "soon",
        "terms-review_days": "0",
    }
    answer = chief.post(address("rulebook-edit", draft), wrong)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {
        "size-minimum_amount",
        "incumbency-share_bps",
        "similar_customer-same_score",
        "terms-closes_at",
        "terms-warn_days",
        "terms-review_days",
    }
    text = answer.content.decode()
    for typed in ("Kept as typed", 'value="much"', 'value="10001"', 'value="soon"', 'value="18:00"'):
        assert typed in text
    draft.refresh_from_db()
    assert draft.title == ""


def test_what_is_wrong_with_a_rule_that_is_off_does_not_matter(chief, draft):
    sent = as_shown(chief.get(address("rulebook-edit", draft)).context["form"]) | {"size-minimum_amount": "much"}
    del sent["size-on"]
    assert chief.post(address("rulebook-edit", draft), sent).status_code == 302
    draft.refresh_from_db()
    assert "size" not in [rule.code for rule in rules_from(draft.rules)]


def test_no_rule_at_all_is_refused(chief, draft):
    sent = as_shown(chief.get(address("rulebook-edit", draft)).context["form"])
    none = {name: value for name, value in sent.items() if not name.endswith("-on")}
    answer = chief.post(address("rulebook-edit", draft), none)
    assert answer.status_code == 422
    assert "at least one rule" in answer.content.decode()


def test_moving_a_rule_keeps_what_was_typed_and_saves_nothing(chief, draft):
    form = chief.get(address("rulebook-edit", draft)).context["form"]
    first, second = form.codes[:2]
    sent = as_shown(form) | {"title": "Typed", "move": f"{second}:up"}
    answer = chief.post(address("rulebook-edit", draft), sent)
    assert answer.status_code == 200
    moved = answer.context["form"]
    assert moved.codes[:2] == [second, first]
    assert 'value="Typed"' in answer.content.decode()
    draft.refresh_from_db()
    assert draft.title == ""
    again = {**sent, "order": ",".join(moved.codes)}
    del again["move"]
    assert chief.post(address("rulebook-edit", draft), again).status_code == 302
    draft.refresh_from_db()
    assert [rule.code for rule in rules_from(draft.rules)][:2] == [second, first]
    for nonsense in ("nonsense:up", f"{moved.codes[0]}:up", f"{moved.codes[-1]}:down", ""):
        assert chief.post(address("rulebook-edit", draft), {**again, "move": nonsense}).status_code == 200


def test_publishing_asks_for_a_day_and_the_number(chief, draft):
    today = timezone.localdate()
    page = chief.get(address("rulebook-publish", draft))
    seen = page.context["form"].initial["seen"]
    sent = {"seen": seen, "effective_from": str(today - timedelta(days=1)), "confirmed_version": "7"}
    answer = chief.post(address("rulebook-publish", draft), sent)
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"effective_from", "confirmed_version", "untested"}
    right = {"seen": seen, "effective_from": str(today), "confirmed_version": "2", "untested": "on"}
    assert chief.post(address("rulebook-publish", draft), right).status_code == 302
    draft.refresh_from_db()
    assert (draft.version, draft.effective_from) == (2, today)
    assert chief.get(address("rulebook-publish", draft)).status_code == 404


def test_deleting_asks_first(chief, draft):
    assert "Delete the draft?" in chief.get(address("rulebook-delete", draft)).content.decode()
    assert Rulebook.objects.filter(pk=draft.pk).exists()
    assert chief.post(address("rulebook-delete", draft)).status_code == 302
    assert not Rulebook.objects.filter(pk=draft.pk).exists()


def stricter(draft) -> None:
    """Under this draft small deals are no longer approved."""
    for rule in draft.rules:
        if rule["code"] == "size":
            rule["params"] = {"minimum_amount": "6000", "auto_approve_up_to": {}}
    draft.save()


def started(chief, draft) -> BackTest:
    today = timezone.localdate()
    days = {"starts_on": str(today - timedelta(days=30)), "last_day": str(today)}
    answer = chief.post(address("back-test-new", draft), days)
    assert answer.status_code == 302
    return BackTest.objects.get()


def test_a_back_test_runs_shows_how_far_it_is_and_what_would_change(chief, manager, channel, draft, at):
    registered(channel, at=at, customer_name="=Formula Corp", customer_domain="")
    registered(channel, at=at, by_rival=True, amount=7000, customer_name="Stays", customer_domain="")
    stricter(draft)
    test = started(chief, draft)
    page = manager.get(address("back-test", test)).content.decode()
    assert 'hx-trigger="every 1s"' in page
    assert "0 of 2" in page
    assert relay(at=timezone.now()) >= 1  # the news that there is work wakes a worker
    do_waiting(now=timezone.now)
    answer = manager.get(address("back-test", test))
    page = answer.content.decode()
    assert "hx-trigger" not in page.partition('id="back-test"')[2].partition(">")[0]
    assert [(s.verdict_before, s.verdict_after, s.rule, s.count) for s in answer.context["summary"].shifts] == [
        ("approve", "reject", "size", 1),
        ("approve", "review", "size", 1),
    ]
    assert {(p.name, p.count) for p in answer.context["summary"].partners} == {
        (channel.partner.name, 1),
        (channel.rival.name, 1),
    }
    only = manager.get(address("back-test", test), {"partner": channel.rival.public_id})
    assert [c.decision.registration.customer_name for c in only.context["page"]] == ["Stays"]
    file = b"".join(manager.get(address("back-test-export", test)).streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(file)))
    assert {(row["customer_name"], row["verdict_after"], row["amount"]) for row in rows} == {
        ("'=Formula Corp", "reject", "5000.0000"),
        ("Stays", "review", "7000.0000"),
    }
    assert "The draft was edited since" not in page
    draft.rules = draft.rules[1:]
    draft.save()
    assert "The draft was edited since" in manager.get(address("back-test", test)).content.decode()


def test_a_back_test_is_nobody_else_s_business(chief, seller, draft):
    test = started(chief, draft)
    for name in ("back-test", "back-test-export"):
        assert seller.get(address(name, test)).status_code == 404
        assert signed_in(vendor("finance")).get(address(name, test)).status_code == 404


def test_days_that_have_not_come_cannot_be_tested(chief, draft):
    tomorrow = timezone.localdate() + timedelta(days=1)
    for first, last in ((tomorrow, tomorrow), (tomorrow, tomorrow - timedelta(days=5))):
        answer = chief.post(address("back-test-new", draft), {"starts_on": str(first), "last_day": str(last)})
        assert answer.status_code == 422
    assert BackTest.objects.count() == 0


def test_the_number_of_statements_does_not_grow(chief, draft, channel, at):
    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert chief.get(address("back-test", test)).status_code == 200
        return len(seen)

    registered(channel, at=at, customer_name="One", customer_domain="")
    stricter(draft)
    test = started(chief, draft)
    do_waiting(now=timezone.now)
    few = statements()
    for number in range(6):
        registered(channel, at=at, customer_name=f"Company {number} {number}", customer_domain="", amount=4000)
    BackTest.objects.all().delete()
    test = started(chief, draft)
    do_waiting(now=timezone.now)
    assert BackTest.objects.get().changed_count == 7
    assert statements() == few
