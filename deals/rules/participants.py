"""Selling together: whose shares add up, when they can still be changed, and who answers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from common.verdict import ALLOWED, Reason, Verdict, objections, refusal
from deals.choices.participants import Consent, ParticipantRole
from deals.choices.registrations import RegistrationStatus

WHOLE = 10_000  # basis points
MOST_PARTICIPANTS = 5  # with the lead
_S = RegistrationStatus
_OPEN = frozenset({_S.DRAFT, _S.SUBMITTED, _S.SCREENING, _S.IN_REVIEW, _S.ACTION_REQUIRED, _S.APPROVED})
_JOINING = frozenset(ParticipantRole.values) - {ParticipantRole.LEAD}


@dataclass(frozen=True, slots=True)
class Share:
    """One side of a co-sell and its share in basis points. Without a partner it is the vendor's direct sales."""

    partner_id: int | None
    role: str
    bps: int


def with_lead(lead_partner_id: int, invited: Iterable[Share]) -> tuple[Share, ...]:
    """The whole: what nobody was invited for is the lead's."""
    invited = tuple(invited)
    rest = WHOLE - sum(share.bps for share in invited)
    return (Share(lead_partner_id, ParticipantRole.LEAD.value, rest), *invited)


def shares_are_sound(shares: Sequence[Share], *, lead_partner_id: int) -> Verdict:
    """The lead first with more than nothing, then the invited, nobody twice; together the whole. All problems at once.

    Fields are ``participants.0.share`` …: the place among the invited.
    """
    lead, invited = shares[0], shares[1:]
    rest = sum(share.bps for share in shares)
    partners = [share.partner_id for share in shares]
    problems = [
        None if lead.partner_id == lead_partner_id else Reason("participant.lead_missing", field="participants"),
        None if lead.bps >= 1 else Reason("participant.nothing_for_lead", field="participants"),
        None if rest == WHOLE else Reason("participant.not_whole", {"percent": rest / 100}, "participants"),
        None
        if len(shares) <= MOST_PARTICIPANTS
        else Reason("participant.too_many", {"limit": MOST_PARTICIPANTS}, "participants"),
    ]
    for place, share in enumerate(invited):
        where = f"participants.{place}"
        if share.bps < 1:
            problems.append(Reason("participant.share_invalid", field=f"{where}.share"))
        if share.role not in _JOINING or (share.role == ParticipantRole.DIRECT) != (share.partner_id is None):
            problems.append(Reason("participant.role_invalid", field=f"{where}.role"))
        if share.partner_id in partners[: place + 1]:
            problems.append(Reason("participant.twice", field=f"{where}.partner"))
    return objections(problems)


def may_invite(status: str, consents: Iterable[str]) -> Verdict:
    """Whether shares can still be set: as long as the deal is open and nobody invited has agreed to theirs.

    `status` is as it reads at the instant, `consents` are those of the invited. What somebody agreed to stands.
    """
    if status not in _OPEN:
        return refusal("registration.status", status=_S(status).label)
    return refusal("participant.agreed_already") if Consent.GIVEN in consents else ALLOWED


def may_answer(status: str, consent: str) -> Verdict:
    """Whether an invitation can be answered or taken back: the deal was sent and is open, nobody answered yet."""
    if status not in _OPEN - {_S.DRAFT}:
        return refusal("registration.status", status=_S(status).label)
    return ALLOWED if consent == Consent.INVITED else refusal("participant.answered")
