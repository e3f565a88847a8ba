"""Which rung of the programme in force a stored level is: standings name levels of the version they began with."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from tiers.models import Level
from tiers.queries.programmes import programme_on
from tiers.rules import ladder


@dataclass(frozen=True, slots=True)
class Rungs:
    """The programmes in force on a day, and which of their levels every stored level is. False if there are none."""

    programmes: Mapping[int, ladder.Programme]
    level_by_id: Mapping[int, ladder.Level]
    programme_by_level: Mapping[int, ladder.Programme]

    def __bool__(self) -> bool:
        return bool(self.programmes)

    @property
    def level_ids(self) -> list[int]:
        return sorted(self.level_by_id)

    @property
    def ranks(self) -> list[int]:
        """Of `level_ids`, in their order."""
        return [self.level_by_id[level_id].rank for level_id in self.level_ids]

    @property
    def levels(self) -> list[ladder.Level]:
        """Each level once by its code, lowest first."""
        found = {level.code: level for programme in self.programmes.values() for level in programme.levels}
        return sorted(found.values(), key=lambda level: (level.rank, level.code))

    @property
    def measures(self) -> frozenset[ladder.Measure]:
        return frozenset().union(*(programme.measures for programme in self.programmes.values()))

    def ids_of(self, codes: Iterable[str]) -> list[int]:
        """The stored levels that are one of these levels on the day."""
        wanted = set(codes)
        return [level_id for level_id in self.level_ids if self.level_by_id[level_id].code in wanted]


def rungs_on(day: date) -> Rungs:
    """One statement, and two for each programme."""
    stored = Level.objects.filter(version__published_at__isnull=False).order_by("pk")
    rows = list(stored.values_list("pk", "version__programme_id", "code", "rank"))
    programmes = {}
    for programme_id in sorted({row[1] for row in rows}):
        programme = programme_on(day, programme_id)
        if programme is not None:
            programmes[programme_id] = programme
    known = [row for row in rows if row[1] in programmes]
    return Rungs(
        programmes,
        {
            pk: programmes[number].level_of_rank(programmes[number].rank_of(code, rank))
            for pk, number, code, rank in known
        },
        {pk: programmes[number] for pk, number, _code, _rank in known},
    )
