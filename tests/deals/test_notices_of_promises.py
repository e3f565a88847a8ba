"""Who is told of rules that will apply, and of a breach that the vendor acknowledged later than it promised."""

from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import translation

from common import outbox
from common.actor import SYSTEM, Actor
from common.errors import Refused
from common.models import AuditEntry
from common.reasons import sentence
from common.verdict import Reason
from deals.actions.breaches import acknowledge_breach, reject_breach
from deals.actions.news.rulebooks import tell_of_published_rules
from deals.actions.rulebooks import draft_rulebook, publish_draft, publish_rulebook
from deals.models import Rulebook
from deals.queries.rulebooks import content_of
from deals.rules.revisions import Publication, fingerprint
from deals.rules.rulebook import DEFAULT_RULES
from partners.actions.notices import choose_notices
from partners.models import Notification, Partner, User
from partners.queries import actor_of, people_of_all_partners
from partners.rules import NoticeWish
from tests.factories.cases import broken
from tests.factories.deals import vendor
from tests.factories.partners import MembershipFactory, PartnerFactory

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
APPLIES = date(2026, 11, 2)


@pytest.fixture
def chief(db) -> Actor:
    return vendor("channel_chief")


def told(kind: str, at: datetime) -> list[Notification]:
    while outbox.relay(at=at):
        pass
    return list(Notification.objects.filter(kind=kind).order_by("user_id"))


def published(chief: Actor, at: datetime) -> Rulebook:
    draft = draft_rulebook(by=chief, at=at)
    asked = Publication(APPLIES, fingerprint(content_of(draft)), 2, accepts_untested=True)
    return publish_draft(draft.pk, asked, by=chief, at=at)


def test_everybody_at_a_partner_hears_from_when_on_which_rules_apply(channel, chief, now):
    viewer = MembershipFactory(partner=channel.rival, role="viewer").user
    rulebook = published(chief, now)
    notices = told("rules.published", now + HOUR)
    assert [each.user_id for each in notices] == sorted(
        [channel.seller.user_id, channel.rival_seller.user_id, viewer.pk]
    )
    with translation.override("en"):
        text = sentence(Reason(notices[0].code, notices[0].params))
    assert text == "New rules of engagement are published: version 2 applies from 2 Nov 2026."
    assert {each.url for each in notices} == {f"/deals/rules/versions/{rulebook.public_id}/"}
    reader = Client()
    reader.force_login(viewer)
    assert reader.get(notices[0].url).status_code == 200


def test_it_is_told_once_and_not_to_who_turned_it_off(channel, chief, now):
    choose_notices({"rules.published": NoticeWish(False, "off")}, by=channel.rival_seller)
    rulebook = published(chief, now)
    tell_of_published_rules(rulebook_id=rulebook.pk, at=now)
    assert [each.user_id for each in told("rules.published", now + HOUR)] == [channel.seller.user_id]


def test_a_draft_and_what_is_refused_are_told_to_nobody(channel, chief, now):
    draft = draft_rulebook(by=chief, at=now)
    with pytest.raises(Refused):
        publish_draft(draft.pk, Publication(APPLIES, fingerprint(content_of(draft)), 2), by=chief, at=now)
    assert told("rules.published", now + HOUR) == []


def test_rules_that_an_installation_begins_with_are_no_news(channel, now):
    publish_rulebook(DEFAULT_RULES, effective_from=APPLIES, by=SYSTEM, at=now)
    assert told("rules.published", now + HOUR) == []


def test_people_of_all_partners_are_those_who_are_there(channel, django_assert_num_queries):
    left = MembershipFactory(partner=channel.partner, role="seller", is_active=False).user
    gone = MembershipFactory(partner=PartnerFactory(status="terminated"), role="seller").user
    both = User.objects.get(pk=channel.seller.user_id)
    MembershipFactory(partner=channel.rival, user=both, role="seller")
    MembershipFactory(partner=channel.rival, role="finance")
    with django_assert_num_queries(1):
        found = people_of_all_partners(["seller"])
    assert found == sorted([both.pk, channel.rival_seller.user_id])
    assert not {left.pk, gone.pk} & set(found)
    assert Partner.objects.count() == 3
    assert actor_of(both).partner_ids == {channel.partner.pk, channel.rival.pk}


@pytest.mark.parametrize("answer", ["acknowledge", "reject"])
@pytest.mark.parametrize(("late", "is_told"), [(-SECOND, False), (0 * SECOND, False), (SECOND, True)])
def test_a_first_answer_after_the_promised_instant_is_told_to_the_chief(channel, chief, now, answer, late, is_told):
    breach = broken(channel, at=now)
    at = breach.due_at + late
    if answer == "acknowledge":
        acknowledge_breach(breach.pk, words="We did not look.", by=chief, at=at)
        assert AuditEntry.objects.get(event="breach.acknowledged").facts["late"] is is_told
    else:
        reject_breach(breach.pk, reason="Spare parts only.", by=chief, at=at)
    notices = told("breaches.late", at + HOUR)
    assert [each.user_id for each in notices] == [chief.user_id] * is_told
    assert all(each.url == f"/deals/breaches/{breach.public_id}/" for each in notices)


def test_what_was_acknowledged_in_time_may_be_closed_later(channel, chief, now):
    breach = broken(channel, at=now)
    acknowledge_breach(breach.pk, words="We did not look.", by=chief, at=breach.due_at)
    reject_breach(breach.pk, reason="It was withdrawn.", by=chief, at=breach.due_at + 30 * 24 * HOUR)
    assert told("breaches.late", breach.due_at + 40 * 24 * HOUR) == []


def test_a_late_acknowledgement_is_told_to_no_partner(channel, chief, now):
    breach = broken(channel, at=now)
    acknowledge_breach(breach.pk, words="We did not look.", by=chief, at=breach.due_at + SECOND)
    notices = told("breaches.late", breach.due_at + HOUR)
    assert channel.seller.user_id not in {each.user_id for each in notices}
    assert notices[0].params["day"] == breach.due_at.date().isoformat()
