"""The same done to several registrations, each in a transaction of its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import transaction

from common.errors import Refused
from common.verdict import Reason, objections

AT_ONCE = 100  # in one request


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one of them: done, or refused for these reasons."""

    registration_id: int
    reasons: tuple[Reason, ...] = ()


def one_by_one(registration_ids: Sequence[int], act: Callable[[int], object]) -> list[Answer]:
    """Act on each; what one is refused does not hold up the others. Refuses none, and more than `AT_ONCE`."""
    objections(
        [
            None if registration_ids else Reason("review.nothing_selected"),
            Reason("review.too_many_selected", {"limit": AT_ONCE}) if len(registration_ids) > AT_ONCE else None,
        ]
    ).or_refuse()
    return [_answer(registration_id, act) for registration_id in dict.fromkeys(registration_ids)]


def _answer(registration_id: int, act: Callable[[int], object]) -> Answer:
    try:
        with transaction.atomic():
            act(registration_id)
    except Refused as refused:
        return Answer(registration_id, refused.reasons)
    return Answer(registration_id)
