"""Appeals and breaches in every state."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from deals.actions.appeals import file_appeal, overturn_appeal, uphold_appeal
from deals.actions.breaches import acknowledge_breach, reject_breach, settle_breach
from deals.actions.comments import add_comment
from deals.actions.reviews import reject_registration
from deals.models import Appeal, Breach, Registration
from tests.factories.cases import report_opportunity, report_sale
from tests.factories.crm import CustomerFactory
from tests.factories.deals import Channel, registered, typed_as, vendor
from tests.factories.incentives import published

DAY = timedelta(days=1)
Sights = dict[str, dict[str, tuple[str, list[str]]]]
GROUNDS = (
    "Their purchasing asked us in writing, three weeks before direct sales called. The letter is attached to the deal."
)
WENT_WRONG = (
    "A colleague of direct sales answered a call of the customer and did not look at the list of protected customers "
    "before writing the offer.\nWe have spoken to her; the list now opens with every new opportunity."
)


def case_sights(channel: Channel, at: datetime) -> Sights:
    """Pages by reader."""
    breaches, appeals = breaches_in_every_state(channel, at), appeals_in_every_state(channel, at)
    refused = refusal_of(channel, at - 2 * DAY, "Not Yet Appealed Handelsgesellschaft")
    pages = {f"breach-{name}": ("deals:breach", [found.public_id]) for name, found in breaches.items()}
    pages |= {f"appeal-{name}": ("deals:appeal", [found.public_id]) for name, found in appeals.items()}
    pages |= {"appeals": ("deals:appeals", []), "breaches": ("deals:breaches", [])}
    pages["precedents"] = ("deals:precedents", [])
    partners = {
        **pages,
        "deal-with-a-breach": ("deals:detail", [breaches["open"].registration.public_id]),
        "deal-to-appeal": ("deals:detail", [refused.public_id]),
        "appeal-new": ("deals:appeal-new", [refused.public_id]),
    }
    return {"partner-admin": partners, "channel-chief": pages, "channel-manager": pages}


def guarded(channel: Channel, at: datetime, name: str, domain: str) -> Channel:
    """The channel with another known customer, protected since then."""
    customer = CustomerFactory(legal_name=name, country="HU", domain=domain)
    there = replace(channel, customer=customer)
    assert registered(there, at=at, **typed_as(customer)).status == "approved"
    return there


def breaches_in_every_state(channel: Channel, at: datetime) -> dict[str, Breach]:
    chief = vendor("channel_chief")
    published(code="loyalty", eligible_types=frozenset({"var"}))
    first = guarded(channel, at - 30 * DAY, "Aranykorona Vendéglátóipari és Kereskedelmi Zrt.", "aranykorona.hu")
    report_opportunity(first, at=at - 12 * DAY, external_id="O-1001", amount=Decimal("48000.00"))
    report_sale(first, at=at - 6 * DAY, external_id="S-1001", amount="52000.00")
    second = guarded(channel, at - 30 * DAY, "Bakony Erdészet Kft.", "bakony-erdeszet.hu")
    for number, amount in enumerate(("9000.00", "410000.00", "777.77", "5000.00"), start=2001):
        report_sale(second, at=at - 3 * DAY, external_id=f"S-{number}", amount=amount)
    found = {breach.source_external_id: breach for breach in Breach.objects.all()}
    for number in ("S-1001", "S-2001", "S-2002", "S-2003"):
        acknowledge_breach(found[number].pk, words=WENT_WRONG, by=chief, at=at - 2 * DAY)
    settle_breach(found["S-1001"].pk, amount=found["S-1001"].amount, by=chief, at=at - DAY)
    reject_breach(
        found["S-2001"].pk, reason="Ordered by the partner itself, on its own account.", by=chief, at=at - DAY
    )
    report_sale(second, at=at - DAY, booked_on=(at - 3 * DAY).date(), external_id="S-2003", amount="700.00")
    report_sale(
        second, at=at - DAY, booked_on=(at - 3 * DAY).date(), external_id="S-2004", amount="5000.00", status="cancelled"
    )
    states = {"open": "O-1001", "settled": "S-1001", "rejected": "S-2001", "acknowledged": "S-2002"}
    states |= {"changed": "S-2003", "withdrawn": "S-2004"}
    return {
        name: Breach.objects.select_related("registration").get(source_external_id=key) for name, key in states.items()
    }


def refusal_of(channel: Channel, at: datetime, name: str) -> Registration:
    registration = registered(channel, at=at, amount=50_000, customer_name=name, customer_domain="")
    return reject_registration(registration.pk, reason="No proof that they know it.", by=channel.manager, at=at)


def appeals_in_every_state(channel: Channel, at: datetime) -> dict[str, Appeal]:
    chief = vendor("channel_chief")

    def appealed(name: str, after: datetime) -> Appeal:
        deal = refusal_of(channel, after, name)
        add_comment(deal.pk, stream="shared", text="Here is what they wrote to us.", by=channel.seller, at=after)
        return file_appeal(deal.pk, grounds=GROUNDS, by=channel.seller, at=after + DAY)

    appeals = {
        "open": appealed("Open Appeal Elektrotechnik", at - 3 * DAY),
        "late": appealed("Very Late Appeal Maschinenbau", at - 20 * DAY),
        "upheld": appealed("Upheld Appeal Textil", at - 12 * DAY),
        "overturned": appealed("Overturned Appeal Glas", at - 12 * DAY),
    }
    stands, lesson = "A letter proves that they know you, not that you bring the deal.", "A letter alone is no proof."
    uphold_appeal(appeals["upheld"].pk, words=stands, precedent=lesson, by=chief, at=at - 8 * DAY)
    right, lesson = "The letter is older than our own call.", "Who was asked in writing first brings the deal."
    overturn_appeal(appeals["overturned"].pk, words=right, precedent=lesson, by=chief, at=at - 8 * DAY)
    return appeals
