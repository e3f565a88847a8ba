"""Many at once: one list, one draft, one back-test. With the lock off the same race goes wrong."""

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from common.errors import Refused
from common.models import JobSlice
from deals.actions import backtests, policies
from deals.actions.backtests import do_waiting, start_back_test
from deals.actions.policies import add_entry
from deals.actions.rulebooks import draft_rulebook, publish_draft
from deals.models import BackTest, BackTestChange, ExclusiveGrant, Rulebook
from deals.queries import policies as policy_queries
from deals.queries.rulebooks import content_of
from deals.rules.policies import ExclusiveGrantEntry
from deals.rules.revisions import Publication, fingerprint
from tests.factories.deals import a_channel, registered, vendor
from tests.factories.partners import PartnerFactory
from tests.races import outcomes_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.concurrency]
SIDES = 8
AT = datetime(2026, 10, 14, 10, 0, tzinfo=UTC)
TODAY = date(2026, 10, 14)


def refusals(outcomes: list[Any]) -> list[str]:
    """Codes of those who were refused; anything else that went wrong is raised."""
    for outcome in outcomes:
        if isinstance(outcome, Exception) and not isinstance(outcome, Refused):
            raise outcome
    return [outcome.reasons[0].code for outcome in outcomes if isinstance(outcome, Refused)]


def grants_at_once() -> list[Any]:
    """Everybody is granted the same alone, at the same instant."""
    chief = vendor("channel_chief")
    entries = [
        ExclusiveGrantEntry(partner_id=PartnerFactory().pk, starts_on=TODAY, countries=("DE",)) for _ in range(SIDES)
    ]
    return outcomes_of(*(lambda entry=entry: add_entry(entry, by=chief, at=AT) for entry in entries))


def test_what_is_granted_to_one_alone_is_granted_once():
    refused = refusals(grants_at_once())
    assert refused == ["exclusive_grant.overlaps"] * (SIDES - 1)
    assert ExclusiveGrant.objects.count() == 1


def test_control_without_the_lock_it_is_granted_twice(monkeypatch):
    held = policy_queries.held_entries

    def look_and_ponder(kind):
        found = held(kind)
        time.sleep(0.3)
        return found

    monkeypatch.setattr(policies, "_lock", lambda kind: None)
    monkeypatch.setattr(policy_queries, "held_entries", look_and_ponder)
    grants_at_once()
    assert ExclusiveGrant.objects.count() > 1


def test_drafts_published_at_once_get_numbers_one_after_the_other():
    a_channel()
    chief = vendor("channel_chief")
    drafts = [draft_rulebook(by=chief, at=AT) for _ in range(4)]
    asked = Publication(TODAY, fingerprint(content_of(drafts[0])), 2, accepts_untested=True)
    outcomes = outcomes_of(
        *(lambda draft=draft: publish_draft(draft.pk, asked, by=chief, at=AT) for draft in [*drafts, *drafts])
    )
    assert sorted(set(refusals(outcomes))) in (
        ["rulebook.not_confirmed"],
        ["rulebook.not_confirmed", "rulebook.not_draft"],
    )
    published = Rulebook.objects.filter(published_at__isnull=False).order_by("version")
    assert list(published.values_list("version", flat=True)) == [1, 2]


def test_workers_at_one_back_test_do_each_decision_once(monkeypatch):
    monkeypatch.setattr(backtests, "SLICE_SIZE", 1)
    channel = a_channel()
    for number in range(6):
        registered(channel, at=AT, customer_name=f"Company {number}", customer_domain="")
    chief = vendor("channel_chief")
    draft = draft_rulebook(by=chief, at=AT)
    draft.rules = [rule for rule in draft.rules if rule["code"] != "size"]
    draft.save()
    days = {"starts_on": TODAY, "ends_on": TODAY + timedelta(days=1)}
    test = start_back_test(draft.pk, **days, by=chief, at=AT)
    done = outcomes_of(*(lambda: do_waiting(now=lambda: AT) for _ in range(4)))
    assert sum(done) == 6
    found = BackTest.objects.get(pk=test.pk)
    assert (found.status, found.judged_count, found.changed_count) == ("done", 6, 6)
    assert BackTestChange.objects.count() == 6
    assert set(JobSlice.objects.values_list("attempts", flat=True)) == {1}
