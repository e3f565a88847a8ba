"""The programme page: what is in force on a day, what comes and what it means for the reader, and every version."""

from dataclasses import dataclass
from datetime import date

from common.actor import Actor
from partners import queries as partner_queries
from tiers.models import ProgrammeDraft, ProgrammeVersion
from tiers.queries.drafts import proposal_of
from tiers.queries.overrides import day_of
from tiers.queries.programme_words import (
    DifferenceInWords,
    Meaning,
    ProgrammeInWords,
    differences_in_words,
    in_words,
    meaning_for,
    with_names,
)
from tiers.queries.programmes import Version, programme_of, programme_on, published_versions, versions_for
from tiers.queries.terms import terms_for
from tiers.rules.content import programme_from


@dataclass(frozen=True, slots=True)
class Coming:
    """A version that is announced. `meaning`: for the reader's own partner, None for the vendor's people."""

    version: ProgrammeVersion
    words: ProgrammeInWords
    differences: list[DifferenceInWords]
    meaning: Meaning | None


@dataclass(frozen=True, slots=True)
class ProgrammePage:
    """`version` and `words` are None on a day without a programme; `level` is the reader's own on the day."""

    version: ProgrammeVersion | None
    words: ProgrammeInWords | None
    coming: list[Coming]
    versions: list[Version]
    level: str


def programme_page_for(actor: Actor, *, day: date, today: date) -> ProgrammePage:
    """As of the day: what was announced later is not told yet. The list of versions is that of today."""
    current = programme_on(day)
    partner = partner_queries.home_partner_of(actor)
    version = published_versions(actor).filter(pk=current.version_id).first() if current else None
    announced = [
        row
        for row in published_versions(actor).filter(starts_on__gt=day).order_by("starts_on")
        if row.published_at is not None and day_of(row.published_at) <= day
    ]
    coming = []
    for row in announced:
        programme = programme_of(row.pk)
        if programme is None or current is None:
            continue
        differences = differences_in_words(current, programme)
        meaning = meaning_for(partner.pk, programme, day=day) if partner else None
        coming.append(Coming(row, in_words(programme), differences, meaning))
    return ProgrammePage(
        version=version,
        words=in_words(current) if current else None,
        coming=coming,
        versions=versions_for(actor, day=today),
        level=terms_for(partner.pk, day=day).level_code if partner and current else "",
    )


@dataclass(frozen=True, slots=True)
class DraftInWords:
    """`before` is the number of the version in force, None while there is none."""

    words: ProgrammeInWords
    before: int | None
    differences: list[DifferenceInWords]


def draft_in_words(draft: ProgrammeDraft, *, day: date) -> DraftInWords:
    """As partners would read it, and what it says otherwise than the version in force on the day."""
    proposed = with_names(programme_from(proposal_of(draft).content, number=0))
    current = programme_on(day, draft.programme_id)
    differences = differences_in_words(current, proposed) if current else []
    return DraftInWords(in_words(proposed), current.number if current else None, differences)
