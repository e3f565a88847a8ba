"""Two streams of comments: what each side may write, and that a partner cannot tell that there is a second one."""

import pytest
from django.db import DatabaseError, connection, transaction

from common.errors import Refused
from common.models import AuditEntry
from deals.actions.comments import add_comment
from deals.models import Comment
from deals.rules.comments import comment_is_sound, may_write
from tests.factories.deals import drafted, registered, vendor


def codes(caught) -> tuple[str, ...]:
    return tuple(reason.code for reason in caught.value.reasons)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("comment.empty",)),
        (" \n ", ("comment.empty",)),
        ("x", ()),
        ("x" * 3999, ()),
        ("x" * 4000, ()),
        ("x" * 4001, ("registration.text_too_long",)),
        ("two\nlines\tand a tab", ()),
        ("bell \x07", ("registration.text_characters",)),
        ("turned \u202e around", ("registration.text_characters",)),
    ],
)
def test_what_can_be_said(text, expected):
    assert comment_is_sound(text).codes == expected


def test_a_stream_that_is_not_a_partner_s_is_like_one_that_there_is_not():
    assert may_write("internal", is_vendor=False) == may_write("bogus", is_vendor=False)
    assert not may_write("internal", is_vendor=False)
    assert may_write("internal", is_vendor=True)
    assert not may_write("bogus", is_vendor=True)


def test_both_sides_talk(channel, now):
    deal = registered(channel, at=now)
    said = [
        add_comment(deal.pk, stream="shared", text=" Hello ", by=channel.seller, at=now),
        add_comment(deal.pk, stream="shared", text="Good day", by=channel.manager, at=now),
        add_comment(deal.pk, stream="internal", text="Careful", by=channel.manager, at=now),
    ]
    assert [(one.text, one.stream, one.is_from_vendor) for one in said] == [
        ("Hello", "shared", False),
        ("Good day", "shared", True),
        ("Careful", "internal", True),
    ]
    assert said[0].author_id == channel.seller.user_id
    assert AuditEntry.objects.filter(event="comment.added").count() == 3


def test_refusals_leave_nothing(channel, now):
    deal, draft = registered(channel, at=now), drafted(channel, at=now)
    before = AuditEntry.objects.count()
    for by, on, stream, expected in [
        (channel.rival_seller, deal, "shared", "actor.not_permitted"),
        (vendor("ceo"), deal, "internal", "actor.not_permitted"),
        (channel.seller, deal, "internal", "registration.choice_invalid"),
        (channel.seller, deal, "bogus", "registration.choice_invalid"),
        (channel.seller, draft, "shared", "registration.status"),
    ]:
        with pytest.raises(Refused) as caught:
            add_comment(on.pk, stream=stream, text="Hello", by=by, at=now)
        assert codes(caught) == (expected,)
    assert not Comment.objects.exists()
    assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("statement", ["UPDATE deals_comment SET text = ''", "DELETE FROM deals_comment"])
def test_what_was_said_is_not_rewritten(channel, now, statement):
    add_comment(registered(channel, at=now).pk, stream="shared", text="Hello", by=channel.seller, at=now)
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
