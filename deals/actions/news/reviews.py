"""Telling people what happens to a review, in the portal and by mail. Asked for in the transaction of the effect."""

from collections.abc import Callable
from datetime import datetime

from django.urls import reverse

from common.outbox import after_commit
from deals.models import Appeal, Change, Registration
from partners import queries as partner_queries
from partners.actions.notices import notify

PARTNER_ROLES = ("admin", "seller")
Assignable = Registration | Change | Appeal


def tell(code: str, *, about: Registration, at: datetime) -> None:
    """Say this sentence of the review to those whom it concerns, once committed."""
    after_commit("deals.review_news", at=at, registration_id=about.pk, code=code, told_at=at.isoformat())


def send_review_news(*, registration_id: int, code: str, told_at: str) -> None:
    """Handles ``deals.review_news``: told is who is concerned when it is sent."""
    registration = Registration.objects.select_related("partner").get(pk=registration_id)
    kind, people, route = _NEWS[code]
    notify(
        people(registration),
        kind=kind,
        code=code,
        at=datetime.fromisoformat(told_at),
        params={"customer": registration.customer_name, "partner": registration.partner.name},
        url=reverse(route, args=[registration.public_id]),
        about=registration.public_id,
    )


def tell_of_case(code: str, *, about: Change | Appeal, at: datetime) -> None:
    """The same of a change or an appeal that waits for a person."""
    after_commit("deals.case_news", at=at, case_id=about.pk, code=code, told_at=at.isoformat())


def send_case_news(*, case_id: int, code: str, told_at: str) -> None:
    """Handles ``deals.case_news``: the first word of the code says what it is about."""
    word, _, event = code.partition(".")
    case = _CASES[word].objects.select_related("registration__partner").get(pk=case_id)
    kind, people = _CASE_NEWS[event]
    notify(
        people(case),
        kind=kind,
        code=code,
        at=datetime.fromisoformat(told_at),
        params={"customer": case.registration.customer_name, "partner": case.registration.partner.name},
        url=reverse(_ROUTES[word], args=[case.public_id]),
        about=case.public_id,
    )


def _partner_people(registration: Registration) -> list[int]:
    return partner_queries.people_of_partner(registration.partner_id, PARTNER_ROLES)


def _reviewers(registration: Registration) -> list[int]:
    assigned = registration.assigned_to_id
    return [assigned] if assigned else partner_queries.people_with_vendor_role("channel_manager")


def _assigned(waiting: Assignable) -> list[int]:
    return [waiting.assigned_to_id] if waiting.assigned_to_id else []


def _those_in_charge(waiting: Assignable) -> list[int]:
    return [*partner_queries.people_with_vendor_role("channel_chief"), *_assigned(waiting)]


_NEWS: dict[str, tuple[str, Callable[[Registration], list[int]], str]] = {
    "inquiry.was_asked": ("inquiry_asked", _partner_people, "deals:answer"),
    "inquiry.was_answered": ("inquiry_answered", _reviewers, "deals:review"),
    "review.was_assigned": ("review_assigned", _assigned, "deals:review"),
    "review.is_late": ("review_late", _those_in_charge, "deals:review"),
    "review.kept_from_clock": ("review_late", _those_in_charge, "deals:review"),
}

_CASES: dict[str, type[Change] | type[Appeal]] = {"change": Change, "appeal": Appeal}
_ROUTES = {"change": "deals:change-settle", "appeal": "deals:appeal"}
_CASE_NEWS: dict[str, tuple[str, Callable[[Assignable], list[int]]]] = {
    "was_assigned": ("review_assigned", _assigned),
    "is_late": ("review_late", _those_in_charge),
}
