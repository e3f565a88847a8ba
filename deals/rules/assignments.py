"""What can be given to a reviewer, and to whom it is best given."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from common.verdict import ALLOWED, Verdict, refusal
from deals.choices.registrations import RegistrationStatus
from deals.rules.appeals import may_judge

_WAITING = frozenset({RegistrationStatus.IN_REVIEW.value, RegistrationStatus.ACTION_REQUIRED.value})


@dataclass(frozen=True, slots=True)
class Load:
    """What a reviewer has to do, whatever kind of thing it is.

    `decided_count` and `median_time` (None: nothing decided) are of registrations in the last 30 days.
    """

    user_id: int
    public_id: str
    name: str
    open_count: int
    late_count: int
    decided_count: int
    median_time: timedelta | None


def may_assign(status: str) -> Verdict:
    """Only what still waits for a decision, be it ours or the partner's answer first."""
    if status in _WAITING:
        return ALLOWED
    return refusal("registration.status", status=RegistrationStatus(status).label)


def may_be_given(user_id: int | None, people: Collection[int], deciders: Collection[str] = ()) -> Verdict:
    """To nobody in particular, or to one of the `people` who answer it; what is appealed to none of its `deciders`."""
    if user_id is None:
        return ALLOWED
    if user_id not in people:
        return refusal("review.not_a_reviewer", field="reviewer")
    return may_judge(f"user:{user_id}", deciders)


def least_loaded(loads: Iterable[Load]) -> Load | None:
    """Who has the least to do: fewest open, then fewest late, then whoever decided less lately; then by name."""
    return min(loads, key=lambda load: (load.open_count, load.late_count, load.decided_count, load.name), default=None)
