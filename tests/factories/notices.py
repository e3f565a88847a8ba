"""Kinds of news for tests, so that they do not depend on what the apps above happen to declare."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from common import reasons
from partners.actions.notices import notify
from partners.choices import NOTICE_KINDS, EmailWhen, NoticeKind

SENTENCES = {
    "sample.approved": "The registration of %(customer)s is approved for %(amount)s.",
    "sample.waiting": "%(customer)s waits for a decision since %(day)s.",
    "sample.paid": "A payout is on its way.",
    "sample.translated": _("Enter a valid date."),  # has been translated by Django itself
}
KINDS = {
    "sample.decided": NoticeKind(
        "Decisions", ("sample.approved", "sample.paid", "sample.translated"), EmailWhen.NOW, "partner"
    ),
    "sample.money": NoticeKind("Money", ("sample.paid",), EmailWhen.DAILY, "partner"),
    "sample.queue": NoticeKind("Review queue", ("sample.waiting",), EmailWhen.DAILY, "vendor"),
}


def declare() -> None:
    """Make the kinds and their sentences known to this process."""
    reasons.register(SENTENCES)
    NOTICE_KINDS.update(KINDS)


def tell(*user_ids: int, at: datetime, kind: str = "sample.decided", **given: Any) -> int:
    """News about Zwack, or what is given."""
    told = {"code": "sample.approved", "params": {"customer": "Zwack", "amount": "1234.5", "currency": "EUR"}}
    return notify(user_ids, kind=kind, at=at, **(told | {"url": "/deals/"} | given))
