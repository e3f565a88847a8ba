"""What two people gave a partner for a time, what waits for the second one, and a level that stays as it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from common.actor import Actor
from common.period import add_months
from prm.demo.people import DemoPartner
from prm.demo.story import Story
from tiers.actions.freezes import set_freeze
from tiers.actions.overrides import approve_override, request_override
from tiers.queries.overrides import held_level
from tiers.rules.overrides import NewFreeze, NewOverride

NEARLY = "Nearly there: two of their engineers sit the exam next month, and the tender will not wait."
PLATFORM = "They move their customers to our platform this quarter; sales come later than usual."
MERGER = "They merge with another partner: what both have sold is added up when that is done."


@dataclass(frozen=True)
class Overlays:
    """Planned on the story's calendar. `staff` are the vendor's people by the name in their address."""

    story: Story
    staff: Mapping[str, Actor]
    partners: Sequence[DemoPartner]

    def plan(self) -> None:
        given, waiting, frozen = self.partners[4:7]
        self.story.at(self._moment(24), lambda at: self._give(given.pk, at))
        self.story.at(self._moment(12), lambda at: self._freeze(frozen.pk, at))
        self.story.at(self._moment(2), lambda at: self._ask(waiting.pk, PLATFORM, at))

    def _moment(self, workdays: int) -> datetime:
        return datetime.combine(self.story.workday_before_end(workdays), time(9, 40), UTC)

    def _give(self, partner_id: int, at: datetime) -> None:
        public_id = self._ask(partner_id, NEARLY, at)
        approve_override(public_id, answer="Agreed for half a year.", by=self.staff["chief"], at=at)

    def _ask(self, partner_id: int, reason: str, at: datetime) -> str:
        """For the level above the one that is held, or below the highest."""
        day = at.date()
        programme, held = held_level(partner_id, day)
        ranks = [level.rank for level in programme.levels]
        place = ranks.index(held.rank)
        level = programme.levels[place + 1 if place + 1 < len(ranks) else place - 1]
        asked = NewOverride(partner_id, level.code, reason, *_months(day, 6))
        return request_override(asked, by=self.staff["manager"], at=at).public_id

    def _freeze(self, partner_id: int, at: datetime) -> None:
        set_freeze(NewFreeze(partner_id, MERGER, *_months(at.date(), 3)), by=self.staff["manager"], at=at)


def _months(day: date, count: int) -> tuple[date, date]:
    return day, add_months(day, count)
