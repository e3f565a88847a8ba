"""A programme in words: levels, paths and benefits as partners read them, and what differs between two."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal, format_percent
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.writing import reader_locale, written_amount
from tiers.choices.programmes import BENEFIT_LABELS, WINDOW_WORDS, Aggregation, PeriodLength, Revision, SupportLevel
from tiers.choices.scores import METRICS, MetricUnit
from tiers.models import Metric
from tiers.queries.programmes import programme_on
from tiers.queries.scores import scores_on
from tiers.queries.terms import terms_for
from tiers.rules import ladder
from tiers.rules.programme_changes import BENEFITS, Difference, differences


@dataclass(frozen=True, slots=True)
class PathInWords:
    number: int
    asks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LevelInWords:
    code: str
    name: str
    terms: ladder.Terms
    support: str
    paths: tuple[PathInWords, ...]


@dataclass(frozen=True, slots=True)
class ProgrammeInWords:
    levels: tuple[LevelInWords, ...]
    demotion: str


@dataclass(frozen=True, slots=True)
class DifferenceInWords:
    """`level` is its code, empty for the whole programme."""

    kind: Revision
    level: str
    about: str
    before: str
    after: str


def with_names(programme: ladder.Programme) -> ladder.Programme:
    """The programme with its metrics' names and units, as a stored version has them."""
    metrics = {code: (name, unit) for code, name, unit in Metric.objects.values_list("code", "name", "unit")}
    known = {**metrics, **{code: (str(name), unit.value) for code, (name, unit) in METRICS.items()}}

    def named(asked: ladder.Requirement) -> ladder.Requirement:
        name, unit = known.get(asked.metric, (asked.metric, MetricUnit.NUMBER.value))
        return replace(asked, name=name, unit=unit)

    return replace(
        programme,
        levels=tuple(
            replace(
                level,
                paths=tuple(replace(path, requirements=tuple(map(named, path.requirements))) for path in level.paths),
            )
            for level in programme.levels
        ),
    )


def in_words(programme: ladder.Programme) -> ProgrammeInWords:
    """Of a programme whose metrics have names."""
    levels = []
    for level in programme.levels:
        assert level.terms is not None
        asks = (
            PathInWords(
                path.number, tuple(requirement_in_words(asked, programme.currency) for asked in path.requirements)
            )
            for path in level.paths
        )
        support = str(SupportLevel(level.terms.support_level).label)
        levels.append(LevelInWords(level.code, level.name, level.terms, support, tuple(asks)))
    return ProgrammeInWords(tuple(levels), demotion_in_words(programme))


def demotion_in_words(programme: ladder.Programme) -> str:
    period = {
        PeriodLength.MONTH: _("at the end of a month"),
        PeriodLength.QUARTER: _("at the end of a quarter"),
        PeriodLength.YEAR: _("at the end of a year"),
    }[PeriodLength(programme.demotion_period)]
    days = _days(programme.notice_days)
    return _("A level is lost only %(period)s, and only after a notice of %(days)s.") % {"period": period, "days": days}


def requirement_in_words(asked: ladder.Requirement, currency: str) -> str:
    """``Channel revenue: at least €100,000 in the last 12 months``."""
    words = {
        "metric": asked.name or asked.metric,
        "value": _value(asked, currency),
        "window": WINDOW_WORDS[asked.window],
        "samples": _number(asked.minimum_samples),
    }
    match asked.aggregation:
        case Aggregation.COUNT:
            said = _("%(metric)s: at least %(value)s entries %(window)s")
        case Aggregation.AVERAGE:
            said = _("%(metric)s: on average at least %(value)s %(window)s")
        case Aggregation.LATEST:
            said = _("%(metric)s: at least %(value)s the last time %(window)s")
        case _:
            said = _("%(metric)s: at least %(value)s %(window)s")
    if asked.minimum_samples and asked.aggregation != Aggregation.COUNT:
        counted = ngettext("from %(samples)s entry", "from at least %(samples)s entries", asked.minimum_samples)
        return f"{said % words}, {counted % words}"
    return said % words


def _value(asked: ladder.Requirement, currency: str) -> str:
    if asked.unit == MetricUnit.MONEY and asked.aggregation != Aggregation.COUNT:
        whole = asked.threshold == asked.threshold.to_integral_value()
        return written_amount(asked.threshold, currency, whole=whole)
    return _number(asked.threshold)


def _number(value: Decimal | int) -> str:
    return str(format_decimal(value, locale=reader_locale()))


def _percent(value: Decimal) -> str:
    return str(format_percent(value, "#,##0.##%", locale=reader_locale()))


def _days(count: int) -> str:
    return ngettext("%(days)s day", "%(days)s days", count) % {"days": _number(count)}


def differences_in_words(before: ladder.Programme, after: ladder.Programme) -> list[DifferenceInWords]:
    """What the second one says otherwise. Both with their metrics' names."""
    names = {level.code: level.name for programme in (before, after) for level in programme.levels}
    return [_in_words(found, names, after.currency) for found in differences(before, after)]


def _in_words(found: Difference, names: dict[str, str], currency: str) -> DifferenceInWords:
    before, after = (_said(found.about, value, currency) for value in (found.before, found.after))
    return DifferenceInWords(found.kind, found.level, _about(found, names.get(found.level, "")), before, after)


def _about(found: Difference, level: str) -> str:
    match found.about:
        case "level":
            return level
        case "rank":
            return _("%(level)s: place, counted from the entry level") % {"level": level}
        case "name":
            return _("%(level)s: name") % {"level": level}
        case "path" | "requirement":
            return _("%(level)s, path %(number)s") % {"level": level, "number": found.path}
        case "notice_days":
            return _("Notice before a level is lost")
        case "demotion_period":
            return _("A level is lost at the end of a")
    return _("%(level)s: %(benefit)s") % {"level": level, "benefit": BENEFIT_LABELS[found.about]}


def _said(about: str, value: Any, currency: str) -> str:
    if value is None:
        return ""
    match about:
        case "level":
            return _level_in_words(value, currency)
        case "path":
            return "; ".join(requirement_in_words(asked, currency) for asked in value.requirements) or _("nothing")
        case "requirement":
            return requirement_in_words(value, currency)
        case "demotion_period":
            return str(PeriodLength(value).label)
        case "protection_days" | "notice_days":
            return _days(value)
        case "deal_discount" | "mdf_rate":
            return _percent(value)
        case "support_level":
            return str(SupportLevel(value).label)
        case "rebate_multiplier" | "lead_priority" | "rank":
            return _number(value)
    return str(value)


def _level_in_words(level: ladder.Level, currency: str) -> str:
    given = "; ".join(
        f"{BENEFIT_LABELS[name]}: {_said(name, getattr(level.terms, name), currency)}" for name in BENEFITS
    )
    ways = [_said("path", path, currency) for path in level.paths]
    return ". ".join([given, *ways])


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a coming programme means for one partner: its level there, what differs for it, and where it would stand.

    `level` is the level held now. `becomes` is what it is called then; another name or level where it is gone.
    `reached` is the level that today's score book would give; `is_lower`: below the one held.
    """

    level: str
    becomes: str
    is_gone: bool
    reached: str
    is_lower: bool
    differences: list[DifferenceInWords]


def meaning_for(partner_id: int, coming: ladder.Programme, *, day: date) -> Meaning | None:
    """None while no programme is in force. `coming` with its metrics' names."""
    current = programme_on(day)
    if current is None:
        return None
    terms = terms_for(partner_id, day=day)
    rank = coming.rank_of(terms.level_code, otherwise=terms.rank)
    held = coming.level_of_rank(rank)
    tallies = scores_on([partner_id], day=day, measures=coming.measures).get(partner_id, {})
    reached = ladder.tier_for(tallies, coming).level
    concerned = {terms.level_code, ""}
    return Meaning(
        level=terms.level_name,
        becomes=held.name,
        is_gone=held.code != terms.level_code,
        reached=reached.name,
        is_lower=reached.rank < rank,
        differences=_concerning(differences_in_words(current, coming), concerned),
    )


def _concerning(found: Iterable[DifferenceInWords], levels: set[str]) -> list[DifferenceInWords]:
    return [each for each in found if each.level in levels]
