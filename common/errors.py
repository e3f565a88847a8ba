"""The errors an action may raise. Each edge translates them once: pages in middleware, the API in its handler."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from common.verdict import Reason


class DomainError(Exception):
    """Something a user asked for cannot be done, and the user can be told why."""


class Refused(DomainError):
    """The rules say no. Carries every reason, never only the first."""

    def __init__(self, reasons: "tuple[Reason, ...]") -> None:
        super().__init__(", ".join(reason.code for reason in reasons))
        self.reasons = reasons


class NotFound(DomainError):
    """There is no such thing for this actor: missing and invisible are the same."""


class KeyReused(DomainError):
    """An idempotency key came again with a different request."""
