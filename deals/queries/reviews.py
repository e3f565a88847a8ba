"""What waits for a channel manager, and everything needed to settle one review."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from common.actor import Actor
from common.errors import NotFound
from crm import queries as crm_queries
from crm.rules.matching import CustomerIdentity
from deals.choices.registrations import RegistrationStatus
from deals.models import Registration, RegistrationLine
from deals.queries.decisions import Receipt, receipts_of
from deals.queries.registrations import find_registration, lines_of
from deals.rules.comparison import FieldComparison, compare


def review_queue() -> QuerySet[Registration]:
    """Registrations under review, the one with the least time left first, with partner and matched customer."""
    waiting = Registration.objects.filter(status=RegistrationStatus.IN_REVIEW)
    return waiting.select_related("partner", "customer").order_by("review_due_at", "pk")


def next_in_queue(public_id: str) -> str:
    """The public id of the most urgent one besides this; empty if nothing else waits."""
    return review_queue().exclude(public_id=public_id).values_list("public_id", flat=True).first() or ""


def review_count() -> int:
    """How many registrations wait."""
    return Registration.objects.filter(status=RegistrationStatus.IN_REVIEW).count()


def overdue_count(at: datetime) -> int:
    """How many of those waiting are late."""
    return Registration.objects.filter(status=RegistrationStatus.IN_REVIEW, review_due_at__lte=at).count()


@dataclass(frozen=True, slots=True)
class KnownCustomer:
    """A customer that the typed one may be, compared field by field. `is_matched`: settled when it was received."""

    public_id: str
    legal_name: str
    kind: str
    score: int
    is_matched: bool
    fields: tuple[FieldComparison, ...]


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """A registration, what it is about, what the rules said, and the customers it may be about."""

    registration: Registration
    lines: list[RegistrationLine]
    receipt: Receipt
    customers: list[KnownCustomer]


def review_page(actor: Actor, public_id: str) -> ReviewPage:
    """A registration under review beside the customers it may be about. `NotFound` if it is not under review."""
    registration = find_registration(actor, public_id)
    if registration.status != RegistrationStatus.IN_REVIEW:
        raise NotFound("review")
    return ReviewPage(
        registration=registration,
        lines=lines_of(registration),
        receipt=receipts_of(actor, registration)[-1],
        customers=known_customers(registration),
    )


def known_customers(registration: Registration) -> list[KnownCustomer]:
    """Who the customer may be, surest first."""
    typed = CustomerIdentity(
        registration.customer_name,
        registration.customer_country,
        registration.customer_domain,
        registration.customer_tax_id,
    )
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
        )
        for found in crm_queries.customer_candidates(typed)
    ]
