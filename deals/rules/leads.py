"""Which partner is the right one for a lead: who is left out and why, and by which points the others are ranked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from common.texts import is_readable
from common.verdict import ALLOWED, Reason, Verdict, objections, refusal
from deals.choices.leads import LeadStatus, OfferAnswer
from deals.choices.registrations import DealSource, RegistrationStatus
from deals.rules.drafts import MAX_AMOUNT, RegistrationDraft, draft_is_sound
from deals.rules.facts import AuthorisationFact, GrantFact
from partners.rules import StandingFacts

POINTS_TERRITORY = 30
POINTS_SEGMENT = 20
POINTS_AUTHORISATION = 20
POINTS_A_RANK = 10
POINTS_INCUMBENT = 40
POINTS_CAPACITY = 20  # with no lead at hand; less in proportion to how many
CONTACT_LIMITS = {"contact_name": 80, "contact_email": 80, "contact_phone": 30}
SEGMENT_LIMIT = 60
KEPT_RANKED, KEPT_EXCLUDED = 20, 100  # of a ranking, for the page that explains it

# A lead whose deal reads so is off the partner's hands; an appeal may still bring it back.
DEAL_IS_OVER = frozenset(
    {
        RegistrationStatus.REJECTED.value,
        RegistrationStatus.WITHDRAWN.value,
        RegistrationStatus.WON.value,
        RegistrationStatus.LOST.value,
        RegistrationStatus.EXPIRED.value,
        RegistrationStatus.RELEASED.value,
        RegistrationStatus.REVOKED.value,
        RegistrationStatus.UPHELD.value,
    }
)
MAY_BE_OFFERED = frozenset({LeadStatus.OPEN.value, LeadStatus.UNPLACED.value})
MAY_BE_CLOSED = MAY_BE_OFFERED | {LeadStatus.OFFERED.value}


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """What is asked for, where and on which day. `segment` empty: not known.

    `needs_authorisation`: the rulebook names the family. `is_closed`: the customer is blocked or a named account.
    `grants` are the exclusive ones with whose they are. `limit`: a partner that holds so many leads gets no further.
    """

    country: str
    segment: str
    family_id: int
    day: date
    limit: int
    needs_authorisation: bool = False
    is_closed: bool = False
    grants: tuple[tuple[int, GrantFact], ...] = ()


@dataclass(frozen=True, slots=True)
class CandidateFacts:
    """A partner that may be asked. `load` counts the leads that it holds: offered and not answered yet, or accepted
    and not `DEAL_IS_OVER`. Its own deals do not count: who brings many is no worse for a lead.

    `priority` is what its level gives: of equal points the higher is asked first. `is_holder`: the customer is
    protected for it, `is_held_by_other`: for another.
    """

    partner_id: int
    standing: StandingFacts
    level: str
    rank: int
    priority: int = 0
    load: int = 0
    authorisations: tuple[AuthorisationFact, ...] = ()
    is_incumbent: bool = False
    is_holder: bool = False
    is_held_by_other: bool = False
    was_offered: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One criterion with its points."""

    code: str
    points: int
    params: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "points": self.points, "params": self.params}


@dataclass(frozen=True, slots=True)
class Ranked:
    """A partner that may be offered the lead; the steps add up to the score."""

    partner_id: int
    score: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Excluded:
    """A partner that may not, with all reasons."""

    partner_id: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Ranking:
    """Best first; and who was left out, in the order of their numbers."""

    ranked: tuple[Ranked, ...]
    excluded: tuple[Excluded, ...]

    def as_json(self) -> dict[str, Any]:
        """The first of each, and how many there were."""
        return {
            "ranked": [
                {"partner": each.partner_id, "score": each.score, "steps": [step.as_json() for step in each.steps]}
                for each in self.ranked[:KEPT_RANKED]
            ],
            "excluded": [
                {
                    "partner": each.partner_id,
                    "reasons": [{"code": one.code, "params": dict(one.params)} for one in each.reasons],
                }
                for each in self.excluded[:KEPT_EXCLUDED]
            ],
            "ranked_count": len(self.ranked),
            "excluded_count": len(self.excluded),
        }


def rank(candidates: Sequence[CandidateFacts], lead: LeadFacts) -> Ranking:
    """Everybody who may be asked by points; of equals whose level gives priority, then who has less to do, then who has
    been here longer."""
    excluded, free = [], []
    for candidate in sorted(candidates, key=lambda each: each.partner_id):
        reasons = may_be_offered(candidate, lead).reasons
        if reasons:
            excluded.append(Excluded(candidate.partner_id, reasons))
        else:
            free.append(candidate)
    scored = [(candidate, points_of(candidate, lead)) for candidate in free]
    scored.sort(key=_place)
    ranked = (Ranked(each.partner_id, sum(step.points for step in steps), steps) for each, steps in scored)
    return Ranking(tuple(ranked), tuple(excluded))


def _place(scored: tuple[CandidateFacts, Sequence[Step]]) -> tuple[int, ...]:
    candidate, steps = scored
    return -sum(step.points for step in steps), -candidate.priority, candidate.load, candidate.partner_id


def may_be_offered(candidate: CandidateFacts, lead: LeadFacts) -> Verdict:
    """Everything that stands against offering it to this partner: what the rules of engagement would reject, too."""
    standing = candidate.standing
    load = {"load": candidate.load, "limit": lead.limit}
    return objections(
        [
            None if standing.status == "active" else Reason("lead.partner_not_active"),
            None if standing.agreement_current else Reason("lead.agreement_not_current"),
            Reason("lead.credit_hold") if standing.credit_hold else None,
            Reason("lead.customer_closed") if lead.is_closed else None,
            Reason("lead.not_authorised") if lead.needs_authorisation and not _authorised(candidate, lead) else None,
            None if _is_within(candidate, lead) else Reason("lead.outside_territory"),
            Reason("lead.exclusive_elsewhere") if _exclusive_elsewhere(candidate, lead) else None,
            Reason("lead.protected_elsewhere") if candidate.is_held_by_other and not candidate.is_holder else None,
            Reason("lead.offered_before") if candidate.was_offered else None,
            None if candidate.load < lead.limit else Reason("lead.at_capacity", load),
        ]
    )


def points_of(candidate: CandidateFacts, lead: LeadFacts) -> tuple[Step, ...]:
    """Every criterion with its points, those without any too."""
    held = _held(candidate, lead)
    in_country = any(lead.country in entry.countries for entry in held)
    in_segment = bool(lead.segment) and any(entry.segment == lead.segment for entry in held)
    is_authorised = any(entry.family_id == lead.family_id and _covers(entry, lead) for entry in held)
    free = max(lead.limit - candidate.load, 0)
    return (
        Step("lead.points_territory", POINTS_TERRITORY * in_country),
        Step("lead.points_segment", POINTS_SEGMENT * in_segment),
        Step("lead.points_authorisation", POINTS_AUTHORISATION * is_authorised),
        Step("lead.points_level", POINTS_A_RANK * candidate.rank, {"level": candidate.level}),
        Step("lead.points_incumbent", POINTS_INCUMBENT * candidate.is_incumbent),
        Step(
            "lead.points_capacity",
            POINTS_CAPACITY * free // lead.limit,
            {"load": candidate.load, "limit": lead.limit},
        ),
    )


def _holds_on(entry: AuthorisationFact | GrantFact, day: date) -> bool:
    return entry.starts_on <= day and (entry.ends_on is None or day < entry.ends_on)


def _held(candidate: CandidateFacts, lead: LeadFacts) -> list[AuthorisationFact]:
    return [entry for entry in candidate.authorisations if _holds_on(entry, lead.day)]


def _covers(entry: AuthorisationFact, lead: LeadFacts) -> bool:
    return (
        entry.family_id in (None, lead.family_id)
        and (not entry.countries or lead.country in entry.countries)
        and entry.segment in ("", lead.segment)
    )


def _authorised(candidate: CandidateFacts, lead: LeadFacts) -> bool:
    return any(_covers(entry, lead) for entry in _held(candidate, lead))


def _is_within(candidate: CandidateFacts, lead: LeadFacts) -> bool:
    """Within one of its territories and segments, if any are listed for it."""
    listed = [entry for entry in _held(candidate, lead) if entry.countries or entry.segment]
    return not listed or any(
        (not entry.countries or lead.country in entry.countries)
        and (not entry.segment or lead.segment in ("", entry.segment))
        for entry in listed
    )


def _exclusive_elsewhere(candidate: CandidateFacts, lead: LeadFacts) -> bool:
    return any(
        holder != candidate.partner_id
        and _holds_on(grant, lead.day)
        and (not grant.countries or lead.country in grant.countries)
        and grant.segment in ("", lead.segment)
        and grant.family_id in (None, lead.family_id)
        for holder, grant in lead.grants
    )


@dataclass(frozen=True, slots=True)
class NewLead:
    """What the vendor types. `value` in the base currency; `family_id` None: not chosen."""

    customer_name: str
    customer_country: str
    family_id: int | None
    contact_name: str
    words: str
    value: Decimal
    customer_domain: str = ""
    customer_segment: str = ""
    contact_email: str = ""
    contact_phone: str = ""


def draft_from(lead: NewLead, partner_id: int, currency: str) -> RegistrationDraft:
    """What the partner that accepts it goes on with: everything but the products."""
    reach = (lead.contact_name, lead.contact_email, lead.contact_phone)
    return RegistrationDraft(
        partner_id=partner_id,
        customer_name=lead.customer_name,
        customer_country=lead.customer_country,
        customer_domain=lead.customer_domain,
        contact=", ".join(filter(None, reach)),
        why_now=lead.words,
        source=DealSource.VENDOR_LEAD.value,
        currency=currency,
    )


def lead_is_sound(lead: NewLead, family_ids: Collection[int]) -> Verdict:
    """Whether it can be kept, and become a partner's draft: every problem at once."""
    as_draft = draft_is_sound(draft_from(lead, 0, "EUR"))
    typed = [
        Reason(one.code, one.params, "words" if one.field == "why_now" else one.field)
        for one in as_draft.reasons
        if one.field != "contact"
    ]
    return Verdict(tuple(typed)) & objections(
        [
            None if lead.customer_country else Reason("registration.country_invalid", field="customer_country"),
            None if lead.family_id in family_ids else Reason("lead.unknown_family", field="family"),
            *(_text_problem(name, getattr(lead, name), limit) for name, limit in CONTACT_LIMITS.items()),
            _text_problem("customer_segment", lead.customer_segment, SEGMENT_LIMIT),
            None
            if lead.contact_name.strip() and (lead.contact_email.strip() or lead.contact_phone.strip())
            else Reason("lead.contact_missing", field="contact_name"),
            None if _may_be_address(lead.contact_email) else Reason("lead.email_invalid", field="contact_email"),
            None if lead.words.strip() else Reason("lead.words_missing", field="words"),
            None if _is_value(lead.value) else Reason("lead.value_invalid", field="value"),
        ]
    )


def _text_problem(name: str, text: str, limit: int) -> Reason | None:
    if len(text) > limit:
        return Reason("registration.text_too_long", {"limit": limit}, name)
    return None if is_readable(text, several_lines=False) else Reason("registration.text_characters", field=name)


def _may_be_address(email: str) -> bool:
    name, _at, host = email.strip().rpartition("@")
    return not email.strip() or bool(name and "." in host and " " not in email.strip())


def _is_value(value: Decimal) -> bool:
    return value.is_finite() and 0 < value < MAX_AMOUNT and value == value.quantize(Decimal("0.01"))


def may_offer(status: str) -> Verdict:
    return _while(status, MAY_BE_OFFERED)


def may_close(status: str) -> Verdict:
    return _while(status, MAY_BE_CLOSED)


def _while(status: str, allowed: Collection[str]) -> Verdict:
    return ALLOWED if status in allowed else refusal("lead.status", status=str(LeadStatus(status).label))


def may_answer(answer: str, expires_at: datetime, at: datetime) -> Verdict:
    """Half-open: at the instant at which it expires it is over."""
    return ALLOWED if answer == OfferAnswer.WAITING and at < expires_at else refusal("lead.offer_over")


def may_take(standing: StandingFacts) -> Verdict:
    """Whether the partner may still do business when it accepts."""
    sound = standing.status == "active" and standing.agreement_current and not standing.credit_hold
    return ALLOWED if sound else refusal("lead.not_in_standing")
