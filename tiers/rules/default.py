"""The programme that an installation starts with. The vendor publishes versions of its own after it."""

from decimal import Decimal

from common.period import Measurement
from tiers.choices.programmes import SupportLevel, Window
from tiers.rules.ladder import Level, Path, Programme, Requirement, Terms

NOTICE_DAYS = 90
DEMOTION_PERIOD: Measurement = "year"
CURRENCY = "EUR"

# code, name, protection days, deal discount, rebate multiplier, MDF accrual, lead priority, support
_Benefits = tuple[str, str, int, str, str, str, int, SupportLevel]
_BENEFITS: tuple[_Benefits, ...] = (
    ("bronze", "Bronze", 60, "0.03", "1.0", "0.00", 0, SupportLevel.STANDARD),
    ("silver", "Silver", 90, "0.06", "1.1", "0.01", 1, SupportLevel.STANDARD),
    ("gold", "Gold", 120, "0.09", "1.25", "0.02", 2, SupportLevel.PRIORITY),
    ("platinum", "Platinum", 150, "0.12", "1.5", "0.03", 3, SupportLevel.PREMIUM),
)
# By level, its paths: revenue and new customers of the last twelve months, people certified today. Zero asks nothing.
_PATHS = (
    ((0, 0, 1),),
    ((100_000, 2, 3), (40_000, 2, 4)),
    ((500_000, 5, 7), (200_000, 5, 10)),
    ((1_500_000, 12, 14), (600_000, 12, 20)),
)
_MEASURES = (
    ("channel_revenue", Window.TRAILING_12_MONTHS),
    ("new_customers", Window.TRAILING_12_MONTHS),
    ("certified_people", Window.VALID_ON_DAY),
)


def default_programme(number: int = 1) -> Programme:
    """Bronze, Silver, Gold and Platinum; the second path asks for less revenue and more certified people."""
    ranked = enumerate(zip(_BENEFITS, _PATHS, strict=True), start=1)
    levels = tuple(_level(rank, number, benefits, paths) for rank, (benefits, paths) in ranked)
    return Programme(number, levels, NOTICE_DAYS, DEMOTION_PERIOD, currency=CURRENCY)


def _level(rank: int, number: int, benefits: _Benefits, paths: tuple[tuple[int, ...], ...]) -> Level:
    code, name, protection_days, discount, multiplier, mdf_rate, lead_priority, support_level = benefits
    terms = Terms(
        level_code=code,
        level_name=name,
        rank=rank,
        protection_days=protection_days,
        deal_discount=Decimal(discount),
        rebate_multiplier=Decimal(multiplier),
        mdf_rate=Decimal(mdf_rate),
        programme_version=number,
        lead_priority=lead_priority,
        support_level=support_level.value,
    )
    return Level(rank, code, name, tuple(_path(place, path) for place, path in enumerate(paths, start=1)), terms=terms)


def _path(number: int, thresholds: tuple[int, ...]) -> Path:
    asked = zip(_MEASURES, thresholds, strict=True)
    return Path(number, tuple(Requirement(*measure, Decimal(value)) for measure, value in asked if value))
