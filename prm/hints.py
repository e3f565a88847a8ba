"""Waking a worker without making anybody wait for the broker.

A request that committed work only sets a flag; a thread of its process sends the message. However many requests commit
at once, few messages are sent, and a broker that is slow or away delays nobody. A lost hint is no loss: the sweeper
finds the rows.
"""

import os
import threading
import time

import structlog
from celery import canvas
from celery.app import amqp, events, task
from celery.backends import base
from celery.events import dispatcher, receiver
from kombu.exceptions import OperationalError
from kombu.transport import redis

from prm.celery import app

PAUSE = 0.2  # seconds: who asked has its answer first, and who asks meanwhile is heard with it
log = structlog.get_logger(__name__)
NEEDED = (amqp, base, canvas, dispatcher, events, receiver, redis, task)  # to send: loaded before anybody waits


class Hinter:
    """Sends one task's name to the broker, soon after `wake`, from a thread that is started at first use."""

    def __init__(self, task: str) -> None:
        self._task = task
        self._wanted = threading.Event()
        self._started_by = 0
        self._starting = threading.Lock()

    def wake(self) -> None:
        """Return at once; a worker hears of it a moment later."""
        with self._starting:
            if self._started_by != os.getpid():  # threads do not survive a fork
                self._started_by = os.getpid()
                threading.Thread(target=self._send_for_ever, name="hinter", daemon=True).start()
        self._wanted.set()

    def _send_for_ever(self) -> None:
        while self._wanted.wait():
            time.sleep(PAUSE)
            self._wanted.clear()
            try:
                app.send_task(self._task, ignore_result=True, retry=False)
            except (OperationalError, OSError) as error:
                log.warning("the broker did not take a hint", task=self._task, error=repr(error))


outbox = Hinter("prm.tasks.relay_outbox")
back_tests = Hinter("prm.tasks.work_back_tests")
simulations = Hinter("prm.tasks.work_simulations")
