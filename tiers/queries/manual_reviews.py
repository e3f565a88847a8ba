"""Reviews that a person asked for: how the partner stood before and after, and what the review rests on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from common.actor import SYSTEM, Actor
from common.audit import entries_about
from partners import queries as partner_queries
from tiers.choices.standings import NoticeOutcome
from tiers.models import DemotionNotice, Standing
from tiers.queries.overlays import Happening
from tiers.queries.standings import StoredReview, review_on

EVENT = "tier.reviewed"
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Announced:
    """An open notice: to which level the partner falls, at the earliest on that day."""

    level_name: str
    effective_on: date


@dataclass(frozen=True, slots=True)
class Stand:
    """What a review can change: the level that the ladder gives, since when, and the notices that are open."""

    level_code: str = ""
    level_name: str = ""
    since: date | None = None
    notices: tuple[Announced, ...] = ()

    def as_facts(self) -> dict[str, Any]:
        return asdict(self)


def stand_of(partner_id: int) -> Stand:
    """The latest standing, which may begin tomorrow; all empty for a partner that never stood anywhere."""
    held = Standing.objects.filter(partner_id=partner_id, ends_on=None).select_related("level").first()
    if held is None:
        return Stand()
    rows = DemotionNotice.objects.filter(partner_id=partner_id, outcome=NoticeOutcome.OPEN).order_by("effective_on")
    notices = tuple(Announced(*row) for row in rows.values_list("level__name", "effective_on"))
    return Stand(held.level.code, held.level.name, held.starts_on, notices)


@dataclass(frozen=True, slots=True)
class Asked:
    """One requirement as the review found it; `value` None: too few entries to say."""

    level_code: str
    level_name: str
    path: int
    name: str
    window: Any
    unit: str
    value: Decimal | None
    target: Decimal
    met: bool


@dataclass(frozen=True, slots=True)
class ManualReview:
    """What became of a review that somebody asked for, measured at the end of `day`."""

    at: datetime
    by: str
    day: date
    before: Stand
    after: Stand

    @property
    def moved(self) -> bool:
        return self.before.level_code != self.after.level_code

    @property
    def given(self) -> list[Announced]:
        return [notice for notice in self.after.notices if notice not in self.before.notices]

    @property
    def closed(self) -> list[Announced]:
        return [notice for notice in self.before.notices if notice not in self.after.notices]

    @property
    def changed(self) -> bool:
        return self.moved or bool(self.given or self.closed)


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """Where a partner stands by the ladder, what the latest review found, and what was asked for by hand."""

    stand: Stand
    reviewed_on: date | None
    currency: str
    asked: list[Asked]
    reviews: list[ManualReview]  # newest first

    @property
    def happenings(self) -> list[Happening]:
        return [_happening(review) for review in self.reviews]


def review_page(actor: Actor, partner_id: int) -> ReviewPage:
    """For whoever may ask for a review; `NotFound` for others."""
    partner_queries.require(actor, "tier.override")
    found = review_on(partner_id, date.max)
    return ReviewPage(
        stand=stand_of(partner_id),
        reviewed_on=found.business_date if found else None,
        currency=found.ladder.programme.currency if found else "",
        asked=_asked(found) if found else [],
        reviews=manual_reviews(partner_id),
    )


def manual_reviews(partner_id: int) -> list[ManualReview]:
    """The newest first."""
    partner = partner_queries.partners_visible_to(SYSTEM).get(pk=partner_id)
    entries = entries_about(partner).filter(event=EVENT).order_by("-id")[:SHOWN]
    return [
        ManualReview(
            at=entry.at,
            by=entry.actor_label,
            day=date.fromisoformat(entry.facts["day"]),
            before=_stand(entry.facts["before"]),
            after=_stand(entry.facts["after"]),
        )
        for entry in entries
    ]


def _happening(review: ManualReview) -> Happening:
    names = {"before": review.before.level_name, "after": review.after.level_name}
    if review.moved:
        return Happening(
            review.at, _("%(before)s → %(after)s") % names, "", review.by, "medal", review.after.level_code
        )
    title = _("Notices changed") if review.changed else _("Nothing changed")
    return Happening(review.at, title, "", review.by, "refresh", "secondary")


def _stand(facts: Mapping[str, Any]) -> Stand:
    since = date.fromisoformat(facts["since"]) if facts["since"] else None
    notices = (Announced(each["level_name"], date.fromisoformat(each["effective_on"])) for each in facts["notices"])
    return Stand(facts["level_code"], facts["level_name"], since, tuple(notices))


def _asked(review: StoredReview) -> list[Asked]:
    """Each requirement of each level, lowest level first."""
    return [
        Asked(
            level_code=step.level.code,
            level_name=step.level.name,
            path=path.number,
            name=asked.requirement.name,
            window=asked.requirement.window.label,
            unit=asked.requirement.unit,
            value=asked.value,
            target=asked.target,
            met=asked.met,
        )
        for step in review.ladder.steps
        for path in step.paths
        for asked in path.requirements
    ]
