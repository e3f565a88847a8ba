"""A metric of the vendor's own, what its training system reports, and a report that was taken back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from common.actor import Actor
from prm.demo.people import DemoPartner
from prm.demo.story import Story
from tiers.actions.reports import credit_reported, reverse_reported
from tiers.actions.scores import define_metric
from tiers.rules.credits import CreditRow, ReversalRow

WEBINARS = "webinars"
EVERY = timedelta(days=45)
MOST_PARTNERS = 8


def plan_training(story: Story, partners: Sequence[DemoPartner], admin: Actor, *, at: datetime) -> None:
    """Every few weeks the training system reports courses and webinars; the first webinar was a mistake."""
    define_metric(WEBINARS, name="Webinars held", unit="number", by=admin, at=at)
    first = at + EVERY
    taught = partners[:MOST_PARTNERS]

    def report(at: datetime) -> None:
        rows = [_row(partner, metric, at) for partner in taught for metric in (WEBINARS, "training")]
        credit_reported(rows, by=admin, at=at)

    def take_back(at: datetime) -> None:
        mistaken = ReversalRow(
            source_key=_key(taught[0], WEBINARS, first), reason="The webinar was cancelled; nobody attended."
        )
        reverse_reported([mistaken], by=admin, at=at)

    story.every(EVERY, report, since=first)
    story.at(first + timedelta(days=3), take_back)


def _row(partner: DemoPartner, metric: str, at: datetime) -> CreditRow:
    is_webinar = metric == WEBINARS
    return CreditRow(
        partner=partner.public_id,
        metric=metric,
        amount=Decimal(1),
        valid_from=at.date(),
        source_key=_key(partner, metric, at),
        label="Webinar: what is new in the platform" if is_webinar else "Course: platform basics",
        holder="" if is_webinar else partner.seller.label,
    )


def _key(partner: DemoPartner, metric: str, at: datetime) -> str:
    return f"lms/{metric}/{at.date().isoformat()}/{partner.public_id}"
