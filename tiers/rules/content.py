"""A programme as JSON values: what a draft keeps, and what its editor reads and writes."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

import msgspec

from common.period import Measurement
from tiers.choices.programmes import Aggregation, SupportLevel, Window
from tiers.rules.ladder import Level, Path, Programme, Requirement, Terms


class RequirementContent(msgspec.Struct, frozen=True):
    metric: str
    window: Window
    threshold: Decimal
    aggregation: Aggregation = Aggregation.SUM
    minimum_samples: int = 0


class PathContent(msgspec.Struct, frozen=True):
    requirements: tuple[RequirementContent, ...]


class LevelContent(msgspec.Struct, frozen=True):
    """Rates are shares: 0.03 is 3 %."""

    code: str
    name: str
    protection_days: int
    deal_discount: Decimal
    rebate_multiplier: Decimal
    mdf_rate: Decimal
    lead_priority: int
    support_level: SupportLevel
    paths: tuple[PathContent, ...]


class ProgrammeContent(msgspec.Struct, frozen=True):
    """Levels from the entry level upwards; `currency` is that of money thresholds.

    `benefits_may_fall`: whoever wrote it means that a higher level gives less of something.
    """

    levels: tuple[LevelContent, ...]
    notice_days: int
    demotion_period: Measurement
    currency: str
    benefits_may_fall: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """All that a draft says: `starts_on` is the first day that is wished for, `words` is what partners are told."""

    name: str
    content: ProgrammeContent
    starts_on: date | None = None
    words: str = ""


def fingerprint(proposal: Proposal) -> str:
    """Equal for equal proposals: whoever saves or publishes says by it what was read."""
    said = [proposal.name, stored_content(proposal.content), proposal.starts_on, proposal.words]
    return sha256(msgspec.json.encode(said, order="deterministic")).hexdigest()[:20]


def read_content(stored: Any) -> ProgrammeContent:
    """Of JSON values. Raises `msgspec.ValidationError` for anything else than what `stored_content` makes."""
    return msgspec.convert(stored, ProgrammeContent, strict=False)


def stored_content(content: ProgrammeContent) -> Any:
    """As JSON values; numbers with decimals are texts."""
    return msgspec.to_builtins(content)


def content_of(programme: Programme) -> ProgrammeContent:
    """What a draft begins with: the programme as it is."""
    return ProgrammeContent(
        levels=tuple(_content_of(level) for level in programme.levels),
        notice_days=programme.notice_days,
        demotion_period=programme.demotion_period,
        currency=programme.currency,
    )


def _content_of(level: Level) -> LevelContent:
    assert level.terms is not None
    return LevelContent(
        code=level.code,
        name=level.name,
        protection_days=level.terms.protection_days,
        deal_discount=level.terms.deal_discount,
        rebate_multiplier=level.terms.rebate_multiplier,
        mdf_rate=level.terms.mdf_rate,
        lead_priority=level.terms.lead_priority,
        support_level=SupportLevel(level.terms.support_level),
        paths=tuple(
            PathContent(tuple(_asked(requirement) for requirement in path.requirements)) for path in level.paths
        ),
    )


def _asked(requirement: Requirement) -> RequirementContent:
    return RequirementContent(
        requirement.metric,
        requirement.window,
        requirement.threshold,
        requirement.aggregation,
        requirement.minimum_samples,
    )


def programme_from(content: ProgrammeContent, *, number: int) -> Programme:
    """The programme that this content describes, as version `number`. Its levels have no keys: nothing is stored."""
    return Programme(
        number=number,
        levels=tuple(_level_from(rank, number, level) for rank, level in enumerate(content.levels, start=1)),
        notice_days=content.notice_days,
        demotion_period=content.demotion_period,
        currency=content.currency,
    )


def _level_from(rank: int, number: int, level: LevelContent) -> Level:
    terms = Terms(
        level_code=level.code,
        level_name=level.name,
        rank=rank,
        protection_days=level.protection_days,
        deal_discount=level.deal_discount,
        rebate_multiplier=level.rebate_multiplier,
        mdf_rate=level.mdf_rate,
        programme_version=number,
        lead_priority=level.lead_priority,
        support_level=level.support_level.value,
    )
    paths = tuple(
        Path(place, tuple(_requirement_from(asked) for asked in path.requirements))
        for place, path in enumerate(level.paths, start=1)
    )
    return Level(rank, level.code, level.name, paths, terms=terms)


def _requirement_from(asked: RequirementContent) -> Requirement:
    return Requirement(asked.metric, asked.window, asked.threshold, asked.aggregation, asked.minimum_samples)
