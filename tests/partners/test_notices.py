from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from common.actor import SYSTEM
from common.errors import NotFound, Refused
from common.models import OutboxMessage
from common.reasons import sentence
from common.verdict import Reason
from partners import choices, queries
from partners.actions import notices, partners
from partners.choices import EmailWhen, NoticeKind
from partners.models import Membership, Notification
from partners.rules import NoticeWish
from prm.wiring import CATALOGUES, NOTICES
from tests.factories.notices import KINDS, tell
from tests.factories.partners import MembershipFactory, PartnerFactory, UserFactory, VendorRoleFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("kinds")]


@pytest.fixture
def seller():
    return MembershipFactory(role="seller").user


def unread(user) -> int:
    return queries.unread_count(queries.actor_of(user))


def test_people_are_told_in_the_portal_and_by_mail(seller, now):
    assert tell(seller.pk, at=now, about="reg_1") == 1
    notice = Notification.objects.get()
    assert (notice.user, notice.subject_id, notice.url, notice.created_at) == (seller, "reg_1", "/deals/", now)
    assert (notice.mail_due, notice.mailed_at, notice.read_at) == ("now", None, None)
    assert unread(seller) == 1
    message = OutboxMessage.objects.get()
    assert (message.topic, message.payload) == ("partners.mail_due", {"notices": [notice.public_id]})


def test_what_is_said_again_is_told_once_but_everything_else_each_time(seller, now):
    assert tell(seller.pk, at=now, dedup="reg_1 7 days") == 1
    assert tell(seller.pk, at=now, dedup="reg_1 7 days") == 0
    assert tell(seller.pk, at=now, dedup="reg_1 1 day") == 1
    assert tell(seller.pk, at=now, dedup="reg_1 7 days", kind="sample.money", code="sample.paid", params={}) == 1
    assert tell(seller.pk, at=now) + tell(seller.pk, at=now) == 2
    newcomer = MembershipFactory().user
    assert tell(seller.pk, newcomer.pk, at=now, dedup="reg_1 7 days") == 1
    assert unread(newcomer) == 1
    assert OutboxMessage.objects.filter(topic="partners.mail_due").count() == 5  # no message for what was not told


def test_nobody_is_told_what_does_not_concern_them(now):
    staff, nobody = VendorRoleFactory().user, UserFactory()
    left = MembershipFactory(is_active=False).user
    gone = MembershipFactory(user__is_active=False).user
    ended = MembershipFactory(partner__status="terminated").user
    assert tell(staff.pk, nobody.pk, left.pk, gone.pk, ended.pk, 0, at=now) == 0
    seller = MembershipFactory().user
    waiting = {"kind": "sample.queue", "code": "sample.waiting", "params": {"customer": "Zwack", "day": now.date()}}
    assert tell(staff.pk, seller.pk, at=now, **waiting) == 1
    assert list(Notification.objects.values_list("user_id", flat=True)) == [staff.pk]


@pytest.mark.parametrize(
    ("wish", "told", "on_the_bell", "mail_due"),
    [
        (NoticeWish(True, "now"), 1, 1, "now"),
        (NoticeWish(True, "daily"), 1, 1, "digest"),
        (NoticeWish(True, "off"), 1, 1, "none"),
        (NoticeWish(False, "now"), 1, 0, "now"),
        (NoticeWish(False, "daily"), 1, 0, "digest"),
        (NoticeWish(False, "off"), 0, 0, None),
    ],
)
def test_what_somebody_chose_holds(wish, told, on_the_bell, mail_due, now):
    seller = MembershipFactory(role="seller").user
    notices.choose_notices({"sample.decided": wish}, by=queries.actor_of(seller))
    assert tell(seller.pk, at=now) == told
    assert unread(seller) == on_the_bell
    assert Notification.objects.values_list("mail_due", flat=True).first() == mail_due
    assert OutboxMessage.objects.count() == (mail_due == "now")


def test_what_is_chosen_can_be_chosen_anew_and_is_ones_own(seller, now):
    actor, other = queries.actor_of(seller), MembershipFactory().user
    for email in ("off", "daily"):
        notices.choose_notices({"sample.decided": NoticeWish(True, email)}, by=actor)
    assert queries.wishes_of(actor) == {
        "sample.decided": NoticeWish(True, "daily"),
        "sample.money": NoticeWish(True, "daily"),
    }
    assert queries.wishes_of(queries.actor_of(other))["sample.decided"] == NoticeWish(True, "now")


def test_kinds_of_the_other_side_cannot_be_chosen(seller):
    with pytest.raises(Refused) as caught:
        notices.choose_notices({"sample.queue": NoticeWish(True, "now")}, by=queries.actor_of(seller))
    assert [reason.code for reason in caught.value.reasons] == ["actor.not_permitted"]
    assert not seller.notification_preferences.exists()


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"kind": "sample.unknown"}, KeyError),
        ({"kind": "sample.money"}, ValueError),  # does not say that
        ({"params": {"customer": "Zwack"}}, KeyError),  # the sentence needs the amount
    ],
)
def test_mistakes_of_the_program_are_found_when_they_are_made(given, error, seller, now):
    with pytest.raises(error):
        tell(seller.pk, at=now, **given)
    assert not Notification.objects.exists()


@pytest.mark.parametrize("url", ["https://example.com/", "//example.com/", "/\\example.com/", "deals/"])
def test_a_notice_leads_nowhere_else(url, seller, now):
    with pytest.raises(IntegrityError, match="url_is_a_path"), transaction.atomic():
        tell(seller.pk, at=now, url=url)


def test_sentences_are_written_when_they_are_read(seller, now):
    params = {"customer": "50% Zwack", "amount": Decimal("1234.50"), "currency": "EUR"}
    tell(seller.pk, at=now, params=params)
    notice = Notification.objects.get()
    written = sentence(Reason(notice.code, notice.params))
    assert written == "The registration of 50% Zwack is approved for €1,234.50."
    staff = VendorRoleFactory().user
    waiting = {"customer": "Zwack", "day": date(2026, 10, 4)}
    tell(staff.pk, at=now, kind="sample.queue", code="sample.waiting", params=waiting)
    notice = Notification.objects.get(user=staff)
    assert sentence(Reason(notice.code, notice.params)) == "Zwack waits for a decision since 4 Oct 2026."


@pytest.mark.parametrize("loss", ["membership ended", "one of two ended", "partner terminated"])
def test_who_leaves_a_partner_can_no_longer_read_its_news(loss, seller, now):
    if loss == "one of two ended":
        MembershipFactory(user=seller)
    tell(seller.pk, at=now)
    own = seller.memberships.order_by("pk").first()
    if loss == "partner terminated":
        partners.change_partner_status(own.partner_id, "terminated", by=SYSTEM, at=now)
    else:
        Membership.objects.filter(pk=own.pk).update(is_active=False)
    actor = queries.actor_of(seller)
    assert queries.unread_count(actor) == 0
    assert queries.notice_list(actor).rows == []
    with pytest.raises(NotFound):
        notices.read_notice(Notification.objects.get().public_id, by=actor, at=now)


def test_one_is_read_once_and_by_its_reader_alone(seller, now):
    tell(seller.pk, at=now)
    public_id = Notification.objects.get().public_id
    colleague = MembershipFactory(partner=seller.memberships.get().partner).user
    with pytest.raises(NotFound):
        notices.read_notice(public_id, by=queries.actor_of(colleague), at=now)
    assert unread(seller) == 1
    for minutes in (0, 5):
        notices.read_notice(public_id, by=queries.actor_of(seller), at=now + timedelta(minutes=minutes))
    assert Notification.objects.get().read_at == now
    assert unread(seller) == 0


def test_all_are_read_at_once(seller, now):
    other = MembershipFactory().user
    for _ in range(3):
        tell(seller.pk, other.pk, at=now)
    assert notices.read_all_notices(by=queries.actor_of(seller), at=now) == 3
    assert notices.read_all_notices(by=queries.actor_of(seller), at=now) == 0
    assert (unread(seller), unread(other)) == (0, 3)


def test_a_loaded_history_is_no_news(seller, now):
    for days, kind in ((9, "sample.decided"), (9, "sample.money"), (1, "sample.money")):
        said = {} if kind == "sample.decided" else {"code": "sample.paid", "params": {}}
        tell(seller.pk, at=now - timedelta(days=days), kind=kind, **said)
    assert notices.settle_notices(before=now - timedelta(days=3)) == 2
    assert unread(seller) == 1
    assert set(Notification.objects.values_list("mail_due", flat=True)) == {"none"}
    old = Notification.objects.earliest("pk")
    assert old.read_at == old.created_at


def test_the_list_is_unread_first_then_newest_and_pages_neither_skip_nor_repeat(seller, now, monkeypatch):
    monkeypatch.setattr(queries, "NOTICES_PER_PAGE", 3)
    for _ in range(10):
        tell(seller.pk, at=now)
    keys = list(Notification.objects.order_by("pk").values_list("pk", flat=True))
    Notification.objects.filter(pk__in=keys[::2]).update(read_at=now)
    actor, seen, cursor = queries.actor_of(seller), [], ""
    for _ in range(4):
        page = queries.notice_list(actor, cursor=cursor)
        seen += [notice.pk for notice in page.rows]
        cursor = page.next_cursor
    assert seen == keys[1::2][::-1] + keys[::2][::-1]
    assert cursor == ""


@pytest.mark.parametrize("cursor", ["x", "read.", "unread.abc", "read.99999999999999999999", "other.1", "unread.²"])
def test_a_cursor_of_nobody_starts_from_the_beginning(cursor, seller, now):
    tell(seller.pk, at=now)
    assert len(queries.notice_list(queries.actor_of(seller), cursor=cursor).rows) == 1


def test_statements_do_not_grow(now, django_assert_num_queries):
    people = [membership.user for membership in MembershipFactory.create_batch(5)]
    with django_assert_num_queries(7):  # savepoint, people, wishes, notices, what was written, outbox, release
        tell(*(user.pk for user in people), at=now)
    for _ in range(3):
        tell(people[0].pk, at=now)
    actor = queries.actor_of(people[0])
    with django_assert_num_queries(1):
        assert queries.unread_count(actor) == 4
    with django_assert_num_queries(2):
        assert len(queries.notice_list(actor).rows) == 4
    with django_assert_num_queries(1):
        queries.wishes_of(actor)


def test_the_bell_counts_no_further_than_it_shows(seller, now, monkeypatch):
    monkeypatch.setattr(queries, "MANY", 3)
    for _ in range(5):
        tell(seller.pk, at=now)
    assert unread(seller) == 3


def test_people_by_role(now):
    partner = PartnerFactory()
    admin, seller = (MembershipFactory(partner=partner, role=role).user for role in ("admin", "seller"))
    MembershipFactory(partner=partner, role="viewer")
    MembershipFactory(partner=partner, role="admin", is_active=False)
    MembershipFactory(partner=partner, role="admin", user__is_active=False)
    MembershipFactory(role="admin")
    assert queries.people_of_partner(partner.pk, ("admin", "seller")) == sorted([admin.pk, seller.pk])
    chief = VendorRoleFactory(role="channel_chief").user
    VendorRoleFactory(user=chief, role="ceo")
    finance = VendorRoleFactory(role="finance").user
    VendorRoleFactory(role="ceo", user__is_active=False)
    assert queries.people_with_vendor_role("channel_chief", "ceo") == [chief.pk]
    assert queries.people_with_vendor_role("ceo", "finance") == sorted([chief.pk, finance.pk])


def test_a_kind_is_declared_once():
    with pytest.raises(ValueError, match=r"sample\.money"):
        choices.connect_notices([KINDS, {"sample.money": NoticeKind("Other", (), EmailWhen.OFF, "vendor")}])


def test_every_sentence_that_a_declared_kind_may_say_exists():
    explained = {code for catalogue in CATALOGUES for code in catalogue}
    said = {code for catalogue in NOTICES for kind in catalogue.values() for code in kind.codes}
    assert said <= explained
