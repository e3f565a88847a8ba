"""What Celery runs. Every task may be lost, repeated or late without harm: the work itself is rows in PostgreSQL."""

from celery import shared_task
from django.utils import timezone

from common import outbox
from crm.actions import words
from deals.actions import activity, backtests, checks, clockwork, leads, sentinel
from partners.actions import mails
from prm import health, hints, nightly
from prm.celery import app
from tiers.actions import overrides, simulations

HELPERS = 4  # hints sent for one night, so that as many workers take part


@shared_task
def relay_outbox() -> None:
    """Deliver what waits in the outbox."""
    while outbox.relay(at=timezone.now()):
        pass


@shared_task
def start_nightly() -> None:
    """At 02:00 in the programme's time zone: open the nights that are due and call the workers; forget old checks and
    tell of overrides that end soon."""
    nightly.open_due_nights(timezone.localdate(), at=timezone.now())
    checks.purge_checks(at=timezone.now())
    overrides.ask_to_tell_of_endings(day=timezone.localdate(), at=timezone.now())
    hurry_nightly()


@shared_task
def work_nightly() -> None:
    """Do what is free of the unfinished nights."""
    nightly.work()


@shared_task
def send_digests() -> None:
    """At 07:00 in the programme's time zone: everybody's summary of the news since the last one."""
    mails.send_digests(timezone.localdate(), at=timezone.now())


@shared_task
def work_back_tests() -> None:
    """Judge past decisions by drafts of rulebooks, as long as something of it waits; one worker at a time."""
    backtests.do_waiting(now=timezone.now)


@shared_task
def work_simulations() -> None:
    """Try drafts of programmes on the past, as long as something of it waits; one worker at a time."""
    simulations.do_waiting(now=timezone.now)


@shared_task
def recount_words() -> None:
    """At 01:30 in the programme's time zone: count what customers' names are made of; writers only estimate it."""
    words.recount_words()


@shared_task
def run_review_clocks() -> None:
    """Escalate reviews that are late, and approve the low-risk ones that nobody settled."""
    clockwork.run_review_clocks(at=timezone.now())


@shared_task
def keep_protections() -> None:
    """Every few minutes: remind, warn and release where partners do nothing, and warn before protections end."""
    while activity.keep_ladders(at=timezone.now()):
        pass


@shared_task
def expire_lead_offers() -> None:
    """End offers of leads that were not answered in time, and ask the next best partner."""
    leads.expire_offers(at=timezone.now())


@shared_task
def sweep_breaches() -> None:
    """Every hour: compare what the CRM reported lately with the protections once more."""
    sentinel.sweep_breaches(at=timezone.now())


@shared_task
def sweep() -> None:
    """Every few seconds: show that beat and a worker live, and pick up whatever a lost message or a crash left."""
    health.note_heartbeat()
    run_review_clocks()
    expire_lead_offers()
    relay_outbox()
    if backtests.is_waiting():
        hints.back_tests.wake()
    if simulations.is_waiting():
        hints.simulations.wake()
    work_nightly()


def hurry_nightly() -> None:
    for _ in range(HELPERS):
        app.send_task("prm.tasks.work_nightly", ignore_result=True)
