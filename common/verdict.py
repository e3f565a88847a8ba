"""What a permitting rule answers: everything that stands against it, at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.errors import Refused


@dataclass(frozen=True, slots=True)
class Reason:
    """Why not, as data: a code that reads (``registration.customer_protected``), its parameters, the field it is about.

    The sentence for people is kept per code in the app's ``choices.REASONS`` and found by `common.reasons.sentence`.
    """

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)
    field: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Allowed when no reason stands against it. The same verdict disables the button and fails the action."""

    reasons: tuple[Reason, ...] = ()

    @property
    def allowed(self) -> bool:
        return not self.reasons

    def __bool__(self) -> bool:
        return self.allowed

    def __and__(self, other: "Verdict") -> "Verdict":
        return Verdict(self.reasons + other.reasons)

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(reason.code for reason in self.reasons)

    def or_refuse(self) -> None:
        """Raise `Refused` with all reasons unless allowed."""
        if self.reasons:
            raise Refused(self.reasons)


ALLOWED = Verdict()


def objections(found: Iterable[Reason | None]) -> Verdict:
    """A verdict of the reasons that are not None."""
    return Verdict(tuple(reason for reason in found if reason is not None))


def refusal(code: str, /, *, field: str = "", **params: Any) -> Verdict:
    """A verdict with one reason."""
    return Verdict((Reason(code, params, field),))
