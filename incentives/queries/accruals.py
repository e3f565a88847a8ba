"""What a recalculation looks at: plans, sales, levels and what is held, for many partners at once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from common.period import Period, period_of
from crm import queries as crm_queries
from incentives.models import Accrual
from incentives.queries.plans import promises_on
from incentives.rules.plans import depends_on_tier, looks_back_to, tier_day
from incentives.rules.postings import AccrualKey, Held, VolumePart
from incentives.rules.targets import Facts, Level, Promise
from partners import queries as partner_queries
from tiers.queries.terms import terms_for_many


def facts_for(partner_ids: Sequence[int], *, day: date) -> Facts:
    """Everything that decides these partners' accruals as of the day.

    The number of statements does not depend on how many partners there are: one each for plans, bands, types, sales and
    accruals held, and one for the levels on the deciding day of each period that has sales.
    """
    promises = promises_on(day)
    since = min((looks_back_to(promise.terms, day=day) for promise in promises), default=day)
    volumes = volume_parts(partner_ids, Period(since, day + timedelta(days=1))) if promises else {}
    profiles = partner_queries.partner_profiles(partner_ids)
    return Facts(
        day=day,
        promises=promises,
        types={partner_id: profiles[partner_id].types for partner_id in sorted(profiles)},
        volumes=volumes,
        levels=_levels(promises, volumes, day),
        held=held_accruals(partner_ids, since=since),
    )


def volume_parts(partner_ids: Iterable[int], period: Period) -> dict[int, list[VolumePart]]:
    """What each partner sold in the period, by month, product family and kind; one statement."""
    parts: dict[int, list[VolumePart]] = {}
    for total in crm_queries.partner_month_totals(partner_ids, period):
        part = VolumePart(
            month_starts_on=total.month_starts_on,
            family_code=total.family_code,
            kind=total.kind,
            amount=total.base_amount,
            line_count=total.line_count,
            digest=total.digest,
        )
        parts.setdefault(total.partner_id, []).append(part)
    return parts


def _levels(
    promises: Sequence[Promise], volumes: Mapping[int, Sequence[VolumePart]], day: date
) -> dict[tuple[int, date], Level]:
    """The levels of the partners that sold, on the days that decide; one statement for each such day."""
    months = {part.month_starts_on for parts in volumes.values() for part in parts}
    measurements = {promise.terms.measurement for promise in promises if depends_on_tier(promise.terms)}
    days = {tier_day(period_of(month, measurement), day=day) for month in months for measurement in measurements}
    return {
        (partner_id, tested_on): Level(terms.level_code, terms.level_name, terms.rebate_multiplier)
        for tested_on in sorted(days)
        for partner_id, terms in terms_for_many(volumes, day=tested_on).items()
    }


def held_accruals(partner_ids: Iterable[int], *, since: date) -> dict[AccrualKey, Held]:
    """What these partners' accruals of periods since the day are now; one statement."""
    rows = Accrual.objects.filter(partner_id__in=partner_ids, period_starts_on__gte=since)
    return {
        AccrualKey(partner_id, version_id, starts_on): Held(Period(starts_on, ends_on), *rest)
        for partner_id, version_id, starts_on, ends_on, *rest in rows.values_list(
            *("partner_id", "plan_version_id", "period_starts_on", "period_ends_on"),
            *("computed_on", "volume", "amount", "posting_count", "inputs_hash", "steps"),
        )
    }
