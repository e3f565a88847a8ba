"""Who is who, and which partners an actor may see."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet

from common.actor import ANONYMOUS, Actor
from common.errors import NotFound
from partners import rules
from partners.choices import PartnerStatus
from partners.models import Membership, Partner, User, VendorRole


def actor_of(user: User) -> Actor:
    """The actor that a signed-in user is at this moment; a deactivated user is anonymous.

    Roles of memberships that ended or in partners that are terminated do not count: read anew for every request.
    """
    if not user.is_active:
        return ANONYMOUS
    memberships = Membership.objects.filter(user_id=user.pk, is_active=True).exclude(
        partner__status=PartnerStatus.TERMINATED
    )
    return Actor(
        kind="person",
        key=f"user:{user.pk}",
        label=str(user),
        user_id=user.pk,
        vendor_roles=frozenset(VendorRole.objects.filter(user_id=user.pk).values_list("role", flat=True)),
        partner_roles=dict(memberships.values_list("partner_id", "role")),
    )


def user_of(actor: Actor) -> User:
    """The signed-in person behind an actor; a client or the program itself is none (`NotFound`)."""
    if actor.user_id is None:
        raise NotFound(actor.key)
    return User.objects.get(pk=actor.user_id)


def require(actor: Actor, capability: str, partner_id: int | None = None) -> None:
    """Let only holders of the capability pass; for all others the thing does not exist (`NotFound`)."""
    if not rules.may(actor, capability, partner_id):
        raise NotFound(capability)


def partners_visible_to(actor: Actor) -> QuerySet[Partner]:
    """All partners for vendor staff, the own ones for a partner's people, none for anybody else."""
    if rules.may(actor, "partner.view_all"):
        return Partner.objects.all()
    return Partner.objects.filter(pk__in=actor.partner_ids)


def partner_list_for(actor: Actor) -> QuerySet[Partner]:
    """Visible partners with their account manager and number of active people, for lists."""
    people = Count("memberships", filter=Q(memberships__is_active=True))
    return partners_visible_to(actor).select_related("account_manager").annotate(people_count=people)


def narrowed_partners(
    partners: QuerySet[Partner], *, words: str = "", kind: str = "", status: str = "", country: str = "", sort: str = ""
) -> QuerySet[Partner]:
    """Those whose name, legal name or domain contains the words and that have the type, status and country; empty
    means any. Sorted by ``name``, ``joined`` or ``people``, with a minus before it the other way round."""
    if words:
        like = Q(name__icontains=words) | Q(legal_name__icontains=words) | Q(domain__icontains=words)
        partners = partners.filter(like)
    if kind:
        partners = partners.filter(types__contains=[kind])
    exact = {"status": status, "country": country}
    partners = partners.filter(**{name: value for name, value in exact.items() if value})
    column = {"joined": "joined_on", "people": "people_count"}.get(sort.removeprefix("-"), "name")
    return partners.order_by(f"-{column}" if sort.startswith("-") else column, "name", "id")


def countries_of(partners: QuerySet[Partner]) -> list[str]:
    """The countries that these partners are in, as ISO 3166 alpha-2."""
    return list(partners.order_by("country").values_list("country", flat=True).distinct())


def home_partner_of(actor: Actor) -> Partner | None:
    """The partner whose portal a partner's user lands in: the first by name."""
    return Partner.objects.filter(pk__in=actor.partner_ids).first() if actor.partner_ids else None


def people_of(partner_id: int) -> QuerySet[Membership]:
    """Memberships with their users, active ones first."""
    memberships = Membership.objects.filter(partner_id=partner_id).select_related("user")
    return memberships.order_by("-is_active", "user__full_name")


def standing_facts(partner_id: int, *, day: date) -> rules.StandingFacts:
    """Status, agreement and credit of the partner on the day."""
    partner = Partner.objects.only("status", "agreement_ends_on", "credit_hold").get(pk=partner_id)
    return rules.StandingFacts(
        status=partner.status,
        agreement_current=rules.agreement_is_current(partner.agreement_ends_on, day),
        credit_hold=partner.credit_hold,
    )


def active_partner_ids() -> list[int]:
    """Primary keys of partners that are not terminated, ascending."""
    return list(Partner.objects.exclude(status=PartnerStatus.TERMINATED).order_by("pk").values_list("pk", flat=True))


def lock_partners(partner_ids: Iterable[int]) -> list[int]:
    """Lock these partners' rows in key order until the transaction ends; returns the keys found."""
    rows = Partner.objects.select_for_update().filter(pk__in=set(partner_ids)).order_by("pk")
    return list(rows.values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class PartnerProfile:
    """What other apps need to know of a partner to judge eligibility and to print its name."""

    pk: int
    public_id: str
    name: str
    types: tuple[str, ...]
    territory: str
    country: str
    status: str
    currency: str
    joined_on: date


def partner_profiles(partner_ids: Iterable[int] | None = None) -> dict[int, PartnerProfile]:
    """Profiles by primary key; of all partners when no keys are given."""
    partners = Partner.objects.all() if partner_ids is None else Partner.objects.filter(pk__in=set(partner_ids))
    return {
        row[0]: PartnerProfile(row[0], row[1], row[2], tuple(row[3]), *row[4:])
        for row in partners.values_list(
            *("pk", "public_id", "name", "types", "territory", "country", "status", "currency", "joined_on")
        )
    }


def partner_id_by_public_id(public_id: str) -> int | None:
    """For machine input that names a partner; None if there is none."""
    return Partner.objects.filter(public_id=public_id).values_list("pk", flat=True).first()


def partner_ids_by_public_id(public_ids: Iterable[str]) -> dict[str, int]:
    """Primary keys by public id, for batches; unknown ids are absent."""
    return dict(Partner.objects.filter(public_id__in=set(public_ids)).values_list("public_id", "pk"))


def emails_of(partner_id: int, roles: Iterable[str]) -> list[str]:
    """Addresses of the partner's active people who hold one of the roles."""
    people = Membership.objects.filter(
        partner_id=partner_id, is_active=True, user__is_active=True, role__in=list(roles)
    ).order_by("user_id")
    return list(people.values_list("user__email", flat=True))


def emails_with_vendor_role(role: str) -> list[str]:
    """Addresses of the vendor's active people who hold the role."""
    people = VendorRole.objects.filter(role=role, user__is_active=True).order_by("user_id")
    return list(people.values_list("user__email", flat=True))
