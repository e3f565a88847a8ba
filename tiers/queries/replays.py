"""Computing the past again from the score book and the published versions, beside what is stored of it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from common.period import Period
from tiers.models import Review, Standing
from tiers.queries.credits_of import credits_of, frozen_times_of, held_by, notices_of, versions_of
from tiers.queries.nights import nights_of
from tiers.rules.book import Credit
from tiers.rules.course import Course, Held, InForce, Night, Reached, Start, course, programme_in_force
from tiers.rules.ladder import ONE_DAY
from tiers.rules.replay import Difference, History, differences

_FIRST = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Replayed:
    """A partner whose past was computed again by so many reviews."""

    partner_id: int
    nights: int
    differences: list[Difference]


def enrolled(partner_ids: Collection[int] | None = None) -> dict[int, list[int]]:
    """Who has a history, by programme; of everybody when no partners are named."""
    standings = Standing.objects.filter(ends_on=None)
    if partner_ids is not None:
        standings = standings.filter(partner_id__in=partner_ids)
    found: dict[int, list[int]] = {}
    for programme_id, partner_id in standings.order_by("partner_id").values_list(
        "level__version__programme_id", "partner_id"
    ):
        found.setdefault(programme_id, []).append(partner_id)
    return found


def replay(partner_ids: Collection[int], programme_id: int, *, until: date) -> Iterator[Replayed]:
    """Compute what every review before `until` decided, knowing what it knew then; a fixed number of statements.

    Everybody begins at the entry level of the version that was in force on the first day, as enrolling lets them. What
    was recorded while a night was at work may have been seen or not: either is proof.
    """
    first = list(_replay(partner_ids, programme_id, until=until, as_worked=False))
    differing = {each.partner_id for each in first if each.differences}
    late = _replay(sorted(differing), programme_id, until=until, as_worked=True) if differing else ()
    second = {each.partner_id: each for each in late}
    for each in first:
        again = second.get(each.partner_id, each)
        yield again if not again.differences else each


def _replay(partner_ids: Collection[int], programme_id: int, *, until: date, as_worked: bool) -> Iterator[Replayed]:
    versions = versions_of(programme_id)
    metrics = {metric for version in versions for metric, _window in version.programme.measures}
    credits = credits_of(partner_ids, metrics=metrics, before=until)
    held = held_by(partner_ids, programme_id, until=until + ONE_DAY)
    notices, frozen = notices_of(partner_ids), frozen_times_of(partner_ids)
    reviews = _reviews_of(partner_ids)
    nights = nights_of(partner_ids, since=_FIRST, until=until, as_worked=as_worked)
    for partner_id in partner_ids:
        stored = History(held.get(partner_id, ()), notices.get(partner_id, ()), reviews.get(partner_id, ()))
        first = stored.held[0]
        began = stored.reviews[0].day if stored.reviews else first.starts_on
        own = [night for night in nights[partner_id] if night.day >= min(first.starts_on, began)]
        again = _again(credits.get(partner_id, ()), versions, first, own, frozen.get(partner_id, ()), until)
        yield Replayed(partner_id, len(own), differences(stored, again))


def _again(
    credits: Collection[Credit],
    versions: Collection[InForce],
    first: Held,
    nights: Collection[Night],
    frozen: Collection[Period],
    until: date,
) -> Course:
    programme = programme_in_force(versions, first.starts_on)
    if programme is None:
        raise ValueError(f"no version was in force on {first.starts_on}, when a standing began")
    start = Start(first.starts_on, programme.entry.code, programme.entry.rank)
    end = until + ONE_DAY  # what the last night decided begins on `until`
    return course(credits, list(versions), start=start, until=end, frozen=list(frozen), nights=list(nights))


def _reviews_of(partner_ids: Collection[int]) -> dict[int, list[Reached]]:
    found: dict[int, list[Reached]] = {}
    reviews = Review.objects.filter(partner_id__in=partner_ids).order_by("partner_id", "business_date")
    for partner_id, day, code, number in reviews.values_list(
        "partner_id", "business_date", "level__code", "version__number"
    ):
        found.setdefault(partner_id, []).append(Reached(day, code, number))
    return found
