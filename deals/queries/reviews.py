"""What waits for a channel manager, and everything needed to settle one review."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Upper

from common.actor import Actor
from common.errors import NotFound
from common.verdict import refusal
from crm import queries as crm_queries
from crm.rules.facts import Candidate
from crm.rules.likeness import Agreement
from crm.rules.matching import CustomerIdentity
from deals.choices.registrations import RegistrationStatus
from deals.models import Inquiry, Registration, RegistrationLine
from deals.queries.decisions import Receipt, receipts_of
from deals.queries.registrations import find_registration, lines_of
from deals.rules.comparison import FieldComparison, compare

MOST_SIMILAR = 10
_S = RegistrationStatus


def review_queue() -> QuerySet[Registration]:
    """Registrations under review, the one with the least time left first, with partner and matched customer."""
    waiting = Registration.objects.under_review()
    return waiting.select_related("partner", "customer").order_by("review_due_at", "pk")


def review_count() -> int:
    """How many registrations wait."""
    return Registration.objects.under_review().count()


def overdue_count(at: datetime) -> int:
    """How many of those waiting are late."""
    return Registration.objects.late_on(at).count()


@dataclass(frozen=True, slots=True)
class KnownCustomer:
    """A customer that the typed one may be, compared field by field and the names word by word.

    `is_matched`: settled when it was received. `has_lookalikes`: its name has letters of another script.
    """

    public_id: str
    legal_name: str
    kind: str
    score: int
    is_matched: bool
    fields: tuple[FieldComparison, ...]
    words: tuple[Agreement, ...]
    has_lookalikes: bool


@dataclass(frozen=True, slots=True)
class PartnerRecord:
    """What the partner did with its registrations so far: how many it has in which state."""

    open_count: int
    protected_count: int
    won_count: int
    lost_count: int
    rejected_count: int

    @property
    def won_share(self) -> Decimal | None:
        """Of the deals that ended, how many it won; None while none has ended."""
        ended = self.won_count + self.lost_count
        return Decimal(self.won_count) / ended if ended else None


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """A registration, what it is about, what the rules said, whom it may be about, and who else is after that."""

    registration: Registration
    lines: list[RegistrationLine]
    receipt: Receipt
    customers: list[KnownCustomer]
    similar: list[Registration]
    record: PartnerRecord
    inquiries: list[Inquiry]


def review_page(actor: Actor, public_id: str, *, at: datetime) -> ReviewPage:
    """A registration that waits for a decision, with all that is needed to take it. `NotFound` if it does not wait."""
    registration = find_registration(actor, public_id)
    if registration.status not in (RegistrationStatus.IN_REVIEW, RegistrationStatus.ACTION_REQUIRED):
        raise NotFound("review")
    candidates = crm_queries.customer_candidates(_typed(registration))
    return ReviewPage(
        registration=registration,
        lines=lines_of(registration),
        receipt=receipts_of(actor, registration)[-1],
        customers=_compared(registration, candidates),
        similar=_similar(registration, [found.customer.pk for found in candidates], at),
        record=record_of_partner(registration.partner_id, at=at),
        inquiries=list(registration.inquiries.order_by("-asked_at")),
    )


def record_of_partner(partner_id: int, *, at: datetime) -> PartnerRecord:
    """Counted at the instant. One statement."""

    def count(*statuses: str, **more: Any) -> Count:
        return Count("pk", filter=Q(status__in=statuses, **more))

    counted = Registration.objects.filter(partner_id=partner_id).aggregate(
        open_count=count(_S.IN_REVIEW, _S.ACTION_REQUIRED),
        protected_count=count(_S.APPROVED, protected_until__gt=at),
        won_count=count(_S.WON),
        lost_count=count(_S.LOST),
        rejected_count=count(_S.REJECTED, _S.UPHELD),
    )
    return PartnerRecord(**counted)


def _similar(registration: Registration, customer_ids: list[int], at: datetime) -> list[Registration]:
    """Other partners' registrations of one of these customers, or waiting ones of a name like this; newest first."""
    resembles = Q(
        status__in=(RegistrationStatus.IN_REVIEW, RegistrationStatus.ACTION_REQUIRED),
        upper_name__trigram_similar=registration.customer_name.upper(),
    )
    others = Registration.objects.annotate(upper_name=Upper("customer_name")).reading_on(at)
    found = others.filter(Q(customer_id__in=customer_ids) | resembles, receipt_number__isnull=False)
    return list(
        found.exclude(partner_id=registration.partner_id).select_related("partner").order_by("-pk")[:MOST_SIMILAR]
    )


def _typed(registration: Registration) -> CustomerIdentity:
    return CustomerIdentity(
        registration.customer_name,
        registration.customer_country,
        registration.customer_domain,
        registration.customer_tax_id,
    )


def known_customers(registration: Registration) -> list[KnownCustomer]:
    """Who the customer may be, surest first."""
    return _compared(registration, crm_queries.customer_candidates(_typed(registration)))


def _compared(registration: Registration, candidates: list[Candidate]) -> list[KnownCustomer]:
    typed = _typed(registration)
    return [
        KnownCustomer(
            public_id=found.customer.public_id,
            legal_name=found.customer.legal_name,
            kind=found.match.kind,
            score=found.match.score,
            is_matched=found.customer.pk == registration.customer_id,
            fields=compare(
                typed,
                CustomerIdentity(
                    found.customer.legal_name, found.customer.country, found.customer.domain, found.customer.tax_id
                ),
            ),
            words=found.match.words,
            has_lookalikes=found.has_lookalikes,
        )
        for found in candidates
    ]


def chosen_customer(registration: Registration, named: str) -> int | None:
    """The key of the customer that a reviewer named by its public id; None for ``new``, and for the one matched.

    Refuses an unknown one, and nobody named where nobody is matched.
    """
    if not named and registration.customer_id is None:
        refusal("registration.customer_not_chosen", field="customer").or_refuse()
    if named in ("", "new"):
        return None
    customer_id = crm_queries.customer_id_by_public_id(named)
    if customer_id is None:
        refusal("registration.unknown_customer", field="customer").or_refuse()
    return customer_id
