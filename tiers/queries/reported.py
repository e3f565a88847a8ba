"""What reported credits may name, and what was credited under their keys before."""

from collections.abc import Iterable
from datetime import date

from partners import queries as partner_queries
from tiers.choices.scores import METRICS, REPORTED
from tiers.models import Metric, ScoreCredit
from tiers.queries.scores import rows
from tiers.rules.credits import Booked, Known, Place

# The currency of the programme that a partner is enrolled in, else of the default one, in force on the day.
_CURRENCIES = """
SELECT wanted.id, version.currency
FROM unnest(%(partners)s::bigint[]) AS wanted(id)
LEFT JOIN tiers_standing standing ON standing.partner_id = wanted.id AND standing.ends_on IS NULL
LEFT JOIN tiers_level level ON level.id = standing.level_id
LEFT JOIN tiers_programmeversion enrolled ON enrolled.id = level.version_id
LEFT JOIN tiers_programme fallback ON fallback.is_default
JOIN tiers_programmeversion version ON version.programme_id = coalesce(enrolled.programme_id, fallback.id)
     AND version.published_at IS NOT NULL AND version.starts_on <= %(day)s
     AND (version.ends_on IS NULL OR version.ends_on > %(day)s)
"""


def known_for(places: Iterable[Place], *, day: date) -> Known:
    """Everything that rows at these places may name, on the day. Four statements."""
    listed = list(places)
    partners = partner_queries.partner_ids_by_public_id({partner for _, partner, _ in listed})
    return Known(
        partners=partners,
        units=_units({metric for _, _, metric in listed}),
        currencies=programme_currencies(partners.values(), day=day),
        booked=_booked({key for key, _, _ in listed}),
    )


def programme_currencies(partner_ids: Iterable[int], *, day: date) -> dict[int, str]:
    """In which currency the score book of each partner is kept; none without a programme in force. One statement."""
    return dict(rows(_CURRENCIES, partners=sorted(set(partner_ids)), day=day))


def _units(codes: set[str]) -> dict[str, str]:
    """Of the metrics that there are, also those that are built in and were never credited."""
    built_in = {code: unit.value for code, (_, unit) in METRICS.items() if code in codes}
    return built_in | dict(Metric.objects.filter(code__in=codes).values_list("code", "unit"))


def _booked(keys: set[str]) -> dict[Place, Booked]:
    found = ScoreCredit.objects.filter(source_kind=REPORTED, source_key__in=keys, reverses=None)
    columns = found.values_list(
        *("source_key", "partner__public_id", "metric__code"),
        *("amount", "valid_from", "valid_until", "label", "holder", "reversals__id"),
    )
    return {
        (key, partner, metric): Booked(amount, starts_on, ends_on, label, holder, reversal is not None)
        for key, partner, metric, amount, starts_on, ends_on, label, holder, reversal in columns
    }
