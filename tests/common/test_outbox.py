from datetime import timedelta

import pytest
from django.db import transaction

from common import outbox
from common.choices import WorkStatus
from common.models import OutboxMessage
from prm import hints, wiring
from tests.races import at_once


@pytest.fixture
def seen():
    """Handlers that note what they were given; the program's own are put back afterwards."""
    handled: list[int] = []

    def note(number: int) -> None:
        handled.append(number)

    def fail(number: int) -> None:
        handled.append(number)
        raise RuntimeError("poison")

    outbox.connect({"test.noted": note, "test.poison": fail}, hint=lambda: None)
    yield handled
    outbox.connect(wiring.HANDLERS, hint=hints.outbox.wake)


@pytest.mark.django_db
def test_a_message_is_handled_once(seen, now):
    outbox.after_commit("test.noted", at=now, number=1)
    assert outbox.relay(at=now) == 1
    assert outbox.relay(at=now) == 0
    assert seen == [1]


@pytest.mark.django_db
def test_a_message_of_a_rolled_back_transaction_never_was(seen, now):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        outbox.after_commit("test.noted", at=now, number=1)
        raise ZeroDivisionError
    assert outbox.relay(at=now) == 0
    assert seen == []


@pytest.mark.django_db
def test_a_topic_that_nobody_handles_is_refused_when_it_is_written(seen, now):
    with pytest.raises(KeyError, match=r"test\.unknown"):
        outbox.after_commit("test.unknown", at=now)


@pytest.mark.django_db
def test_a_poison_message_is_set_aside_and_does_not_hold_up_the_others(seen, now):
    outbox.after_commit("test.poison", at=now, number=13)
    outbox.after_commit("test.noted", at=now, number=1)
    for hour in range(10):
        outbox.relay(at=now + timedelta(hours=hour))
    poison = OutboxMessage.objects.get(topic="test.poison")
    assert poison.status == WorkStatus.QUARANTINED
    assert "poison" in poison.last_error
    assert seen.count(13) == outbox.MAX_ATTEMPTS
    assert seen.count(1) == 1


@pytest.mark.django_db
def test_a_failed_message_is_not_tried_again_at_once(seen, now):
    outbox.after_commit("test.poison", at=now, number=13)
    outbox.relay(at=now)
    outbox.relay(at=now + timedelta(seconds=59))
    assert seen == [13]
    outbox.relay(at=now + timedelta(seconds=61))
    assert seen == [13, 13]


@pytest.mark.django_db
def test_a_message_whose_worker_dies_every_time_is_set_aside(seen, now):
    """The worker is killed between claiming and handling: only the claim is committed."""
    outbox.after_commit("test.noted", at=now, number=1)
    for hour in range(10):
        outbox._claim(now + timedelta(hours=hour), limit=10)
    assert OutboxMessage.objects.get().status == WorkStatus.QUARANTINED
    assert outbox.relay(at=now + timedelta(days=9)) == 0


@pytest.mark.django_db
def test_a_worker_that_comes_back_late_cannot_do_the_message_again(seen, now):
    outbox.after_commit("test.noted", at=now, number=1)
    (late,) = outbox._claim(now, limit=10)
    assert outbox.relay(at=now + timedelta(hours=1)) == 1
    assert outbox._handle(late, now + timedelta(hours=2)) is False
    assert seen == [1]


@pytest.mark.django_db(transaction=True)
def test_many_relays_at_once_handle_each_message_once(seen, now):
    for number in range(50):
        outbox.after_commit("test.noted", at=now, number=number)

    def relay(side: int) -> None:
        outbox.relay(at=now, limit=7)
        outbox.relay(at=now)

    at_once(relay)
    assert sorted(seen) == list(range(50))
