"""What a person needs to know when they come in: what waits for them, where they stand, what next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from common.actor import Actor
from common.money import Money
from deals.choices.registrations import RegistrationStatus
from deals.queries import registrations, reviews
from deals.queries.holds import live_holds
from deals.queries.registrations import StatusTotal
from incentives.queries import ledger, statements
from partners import queries as partner_queries
from partners import rules as partner_rules
from tiers.queries.pages import Position, position_of
from tiers.queries.standings import LevelCount, level_counts

WARNED_BEFORE = timedelta(days=30)
SHOWN = 5


@dataclass(frozen=True, slots=True)
class PartnerHome:
    """`balance` and `statement` are None for people who may not see money; `standing` without a programme."""

    partner: Any
    may_register: bool
    agreement_current: bool
    agreement_ends_soon: bool
    totals: dict[str, StatusTotal]
    ending: Sequence[Any]
    drafts: Sequence[Any]
    latest: Sequence[Any]
    holds: Sequence[Any]
    standing: Position | None
    balance: Money | None
    statement: Any

    @property
    def task_count(self) -> int:
        return len(self.ending) + len(self.drafts) + self.agreement_ends_soon + (not self.agreement_current)


def partner_home(actor: Actor, partner: Any, *, at: datetime) -> PartnerHome:
    """The home page of one partner's people, in a fixed number of statements."""
    day = _day_of(at)
    own = registrations.registrations_visible_to(actor).filter(partner_id=partner.pk).reading_on(at)
    ending = own.with_status(RegistrationStatus.APPROVED, at).filter(protected_until__lt=at + WARNED_BEFORE)
    sees_money = bool(partner_rules.may(actor, "statement.view", partner.pk))
    own_statements = statements.statements_visible_to(actor).filter(partner_id=partner.pk)
    ends_on: date | None = partner.agreement_ends_on
    is_current = partner_rules.agreement_is_current(ends_on, day)
    may_register = bool(partner_rules.may(actor, "registration.create", partner.pk))
    return PartnerHome(
        partner=partner,
        may_register=may_register,
        agreement_current=is_current,
        agreement_ends_soon=is_current and ends_on is not None and ends_on <= day + WARNED_BEFORE,
        totals=registrations.totals_by_status(actor, at=at),
        ending=list(ending.order_by("protected_until")[:SHOWN]),
        drafts=list(own.filter(status=RegistrationStatus.DRAFT).order_by("-pk")[:SHOWN]) if may_register else [],
        latest=list(own.exclude(status=RegistrationStatus.DRAFT).order_by("-pk")[:SHOWN]),
        holds=live_holds(frozenset({partner.pk}), at=at) if may_register else [],
        standing=position_of(partner.pk, day=day),
        balance=ledger.balance_of(partner.pk) if sees_money else None,
        statement=own_statements.order_by("-month_starts_on").first() if sees_money else None,
    )


@dataclass(frozen=True, slots=True)
class VendorHome:
    """`queue` is empty for people who do not review; `statements` for people who may not see money."""

    reads_deals: bool
    reviews_deals: bool
    waiting_count: int
    overdue_count: int
    queue: Sequence[Any]
    totals: dict[str, StatusTotal]
    sees_money: bool
    statements: Sequence[Any]
    partner_count: int
    levels: Sequence[LevelCount]


def vendor_home(actor: Actor, *, at: datetime) -> VendorHome:
    """The home page of the vendor's people, in a fixed number of statements."""
    reviews_deals = bool(partner_rules.may(actor, "registration.review"))
    sees_money = bool(partner_rules.may(actor, "statement.view"))
    newest = statements.statements_visible_to(actor).select_related("partner").order_by("-month_starts_on", "-closing")
    return VendorHome(
        reads_deals=bool(partner_rules.may(actor, "registration.view")),
        reviews_deals=reviews_deals,
        waiting_count=reviews.review_count(),
        overdue_count=reviews.overdue_count(at),
        queue=list(reviews.review_queue()[:SHOWN]) if reviews_deals else [],
        totals=registrations.totals_by_status(actor, at=at),
        sees_money=sees_money,
        statements=list(newest[:SHOWN]) if sees_money else [],
        partner_count=len(partner_queries.active_partner_ids()),
        levels=level_counts(_day_of(at)),
    )


def _day_of(at: datetime) -> date:
    return at.astimezone(timezone.get_current_timezone()).date()
