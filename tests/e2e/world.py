"""A small channel for the browser: one of everything, or nothing at all."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from common.money import Money
from common.period import add_months, month_of
from deals.actions.inquiries import ask_partner
from deals.actions.reviews import reject_registration
from incentives.actions.payouts import record_payout
from incentives.actions.statements import close_statements
from incentives.models import Statement
from partners.actions.notices import read_all_notices
from partners.actions.views import save_view
from partners.models import Partner, User
from partners.queries import actor_of
from tests.e2e.board import fill_board
from tests.e2e.life import life_sights
from tests.e2e.overrides import override_sights
from tests.e2e.policies import list_sights, policy_sights
from tests.e2e.programmes import programme_sights
from tests.e2e.simulations import simulation_sights
from tests.factories.deals import Channel, a_channel, drafted, registered
from tests.factories.incentives import FINANCE, night, published, sold
from tests.factories.leads import an_offer
from tests.factories.notices import declare, tell
from tests.factories.partners import MembershipFactory, PartnerFactory, VendorRoleFactory
from tests.factories.tiers import a_credit, credit
from tiers.actions.standings import enrol_partner


@dataclass
class World:
    """Who can sign in, and by reader the pages of single objects: name → (route, ids)."""

    users: dict[str, User]
    objects: dict[str, dict[str, tuple[str, list[str]]]] = field(default_factory=dict)


def empty_world() -> World:
    """People, and nothing that happened."""
    people = _people(PartnerFactory(name="Nordlicht Systems", agreement_ends_on=None))
    return World(people, {"channel-chief": list_sights()})


def busy_world() -> World:
    """Deals in several states, sales, a tier, a closed statement with a payout, thirty other partners."""
    at = timezone.now()
    channel = a_channel()
    partner = channel.partner
    for number in range(30):
        PartnerFactory(name=f"Another Partner {number}", types=("var", "msp"), country="PL")
    world = World(_people(partner))
    offer = an_offer(channel, at=at)
    _deals(world, channel, at)
    world.objects["partner-admin"]["lead"] = ("deals:offer", [offer.public_id])
    world.objects["channel-manager"]["lead"] = ("deals:lead", [offer.lead.public_id])
    for reader, sights in life_sights(channel, at).items():
        world.objects[reader] |= sights
    _money(world, partner, at.date(), at)
    _tier(partner, at)
    fill_board(world.users["channel-manager"], at)
    _news(world, at)
    world.objects["channel-chief"] = policy_sights(channel, at) | programme_sights(at) | simulation_sights(at)
    world.objects["partner-admin"]["company"] = ("partners:detail", [partner.public_id])
    world.objects["channel-manager"] |= {
        "partner": ("partners:detail", [partner.public_id]),
        "tier": ("tiers:partner", [partner.public_id]),
    }
    for reader, sights in override_sights(partner, world.users, at).items():
        world.objects[reader] |= sights
    return world


def _news(world: World, at: datetime) -> None:
    """News, some of it read, and views of the list of deals: own ones and a colleague's."""
    declare()
    admin, manager = world.users["partner-admin"], world.users["channel-manager"]
    for hours in (37, 28, 19, 10, 1):
        tell(admin.pk, at=at - timedelta(hours=hours))
    read_all_notices(by=actor_of(admin), at=at)
    tell(admin.pk, at=at - timedelta(minutes=20), kind="sample.money", code="sample.paid", params={})
    tell(admin.pk, at=at - timedelta(minutes=3))
    waiting = {"customer": "Zwack Unicum Kft", "day": at.date()}
    tell(manager.pk, at=at, kind="sample.queue", code="sample.waiting", params=waiting)
    partner_id = admin.memberships.get().partner_id
    colleague = MembershipFactory(partner_id=partner_id, role="seller").user
    for owner, name, query, is_shared in (
        (admin, "Waiting for a decision", "status=in_review", False),
        (admin, "All by value", "sort=-value", True),
        (colleague, "Won this year, to be invoiced", "status=won", True),
        (manager, "Rejected", "status=rejected", True),
    ):
        save_view("deals.list", name=name, query=query, is_shared=is_shared, by=actor_of(owner))


def _people(partner: Partner) -> dict[str, User]:
    staff = {"channel-manager": "channel_manager", "channel-chief": "channel_chief", "finance": "finance", "ceo": "ceo"}
    users = {name: VendorRoleFactory(role=role).user for name, role in staff.items()}
    users["partner-admin"] = MembershipFactory(partner=partner, role="admin").user
    return users


def _deals(world: World, channel: Channel, at: datetime) -> None:
    def about(name: str, **typed: Any) -> dict[str, Any]:
        return {"customer_name": name, "customer_domain": "", "customer_country": "DE", **typed}

    approved = registered(channel, at=at - timedelta(days=50), **about("Small And Approved"))
    waiting = registered(channel, at=at - timedelta(days=3), amount=50_000)
    similar = registered(channel, at=at - timedelta(hours=2), **about("Zwack Unicum Kft", customer_country="HU"))
    refused = registered(channel, at=at - timedelta(days=9), amount=90_000, **about("Large And Refused"))
    reject_registration(refused.pk, reason="No proof that they know it.", by=channel.manager, at=at - timedelta(days=2))
    draft = drafted(channel, at=at, **about("Not Yet Sent"))
    asked = registered(channel, at=at - timedelta(hours=5), amount=40_000, **about("Asked About It"))
    question = "Who is your contact, and what will they buy?"
    ask_partner(asked.pk, fields=["contact", "lines", "expected_close_on"], words=question, by=channel.manager, at=at)
    world.objects["partner-admin"] = {
        "answer": ("deals:answer", [asked.public_id]),
        "deal-asked": ("deals:detail", [asked.public_id]),
        "deal-approved": ("deals:detail", [approved.public_id]),
        "deal-waiting": ("deals:detail", [waiting.public_id]),
        "deal-refused": ("deals:detail", [refused.public_id]),
        "deal-draft": ("deals:edit", [draft.public_id]),
        "receipt": ("deals:receipt", [refused.public_id]),
    }
    world.objects["channel-manager"] = {
        "review": ("deals:review", [waiting.public_id]),
        "review-similar": ("deals:review", [similar.public_id]),
        "review-paused": ("deals:review", [asked.public_id]),
        "deal": ("deals:detail", [approved.public_id]),
        "receipt": ("deals:receipt", [approved.public_id]),
    }


def _money(world: World, partner: Partner, today: date, at: datetime) -> None:
    """Sales and their rebate of last month, closed and partly paid, and of this month, open."""
    last_month = month_of(add_months(today, -1))
    published(("0", "0.02"), ("50000", "0.04"))
    for number in range(4):
        sold(partner.pk, f"{20_000 + number}.75", last_month.starts_on + timedelta(days=number))
    sold(partner.pk, "15000", today)
    sold(PartnerFactory(name="Yet Another").pk, "99000", today)
    assert last_month.last_day is not None
    night(last_month.last_day, partner.pk)
    close_statements(last_month.starts_on, at=at)
    record_payout(partner.pk, Money(Decimal(100), "EUR"), reference="SEPA-2026-1", by=FINANCE, at=at)
    night(today, partner.pk)
    statement = Statement.objects.get(partner=partner, month_starts_on=last_month.starts_on)
    line = statement.lines.order_by("pk").first()
    assert line is not None
    pages = {
        "statement": ("incentives:statement", [statement.public_id]),
        "statement-line": ("incentives:line", [statement.public_id, line.public_id]),
    }
    world.objects["partner-admin"] |= pages
    world.objects["finance"] = pages


def _tier(partner: Partner, at: datetime) -> None:
    day = at.date() - timedelta(days=40)
    enrol_partner(partner.pk, day=day, at=at)
    credit(a_credit(partner.pk, "channel_revenue", 120_000, day), a_credit(partner.pk, "certified_people", 2, day))
