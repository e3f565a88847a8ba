"""What lies over standings: overrides and freezes, as values, and what a new one meets. Days are the vendor's."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import F, QuerySet
from django.utils import timezone

from common.actor import Actor
from common.errors import NotFound
from common.period import Period
from common.verdict import Verdict, refusal
from partners import rules as partner_rules
from tiers.choices.standings import OverrideStatus
from tiers.models import Freeze, Override, Standing
from tiers.models.programmes import in_force_on
from tiers.queries.programmes import programme_on
from tiers.rules import ladder
from tiers.rules import overrides as rules

ONE_DAY = timedelta(days=1)


def day_of(at: datetime) -> date:
    """The date in the vendor's time zone, wherever the reader is."""
    return at.astimezone(timezone.get_default_timezone()).date()


@dataclass(frozen=True, slots=True)
class OverlaidLevel:
    """A level that is given for a time, half-open, instead of the one that is held."""

    public_id: str
    level_code: str
    level_name: str
    starts_on: date
    ends_on: date

    @property
    def last_day(self) -> date:
        return self.ends_on - ONE_DAY


@dataclass(frozen=True, slots=True)
class FrozenTime:
    """A time, half-open, in which the level neither rises nor falls."""

    public_id: str
    starts_on: date
    ends_on: date

    @property
    def last_day(self) -> date:
        return self.ends_on - ONE_DAY


@dataclass(frozen=True, slots=True)
class Overlay:
    """What lies over a partner's standing on a day; nothing of it says why. True if there is anything."""

    override: OverlaidLevel | None
    freeze: FrozenTime | None

    def __bool__(self) -> bool:
        return self.override is not None or self.freeze is not None


def overlay_on(partner_id: int, day: date) -> Overlay:
    """The approved override and the freeze whose periods contain the day. Two statements."""
    on_day = {"partner_id": partner_id, "starts_on__lte": day, "ends_on__gt": day}
    overrides = Override.objects.filter(status=OverrideStatus.APPROVED, **on_day)
    given = overrides.values_list("public_id", "level__code", "level__name", "starts_on", "ends_on").first()
    frozen = Freeze.objects.filter(**on_day).values_list("public_id", "starts_on", "ends_on").first()
    return Overlay(OverlaidLevel(*given) if given else None, FrozenTime(*frozen) if frozen else None)


# What a request meets


def held_level(partner_id: int, day: date) -> tuple[ladder.Programme, ladder.Level]:
    """The programme in force on the day, and the level that the ladder gives the partner in it, whatever lies over it.

    Without a standing that is the entry level. Refuses ``tier.no_programme``.
    """
    standing = Standing.objects.filter(in_force_on(day), partner_id=partner_id).select_related("level__version").first()
    programme = programme_on(day, standing.level.version.programme_id if standing else None)
    if programme is None:
        refusal("tier.no_programme", day=day).or_refuse()
        raise AssertionError
    if standing is None:
        return programme, programme.entry
    rank = programme.rank_of(standing.level.code, otherwise=standing.level.rank)
    return programme, programme.level_of_rank(rank)


def around(partner_id: int, day: date, *, but: int = 0) -> rules.Around:
    """What an override of the partner from this day on would meet, apart from the one with this key."""
    programme, held = held_level(partner_id, day)
    periods: dict[str, list[Period]] = {OverrideStatus.APPROVED: [], OverrideStatus.REQUESTED: []}
    rows = Override.objects.filter(partner_id=partner_id, status__in=periods, ends_on__gt=F("starts_on"))
    for status, starts_on, ends_on in rows.exclude(pk=but).values_list("status", "starts_on", "ends_on"):
        periods[status].append(Period(starts_on, ends_on))
    return rules.Around(
        held_code=held.code,
        level_names={level.code: level.name for level in programme.levels},
        approved=tuple(periods[OverrideStatus.APPROVED]),
        waiting=tuple(periods[OverrideStatus.REQUESTED]),
    )


def request_verdict(asked: rules.NewOverride, *, day: date) -> Verdict:
    """What would stand against asking for it on the day."""
    return rules.may_request(asked, around(asked.partner_id, max(asked.starts_on, day)), day=day)


def frozen_periods(partner_id: int) -> list[Period]:
    rows = Freeze.objects.filter(partner_id=partner_id, ends_on__gt=F("starts_on"))
    return [Period(*row) for row in rows.values_list("starts_on", "ends_on")]


def freeze_verdict(asked: rules.NewFreeze, *, day: date) -> Verdict:
    """What would stand against setting it on the day."""
    return rules.may_freeze(asked, frozen_periods(asked.partner_id), day=day)


# Who sees them


def overrides_visible_to(actor: Actor) -> QuerySet[Override]:
    """All for the vendor's channel: a partner's people read of theirs on their tier page, without the reason."""
    rows = Override.objects.select_related("partner", "level__version", "requested_by", "decided_by")
    return rows if partner_rules.may(actor, "tier.board") else rows.none()


def freezes_visible_to(actor: Actor) -> QuerySet[Freeze]:
    """As overrides."""
    rows = Freeze.objects.select_related("partner")
    return rows if partner_rules.may(actor, "tier.board") else rows.none()


def find_override(actor: Actor, public_id: str) -> Override:
    """The override, if the actor may see it; otherwise `NotFound`, as if there were none."""
    found = overrides_visible_to(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("override")
    return found


def find_freeze(actor: Actor, public_id: str) -> Freeze:
    """The freeze, if the actor may see it; otherwise `NotFound`, as if there were none."""
    found = freezes_visible_to(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("freeze")
    return found
