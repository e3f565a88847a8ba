"""A registration's status told from its audit entries alone, and compared with what is stored."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.db import connection

from deals.choices.registrations import Event, RegistrationStatus
from deals.rules.breaches import TRANSITIONS as BREACH_TRANSITIONS
from deals.rules.transitions import TRANSITIONS

# What an audit entry says that happened. Everything else that is recorded does not move the status.
MOVES = {
    "registration.submitted": Event.SUBMIT,
    "registration.screened": Event.SCREEN,
    "registration.sent_to_review": Event.REVIEW,
    "registration.co_sell_offered": Event.ASK,
    "registration.asked": Event.ASK,
    "registration.answered": Event.ANSWER,
    "registration.co_sell_accepted": Event.ANSWER,
    "registration.co_sell_declined": Event.ANSWER,
    "registration.approved": Event.APPROVE,
    "registration.rejected": Event.REJECT,
    "registration.withdrawn": Event.WITHDRAW,
    "registration.won": Event.WIN,
    "registration.lost": Event.LOSE,
    "registration.released": Event.RELEASE,
    "registration.revoked": Event.REVOKE,
    "registration.appealed": Event.APPEAL,
    "registration.upheld": Event.UPHOLD,
    "registration.overturned": Event.OVERTURN,
}
_BREACH_MOVES = {
    "breach.acknowledged": "acknowledge",
    "breach.settled": "settle",
    "breach.rejected": "reject",
    "breach.withdrawn": "withdraw",
    "breach.reopened": "reopen",
}
_STORED = """
SELECT {kind}.id, {kind}.status, entry.event, {before}
FROM deals_{kind} {kind} LEFT JOIN common_auditentry entry
  ON entry.subject_kind = 'deals.{kind}' AND entry.subject_id = {kind}.id::text
{join} ORDER BY {kind}.id, entry.id
"""
_REGISTRATIONS = _STORED.format(
    kind="registration",
    before="appeal.status_before",
    join="LEFT JOIN deals_appeal appeal ON appeal.public_id = entry.facts->>'appeal'",
)
_BREACHES = _STORED.format(kind="breach", before="NULL", join="")

# What is recorded exactly once beside the status.
_ONCE = """
WITH named AS (
    SELECT event, facts->>'decision' AS decision, facts->>'extension' AS extension, facts->>'change' AS change,
           facts->>'appeal' AS appeal
    FROM common_auditentry WHERE subject_kind = 'deals.registration'
)
SELECT 'decision ' || public_id || ' is recorded ' || count(named.*) || ' times'
FROM deals_decision decision LEFT JOIN named ON named.decision = decision.public_id
WHERE question <> 'change' GROUP BY decision.id HAVING count(named.*) <> 1
UNION ALL
SELECT 'extension ' || public_id || ' (' || status || ') is recorded ' || count(named.*) || ' times'
FROM deals_extension extension LEFT JOIN named ON named.extension = extension.public_id
 AND named.event = CASE status WHEN 'granted' THEN 'registration.extended'
                               WHEN 'refused' THEN 'registration.extension_refused'
                               ELSE 'registration.extension_requested' END
GROUP BY extension.id HAVING count(named.*) <> 1
UNION ALL
SELECT 'change ' || public_id || ' (' || status || ') is recorded ' || count(named.*) || ' times'
FROM deals_change change LEFT JOIN named ON named.change = change.public_id
 AND named.event IN ('registration.change_applied', 'registration.change_refused')
WHERE status IN ('applied', 'refused') GROUP BY change.id HAVING count(named.*) <> 1
UNION ALL
SELECT 'appeal ' || public_id || ' is recorded ' || count(named.*) || ' times'
FROM deals_appeal appeal LEFT JOIN named ON named.appeal = appeal.public_id AND named.event = 'registration.appealed'
GROUP BY appeal.id HAVING count(named.*) <> 1
"""


def contradictions() -> Iterator[str]:
    """Where the stored status is not what was recorded, or what was recorded is not listed, or not once."""
    for key, entries in _grouped(_REGISTRATIONS):
        yield from _told(f"registration {key}", entries, _of_registration)
    for key, entries in _grouped(_BREACHES):
        yield from _told(f"breach {key}", entries, _of_breach)
    with connection.cursor() as cursor:
        cursor.execute(_ONCE)
        yield from (row[0] for row in cursor.fetchall())


def _grouped(statement: str) -> Iterator[tuple[int, list[tuple[Any, ...]]]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        rows = cursor.fetchall()
    for key, group in groupby(rows, key=lambda row: row[0]):
        yield key, list(group)


def _told(subject: str, entries: list[tuple[Any, ...]], status_of: Any) -> Iterator[str]:
    stored = entries[0][1]
    try:
        told = status_of(entries)
    except LookupError as error:
        yield f"{subject}: {error.args[0]}"
        return
    if told != stored:
        yield f"{subject} is {stored}, and {told} by what was recorded"


def _of_registration(entries: list[tuple[Any, ...]]) -> str:
    status = "unknown"
    for _key, _status, event, status_before in entries:
        if event == "registration.drafted":
            _expect(status == "unknown", event, status)
            status = RegistrationStatus.DRAFT.value
            continue
        if event not in MOVES:
            continue
        move = MOVES[event]
        if move == Event.APPEAL and status == RegistrationStatus.APPROVED and status_before == "expired":
            status = str(TRANSITIONS[status][Event.LAPSE])  # by time alone: nobody records it
        if move == Event.REVIEW and status == RegistrationStatus.IN_REVIEW:
            continue  # judged again after an answer, and still a person's to decide
        listed = TRANSITIONS.get(status, {})
        _expect(move in listed, event, status)
        status = str(listed[move])
    return status


def _of_breach(entries: list[tuple[Any, ...]]) -> str:
    status = "unknown"
    for _key, _status, event, _before in entries:
        if event == "breach.opened":
            _expect(status == "unknown", event, status)
            status = "open"
        elif event in _BREACH_MOVES:
            listed = BREACH_TRANSITIONS.get(status, {})
            _expect(_BREACH_MOVES[event] in listed, event, status)
            status = str(listed[_BREACH_MOVES[event]])
    return status


def _expect(listed: bool, event: str, status: str) -> None:
    if not listed:
        raise LookupError(f"“{event}” was recorded while it was {status}")
