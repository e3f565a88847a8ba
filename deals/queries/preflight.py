"""What would be decided about a customer, without locks, without writing, and told so that nothing is given away."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db.models import Q

from crm import queries as crm_queries
from crm.rules.names import has_lookalikes
from deals.choices.checks import Light
from deals.models import PreflightCheck, Registration
from deals.queries import facts as fact_queries
from deals.queries.calendar import day_of
from deals.queries.facts import Claim
from deals.queries.holds import held_customers
from deals.rules.engagement import judge
from deals.rules.facts import Facts
from deals.rules.preflight import PreflightAnswer, PreflightQuestion, answer_of, rules_asked
from deals.rules.rulebook import identity_scores, incumbency_months
from partners import queries as partner_queries
from tiers.queries.terms import terms_for

LAST_RECEIPT = 2**63 - 1  # whoever only asks comes after everybody who has registered
EARLIER_CUSTOMERS = 100


@dataclass(frozen=True, slots=True)
class Look:
    """An answer with what it rests on: every known record of the customer, none for a newcomer or an unclear one."""

    answer: PreflightAnswer
    customer_ids: tuple[int, ...] = ()
    is_newcomer: bool = False


def check(partner_id: int, question: PreflightQuestion, *, at: datetime) -> PreflightAnswer:
    """Green, amber or red, by the rules in force. At most ten statements, whatever the answer."""
    return look(partner_id, question, at=at).answer


def look(
    partner_id: int, question: PreflightQuestion, *, at: datetime, known_ids: tuple[int, ...] | None = None
) -> Look:
    """As `check`; `known_ids` are the customer's records, if it is known who it is."""
    day = day_of(at)
    in_force = fact_queries.rules_on(day)
    if in_force is None:
        return Look(PreflightAnswer(Light.RED.value, "registration.no_rulebook", {"day": day.isoformat()}))
    standing = partner_queries.standing_facts(partner_id, day=day)
    level = "" if question.amount is None else terms_for(partner_id, day=day).level_code
    rules = rules_asked(in_force.rules, question.amount)
    scores = identity_scores(rules)
    candidates = [] if known_ids else crm_queries.customer_candidates(question.identity)
    score = candidates[0].match.score if candidates else 0
    ids = known_ids or tuple(found.customer.pk for found in candidates if found.match.score >= scores.same_score)
    if not ids and score >= scores.from_score:
        known_ids = held_customers(partner_id, question.identity, at=at)
        ids = known_ids
    claim = Claim(
        partner_id, ids, question.family_ids, question.identity.country, question.site, receipt_number=LAST_RECEIPT
    )
    found = fact_queries.gather(claim, at=at, day=day, months=incumbency_months(rules))
    facts = Facts(
        received_at=at,
        judged_at=at,
        day=day,
        partner_status=standing.status,
        agreement_current=standing.agreement_current,
        credit_hold=standing.credit_hold,
        level=level,
        amount=question.amount or Decimal(0),
        currency=settings.BASE_CURRENCY,
        match_kind="settled" if known_ids else candidates[0].match.kind if candidates else "none",
        match_score=100 if known_ids else score,
        lookalikes=has_lookalikes(question.identity.legal_name),
        source=question.source,
        customer_country=question.identity.country,
        **found.as_facts(),
    )
    return Look(answer_of(judge(facts, rules)), ids, is_newcomer=not ids and score < scores.from_score)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a partner has asked lately: what in the last hour and when, and the lights of the day in their order."""

    recent: dict[str, datetime]
    lights: list[str]
    last_light: dict[str, str]


def asked_by(partner_id: int, *, since: datetime, day_begins: datetime) -> Asked:
    """Checks since the instant, by question, and all of the day. One statement."""
    rows = PreflightCheck.objects.filter(partner_id=partner_id, at__gte=min(since, day_begins)).order_by("at", "pk")
    recent: dict[str, datetime] = {}
    last_light: dict[str, str] = {}
    lights = []
    for asked, light, at in rows.values_list("asked", "light", "at"):
        if at > since:
            recent.setdefault(asked, at)
            last_light[asked] = light
        if at >= day_begins:
            lights.append(light)
    return Asked(recent, lights, last_light)


def earlier_customers(partner_ids: frozenset[int]) -> list[str]:
    """Names of customers that these partners have registered themselves, latest first: nobody else's are suggested."""
    latest = Registration.objects.filter(Q(partner_id__in=partner_ids)).order_by("-pk")[: 5 * EARLIER_CUSTOMERS]
    names = dict.fromkeys(latest.values_list("customer_name", flat=True))
    return list(names)[:EARLIER_CUSTOMERS]
