"""Publishing a draft with notice after a simulation, telling partners' people, and withdrawing before the first day."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.db.utils import DatabaseError
from django.utils import timezone, translation

from common import outbox
from common.errors import NotFound, Refused
from common.models import AuditEntry
from common.reasons import sentence
from common.verdict import Reason
from partners.actions.notices import choose_notices
from partners.models import Notification
from partners.queries import actor_of
from partners.rules import NoticeWish
from tests.factories.deals import vendor
from tests.factories.partners import MembershipFactory
from tests.factories.programmes import WORDS, asked_for, drafted, published, simulated
from tests.factories.tiers import default_programme, enrolled_partner_id, hold_level
from tests.races import at_once
from tiers.actions.drafts import change_draft
from tiers.actions.programme_news import tell_of_published_programme
from tiers.actions.programmes import publish_draft, withdraw_version
from tiers.models import Level, ProgrammeVersion
from tiers.queries.drafts import proposal_of
from tiers.queries.programmes import programme_on
from tiers.queries.terms import terms_for
from tiers.rules.content import Proposal, fingerprint, programme_from

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def at() -> datetime:
    return timezone.now().replace(hour=10)


@pytest.fixture
def chief(db):
    return vendor("channel_chief")


@pytest.fixture
def draft(chief, at):
    default_programme()
    return drafted(at=at, by=chief)


def first_day(at, days=45):
    return at.date() + timedelta(days=days)


def refused(call, *arguments, **named) -> set[tuple[str, str]]:
    with pytest.raises(Refused) as caught:
        call(*arguments, **named)
    return {(reason.code.removeprefix("programme."), reason.field) for reason in caught.value.reasons}


def told(at: datetime) -> list[Notification]:
    while outbox.relay(at=at):
        pass
    return list(Notification.objects.filter(kind="programme.changed").order_by("pk"))


def test_a_simulated_draft_is_in_force_from_its_first_day(draft, chief, at):
    simulated(draft, at=at)
    version = publish_draft(draft.pk, asked_for(draft, first_day(at)), by=chief, at=at)
    before = ProgrammeVersion.objects.get(number=1)
    assert (version.number, version.starts_on, version.ends_on, version.words) == (2, first_day(at), None, WORDS)
    assert before.ends_on == first_day(at)
    draft.refresh_from_db()
    assert draft.version == version
    for day, number, revenue in ((first_day(at, 44), 1, 500_000), (first_day(at), 2, 600_000)):
        programme = programme_on(day)
        assert programme is not None
        assert programme.number == number
        assert programme.level_of_rank(3).paths[0].requirements[0].threshold == revenue
    stored, proposed = programme_on(first_day(at)), programme_from(proposal_of(draft).content, number=2)
    assert [level.terms for level in stored.levels] == [level.terms for level in proposed.levels]
    entry = AuditEntry.objects.get(event="programme.published", subject_id=str(version.pk))
    assert (entry.facts["number"], entry.actor_label) == (2, chief.label)


@pytest.mark.parametrize("role", ["channel_manager", "finance", "ceo", "admin"])
def test_only_the_chief_publishes(draft, at, role):
    simulated(draft, at=at)
    assert refused(publish_draft, draft.pk, asked_for(draft, first_day(at)), by=vendor(role), at=at) == {
        ("actor.not_permitted", "")
    }
    assert ProgrammeVersion.objects.count() == 1


def test_a_draft_is_published_only_after_a_finished_simulation_of_what_it_says_now(draft, chief, at):
    enrolled_partner_id()  # there is history since January 2025

    def answer() -> set[tuple[str, str]]:
        with transaction.atomic():
            found = refused(publish_draft, draft.pk, asked_for(draft, first_day(at)), by=chief, at=at)
        assert ProgrammeVersion.objects.count() == 1
        return found

    assert answer() == {("not_simulated", "")}
    simulated(draft, at=at, months=11)
    simulated(draft, at=at, status="cancelled")
    running = simulated(draft, at=at, status="running")
    assert answer() == {("not_simulated", "")}
    running.revision -= 1
    running.status = "done"
    running.save()
    assert answer() == {("not_simulated", "")}
    simulated(draft, at=at)
    assert publish_draft(draft.pk, asked_for(draft, first_day(at)), by=chief, at=at).number == 2


def test_history_shorter_than_twelve_months_is_simulated_whole(draft, chief, at):
    enrolled_partner_id(starts_on=at.date() - timedelta(days=40))
    short = simulated(draft, at=at, months=1)
    assert refused(publish_draft, draft.pk, asked_for(draft, first_day(at)), by=chief, at=at) == {("not_simulated", "")}
    short.starts_on = at.date() - timedelta(days=40)
    short.save()
    assert publish_draft(draft.pk, asked_for(draft, first_day(at)), by=chief, at=at).number == 2


@pytest.mark.parametrize(("days", "is_possible"), [(29, False), (30, True), (31, True)])
def test_partners_have_thirty_days(draft, chief, at, days, is_possible):
    simulated(draft, at=at)
    asked = asked_for(draft, first_day(at, days))
    if is_possible:
        assert publish_draft(draft.pk, asked, by=chief, at=at).starts_on == first_day(at, days)
    else:
        assert refused(publish_draft, draft.pk, asked, by=chief, at=at) == {("starts_too_soon", "starts_on")}


def test_what_was_read_must_be_what_is_published(draft, chief, at):
    simulated(draft, at=at)
    asked = asked_for(draft, first_day(at))
    said = proposal_of(draft)
    other = Proposal(said.name, said.content, said.starts_on, "")
    change_draft(draft.pk, other, seen=fingerprint(said), by=vendor("channel_manager"), at=at)
    assert refused(publish_draft, draft.pk, asked, by=chief, at=at) == {
        ("changed_meanwhile", ""),
        ("words_missing", "words"),
    }
    assert ProgrammeVersion.objects.count() == 1


def test_a_draft_is_published_once(draft, chief, at):
    simulated(draft, at=at)
    publish_draft(draft.pk, asked_for(draft, first_day(at)), by=chief, at=at)
    assert refused(publish_draft, draft.pk, asked_for(draft, first_day(at, 90)), by=chief, at=at) == {("not_draft", "")}
    with pytest.raises(NotFound):
        publish_draft(0, asked_for(draft, first_day(at)), by=chief, at=at)


def test_versions_follow_each_other(draft, chief, at):
    version = published(at=at, by=chief, days_ahead=60)
    simulated(draft, at=at)
    for days in (59, 60):
        assert refused(publish_draft, draft.pk, asked_for(draft, first_day(at, days)), by=chief, at=at) == {
            ("before_last", "starts_on")
        }
    third = publish_draft(draft.pk, asked_for(draft, first_day(at, 61)), by=chief, at=at)
    version.refresh_from_db()
    assert (version.ends_on, third.number) == (third.starts_on, 3)


@pytest.mark.django_db(transaction=True)
def test_of_publishers_at_once_each_gets_a_number_and_periods_follow(chief, at):
    default_programme()
    drafts = [drafted(at=at, by=chief) for _ in range(3)]
    for draft in drafts:
        simulated(draft, at=at)
    asked = asked_for(drafts[0], first_day(at))

    def publish(side: int) -> str:
        try:
            publish_draft(drafts[side].pk, asked, by=chief, at=at)
        except Refused as error:
            return error.reasons[0].code
        return "published"

    answers = at_once(publish, 3)
    assert sorted(answers) == ["programme.before_last", "programme.before_last", "published"]
    assert ProgrammeVersion.objects.filter(published_at__isnull=False).count() == 2


def test_everybody_at_a_partner_is_told_once_and_whoever_turned_it_off_is_not(draft, chief, at):
    partner_id = enrolled_partner_id()
    reader = MembershipFactory(partner_id=partner_id, role="viewer").user
    deaf = MembershipFactory(partner_id=partner_id, role="seller").user
    choose_notices({"programme.changed": NoticeWish(False, "off")}, by=actor_of(deaf))
    simulated(draft, at=at)
    version = publish_draft(draft.pk, asked_for(draft, first_day(at)), by=chief, at=at)
    (notice,) = told(at + HOUR)
    assert (notice.user_id, notice.url) == (reader.pk, "/tier/programme/")
    with translation.override("en"):
        assert "The partner programme changes on " in sentence(Reason(notice.code, notice.params))
    tell_of_published_programme(version_id=version.pk, at=at)
    assert len(told(at + HOUR)) == 1


def test_the_programme_of_an_installation_is_no_news(at):
    MembershipFactory(role="viewer")
    default_programme()
    assert told(at + HOUR) == []


def test_a_version_is_withdrawn_before_its_first_day(chief, at):
    partner_id = enrolled_partner_id()
    hold_level(partner_id, "gold", starts_on=at.date() - timedelta(days=9))
    reader = MembershipFactory(partner_id=partner_id, role="viewer").user
    version = published(at=at, by=chief)
    withdraw_version(version.pk, words=" We listened. ", by=chief, at=at + HOUR)
    version.refresh_from_db()
    assert (version.published_at, version.withdrawn_at, version.withdrawn_words) == (None, at + HOUR, "We listened.")
    assert ProgrammeVersion.objects.get(number=1).ends_on is None
    assert programme_on(first_day(at)).number == 1
    assert terms_for(partner_id, day=first_day(at)).programme_version == 1
    notices = told(at + 2 * HOUR)
    assert [notice.code for notice in notices if notice.user_id == reader.pk] == ["notice.programme_withdrawn"]
    entry = AuditEntry.objects.get(event="programme.withdrawn")
    assert entry.facts == {"number": 2, "words": "We listened."}
    again = published(at=at, by=chief)
    assert (again.number, again.starts_on) == (3, first_day(at))


def test_told_before_it_was_withdrawn_partners_hear_both(chief, at):
    reader = MembershipFactory(partner_id=enrolled_partner_id(), role="viewer").user
    version = published(at=at, by=chief)
    told(at + HOUR)
    withdraw_version(version.pk, words="We listened.", by=chief, at=at + 2 * HOUR)
    codes = [notice.code for notice in told(at + 3 * HOUR) if notice.user_id == reader.pk]
    assert codes == ["notice.programme_published", "notice.programme_withdrawn"]


def test_only_the_last_version_is_withdrawn_and_only_before_it_begins(chief, at):
    default_programme()
    second, third = published(at=at, by=chief), published(at=at, by=chief, days_ahead=90)
    begun = {"words": "Why", "by": chief}
    assert refused(withdraw_version, second.pk, at=at, **begun) == {("not_announced", "")}
    on_the_day = at + timedelta(days=90)
    assert refused(withdraw_version, third.pk, at=on_the_day, **begun) == {("not_announced", "")}
    assert refused(withdraw_version, third.pk, words=" ", by=chief, at=at) == {("words_missing", "words")}
    for role in ("channel_manager", "ceo"):
        answer = refused(withdraw_version, third.pk, words="Why", by=vendor(role), at=at)
        assert answer == {("actor.not_permitted", "")}
    withdraw_version(third.pk, at=on_the_day - timedelta(days=1), **begun)
    assert refused(withdraw_version, third.pk, at=at, **begun) == {("not_announced", "")}
    withdraw_version(second.pk, at=at, **begun)
    with pytest.raises(NotFound):
        withdraw_version(0, at=at, **begun)


def test_the_database_keeps_what_was_published_whatever_becomes_of_it(chief, at):
    default_programme()
    version = published(at=at, by=chief)

    def is_frozen() -> bool:
        rows = ProgrammeVersion.objects.filter(pk=version.pk)
        changes = (
            lambda: rows.update(notice_days=1),
            lambda: rows.update(published_at=None),
            rows.delete,
            lambda: Level.objects.filter(version=version).update(name="Other"),
        )
        for change in changes:
            with pytest.raises(DatabaseError), transaction.atomic():
                change()
        return True

    assert is_frozen()
    with pytest.raises(DatabaseError), transaction.atomic():
        late = at + timedelta(days=46)
        ProgrammeVersion.objects.filter(pk=version.pk).update(published_at=None, withdrawn_at=late)
    withdraw_version(version.pk, words="We listened.", by=chief, at=at)
    with pytest.raises(DatabaseError), transaction.atomic():
        ProgrammeVersion.objects.filter(pk=version.pk).update(withdrawn_words="Other words")
    with pytest.raises(DatabaseError), transaction.atomic():
        Level.objects.filter(version=version).update(name="Other")
