"""Who listens to what. The answer to "what happens when a sale arrives?" is this table.

`LISTENERS` run in the publisher's transaction, in order. `HANDLERS` run from the outbox, after the commit, once.
`NOTICES` is what people are told, in the order of their preferences.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from common import choices as common_choices
from common import events, outbox, reasons
from crm import choices as crm_choices
from deals.actions import checks as check_actions
from deals.actions import merges as merge_actions
from deals.actions import outcomes, sentinel
from deals.actions.news import cases as case_news
from deals.actions.news import decisions as decision_news
from deals.actions.news import leads as lead_news
from deals.actions.news import lives as life_news
from deals.actions.news import participants as participant_news
from deals.actions.news import reviews as review_news
from deals.actions.news import rulebooks as rulebook_news
from deals.choices import (
    cases,
    checks,
    conversation,
    engagement,
    leads,
    merges,
    participants,
    policies,
    protections,
    registrations,
    reviews,
    rulebooks,
)
from deals.choices import imports as import_choices
from incentives import choices as incentive_choices
from incentives.actions import make_goods
from incentives.queries import ledger
from incentives.queries.rebates import multiplied_rebates
from partners import choices as partner_choices
from partners.actions import distribution, mails
from prm import hints
from tiers.actions import override_news as tier_override_news
from tiers.actions import programme_news, standing_news
from tiers.choices import drafts as tier_drafts
from tiers.choices import overrides as tier_overrides
from tiers.choices import programmes as tier_programmes
from tiers.choices import scores as tier_scores
from tiers.choices import simulations as tier_simulations
from tiers.choices import standings as tier_standings
from tiers.queries import gains as tier_gains
from tiers.queries import rebates

CATALOGUES = (
    common_choices.REASONS,
    partner_choices.REASONS,
    tier_programmes.REASONS,
    tier_drafts.REASONS,
    tier_overrides.REASONS,
    tier_scores.REASONS,
    tier_simulations.REASONS,
    tier_standings.REASONS,
    crm_choices.REASONS,
    cases.REASONS,
    checks.REASONS,
    import_choices.REASONS,
    participants.REASONS,
    registrations.REASONS,
    engagement.REASONS,
    protections.REASONS,
    conversation.REASONS,
    leads.REASONS,
    merges.REASONS,
    policies.REASONS,
    reviews.REASONS,
    rulebooks.REASONS,
    incentive_choices.REASONS,
)

NOTICES: tuple[Mapping[str, partner_choices.NoticeKind], ...] = (
    partner_choices.NOTICES,
    tier_standings.NOTICES,
    tier_overrides.NOTICES,
    engagement.NOTICES,
    reviews.NOTICES,
    participants.NOTICES,
    checks.NOTICES,
    protections.NOTICES,
    conversation.NOTICES,
    cases.NOTICES,
    leads.NOTICES,
    rulebooks.NOTICES,
    tier_drafts.NOTICES,
)

LISTENERS: dict[str, list[events.Listener]] = {
    "customer.merged": [merge_actions.note_customers_merged],
    "sale.changed": [outcomes.note_sale_changed, sentinel.note_sales_changed],
    "opportunity.changed": [sentinel.note_opportunities_changed],
    "breach.opened": [make_goods.propose],
    "breach.changed": [make_goods.propose],
    "breach.settled": [make_goods.pay],
}


def _mail_due(*, notices: Sequence[str]) -> None:
    mails.send_due_mails(notices, at=timezone.now())


def _in_turn(*handlers: outbox.Handler) -> outbox.Handler:
    """One piece of news for several, in one transaction: all of them are done with it, or none."""

    def handle(**news: object) -> None:
        for handler in handlers:
            handler(**news)

    return handle


def _back_test_started(*, back_test_id: int) -> None:
    hints.back_tests.wake()


def _simulation_started(*, simulation_id: int) -> None:
    hints.simulations.wake()


def _rebates(since: date, until: date, currency: str) -> Decimal | None:
    """What all partners were credited; the books are in the base currency."""
    return ledger.accrued_and_paid(since, until).accrued if currency == settings.BASE_CURRENCY else None


def handlers(now: Callable[[], datetime]) -> dict[str, outbox.Handler]:
    """Who handles which topic, by this clock."""

    def told(tell: Callable[..., None]) -> outbox.Handler:
        """A handler that is given the instant at which it runs."""
        return lambda **facts: tell(**facts, at=now())

    return {
        "deals.back_test_started": _back_test_started,
        "deals.breaches_told": told(case_news.tell_of_breaches),
        "deals.breach_late": told(case_news.tell_of_late_answer),
        "deals.appeal_filed": told(case_news.tell_of_appeal_filed),
        "deals.appeal_judged": told(case_news.tell_of_appeal_judged),
        "partners.distribution_news": told(distribution.tell_distribution_news),
        "deals.lead_news": told(lead_news.tell_lead_news),
        "deals.news": told(life_news.send_news),
        "deals.decision_made": _in_turn(
            told(decision_news.tell_decision), told(participant_news.tell_invited_when_decided)
        ),
        "deals.rules_published": told(rulebook_news.tell_of_published_rules),
        "deals.checks_watched": told(check_actions.tell_watched),
        "deals.participants_invited": told(participant_news.tell_invited),
        "deals.participation_answered": told(participant_news.tell_answered),
        "deals.registered_on_behalf": told(participant_news.tell_registered_on_behalf),
        "deals.review_news": review_news.send_review_news,
        "deals.case_news": review_news.send_case_news,
        "tiers.simulation_started": _simulation_started,
        "tiers.programme_published": told(programme_news.tell_of_published_programme),
        "tiers.programme_withdrawn": told(programme_news.tell_of_withdrawn_programme),
        "partners.mail_due": _mail_due,
        "tiers.standing_changed": told(standing_news.tell_of_changed_standings),
        "tiers.demotion_announced": told(standing_news.tell_of_announced_demotions),
        "tiers.demotion_cancelled": told(standing_news.tell_of_cancelled_demotions),
        "tiers.override_news": told(tier_override_news.tell_override_news),
        "tiers.freeze_news": told(tier_override_news.tell_freeze_news),
    }


HANDLERS = handlers(timezone.now)


def connect() -> None:
    """Called once, when all apps are loaded."""
    for catalogue in CATALOGUES:
        reasons.register(catalogue)
    partner_choices.connect_notices(NOTICES)
    events.connect(LISTENERS)
    rebates.connect(_rebates)
    outbox.connect(HANDLERS, hint=hints.outbox.wake)
    tier_gains.connect(multiplied_rebates)
