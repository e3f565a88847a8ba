"""A protected deal of the world's partner with everything that belongs to its life."""

from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from common.actor import SYSTEM
from crm.models import Product
from deals.actions.attachments import attach
from deals.actions.changes import propose_change
from deals.actions.comments import add_comment
from deals.actions.extensions import request_extension
from deals.actions.registrations import register_deal
from deals.rules.drafts import DraftLine, RegistrationDraft
from tests.journeys.world import World


def life_objects(world: World, product: Product, words: str) -> dict[str, str]:
    """Public ids of the deal, a file, a request for more time and a change that wait; `words` are in all of them."""
    now = timezone.now()
    draft = RegistrationDraft(
        partner_id=world.partner.pk,
        customer_name=f"{words} Lebensversicherung SE",
        customer_country="AT",
        contact=words,
        expected_close_on=timezone.localdate() + timedelta(days=20),
        lines=[DraftLine(product.pk, 1, Decimal(5_000))],
    )
    deal = register_deal(draft, by=SYSTEM, at=now)
    assert deal.status == "approved"
    add_comment(deal.pk, stream="shared", text=words, by=SYSTEM, at=now)
    file = attach(deal.pk, name=f"{words}.txt", content=words.encode(), stream="shared", by=SYSTEM, at=now)
    said = f"{words}: they signed."
    for _ in range(2):  # the first is granted at once
        extension = request_extension(deal.pk, words=said, evidence_on=now.date(), by=SYSTEM, at=now)
    large = [DraftLine(product.pk, 1, Decimal(90_000))]
    change = propose_change(deal.pk, typed={"lines": large, "contact": f"{words} II"}, by=SYSTEM, at=now)
    return {
        "life": deal.public_id,
        "file": file.public_id,
        "extension": extension.public_id,
        "change": change.public_id,
    }
