"""What the rules of engagement look at: values only, stored with each decision so that it can be judged again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from deals.choices.engagement import RuleVerdict


@dataclass(frozen=True, slots=True)
class NamedAccountFact:
    """An entry of the published direct-only list; half-open, no end means open."""

    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class BlockFact:
    """The customer is one that nobody sells to; half-open, no end means open."""

    reason: str
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class GrantFact:
    """An exclusive grant; no country, segment or family listed means all of them. Half-open."""

    grant: str  # public id: never shown to another partner
    own: bool
    countries: tuple[str, ...]
    segment: str
    family_id: int | None
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class AuthorisationFact:
    """What the partner itself may sell and where; no country, segment or family listed means all. Half-open."""

    countries: tuple[str, ...]
    segment: str
    family_id: int | None
    starts_on: date
    ends_on: date | None


@dataclass(frozen=True, slots=True)
class ProtectionFact:
    """A protection of the same customer and site in one of the families asked for; half-open.

    `shared`: of a published tender, which excludes nobody else in it.
    """

    registration: str  # public id: never shown to another partner
    own: bool
    family_id: int
    starts_at: datetime
    ends_at: datetime
    shared: bool = False


@dataclass(frozen=True, slots=True)
class IncumbentFact:
    """A partner who won business in one of the families with this customer, and when."""

    own: bool
    family_id: int
    won_on: date


@dataclass(frozen=True, slots=True)
class HoldFact:
    """Another partner's pencil hold on the same customer; half-open."""

    hold: str
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class FamilyFact:
    """A product family that is claimed."""

    family_id: int
    code: str


@dataclass(frozen=True, slots=True)
class OpportunityFact:
    """An open direct opportunity with the same customer in one of the families asked for."""

    opportunity: str  # the CRM's id
    close_on: date
    updated_at: datetime
    stage_moved_at: datetime | None
    first_seen_at: datetime


@dataclass(frozen=True, slots=True)
class ClaimFact:
    """Another partner's registration for the same customer and family that still waits for its decision."""

    registration: str
    receipt_number: int
    shared: bool = False  # of a published tender


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a judgement depends on. `amount` is the registration's value in the base currency.

    `received_at` is when the registration was submitted, `judged_at` the instant of this judgement, `day` that
    instant's date in the vendor's time zone. `match_*` say how the typed customer compares with the nearest one
    known, unless a person has already settled who the customer is (then ``settled``, score 100). `lookalikes`: the name
    has letters of another script that look like its own.

    `dimensions` (customer, family, value, close) say that only a change in these is judged: other rules are evaluated
    but decide nothing. None: the whole registration. `late_days` are those that the answer came after it was due.
    """

    received_at: datetime
    judged_at: datetime
    day: date
    partner_status: str
    agreement_current: bool
    credit_hold: bool
    level: str
    amount: Decimal
    currency: str
    match_kind: str = "none"
    match_score: int = 0
    named_accounts: tuple[NamedAccountFact, ...] = ()
    protections: tuple[ProtectionFact, ...] = ()
    opportunities: tuple[OpportunityFact, ...] = ()
    earlier_claims: tuple[ClaimFact, ...] = ()
    source: str = ""
    customer_country: str = ""
    customer_segment: str = ""
    lookalikes: bool = False
    families: tuple[FamilyFact, ...] = ()
    blocks: tuple[BlockFact, ...] = ()
    grants: tuple[GrantFact, ...] = ()
    authorisations: tuple[AuthorisationFact, ...] = ()
    incumbents: tuple[IncumbentFact, ...] = ()
    holds: tuple[HoldFact, ...] = ()
    dimensions: tuple[str, ...] = ()
    protection_days: int = 0
    late_days: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rule said: its verdict, why, and the values it decided on (JSON values, parameters of the sentence)."""

    rule: str
    verdict: str
    reason_code: str
    inputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict of the first decisive rule, and what every rule said."""

    verdict: str
    decisive_rule: str
    outcomes: tuple[Outcome, ...]

    @property
    def decisive(self) -> Outcome:
        """The outcome that decided; a stand-in if no rule did."""
        for outcome in self.outcomes:
            if outcome.rule == self.decisive_rule:
                return outcome
        undecided = self.verdict == RuleVerdict.REVIEW
        return Outcome(
            "", self.verdict, "registration.no_rule_decided" if undecided else "registration.nothing_against"
        )


def to_json(value: Facts | tuple[Outcome, ...]) -> Any:
    """JSON values from which `facts_from` and `outcomes_from` make the same again: decimals and times are texts."""
    return msgspec.json.decode(msgspec.json.encode(value))


def facts_from(stored: Any) -> Facts:
    return msgspec.convert(stored, Facts)


def outcomes_from(stored: Any) -> tuple[Outcome, ...]:
    return msgspec.convert(stored, tuple[Outcome, ...])
