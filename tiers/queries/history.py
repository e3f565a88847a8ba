"""What happened to a partner's standing, as a timeline."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from common.writing import written_day
from tiers.choices.standings import NoticeOutcome, OverrideStatus
from tiers.models import DemotionNotice, Freeze, Override, ProgrammeVersion, Standing
from tiers.rules.ladder import ONE_DAY


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    at: date
    title: str
    colour: str
    icon: str
    text: str = ""


def history_of(
    standings: Sequence[Standing],
    notices: Iterable[DemotionNotice],
    *,
    partner_id: int,
    day: date,
    known_at: datetime | None = None,
) -> list[HistoryEntry]:
    """What happened until the day, newest first; says nothing of why an override or a freeze was agreed.

    The standings and notices are those until the day, the oldest first. Three statements.
    """
    begun = (Q(decided_at__lte=known_at) if known_at else Q()) & Q(partner_id=partner_id, starts_on__lte=day)
    overrides = Override.objects.filter(begun, status=OverrideStatus.APPROVED).select_related("level")
    set_by_then = Q(set_at__lte=known_at) if known_at else Q()
    freezes = Freeze.objects.filter(set_by_then, partner_id=partner_id, starts_on__lte=day)
    entries = [
        *_of_versions(standings, day),
        *_of_standings(standings),
        *_of_notices(notices, day),
        *_of_overrides(overrides, day),
        *_of_freezes(freezes, day),
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _of_standings(standings: Iterable[Standing]) -> Iterator[HistoryEntry]:
    before = 0
    for row in standings:
        rank = row.level.rank
        title = _("%(level)s began") if not before else _("Rose to %(level)s")
        if rank < before:
            title = _("Fell to %(level)s")
        icon = "arrow-down" if rank < before else "medal"
        yield HistoryEntry(row.starts_on, title % {"level": row.level.name}, row.level.code, icon)
        before = rank


def _of_notices(notices: Iterable[DemotionNotice], day: date) -> Iterator[HistoryEntry]:
    for notice in notices:
        level = {"level": notice.level.name}
        yield HistoryEntry(notice.given_on, _("Demotion to %(level)s announced") % level, "orange", "alert-triangle")
        if notice.outcome == NoticeOutcome.CANCELLED and notice.closed_on and notice.closed_on <= day:
            title = _("Demotion to %(level)s cancelled") % level
            yield HistoryEntry(notice.closed_on, title, "green", "circle-check")


def _of_overrides(overrides: Iterable[Override], day: date) -> Iterator[HistoryEntry]:
    for row in overrides:
        if row.starts_on == row.ends_on:
            continue  # taken back before it began
        level, last = {"level": row.level.name}, {"day": written_day(row.ends_on - ONE_DAY)}
        title = _("%(level)s given for a time") % level
        yield HistoryEntry(row.starts_on, title, "purple", "award", _("Until %(day)s, whatever the scores say.") % last)
        if row.ends_on <= day:
            yield HistoryEntry(row.ends_on, _("%(level)s is no longer given") % level, "secondary", "award")


def _of_freezes(freezes: Iterable[Freeze], day: date) -> Iterator[HistoryEntry]:
    for row in freezes:
        if row.starts_on == row.ends_on:
            continue
        last = {"day": written_day(row.ends_on - ONE_DAY)}
        text = _("Until %(day)s it neither rises nor falls.") % last
        yield HistoryEntry(row.starts_on, _("The level was frozen"), "azure", "lock", text)
        if row.ends_on <= day:
            yield HistoryEntry(row.ends_on, _("The level is no longer frozen"), "secondary", "lock")


def _of_versions(standings: Sequence[Standing], day: date) -> Iterator[HistoryEntry]:
    """Versions of the programme that began while the partner was in it."""
    if not standings:
        return
    first = standings[0]
    versions = ProgrammeVersion.objects.filter(
        programme_id=first.level.version.programme_id,
        published_at__isnull=False,
        starts_on__gt=first.starts_on,
        starts_on__lte=day,
    )
    for starts_on, number, words in versions.values_list("starts_on", "number", "words"):
        title = _("Version %(number)s of the programme began") % {"number": number}
        yield HistoryEntry(starts_on, title, "blue", "file-text", words)
