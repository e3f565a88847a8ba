"""What levels give, to other apps too: nothing else is read of standings there."""

from collections.abc import Iterable
from datetime import date

from common.verdict import refusal
from tiers.queries.scores import rows
from tiers.rules.ladder import Terms

# A standing names a level; what it gives is read from the version in force on the day, by the level's code (or from its
# own version when no later one has it). A partner that was never enrolled has the default programme's entry level.
_TERMS = "SELECT * FROM tiers_terms_on(%(partners)s::bigint[], %(day)s)"


def terms_for(partner_id: int, *, day: date) -> Terms:
    """What the partner's level gives it on the day. Refuses ``tier.no_programme`` when no programme is in force."""
    return terms_for_many([partner_id], day=day)[partner_id]


def terms_for_many(partner_ids: Iterable[int], *, day: date) -> dict[int, Terms]:
    """Terms of each of these partners on the day, in one statement; refuses as `terms_for` does."""
    wanted = list(set(partner_ids))
    found = {row[0]: Terms(*row[1:]) for row in rows(_TERMS, partners=wanted, day=day)}
    if len(found) < len(wanted):
        refusal("tier.no_programme", day=day).or_refuse()
    return found
