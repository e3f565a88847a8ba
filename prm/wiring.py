"""Who listens to what. The answer to "what happens when a sale arrives?" is this table.

`LISTENERS` run in the publisher's transaction, in order. `HANDLERS` run from the outbox, after the commit, once.
`NOTICES` is what people are told, in the order of their preferences.
"""

from collections.abc import Callable, Mapping, Sequence

from django.utils import timezone

from common import choices as common_choices
from common import events, outbox, reasons
from crm import choices as crm_choices
from deals.actions import notices, outcomes
from deals.choices import engagement, policies, registrations, rulebooks
from incentives import choices as incentive_choices
from partners import choices as partner_choices
from partners.actions import distribution, mails
from prm import hints
from tiers import choices as tier_choices

CATALOGUES = (
    common_choices.REASONS,
    partner_choices.REASONS,
    tier_choices.REASONS,
    crm_choices.REASONS,
    registrations.REASONS,
    engagement.REASONS,
    policies.REASONS,
    rulebooks.REASONS,
    incentive_choices.REASONS,
)

NOTICES: tuple[Mapping[str, partner_choices.NoticeKind], ...] = (partner_choices.NOTICES,)

LISTENERS: dict[str, list[events.Listener]] = {
    "sale.changed": [outcomes.note_sale_changed],
}


def _mail_due(*, notices: Sequence[str]) -> None:
    mails.send_due_mails(notices, at=timezone.now())


def _told_now(tell: Callable[..., None]) -> outbox.Handler:
    """A handler that is given the instant at which it runs."""
    return lambda **news: tell(**news, at=timezone.now())


HANDLERS: dict[str, outbox.Handler] = {
    "partners.distribution_news": _told_now(distribution.tell_distribution_news),
    "deals.decision_made": notices.send_decision_mail,
    "partners.mail_due": _mail_due,
}


def connect() -> None:
    """Called once, when all apps are loaded."""
    for catalogue in CATALOGUES:
        reasons.register(catalogue)
    partner_choices.connect_notices(NOTICES)
    events.connect(LISTENERS)
    outbox.connect(HANDLERS, hint=hints.outbox.wake)
