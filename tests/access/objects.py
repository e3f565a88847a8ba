"""One object of every kind that an address can name, belonging to the partner of the world, made by the actions."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from common.actor import SYSTEM
from crm.actions.sales import upsert_sales
from crm.models import Customer, Opportunity, Product, Sale
from crm.rules.rows import SaleLineRow, SaleRow
from deals.actions.appeals import file_appeal
from deals.actions.inquiries import ask_partner
from deals.actions.registrations import register_deal
from deals.models import Breach, Registration
from deals.rules.drafts import DraftLine, RegistrationDraft
from incentives.actions.accruals import recalculate_partners
from incentives.models.statements import Statement, StatementLine
from partners import queries as partner_queries
from partners.actions.views import save_view
from partners.models import Notification, User
from tests.access.joint_objects import joint_objects
from tests.access.life_objects import life_objects
from tests.access.override_objects import override_objects
from tests.access.policy_objects import policy_objects
from tests.access.programme_objects import programme_objects
from tests.factories.crm import CustomerFactory, OpportunityFactory, ProductFactory
from tests.factories.notices import declare, tell
from tests.journeys.world import World
from tiers.actions.scores import define_metric

OWNER_TEXT = "Canary of the owner"


def owned_objects(world: World) -> dict[str, str]:
    """Public ids by kind."""
    today, now = timezone.localdate(), timezone.now()
    product: Product = ProductFactory()
    customer: Customer = CustomerFactory(legal_name=f"{OWNER_TEXT} AG", country="DE")
    opportunity: Opportunity = OpportunityFactory(customer=customer)
    draft = RegistrationDraft(
        partner_id=world.partner.pk,
        customer_name=f"{OWNER_TEXT} project GmbH",
        customer_country="DE",
        contact=OWNER_TEXT,
        why_now=OWNER_TEXT,
        expected_close_on=today + timedelta(days=40),
        lines=[DraftLine(product.pk, 2, Decimal(60_000))],
    )
    deal = register_deal(draft, by=SYSTEM, at=now)
    sale = _sale(world, customer, product)
    recalculate_partners([world.partner.pk], day=today, run_key="access", at=now)
    return {
        "partner": world.partner.public_id,
        "deal": deal.public_id,
        "event": "withdraw",
        "statement": Statement.objects.get(partner=world.partner).public_id,
        "line": StatementLine.objects.filter(statement__partner=world.partner)[0].public_id,
        "customer": customer.public_id,
        "product": product.public_id,
        "opportunity": opportunity.public_id,
        "sale": sale.public_id,
        "metric": define_metric("metric_of_the_vendor", name="Metric", unit="number", by=SYSTEM, at=now).code,
        **_cases(world, product),
        **life_objects(world, product, OWNER_TEXT),
        **policy_objects(world, OWNER_TEXT),
        **programme_objects(OWNER_TEXT),
        **override_objects(world, OWNER_TEXT),
        **joint_objects(world, product, OWNER_TEXT),
        **_kept_by(User.objects.get(email=world.emails["seller"])),
    }


def _cases(world: World, product: Product) -> dict[str, str]:
    """An appeal against a rejection, a direct sale inside a protection, and a registration that waits for an answer."""
    at = timezone.now()

    def registered(name: str, amount: int, **typed: str) -> Registration:
        draft = RegistrationDraft(
            partner_id=world.partner.pk,
            customer_name=name,
            customer_country="DE",
            contact=OWNER_TEXT,
            expected_close_on=timezone.localdate() + timedelta(days=40),
            lines=[DraftLine(product.pk, 1, Decimal(amount))],
            **typed,
        )
        return register_deal(draft, by=SYSTEM, at=at)

    appeal = file_appeal(registered("Nothing Alike", 500).pk, grounds=OWNER_TEXT, by=SYSTEM, at=at)
    customer = CustomerFactory(legal_name="Wholly Otherwise", country="DE", domain="wholly-otherwise.de")
    protected = registered(customer.legal_name, 6_000, customer_domain=customer.domain)
    row = SaleRow(
        external_id="S-direct",
        customer=customer.external_id,
        booked_on=timezone.localdate(),
        currency="EUR",
        lines=[SaleLineRow(product=product.external_id, quantity=Decimal(1), net_amount=Decimal(9_000))],
    )
    upsert_sales([row], by=SYSTEM, at=at)
    breach = Breach.objects.get(registration=protected)
    asked = registered("Asked About It", 60_000)
    ask_partner(asked.pk, fields=["contact"], words=OWNER_TEXT, by=SYSTEM, at=at)
    return {
        "asked": asked.public_id,
        "appeal": appeal.public_id,
        "breach": breach.public_id,
        "breach event": "acknowledge",
    }


def _kept_by(seller: User) -> dict[str, str]:
    """What the partner's seller was told, and the view that they share with their colleagues."""
    declare()
    told = {"customer": OWNER_TEXT, "amount": "5", "currency": "EUR"}
    tell(seller.pk, at=timezone.now(), params=told)
    actor = partner_queries.actor_of(seller)
    view = save_view("deals.list", name=OWNER_TEXT, query=f"q={OWNER_TEXT}", is_shared=True, by=actor)
    return {"notice": Notification.objects.get(kind="sample.decided").public_id, "view": view.public_id}


def _sale(world: World, customer: Customer, product: Product) -> Sale:
    row = SaleRow(
        external_id="S-owner",
        customer=customer.external_id,
        partner=world.partner.public_id,
        booked_on=timezone.localdate(),
        currency="EUR",
        lines=[SaleLineRow(product=product.external_id, quantity=Decimal(1), net_amount=Decimal(70_000))],
    )
    upsert_sales([row], by=SYSTEM, at=timezone.now())
    return Sale.objects.get(external_id="S-owner")
