"""Who is who, which partners an actor may see, what people are told, and the views that they keep."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q, QuerySet

from common.actor import ANONYMOUS, Actor
from common.errors import NotFound
from partners import rules
from partners.choices import NOTICE_KINDS, MailDue, NoticeKind, PartnerStatus
from partners.models import (
    Distribution,
    Membership,
    Notification,
    NotificationPreference,
    Partner,
    SavedView,
    User,
    VendorRole,
)
from partners.rules import NoticeWish

NOTICES_PER_PAGE = 50
MANY = 100  # unread notices that the bell counts; more are written 99+


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
    return standing_of(Partner.objects.only("status", "agreement_ends_on", "credit_hold").get(pk=partner_id), day=day)


def standing_of(partner: Partner, *, day: date) -> rules.StandingFacts:
    """The same of a partner at hand."""
    return rules.StandingFacts(
        status=partner.status,
        agreement_current=rules.agreement_is_current(partner.agreement_ends_on, day),
        credit_hold=partner.credit_hold,
    )


def standings_on(day: date) -> dict[int, rules.StandingFacts]:
    """The same of every partner that is not terminated. One statement."""
    partners = Partner.objects.exclude(status=PartnerStatus.TERMINATED)
    found = partners.only("status", "agreement_ends_on", "credit_hold").order_by("pk")
    return {partner.pk: standing_of(partner, day=day) for partner in found}


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


def live_distributions(day: date) -> QuerySet[Distribution]:
    """The distributors that may register deals for resellers on the day; see `rules.distribution_is_live`."""
    return Distribution.objects.filter(Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day)


def resellers_of(distributor_ids: Iterable[int], *, day: date) -> list[tuple[int, PartnerProfile]]:
    """The distributor's key and the reseller that it may register deals for on the day, by name. Two statements."""
    links = live_distributions(day).filter(distributor_id__in=set(distributor_ids))
    pairs = list(links.values_list("distributor_id", "reseller_id"))
    profiles = partner_profiles(reseller_id for _, reseller_id in pairs) if pairs else {}
    found = [(distributor_id, profiles[reseller_id]) for distributor_id, reseller_id in pairs]
    return sorted(found, key=lambda pair: (pair[1].name, pair[1].pk))


def distributions_visible_to(actor: Actor) -> QuerySet[Distribution]:
    """Those in which the actor's partners are either side, newest first; for whoever manages them."""
    own = [pk for pk in actor.partner_ids if rules.may(actor, "distribution.manage", pk)]
    rows = Distribution.objects.filter(Q(distributor_id__in=own) | Q(reseller_id__in=own))
    return rows.select_related("distributor", "reseller").order_by("-requested_at", "-pk")


def people_of_partner(partner_id: int, roles: Iterable[str]) -> list[int]:
    """Keys of the partner's active people who hold one of the roles, ascending."""
    people = Membership.objects.filter(
        partner_id=partner_id, is_active=True, user__is_active=True, role__in=list(roles)
    ).order_by("user_id")
    return list(people.values_list("user_id", flat=True))


def people_of_all_partners(roles: Iterable[str]) -> list[int]:
    """The same of every partner that is not terminated; nobody twice. One statement."""
    people = Membership.objects.filter(is_active=True, user__is_active=True, role__in=list(roles))
    current = people.exclude(partner__status=PartnerStatus.TERMINATED).order_by("user_id")
    return list(current.values_list("user_id", flat=True).distinct())


def people_with_vendor_role(*roles: str) -> list[int]:
    """Keys of the vendor's active people who hold one of the roles, ascending."""
    people = VendorRole.objects.filter(role__in=roles, user__is_active=True).order_by("user_id")
    return list(people.values_list("user_id", flat=True).distinct())


@dataclass(frozen=True, slots=True)
class Colleague:
    """One of the vendor's people."""

    pk: int
    public_id: str
    name: str


def colleagues_with_role(*roles: str) -> list[Colleague]:
    """The vendor's active people who hold one of the roles, by name. One statement."""
    people = User.objects.filter(vendor_roles__role__in=roles, is_active=True).distinct()
    return sorted((Colleague(user.pk, user.public_id, str(user)) for user in people), key=lambda found: found.name)


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who is to be told: how, and as one of which partners' people (none for the vendor's)."""

    user_id: int
    partner_ids: tuple[int, ...]
    wish: NoticeWish


def readers_of(kind: str, user_ids: Iterable[int]) -> list[Reader]:
    """Those of these people, by key, whom the kind concerns now and who want to hear of it. Two statements."""
    concerned = _people_on_side(NOTICE_KINDS[kind].audience, set(user_ids))
    chosen = NotificationPreference.objects.filter(kind=kind, user_id__in=concerned)
    wishes = {row[0]: NoticeWish(*row[1:]) for row in chosen.values_list("user_id", "in_portal", "email")}
    default = NoticeWish(True, NOTICE_KINDS[kind].email)
    readers = (Reader(pk, tuple(concerned[pk]), wishes.get(pk, default)) for pk in sorted(concerned))
    return [reader for reader in readers if reader.wish.is_told]


def _people_on_side(audience: str, user_ids: set[int]) -> dict[int, list[int]]:
    """The active ones by key, each with the partners that they belong to, ascending; none for the vendor's people."""
    if audience == "vendor":
        staff = VendorRole.objects.filter(user_id__in=user_ids, user__is_active=True)
        return {pk: [] for pk in staff.values_list("user_id", flat=True)}
    memberships = Membership.objects.filter(user_id__in=user_ids, is_active=True, user__is_active=True)
    current = memberships.exclude(partner__status=PartnerStatus.TERMINATED).order_by("user_id", "partner_id")
    people = defaultdict(list)
    for user_id, partner_id in current.values_list("user_id", "partner_id"):
        people[user_id].append(partner_id)
    return people


def notice_kinds_for(actor: Actor) -> dict[str, NoticeKind]:
    """The kinds of the actor's side: a partner's people, the vendor's, or both."""
    sides = {"vendor": bool(actor.vendor_roles), "partner": bool(actor.partner_ids)}
    return {name: kind for name, kind in NOTICE_KINDS.items() if sides[kind.audience]}


def wishes_of(actor: Actor) -> dict[str, NoticeWish]:
    """What the actor chose for each kind of their side, or the kind's default. `NotFound` for who is no person."""
    if actor.user_id is None:
        raise NotFound(actor.key)
    chosen = NotificationPreference.objects.filter(user_id=actor.user_id)
    wishes = {row[0]: NoticeWish(*row[1:]) for row in chosen.values_list("kind", "in_portal", "email")}
    return {name: wishes.get(name, NoticeWish(True, kind.email)) for name, kind in notice_kinds_for(actor).items()}


def notices_visible_to(actor: Actor) -> QuerySet[Notification]:
    """The actor's own ones, without those of a side or a partner that they have left."""
    if actor.user_id is None:
        return Notification.objects.none()
    own = Notification.objects.filter(user_id=actor.user_id, kind__in=list(notice_kinds_for(actor)))
    return own.filter(partner_ids__contained_by=sorted(actor.partner_ids))


def find_notice(actor: Actor, public_id: str) -> Notification:
    """The notice, if it is the actor's; otherwise `NotFound`, as if there were none."""
    found = notices_visible_to(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("notice")
    return found


def unread_count(actor: Actor) -> int:
    """Unread notices in the portal, counted up to `MANY`. One statement."""
    return notices_visible_to(actor).filter(in_portal=True, read_at=None)[:MANY].count()


@dataclass(frozen=True, slots=True)
class NoticePage:
    """Some of the notices. `next_cursor` is empty on the last page."""

    rows: list[Notification]
    next_cursor: str


def notice_list(actor: Actor, *, cursor: str = "") -> NoticePage:
    """Unread ones first, each part newest first, by keyset: any page costs what the first does.

    At most two statements. A cursor that is not one of ours starts from the beginning.
    """
    part, _, end = cursor.partition(".")
    shown = notices_visible_to(actor).filter(in_portal=True).order_by("-pk")
    unread, read = shown.filter(read_at=None), shown.exclude(read_at=None)
    beyond = Q(pk__lt=int(end)) if end.isdecimal() and len(end) < 19 else Q()
    if beyond and part == "read":
        unread, read = unread.none(), read.filter(beyond)
    elif beyond and part == "unread":
        unread = unread.filter(beyond)
    rows = list(unread[: NOTICES_PER_PAGE + 1])
    if len(rows) <= NOTICES_PER_PAGE:
        rows += read[: NOTICES_PER_PAGE + 1 - len(rows)]
    if len(rows) <= NOTICES_PER_PAGE:
        return NoticePage(rows, "")
    last = rows[NOTICES_PER_PAGE - 1]
    return NoticePage(rows[:NOTICES_PER_PAGE], f"{'read' if last.read_at else 'unread'}.{last.pk}")


def mail_of_digest(at: datetime) -> QuerySet[Notification]:
    """What a summary must hold at this instant: what asked for one, and what could not be mailed by itself."""
    waited = Q(mail_due=MailDue.NOW, created_at__lt=at - rules.MAIL_PATIENCE)
    return Notification.objects.filter(Q(mail_due=MailDue.DIGEST) | waited, mailed_at=None)


def people_with_digest_due(at: datetime) -> list[int]:
    """Keys of everybody for whom something waits, ascending."""
    return list(mail_of_digest(at).order_by("user_id").values_list("user_id", flat=True).distinct())


@dataclass(frozen=True, slots=True)
class SavedViews:
    """The views of one page that a reader can choose from."""

    page: str
    own: list[SavedView]
    shared: list[SavedView]  # by colleagues
    may_share: bool


def saved_views_for(actor: Actor, page: str) -> SavedViews:
    """The actor's own views of the page and those that colleagues share. One statement."""
    shared = Q(partner_id__in=actor.partner_ids)
    if actor.vendor_roles:
        shared |= Q(partner=None)
    found = SavedView.objects.filter(Q(owner_id=actor.user_id) | Q(shared, is_shared=True), page=page)
    views = list(found.select_related("owner").order_by("position", "pk"))
    return SavedViews(
        page=page,
        own=[view for view in views if view.owner_id == actor.user_id],
        shared=[view for view in views if view.owner_id != actor.user_id],
        may_share=rules.may_share_views(actor).allowed,
    )
