"""The score book: crediting, reversing, and what can be credited."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from common.actor import Actor
from common.audit import record
from common.errors import NotFound
from common.period import Period
from common.verdict import refusal
from partners import rules as partner_rules
from tiers.choices.scores import METRICS
from tiers.models import Metric
from tiers.rules.credits import metric_is_sound, name_is_sound


@dataclass(frozen=True, slots=True)
class Source:
    """What a credit comes from. It counts once for ever: put the revision of a thing that can change into its key.

    `label` is what the partner reads; without one it reads kind and key. `holder`: the person it stands and falls with.
    """

    kind: str
    key: str
    label: str = ""
    holder: str = ""


@dataclass(frozen=True, slots=True)
class NewCredit:
    """An amount of a metric (money in the programme's currency, four decimals at most) that is valid for a period."""

    partner_id: int
    metric: str
    amount: Decimal
    period: Period
    source: Source


_GIVEN = """
unnest(%(partner)s::bigint[], %(metric)s::text[], %(amount)s::numeric(18,4)[], %(valid_from)s::date[],
       %(valid_until)s::date[], %(kind)s::text[], %(key)s::text[], %(label)s::text[], %(holder)s::text[])
    AS given(partner_id, metric, amount, valid_from, valid_until, kind, key, label, holder)
"""
_CREDIT = f"""
INSERT INTO tiers_scorecredit (partner_id, metric_id, amount, valid_from, valid_until, source_kind, source_key, label,
                               holder, recorded_at)
SELECT given.partner_id, metric.id, given.amount, given.valid_from, given.valid_until, given.kind, given.key,
       given.label, given.holder, %(at)s
FROM {_GIVEN} JOIN tiers_metric metric ON metric.code = given.metric
ORDER BY given.kind, given.key, given.partner_id, metric.id
ON CONFLICT (source_kind, source_key, partner_id, metric_id) WHERE reverses_id IS NULL DO NOTHING
"""  # noqa: S608 - the parts are ours
_CONTRADICTED = f"""
SELECT given.key, given.metric, reversal.id IS NOT NULL
FROM {_GIVEN} JOIN tiers_metric metric ON metric.code = given.metric
JOIN tiers_scorecredit credit ON credit.reverses_id IS NULL AND credit.source_kind = given.kind
     AND credit.source_key = given.key AND credit.partner_id = given.partner_id AND credit.metric_id = metric.id
LEFT JOIN tiers_scorecredit reversal ON reversal.reverses_id = credit.id
WHERE reversal.id IS NOT NULL OR credit.amount <> given.amount OR credit.valid_from <> given.valid_from
   OR credit.valid_until IS DISTINCT FROM given.valid_until
ORDER BY given.key, given.metric LIMIT 1
"""  # noqa: S608 - the parts are ours
_REVERSE = """
INSERT INTO tiers_scorecredit (partner_id, metric_id, amount, valid_from, valid_until, source_kind, source_key, label,
                               holder, reverses_id, recorded_at)
SELECT partner_id, metric_id, -amount, valid_from, valid_until, source_kind, source_key, label, holder, id, %(at)s
FROM tiers_scorecredit WHERE source_kind = %(kind)s AND source_key = ANY(%(keys)s) AND reverses_id IS NULL
ORDER BY id
ON CONFLICT (reverses_id) WHERE reverses_id IS NOT NULL DO NOTHING
"""


def credit_score(partner_id: int, *, metric: str, amount: Decimal, period: Period, source: Source, at: datetime) -> int:
    """Credit one amount; see `credit_scores`."""
    return credit_scores([NewCredit(partner_id, metric, amount, period, source)], at=at)


def credit_scores(credits: Sequence[NewCredit], *, at: datetime) -> int:
    """Write credits that the score book does not have yet, in one statement; returns how many were new.

    The same credit again changes nothing. Refuses all when a metric is unknown (``metric.unknown``), or a source was
    credited before with another amount or validity (``score.source_differs``) or was reversed
    (``score.source_reversed``).
    """
    if not credits:
        return 0
    with transaction.atomic():
        written = _execute(_CREDIT, **_columns(credits), at=at)
        if written < len(credits):
            added = ensure_metrics({credit.metric for credit in credits})
            written += _execute(_CREDIT, **_columns(credits), at=at) if added else 0
        if written < len(credits):
            _refuse_contradictions(credits)
    return written


def reverse_credits(source_kind: str, source_keys: Sequence[str], *, at: datetime) -> int:
    """Undo what these sources were credited, for every partner and metric; returns how many credits were undone.

    Each is undone once: asking again, or for an unknown source, changes nothing.
    """
    if not source_keys:
        return 0
    return _execute(_REVERSE, kind=source_kind, keys=list(source_keys), at=at)


def define_metric(code: str, *, name: str, unit: str, by: Actor, at: datetime) -> Metric:
    """Open the score book to a new metric. Refuses what is no code, name or unit, and a metric that exists."""
    partner_rules.may(by, "score.credit").or_refuse()
    metric_is_sound(code, name.strip(), unit).or_refuse()
    with transaction.atomic():
        metric, is_new = Metric.objects.get_or_create(code=code, defaults={"name": name.strip(), "unit": unit})
        if not is_new or code in METRICS:
            refusal("metric.exists", field="code", metric=code).or_refuse()
        record("metric.defined", on=metric, by=by, at=at, code=code, name=metric.name, unit=unit)
    return metric


def rename_metric(code: str, *, name: str, by: Actor, at: datetime) -> Metric:
    """Call a metric otherwise, everywhere and at once; its code stays. Refuses the program's own."""
    partner_rules.may(by, "score.credit").or_refuse()
    name_is_sound(name.strip()).or_refuse()
    with transaction.atomic():
        metric = Metric.objects.select_for_update().filter(code=code).first()
        if metric is None:
            raise NotFound(code)
        if code in METRICS:
            refusal("metric.built_in", field="name").or_refuse()
        before, metric.name = metric.name, name.strip()
        if before != metric.name:
            metric.save(update_fields=["name"])
            record("metric.renamed", on=metric, by=by, at=at, before=before, after=metric.name)
    return metric


def _columns(credits: Sequence[NewCredit]) -> dict[str, list[Any]]:
    return {
        "partner": [credit.partner_id for credit in credits],
        "metric": [credit.metric for credit in credits],
        "amount": [credit.amount for credit in credits],
        "valid_from": [credit.period.starts_on for credit in credits],
        "valid_until": [credit.period.ends_on for credit in credits],
        "kind": [credit.source.kind for credit in credits],
        "key": [credit.source.key for credit in credits],
        "label": [credit.source.label for credit in credits],
        "holder": [credit.source.holder for credit in credits],
    }


def _execute(sql: str, **parameters: Any) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def ensure_metrics(codes: Iterable[str]) -> bool:
    """Write missing rows of built-in metrics; refuses codes that nobody defined. True if any was missing."""
    wanted = set(codes)
    missing = wanted - set(Metric.objects.filter(code__in=wanted).values_list("code", flat=True))
    for code in sorted(missing - METRICS.keys()):
        refusal("metric.unknown", field="metric", metric=code).or_refuse()
    rows = [Metric(code=code, name=str(METRICS[code][0]), unit=METRICS[code][1]) for code in sorted(missing)]
    Metric.objects.bulk_create(rows, ignore_conflicts=True)
    return bool(missing)


def _refuse_contradictions(credits: Sequence[NewCredit]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_CONTRADICTED, _columns(credits))
        found = cursor.fetchone()
    if found:
        key, metric, was_reversed = found
        code = "score.source_reversed" if was_reversed else "score.source_differs"
        refusal(code, key=key, metric=metric).or_refuse()
