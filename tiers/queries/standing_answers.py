"""Where a partner stands on any day, for programs: as it was known at the end of that day."""

from dataclasses import dataclass
from datetime import date, datetime, time

from django.utils import timezone

from tiers.models import Standing
from tiers.models.programmes import in_force_on
from tiers.queries.overrides import ONE_DAY, OverlaidLevel, overlay_on
from tiers.queries.programmes import programme_on
from tiers.queries.scores import scores_on
from tiers.queries.terms import terms_for
from tiers.rules import ladder


@dataclass(frozen=True, slots=True)
class StandingAnswer:
    """`held` is what the ladder gave the partner (None: not enrolled on the day), `override` lies over it, and `terms`
    is what applies. `measured` has each requirement with value and target."""

    day: date
    held: Standing | None
    override: OverlaidLevel | None
    terms: ladder.Terms
    measured: ladder.Ladder


def standing_answer(partner_id: int, *, day: date) -> StandingAnswer | None:
    """Of a day that is not after today; None without a programme in force. A fixed number of statements."""
    held = Standing.objects.filter(in_force_on(day), partner_id=partner_id).select_related("level__version").first()
    programme = programme_on(day, held.level.version.programme_id if held else None)
    if programme is None:
        return None
    known_at = end_of(day)
    scores = scores_on([partner_id], day=day, measures=programme.measures, known_at=known_at).get(partner_id, {})
    return StandingAnswer(
        day=day,
        held=held,
        override=overlay_on(partner_id, day).override,
        terms=terms_for(partner_id, day=day),
        measured=ladder.tier_for(scores, programme),
    )


def end_of(day: date) -> datetime:
    """The instant at which the day ends where the vendor is."""
    return datetime.combine(day + ONE_DAY, time.min, timezone.get_default_timezone())
