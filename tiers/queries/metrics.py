"""Metrics: what can be credited, how often it was, and what asks for it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from common.actor import Actor
from common.errors import NotFound
from partners import rules as partner_rules
from tiers.choices.programmes import Aggregation, Window
from tiers.choices.scores import METRICS, MetricUnit
from tiers.models import Metric, Requirement
from tiers.queries.score_book import metric_name
from tiers.queries.scores import rows

MANY = 10_000  # how far is counted

# Counted along the index, as far as a person wants to know.
_COUNTS = """
SELECT metric.id, (SELECT count(*) FROM (SELECT 1 FROM tiers_scorecredit credit WHERE credit.metric_id = metric.id
                                         LIMIT %(many)s) AS counted)
FROM tiers_metric metric
"""


@dataclass(frozen=True, slots=True)
class MetricUse:
    """A requirement that asks for a metric, of a published version that is in force or announced."""

    programme_name: str
    version_number: int
    level_name: str
    window: Window
    aggregation: Aggregation
    threshold: Decimal
    currency: str  # empty unless it is money


@dataclass(frozen=True, slots=True)
class MetricRow:
    """A metric as pages show it; `credit_count` stops at `MANY`."""

    code: str
    name: str
    unit: str
    is_built_in: bool
    credit_count: int
    uses: list[MetricUse]

    @property
    def unit_label(self) -> Any:
        return MetricUnit(self.unit).label

    @property
    def has_many(self) -> bool:
        return self.credit_count >= MANY


def metrics_visible_to(actor: Actor) -> QuerySet[Metric]:
    """All for whoever may read the score book."""
    return Metric.objects.all() if partner_rules.may(actor, "score.view") else Metric.objects.none()


def metric_list(actor: Actor, *, day: date) -> list[MetricRow]:
    """Every metric by name, the program's own also before they are credited. Three statements."""
    if not partner_rules.may(actor, "score.view"):
        return []
    stored = {metric.code: metric for metric in metrics_visible_to(actor)}
    counts = dict(rows(_COUNTS, many=MANY))
    uses = _uses(day)
    missing = [Metric(code=code, name=str(name), unit=unit) for code, (name, unit) in METRICS.items()]
    listed = [*stored.values(), *(metric for metric in missing if metric.code not in stored)]
    found = [_row(metric, counts.get(metric.pk, 0), uses.get(metric.code, [])) for metric in listed]
    return sorted(found, key=lambda row: (row.name.casefold(), row.code))


def find_metric(actor: Actor, code: str) -> Metric:
    """`NotFound` for whoever may not read the book; also one of the program's own that was never credited."""
    metric = metrics_visible_to(actor).filter(code=code).first()
    if metric is None:
        raise NotFound(code)
    return metric


def metric_choices() -> list[tuple[str, str]]:
    """Codes and names of what was ever defined, by name. One statement."""
    found = [(metric.code, metric_name(metric)) for metric in Metric.objects.all()]
    return sorted(found, key=lambda pair: pair[1].casefold())


def _row(metric: Metric, credit_count: int, uses: list[MetricUse]) -> MetricRow:
    is_built_in = metric.code in METRICS
    return MetricRow(metric.code, metric_name(metric), metric.unit, is_built_in, credit_count, uses)


def _uses(day: date) -> dict[str, list[MetricUse]]:
    """By code: what asks for it on the day or later."""
    version = "path__level__version"
    live = Q(**{f"{version}__ends_on": None}) | Q(**{f"{version}__ends_on__gt": day})
    asked = Requirement.objects.filter(live, **{f"{version}__published_at__isnull": False})
    found: dict[str, list[MetricUse]] = {}
    ordered = asked.select_related("metric", f"{version}__programme").order_by(
        *("path__level__version__programme__name", "path__level__version__number", "path__level__rank", "threshold")
    )
    for row in ordered:
        level = row.path.level
        use = MetricUse(
            programme_name=level.version.programme.name,
            version_number=level.version.number,
            level_name=level.name,
            window=Window(row.window),
            aggregation=Aggregation(row.aggregation),
            threshold=row.threshold,
            currency=level.version.currency if row.metric.unit == MetricUnit.MONEY else "",
        )
        found.setdefault(row.metric.code, []).append(use)
    return found
