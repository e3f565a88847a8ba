"""A protected deal in the middle of its life: talked about, shown, extended, changed, at risk."""

from datetime import datetime, timedelta
from decimal import Decimal

from deals.actions.attachments import attach
from deals.actions.changes import propose_change
from deals.actions.comments import add_comment
from deals.actions.extensions import request_extension
from deals.actions.outcomes import revoke_registration
from deals.models import Registration
from deals.rules.drafts import DraftLine
from tests.factories.crm import CustomerFactory
from tests.factories.deals import Channel, registered

DAY = timedelta(days=1)
Sights = dict[str, dict[str, tuple[str, list[str]]]]


def life_sights(channel: Channel, at: datetime) -> Sights:
    """Pages by reader."""
    deal = lively_deal(channel, at)
    CustomerFactory(legal_name="Kowalczyk Instalacje Sp. z o.o.", country="PL")
    typed = {"customer_name": "Kowalczyk Instalacja", "customer_country": "PL", "customer_domain": ""}
    large = {"lines": [DraftLine(channel.product.pk, 40, Decimal(80_000))], "contact": "Maria Nowak"}
    change = propose_change(deal.pk, typed={**typed, **large}, by=channel.seller, at=at - DAY)
    idle = registered(channel, at=at - 50 * DAY, customer_name="Quiet Customer", customer_domain="")
    revoked = registered(channel, at=at - 9 * DAY, customer_name="Taken Back", customer_domain="")
    revoke_registration(revoked.pk, words="Sold to them before.", by=channel.manager, at=at - DAY)
    ended = registered(
        channel, at=at - 90 * DAY, customer_name="Ended By Itself", customer_domain="", expected_close_on=at.date()
    )
    late = unanswered_deal(channel, at)
    return {
        "partner-admin": {
            "life-unanswered": ("deals:detail", [late.public_id]),
            "life": ("deals:detail", [deal.public_id]),
            "life-idle": ("deals:detail", [idle.public_id]),
            "life-ended": ("deals:detail", [ended.public_id]),
            "life-revoked": ("deals:detail", [revoked.public_id]),
            "life-extend": ("deals:extend", [idle.public_id]),
            "life-extend-not": ("deals:extend", [deal.public_id]),
            "life-change": ("deals:change", [idle.public_id]),
            "life-release": ("deals:release", [idle.public_id]),
            "life-files": ("deals:files", [deal.public_id]),
            "life-no-files": ("deals:files", [idle.public_id]),
        },
        "channel-manager": {
            "life-unanswered": ("deals:detail", [late.public_id]),
            "life": ("deals:detail", [deal.public_id]),
            "life-change-settle": ("deals:change-settle", [change.public_id]),
            "life-revoke": ("deals:revoke", [deal.public_id]),
            "life-files": ("deals:files", [deal.public_id]),
        },
    }


def lively_deal(channel: Channel, at: datetime) -> Registration:
    """Two extensions, the second waiting; both streams; files; a change that applied at once."""
    deal = registered(channel, at=at - 20 * DAY, customer_name="Lebhafte Verwaltungsgesellschaft mbH & Co. KG")
    said = [
        ("shared", "We met their purchasing today; they want the second site as well.", channel.seller),
        ("shared", "Thank you. Is the budget approved?", channel.manager),
        ("internal", "Check with direct sales before the second site.", channel.manager),
        ("shared", "Yes, by the board on Monday.\nThe minutes are attached.", channel.seller),
    ]
    for number, (stream, text, by) in enumerate(said):
        add_comment(deal.pk, stream=stream, text=text, by=by, at=at - (18 - number) * DAY)
    minutes = attach(
        deal.pk, name="minutes of the board.txt", content=b"Agreed.", stream="shared", by=channel.seller, at=at - DAY
    )
    attach(deal.pk, name="a-very-long-name-" * 6 + ".csv", content=b"a;b", stream="shared", by=channel.seller, at=at)
    attach(deal.pk, name="our notes.txt", content=b"Ours", stream="internal", by=channel.manager, at=at)
    propose_change(deal.pk, typed={"contact": "Anna Schmidt"}, by=channel.seller, at=at - 10 * DAY)
    for words in ("The board approved the budget on Monday.", "Their lawyers read the contract; signing next month."):
        request_extension(
            deal.pk, words=words, evidence_on=at.date() - 2 * DAY, attachment_id=minutes.pk, by=channel.seller, at=at
        )
    return deal


def unanswered_deal(channel: Channel, at: datetime) -> Registration:
    """More time was asked for before the end, which has come meanwhile."""
    asked_at = at - 125 * DAY
    about = {"customer_name": "Still Without An Answer", "customer_domain": ""}
    deal = registered(channel, at=asked_at, expected_close_on=at.date() - 30 * DAY, **about)
    for words in ("The board approved the budget on Monday.", "Their lawyers read the contract; signing next month."):
        request_extension(deal.pk, words=words, evidence_on=asked_at.date(), by=channel.seller, at=asked_at)
    return deal
