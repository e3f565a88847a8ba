"""Who reviews registrations and judges appeals, and how much each of them has to do."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection

from deals.rules.assignments import Load
from partners import queries as partner_queries
from partners import rules as partner_rules
from partners.queries import Colleague

RECENTLY = timedelta(days=30)

# Time to decide is from receipt to the reviewer's own decision, without the time in which the partner had to act.
_LOADS = """
SELECT person, coalesce(waiting.open, 0), coalesce(waiting.late, 0), coalesce(decided.count, 0), decided.median
FROM unnest(%(people)s::bigint[]) AS person
LEFT JOIN (
    SELECT assigned_to_id, count(*) AS open, count(*) FILTER (WHERE due_at < %(at)s) AS late FROM (
        SELECT assigned_to_id, review_due_at AS due_at FROM deals_registration
        WHERE status = 'in_review' AND assigned_to_id = ANY(%(people)s)
        UNION ALL
        SELECT assigned_to_id, review_due_at FROM deals_change
        WHERE status = 'pending' AND assigned_to_id = ANY(%(people)s)
        UNION ALL
        SELECT assigned_to_id, due_at FROM deals_appeal WHERE status = 'open' AND assigned_to_id = ANY(%(people)s)
    ) given GROUP BY assigned_to_id
) waiting ON waiting.assigned_to_id = person
LEFT JOIN (
    SELECT decision.decided_by_id, count(*) AS count,
           percentile_cont(0.5) WITHIN GROUP (
               ORDER BY decision.at - registration.submitted_at - coalesce(pauses.total, interval '0')
           ) AS median
    FROM deals_decision decision
    JOIN deals_registration registration ON registration.id = decision.registration_id
    LEFT JOIN LATERAL (
        SELECT sum(answered_at - asked_at) AS total FROM deals_inquiry inquiry
        WHERE inquiry.registration_id = registration.id AND inquiry.answered_at <= decision.at
    ) pauses ON true
    WHERE decision.at >= %(since)s AND decision.at < %(at)s AND decision.decided_by_id = ANY(%(people)s)
      AND decision.question = 'registration' AND decision.verdict IN ('approve', 'reject')
    GROUP BY decision.decided_by_id
) decided ON decided.decided_by_id = person
"""


def reviewers() -> list[Colleague]:
    """The active people who may review, by name. One statement."""
    roles = partner_rules.CAPABILITIES["registration.review"].vendor_roles
    return partner_queries.colleagues_with_role(*sorted(roles))


def judges() -> list[Colleague]:
    """The active people who may judge appeals, by name. One statement."""
    roles = partner_rules.CAPABILITIES["appeal.judge"].vendor_roles
    return partner_queries.colleagues_with_role(*sorted(roles))


def loads_of(people: Sequence[Colleague], *, at: datetime) -> list[Load]:
    """What each of them has to do at the instant, be it registrations, changes or appeals. One statement.

    In the same order; what was decided, and in which time, counts registrations only.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LOADS, {"at": at, "since": at - RECENTLY, "people": [person.pk for person in people]})
        counted = {pk: counts for pk, *counts in cursor.fetchall()}
    return [Load(person.pk, person.public_id, person.name, *counted[person.pk]) for person in people]
