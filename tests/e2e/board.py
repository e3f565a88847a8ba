"""Partners on every kind of place of the tier board."""

from datetime import datetime, timedelta

from partners.models import User
from tests.factories.partners import PartnerFactory, UserFactory
from tests.factories.tiers import a_credit, credit, default_programme, hold_level
from tiers.actions.standings import enrol_partner, review_partners
from tiers.models import Freeze, Override

NAMES = ("Alpenglühen IT", "Bergwerk Cloud", "Côte d'Azur Conseil", "Donau Systemhaus", "Elbe Networks", "Fjord Data")
AMOUNTS = (700_000, 95_000, 310_000, 60_000, 1_700_000, 140_000)


def fill_board(manager: User, at: datetime) -> None:
    """Levels, notices, an override, a freeze, a certificate that expires, revenue that leaves, one who rises."""
    today = at.date()
    version = default_programme()
    ids = []
    for place, (name, amount) in enumerate(zip(NAMES, AMOUNTS, strict=True)):
        partner_id = PartnerFactory(name=name, account_manager=manager if place % 2 else None).pk
        enrol_partner(partner_id, day=version.starts_on, at=at)
        code = ("silver", "bronze", "gold", "silver", "platinum", "silver")[place]
        if code != "bronze":
            hold_level(partner_id, code, starts_on=today - timedelta(days=200 - 30 * place))
        people_until = today + timedelta(days=50) if place == 4 else None
        credit(
            a_credit(partner_id, "channel_revenue", amount, today - timedelta(days=310 + place)),
            a_credit(partner_id, "new_customers", 3 * place + 2, today - timedelta(days=100)),
            a_credit(partner_id, "certified_people", 3 * place + 3, today - timedelta(days=90), people_until),
        )
        ids.append(partner_id)
    review_partners(ids, day=today - timedelta(days=1), at=at)
    period = {"starts_on": today - timedelta(days=20), "ends_on": today + timedelta(days=60)}
    gold = version.levels.get(code="gold")
    Override.objects.create(
        partner_id=ids[5],
        level=gold,
        reason="A launch that we run together.",
        status="approved",
        requested_by=manager,
        requested_at=at,
        decided_by=UserFactory(),
        decided_at=at,
        **period,
    )
    Freeze.objects.create(partner_id=ids[3], reason="Merger.", set_by="x", set_at=at, **period)
    credit(a_credit(ids[1], "channel_revenue", 200_000, today))  # it rises tonight
