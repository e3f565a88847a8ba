"""Takes on the demo's partners and people."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from common.actor import SYSTEM, Actor
from common.period import Period
from partners import queries as partner_queries
from partners.actions import partners, people
from prm.demo import cast
from tiers.actions.scores import NewCredit, Source, credit_scores
from tiers.actions.standings import enrol_partner


@dataclass(frozen=True, slots=True)
class DemoPartner:
    """A partner as the story needs it: its keys, the person who registers its deals, and the one who is in charge."""

    pk: int
    public_id: str
    cast: cast.CastPartner
    seller: Actor
    admin: Actor


def take_on_staff(*, at: datetime) -> dict[str, Actor]:
    """The vendor's people by the name before the @ of their address."""
    staff = {}
    for name, full_name, roles in cast.STAFF:
        address = f"{name}@{cast.VENDOR_DOMAIN}"
        user = people.create_user(address, full_name=full_name, password=cast.PASSWORD, by=SYSTEM, at=at)
        people.give_vendor_roles(user.pk, roles, by=SYSTEM, at=at)
        staff[name] = partner_queries.actor_of(user)
    return staff


def take_on_partner(company: cast.CastPartner, managers: list[Actor], rng: Random, *, at: datetime) -> DemoPartner:
    """A partner with an agreement, its people, its first level and its certified people.

    Not everybody gets a password: making one costs a quarter of a second on purpose.
    """
    country = cast.COUNTRIES[company.country]
    new = partners.NewPartner(
        name=company.name,
        legal_name=company.legal_name,
        country=company.country,
        types=company.types,
        currency=country.currency,
        joined_on=at.date() - timedelta(days=rng.randrange(2000)),
        territory=country.territory,
        domain=company.domain,
        tax_id=f"{company.country}{rng.randrange(10**9, 10**10)}",
        agreement_ends_on=date(at.year + 3, 1, 1),
        account_manager_id=rng.choice(managers).user_id,
    )
    partner = partners.create_partner(new, by=SYSTEM, at=at)
    enrol_partner(partner.pk, day=at.date(), at=at)
    seller = _person(partner.pk, "seller", company, rng, at=at)
    admin = _person(partner.pk, "admin", company, rng, at=at)
    _person(partner.pk, "finance", company, rng, at=at)
    credit_scores(_certificates(partner.pk, company, rng, at.date()), at=at)
    return DemoPartner(partner.pk, partner.public_id, company, seller, admin)


def _person(partner_id: int, role: str, company: cast.CastPartner, rng: Random, *, at: datetime) -> Actor:
    name = f"{rng.choice(cast.FIRST_NAMES)} {rng.choice(cast.LAST_NAMES)}"
    address = f"{role}@{company.domain}"
    password = cast.PASSWORD if company.signs_in else None
    user = people.create_user(address, full_name=name, password=password, by=SYSTEM, at=at)
    people.add_member(partner_id, user.pk, role, by=SYSTEM, at=at)
    return partner_queries.actor_of(user)


def _certificates(partner_id: int, company: cast.CastPartner, rng: Random, day: date) -> list[NewCredit]:
    """Certified people: the more business, the more of them; each certificate is valid for two years."""
    count = min(24, 1 + company.weight // 110 + rng.randrange(3))
    names = _engineers(company, count)
    return [
        NewCredit(
            partner_id=partner_id,
            metric="certified_people",
            amount=Decimal(1),
            period=Period(day, date(day.year + 2, day.month, 1)),
            source=Source("certificate", f"{partner_id}-{number}", f"Certified engineer: {name}", holder=name),
        )
        for number, name in enumerate(names, start=1)
    ]


def _engineers(company: cast.CastPartner, count: int) -> list[str]:
    """Different people, always the same ones of a company."""
    everybody = [f"{first} {last}" for first in cast.FIRST_NAMES for last in cast.LAST_NAMES]
    return Random(company.domain).sample(everybody, count)
