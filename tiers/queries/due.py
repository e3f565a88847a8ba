"""For whom a night's review can find something else than the one before did."""

from collections.abc import Iterable
from datetime import date

from tiers.choices.programmes import Window
from tiers.models import ProgrammeVersion
from tiers.models.programmes import in_force_on
from tiers.queries.programmes import programme_of
from tiers.queries.scores import rows
from tiers.rules.ladder import ONE_DAY, Measure, window_starts_on

# Something is new, the partner itself too; a demotion is due; a freeze is over; a credit enters or leaves a window, or
# ends.
_DUE = """
SELECT partner_id FROM tiers_duereview
UNION SELECT partner_id FROM tiers_demotionnotice WHERE outcome = 'open' AND effective_on <= %(tomorrow)s
UNION SELECT partner_id FROM tiers_freeze WHERE ends_on > %(since)s AND ends_on <= %(tomorrow)s
UNION SELECT credit.partner_id
      FROM unnest(%(metrics)s::text[], %(starts)s::date[], %(ends)s::date[]) AS moved(metric, starts_on, ends_on)
      JOIN tiers_metric metric ON metric.code = moved.metric
      JOIN tiers_scorecredit credit ON credit.metric_id = metric.id
           AND credit.valid_from >= moved.starts_on AND credit.valid_from < moved.ends_on
UNION SELECT credit.partner_id FROM tiers_metric metric
      JOIN tiers_scorecredit credit ON credit.metric_id = metric.id
           AND credit.valid_until > %(since)s AND credit.valid_until <= %(day)s
      WHERE metric.code = ANY(%(ending)s)
"""


def versions_in_force(day: date) -> list[int]:
    """The published versions, of all programmes, that are in force on the day."""
    found = ProgrammeVersion.objects.filter(in_force_on(day), published_at__isnull=False).order_by("pk")
    return list(found.values_list("pk", flat=True))


def partners_due(since: date, day: date, version_ids: Iterable[int]) -> set[int]:
    """Partners for whom a review of the day can differ from that of `since`, by the same versions. One statement.

    Some of them may not have changed after all, and some may be terminated; nobody else has changed.
    """
    programmes = [programme for each in version_ids if (programme := programme_of(each))]
    measures = {measure for programme in programmes for measure in programme.measures}
    moved = sorted({span for measure in measures for span in _moved(measure, since, day)})
    parameters = {
        "since": since,
        "day": day,
        "tomorrow": day + ONE_DAY,
        "metrics": [metric for metric, _, _ in moved],
        "starts": [starts_on for _, starts_on, _ in moved],
        "ends": [ends_on for _, _, ends_on in moved],
        "ending": sorted(metric for metric, window in measures if window == Window.VALID_ON_DAY),
    }
    return {row[0] for row in rows(_DUE, **parameters)}


def _moved(measure: Measure, since: date, day: date) -> list[tuple[str, date, date]]:
    """First days of credits of a metric, half-open, that the window sees on one of the two days only."""
    metric, window = measure
    entered = (metric, since + ONE_DAY, day + ONE_DAY)
    left = (metric, window_starts_on(window, since), window_starts_on(window, day))
    return [span for span in (entered, left) if span[1] < span[2]]
