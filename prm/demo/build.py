"""Puts the demo together: cast first, then the story day by day."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Literal

from django.db import connection
from django.utils import timezone

from common import outbox
from common.actor import SYSTEM, Actor
from common.audit import record, was_recorded
from common.period import add_months, period_of
from crm import queries as crm_queries
from crm.actions import customers as customer_actions
from crm.actions import families, products
from crm.rules.rows import CustomerRow, FamilyRow, ProductRow
from deals.actions import rulebooks
from incentives.actions import plans
from partners import queries as partner_queries
from partners.actions import notices, views
from prm import wiring
from prm.demo import cast, market, people, policies, programmes, scores
from prm.demo.books import Books
from prm.demo.deal import World
from prm.demo.deals import Desk
from prm.demo.duties import Duties, connect_news
from prm.demo.overrides import Overlays
from prm.demo.scenes import Scenes
from prm.demo.story import Story
from tiers.actions.programmes import publish_default_programme

BATCH = 1000
FRESH = timedelta(days=3)  # notices so young are still unread


@dataclass(frozen=True, slots=True)
class Plan:
    """What to build: the same plan gives the same story (public ids and passwords' salts differ).

    `lines` are those of sales that no registration announced; the won registrations bring about a thousand more.
    """

    seed: int
    scale: int
    today: date
    registrations: int = 1500
    lines: int = 5000
    opportunities: int = 260


def state() -> Literal["empty", "interrupted", "filled"]:
    """Whether demo data can be loaded: into an empty database only."""
    if was_recorded("demo.started") and not was_recorded("demo.finished"):
        return "interrupted"
    return "filled" if partner_queries.active_partner_ids() else "empty"


def build(plan: Plan, *, progress: Callable[[date], None]) -> dict[str, int]:
    """Load the demo; returns how much of what there is now."""
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")  # a demo that a crash cuts short is loaded again
    rng = Random(plan.seed)
    starts_on = period_of(add_months(plan.today, -12), "quarter").starts_on
    story = Story(rng, starts_on, plan.today)
    connect_news(story)
    opening = datetime.combine(starts_on, time(0, 30), UTC)
    staff = people.take_on_staff(at=opening)
    record("demo.started", on=partner_queries.user_of(staff["admin"]), by=SYSTEM, at=opening, seed=plan.seed)

    _publish_policy(starts_on, opening)
    product_ids = _stock(opening)
    customers = _customers(rng, plan.scale, opening)
    managers = [staff["manager"], staff["manager2"]]
    partners = [
        people.take_on_partner(company, managers, rng, at=opening) for company in cast.partners(plan.seed, plan.scale)
    ]
    policies.keep_lists([customer.external_id for customer in customers], partners, starts_on, at=opening)

    books = Books(story, finance=staff["finance"])
    duties = Duties(story, staff)
    duties.plan()
    known = crm_queries.customers_visible_to(SYSTEM).values_list("external_id", "pk")
    customer_ids = {external_id: pk for external_id, pk in known if external_id}
    family_ids = {family.code: family.pk for family in crm_queries.families()}
    scenes = Scenes(World(story, staff, duties, books, product_ids, customer_ids, family_ids), partners, customers)
    scenes.plan()
    others = [customer for customer in customers if customer.external_id not in scenes.taken]
    desk = Desk(story, duties, managers, product_ids, customer_ids, sell=books.sell)
    books.plan_rates()
    books.plan_opportunities(others, plan.opportunities * plan.scale)
    books.plan_sales(partners, others, plan.lines * plan.scale)
    books.plan_nights()
    desk.plan(partners, others, plan.registrations * plan.scale)
    Overlays(story, staff, partners).plan()
    scores.plan_training(story, partners, staff["admin"], at=opening)
    story.tell(progress)
    policies.draft_rules(staff["chief"], today=plan.today, at=datetime.combine(plan.today, time(9), UTC))
    programmes.draft_programme_change(
        staff["chief"], today=plan.today, at=datetime.combine(plan.today, time(9, 30), UTC)
    )
    keep_views(staff)
    outbox.discard_waiting()  # nobody is mailed about the past
    notices.settle_notices(before=timezone.now() - FRESH)
    wiring.connect()
    record("demo.finished", on=partner_queries.user_of(staff["admin"]), by=SYSTEM, at=timezone.now())
    return {"partners": len(partners), "customers": len(customers), "sale lines": books.lines}


def keep_views(staff: Mapping[str, Actor]) -> None:
    """Selections that the channel's people come back to; the first is the manager's own."""
    for name, page, title, query in cast.VIEWS:
        views.save_view(page, name=title, query=query, is_shared=title not in cast.OWN_VIEWS, by=staff[name])


def _publish_policy(starts_on: date, at: datetime) -> None:
    publish_default_programme(starts_on=starts_on, at=at)
    rulebooks.publish_default_rulebook(effective_from=starts_on, by=SYSTEM, at=at)
    plans.publish_default_plans(starts_on=starts_on, by=SYSTEM, at=at)


def _stock(at: datetime) -> dict[str, int]:
    """Families and products; returns the products' keys by SKU."""
    families.upsert_families(
        [FamilyRow(code=code, name=name) for code, name in cast.FAMILIES.items()], by=SYSTEM, at=at
    )
    rows = [
        ProductRow(
            external_id=product.sku, sku=product.sku, name=product.name, kind=product.kind, family=product.family
        )
        for product in cast.PRODUCTS
    ]
    products.upsert_products(rows, by=SYSTEM, at=at)
    return {product.sku: product.pk for product in crm_queries.product_choices()}


def _customers(rng: Random, scale: int, at: datetime) -> list[market.CastCustomer]:
    made = market.customers(rng, scale)
    rows = [
        CustomerRow(
            external_id=customer.external_id,
            legal_name=customer.name,
            country=customer.country,
            domain=customer.domain,
            tax_id=customer.tax_id,
        )
        for customer in made
    ]
    for start in range(0, len(rows), BATCH):
        customer_actions.upsert_customers(rows[start : start + BATCH], by=SYSTEM, at=at)
    return made


def logins(seed: int) -> str:
    """The demo's accounts as `make run` prints them."""
    partners = cast.partners(seed, 1)
    largest = max(partners, key=lambda partner: partner.weight)
    distributor = next(partner for partner in partners if "distributor" in partner.types)
    who = [
        ("channel manager", f"manager@{cast.VENDOR_DOMAIN}"),
        ("channel chief", f"chief@{cast.VENDOR_DOMAIN}"),
        ("finance", f"finance@{cast.VENDOR_DOMAIN}"),
        ("CEO", f"ceo@{cast.VENDOR_DOMAIN}"),
        ("partner, seller", f"seller@{largest.domain}"),
        ("partner, finance", f"finance@{largest.domain}"),
        ("partner, administrator", f"admin@{largest.domain}"),
        ("distributor", f"admin@{distributor.domain}"),
    ]
    lines = [f"{role:<24}{address}" for role, address in who]
    return "\n".join([f"Demo logins, all with the password {cast.PASSWORD}", *lines])
