"""What the rules of engagement look at, gathered for one registration. Ask only under the locks of `actions.claims`."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from crm import queries as crm_queries
from deals.choices import RegistrationStatus
from deals.models import NamedAccount, Protection, Registration, RegistrationLine, Rulebook
from deals.rules.facts import ClaimFact, NamedAccountFact, OpportunityFact, ProtectionFact


def rulebook_on(day: date) -> Rulebook | None:
    """The rulebook in force on the day, if there is one."""
    in_force = Rulebook.objects.filter(published_at__isnull=False, effective_from__lte=day)
    return in_force.order_by("-effective_from", "-version").first()


def family_ids_of(registration_id: int) -> list[int]:
    """The product families that a registration asks for, ascending."""
    lines = RegistrationLine.objects.filter(registration_id=registration_id).order_by("product__family_id")
    return list(lines.values_list("product__family_id", flat=True).distinct())


def protections_at(
    customer_ids: Iterable[int], family_ids: Iterable[int], *, partner_id: int, at: datetime
) -> tuple[ProtectionFact, ...]:
    """Protections of these customers in these families that have not ended; `own` are the partner's."""
    rows = Protection.objects.filter(customer_id__in=customer_ids, family_id__in=family_ids, ends_at__gt=at)
    found = rows.order_by("starts_at", "pk").values_list(
        *("registration__public_id", "partner__name", "partner_id", "family__code", "starts_at", "ends_at")
    )
    return tuple(
        ProtectionFact(registration, partner, owner_id == partner_id, family, starts_at, ends_at)
        for registration, partner, owner_id, family, starts_at, ends_at in found
    )


def named_accounts_on(customer_ids: Iterable[int], day: date) -> tuple[NamedAccountFact, ...]:
    """Entries of the direct-only list about these customers that have not ended."""
    rows = NamedAccount.objects.filter(customer_id__in=customer_ids).exclude(ends_on__lte=day)
    return tuple(NamedAccountFact(*row) for row in rows.order_by("starts_on", "pk").values_list("starts_on", "ends_on"))


def opportunities_with(customer_ids: Iterable[int], family_ids: Sequence[int]) -> tuple[OpportunityFact, ...]:
    """Open direct opportunities with these customers in these families."""
    return tuple(
        OpportunityFact(
            found.external_id, found.close_on, found.updated_at_source, found.stage_moved_at, found.first_seen_at
        )
        for customer_id in customer_ids
        for found in crm_queries.live_direct_opportunities(customer_id, family_ids)
    )


def earlier_claims(
    customer_ids: Iterable[int], family_ids: Sequence[int], *, partner_id: int, receipt_number: int
) -> tuple[ClaimFact, ...]:
    """Other partners' registrations for these customers and families, received earlier and still being judged."""
    waiting = Registration.objects.filter(
        customer_id__in=customer_ids,
        status=RegistrationStatus.IN_REVIEW,
        receipt_number__lt=receipt_number,
        lines__product__family_id__in=family_ids,
    ).exclude(partner_id=partner_id)
    rows = waiting.order_by("receipt_number").distinct()
    found = rows.values_list("public_id", "partner__name", "receipt_number")
    return tuple(ClaimFact(public_id, partner, number or 0) for public_id, partner, number in found)
