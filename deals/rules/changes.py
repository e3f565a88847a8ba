"""Changes of an approved registration: which of them are material, and what of the registration they touch."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from common.verdict import Reason, Verdict, objections
from crm.rules.matching import CustomerIdentity, IdentityKeys, keys_of
from deals.choices.protections import Dimension
from deals.rules.engagement import DECIDING, rejection_of
from deals.rules.facts import Judgement, Outcome
from deals.rules.sites import site_key
from deals.rules.terms import Terms


@dataclass(frozen=True, slots=True)
class ContentLine:
    """A product with its name and family as they were, and the value of the line in the registration's currency."""

    product_id: int
    product: str
    family_id: int
    quantity: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Content:
    """What of an approved registration can be changed. `base_amount`: its value in the base currency."""

    customer_name: str
    customer_country: str
    customer_domain: str
    customer_tax_id: str
    site: str
    contact: str
    expected_close_on: date | None
    why_now: str
    lines: tuple[ContentLine, ...]
    base_amount: Decimal

    @property
    def family_ids(self) -> tuple[int, ...]:
        return tuple(sorted({line.family_id for line in self.lines}))

    @property
    def total_amount(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))


CONTENT_FIELDS = tuple(field.name for field in fields(Content) if field.name not in ("lines", "base_amount"))
CHANGEABLE = (*CONTENT_FIELDS, "lines")


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that a change touches, as it was and as it is to be."""

    field: str
    before: Any
    after: Any


def differences_of(before: Content, after: Content) -> tuple[Difference, ...]:
    """What is not the same, field by field."""
    pairs = ((name, getattr(before, name), getattr(after, name)) for name in CHANGEABLE)
    return tuple(Difference(*pair) for pair in pairs if pair[1] != pair[2])


def dimensions_of(
    before: Content, after: Content, *, judged_amount: Decimal, covered_until: date, terms: Terms
) -> tuple[str, ...]:
    """Which dimensions the change re-opens; none if it is not material.

    Another customer or site (another spelling of the same is none), a family that was not claimed before, a value that
    is more than `material_value_percent` away from the one that was last judged, a new close after the last day that
    the protection covers.
    """
    moved = abs(after.base_amount - judged_amount) * 100
    is_later = after.expected_close_on is not None and after.expected_close_on > covered_until
    found = {
        Dimension.CUSTOMER: _identity(before) != _identity(after),
        Dimension.FAMILY: not set(after.family_ids) <= set(before.family_ids),
        Dimension.VALUE: before.base_amount != after.base_amount
        and moved > judged_amount * terms.material_value_percent,
        Dimension.CLOSE: is_later and before.expected_close_on != after.expected_close_on,
    }
    return tuple(dimension.value for dimension, is_touched in found.items() if is_touched)


def _identity(content: Content) -> tuple[IdentityKeys, str]:
    identity = CustomerIdentity(
        content.customer_name, content.customer_country, content.customer_domain, content.customer_tax_id
    )
    return keys_of(identity), site_key(content.site)


def objection_to(judgement: Judgement, dimensions: Collection[str]) -> Outcome | None:
    """The first rule of these dimensions that rejects: a person may settle a review, but may not overrule it."""
    deciding = frozenset().union(*(DECIDING[dimension] for dimension in dimensions))
    concerned = tuple(outcome for outcome in judgement.outcomes if outcome.rule in deciding)
    return rejection_of(replace(judgement, outcomes=concerned))


def fields_are_known(typed: Mapping[str, Any]) -> Verdict:
    """Whether everything typed can be changed at all. Refuses with ``change.field_unknown``."""
    return objections(Reason("change.field_unknown", {"name": name}, name) for name in typed if name not in CHANGEABLE)


def content_to_json(content: Content) -> Any:
    """JSON values from which `content_from` makes the same again."""
    return msgspec.json.decode(msgspec.json.encode(content))


def content_from(stored: Any) -> Content:
    return msgspec.convert(stored, Content)
