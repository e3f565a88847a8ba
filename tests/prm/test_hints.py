"""Hints reach the broker, few for many, and nobody waits for a broker that is away."""

import time

import pytest
from redis import Redis

from prm import hints
from prm.celery import app

TASK = "test.hint"  # nobody else's: hints of other tests may still be on their way


@pytest.fixture
def queue(settings):
    """How many of our hints are in the queue."""
    broker = Redis.from_url(settings.REDIS_URL)
    name = settings.CELERY_TASK_DEFAULT_QUEUE
    broker.delete(name)
    yield lambda: sum(TASK.encode() in message for message in broker.lrange(name, 0, -1))
    broker.delete(name)
    broker.close()


def wait_for(condition) -> None:
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_hint_reaches_the_queue(queue):
    hints.Hinter(TASK).wake()
    wait_for(lambda: queue() == 1)


def test_many_wakes_send_few_hints(queue):
    hinter = hints.Hinter(TASK)
    for _ in range(1000):
        hinter.wake()
    wait_for(lambda: queue() >= 1)
    time.sleep(0.2)
    assert queue() < 200


def test_a_broker_that_is_away_stops_neither_the_caller_nor_later_hints(queue, monkeypatch):
    hinter, sent = hints.Hinter(TASK), []

    def refuse(*args, **kwargs):
        sent.append(args)
        raise OSError("no broker")

    with monkeypatch.context() as away:
        away.setattr(app, "send_task", refuse)
        hinter.wake()
        wait_for(lambda: sent)
    hinter.wake()
    wait_for(lambda: queue() == 1)
