"""What lies over standings: overrides and freezes, as values and pages."""

from dataclasses import dataclass
from datetime import date, timedelta

from tiers.choices.standings import OverrideStatus
from tiers.models import Freeze, Override

ONE_DAY = timedelta(days=1)


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
