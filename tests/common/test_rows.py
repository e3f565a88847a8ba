"""Rows written by one statement must be what the ORM would have written."""

from datetime import timedelta

import pytest
from django.forms.models import model_to_dict

from common.models import OutboxMessage
from common.rows import insert, update

pytestmark = pytest.mark.django_db


def message(now, **columns):
    return OutboxMessage(topic="partner.noted", payload={"at": now, "name": "Żółw"}, available_at=now, **columns)


def test_an_inserted_row_is_what_saving_it_would_write(now):
    written, saved = message(now), message(now)
    insert(written)
    saved.save()
    assert written.pk
    assert not written._state.adding
    stored = [model_to_dict(OutboxMessage.objects.get(pk=row.pk), exclude=["id"]) for row in (written, saved)]
    assert stored[0] == stored[1]


def test_only_named_columns_are_updated(now):
    row = message(now)
    insert(row)
    row.topic, row.attempts, row.available_at = "never.kept", 3, now + timedelta(hours=1)
    update(row, ["attempts", "available_at"])
    stored = OutboxMessage.objects.get(pk=row.pk)
    assert (stored.topic, stored.attempts, stored.available_at) == ("partner.noted", 3, now + timedelta(hours=1))


def test_a_row_that_is_gone_cannot_be_updated(now):
    row = message(now)
    insert(row)
    OutboxMessage.objects.filter(pk=row.pk).delete()
    with pytest.raises(OutboxMessage.DoesNotExist):
        update(row, ["attempts"])
