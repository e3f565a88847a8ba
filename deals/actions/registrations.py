"""What a partner does with a registration: save it as a draft, submit it, withdraw it."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal

from django.conf import settings
from django.db import transaction

from common.actor import SYSTEM, Actor
from common.audit import entry_of, record
from common.money import Money
from common.outbox import after_commit
from common.verdict import Reason, Verdict, objections, refusal
from crm import queries as crm_queries
from deals.actions import claims, participants
from deals.actions.decisions import ruling_of, write_decision
from deals.actions.inquiries import open_inquiry
from deals.actions.locks import lock_registration, open_registration
from deals.actions.pencils import release_for
from deals.choices.engagement import RuleVerdict
from deals.choices.registrations import Event
from deals.models import Registration, RegistrationLine
from deals.queries.calendar import day_of
from deals.queries.claimants import registrar_for
from deals.queries.registrations import as_read, read_lines
from deals.rules import transitions
from deals.rules.drafts import DraftLine, RegistrationDraft, draft_is_complete, draft_is_sound
from partners import queries as partner_queries

TYPED = (
    *("customer_name", "customer_country", "customer_domain", "customer_tax_id", "contact", "expected_close_on"),
    *("stage", "why_now", "source", "currency", "site"),
)


def save_draft(draft: RegistrationDraft, *, by: Actor, at: datetime) -> Registration:
    """Keep what was typed so far, as a new draft or in place of an earlier one.

    Refuses texts, choices and numbers that cannot be kept, unknown partners and products, and a registration that is
    no draft any more. A distributor may register for a reseller who agreed to it, and who is told.
    """
    may_register, distributor_id = registrar_for(by, draft.partner_id, day=day_of(at))
    may_register.or_refuse()
    (draft_is_sound(draft) & names_are_known(draft)).or_refuse()
    with transaction.atomic():
        registration = _draft_row(draft, distributor_id, by=by, at=at)
        for name in TYPED:
            setattr(registration, name, getattr(draft, name))
        registration.total_amount = sum((line.amount for line in draft.lines), Decimal(0))
        registration.updated_at = at
        is_new = registration.pk is None
        registration.save()
        if not is_new:
            registration.lines.all().delete()
        RegistrationLine.objects.bulk_create(lines_of(registration, draft.lines))
        record("registration.drafted" if is_new else "registration.changed", on=registration, by=by, at=at)
        if draft.invited is not None and (draft.invited or not is_new):
            participants.set_shares(registration, draft.invited, by=by, at=at)
        if is_new and distributor_id is not None:
            after_commit("deals.registered_on_behalf", at=at, registration_id=registration.pk)
    return registration


def _draft_row(draft: RegistrationDraft, distributor_id: int | None, *, by: Actor, at: datetime) -> Registration:
    if draft.registration_id is None:
        return Registration(
            partner_id=draft.partner_id, registered_by_id=distributor_id, created_by_id=by.user_id, created_at=at
        )
    registration = lock_registration(draft.registration_id, by=by, capability="registration.create", at=at)
    transitions.may_happen(Event.SUBMIT, registration.status).or_refuse()
    if registration.partner_id != draft.partner_id:
        refusal("registration.unknown_partner", field="partner").or_refuse()
    return registration


def lines_of(registration: Registration, lines: Iterable[DraftLine]) -> list[RegistrationLine]:
    """Its lines as rows to write, numbered from 1."""
    return [
        RegistrationLine(registration=registration, number=number, **asdict(line))
        for number, line in enumerate(lines, start=1)
    ]


def names_are_known(draft: RegistrationDraft) -> Verdict:
    """Whether there are such products and such a partner."""
    known = {product.pk for product in crm_queries.product_choices({line.product_id for line in draft.lines})}
    unknown = [
        Reason("registration.unknown_product", field=f"lines.{number}.product")
        for number, line in enumerate(draft.lines)
        if line.product_id not in known
    ]
    partner = partner_queries.partner_profiles([draft.partner_id])
    return objections([None if partner else Reason("registration.unknown_partner", field="partner"), *unknown])


def submit_registration(asked: int | str, *, by: Actor, at: datetime) -> Registration:
    """Claim the customer: the rules decide at once and say why, or a person does by a clock.

    By key or by public id (`NotFound` if `by` does not see it). Refuses what is incomplete, a currency without an
    exchange rate, and a registration that is no draft any more. A rejection by the rules is no refusal: it is a
    decision, stored with its reasons. What is returned is as `registrations_with_lines` reads it.
    """
    with transaction.atomic():
        opened = open_registration(asked, by=by, capability="registration.create", at=at)
        registration = opened.registration
        status = transitions.status_after(Event.SUBMIT, registration.status)
        status = transitions.status_after(Event.SCREEN, status)
        take_stock(registration, day_of(at)).or_refuse()
        registration.base_amount = base_amount_of(registration, at)
        registration.status, registration.submitted_at = status, at
        case = claims.open_case(registration, at=at, in_force=opened.in_force, standing=opened.standing)
        who, judged = claims.settle(case, claims.identify(case), by=by)
        before = [
            entry_of("registration.submitted", on=registration, by=by, at=at, receipt_number=judged.receipt_number),
            entry_of("registration.screened", on=registration, by=SYSTEM, at=at),
        ]
        ruling = ruling_of(judged)
        write_decision(case, who, judged, ruling, before=before)
        if judged.has_own_hold:
            release_for(registration, who.customer_ids, at=at)
        if ruling.verdict == RuleVerdict.CO_SELL:
            open_inquiry(registration, fields=["co_sell"], words="", at=at)
        return as_read(registration, customer_public_id=who.public_id, at=at)


def register_deal(draft: RegistrationDraft, *, by: Actor, at: datetime) -> Registration:
    """Save and submit in one go. Whatever is refused, nothing is kept: every problem of the form at once."""
    registrar_for(by, draft.partner_id, day=day_of(at))[0].or_refuse()
    (draft_is_sound(draft) & draft_is_complete(draft, day_of(at))).or_refuse()
    with transaction.atomic():
        registration = save_draft(draft, by=by, at=at)
        return submit_registration(registration.pk, by=by, at=at)


def take_stock(registration: Registration, day: date) -> Verdict:
    """Whether the draft is complete; reads its lines and notes which product families it is about."""
    lines = read_lines(registration.pk)
    registration.read_lines = lines  # type: ignore[attr-defined]
    registration.family_ids = sorted({line.family_id for line in lines})
    typed = {name: getattr(registration, name) for name in TYPED}
    asked = [DraftLine(line.product_id, line.quantity, line.amount) for line in lines]
    return draft_is_complete(RegistrationDraft(partner_id=registration.partner_id, lines=asked, **typed), day)


def base_amount_of(registration: Registration, at: datetime) -> Decimal:
    """Its value in the base currency at the day's rate. Refuses a currency without one."""
    day = day_of(at)
    rate = crm_queries.rate_on(registration.currency, day)
    if rate is None:
        refusal(
            "registration.no_rate", field="currency", currency=registration.currency, day=day.isoformat()
        ).or_refuse()
        raise AssertionError
    return Money(registration.total_amount * rate, settings.BASE_CURRENCY).rounded().amount


def withdraw_registration(registration_id: int, *, by: Actor, at: datetime) -> Registration:
    """Take the registration back before it is decided. Refuses once it is."""
    with transaction.atomic():
        registration = lock_registration(registration_id, by=by, capability="registration.create", at=at)
        registration.status = transitions.status_after(Event.WITHDRAW, registration.status)
        registration.paused_at, registration.updated_at = None, at
        registration.save(update_fields=["status", "paused_at", "updated_at"])
        record("registration.withdrawn", on=registration, by=by, at=at)
    return registration
