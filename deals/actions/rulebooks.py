"""Publishing the rules of engagement, and the list of named accounts."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import Max

from common.actor import Actor
from common.audit import record
from common.verdict import refusal
from crm import queries as crm_queries
from deals.models import NamedAccount, Rulebook
from deals.rules.rulebook import DEFAULT_RULES, Rule, rules_are_sound, rules_to_json
from partners import rules as partner_rules


def publish_rulebook(rules: Sequence[Rule], *, effective_from: date, by: Actor, at: datetime) -> Rulebook:
    """Publish the next version, in force from the day. Refuses unknown rules and malformed parameters."""
    (partner_rules.may(by, "rulebook.publish") & rules_are_sound(rules)).or_refuse()
    with transaction.atomic():
        _lock_versions()
        newest = Rulebook.objects.aggregate(newest=Max("version"))["newest"] or 0
        rulebook = Rulebook.objects.create(
            version=newest + 1,
            rules=rules_to_json(rules),
            effective_from=effective_from,
            published_at=at,
            published_by=by.label,
        )
        record("rulebook.published", on=rulebook, by=by, at=at, version=rulebook.version, effective_from=effective_from)
    return rulebook


def publish_default_rulebook(*, effective_from: date, by: Actor, at: datetime) -> Rulebook:
    """The rules that a new installation starts with."""
    return publish_rulebook(DEFAULT_RULES, effective_from=effective_from, by=by, at=at)


def add_named_account(
    customer_id: int, *, starts_on: date, ends_on: date | None = None, note: str = "", by: Actor, at: datetime
) -> NamedAccount:
    """Put a customer on the published direct-only list. Refuses one that is on it in the same period."""
    partner_rules.may(by, "rulebook.publish").or_refuse()
    if customer_id not in crm_queries.customers_by_ids([customer_id]):
        refusal("registration.unknown_customer", field="customer").or_refuse()
    with transaction.atomic():
        try:
            with transaction.atomic():
                named = NamedAccount.objects.create(
                    customer_id=customer_id, starts_on=starts_on, ends_on=ends_on, note=note
                )
        except IntegrityError:
            refusal("named_account.overlaps", field="customer").or_refuse()
            raise
        record(
            "named_account.added", on=named, by=by, at=at, customer_id=customer_id, starts_on=starts_on, ends_on=ends_on
        )
    return named


def _lock_versions() -> None:
    """One publisher at a time, so that version numbers have no gaps and no doubles."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE deals_rulebook IN SHARE ROW EXCLUSIVE MODE")
