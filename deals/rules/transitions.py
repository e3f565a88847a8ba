"""Which event leads from which status to which."""

from collections.abc import Mapping
from datetime import datetime

from common.verdict import ALLOWED, Verdict, refusal
from deals.choices.registrations import Event, RegistrationStatus

_S, _E = RegistrationStatus, Event

TRANSITIONS: Mapping[str, Mapping[str, str]] = {
    _S.DRAFT: {_E.SUBMIT: _S.SUBMITTED, _E.WITHDRAW: _S.WITHDRAWN},
    _S.SUBMITTED: {_E.SCREEN: _S.SCREENING, _E.WITHDRAW: _S.WITHDRAWN},
    _S.SCREENING: {
        _E.APPROVE: _S.APPROVED,
        _E.REVIEW: _S.IN_REVIEW,
        _E.ASK: _S.ACTION_REQUIRED,
        _E.REJECT: _S.REJECTED,
    },
    _S.IN_REVIEW: {
        _E.APPROVE: _S.APPROVED,
        _E.ASK: _S.ACTION_REQUIRED,
        _E.REJECT: _S.REJECTED,
        _E.WITHDRAW: _S.WITHDRAWN,
    },
    _S.ACTION_REQUIRED: {_E.ANSWER: _S.IN_REVIEW, _E.REJECT: _S.REJECTED, _E.WITHDRAW: _S.WITHDRAWN},
    _S.APPROVED: {
        _E.WIN: _S.WON,
        _E.LOSE: _S.LOST,
        _E.LAPSE: _S.EXPIRED,
        _E.RELEASE: _S.RELEASED,
        _E.REVOKE: _S.REVOKED,
    },
    _S.REJECTED: {_E.APPEAL: _S.APPEALED},
    _S.EXPIRED: {_E.APPEAL: _S.APPEALED},
    _S.REVOKED: {_E.APPEAL: _S.APPEALED},
    _S.APPEALED: {_E.UPHOLD: _S.UPHELD, _E.OVERTURN: _S.APPROVED},
    _S.UPHELD: {},
    _S.WITHDRAWN: {},
    _S.WON: {},
    _S.LOST: {},
    _S.RELEASED: {},
}


def status_on(status: str, protected_until: datetime | None, at: datetime) -> str:
    """The status as it reads at an instant: an approved registration lapses by time alone, half-open."""
    if status == _S.APPROVED and protected_until is not None and protected_until <= at:
        return TRANSITIONS[status][_E.LAPSE]
    return status


def may_happen(event: str, status: str) -> Verdict:
    """Whether the event is listed for the status. Refuses with ``registration.status``."""
    if event in TRANSITIONS[status]:
        return ALLOWED
    return refusal("registration.status", status=_S(status).label)


def status_after(event: str, status: str) -> str:
    """The next status. Refuses what is not listed."""
    may_happen(event, status).or_refuse()
    return TRANSITIONS[status][event]
