"""Two descriptions of a company side by side, field by field: what a person looks at to say who the customer is."""

from dataclasses import dataclass
from typing import Literal

from crm.rules import matching
from crm.rules.matching import CustomerIdentity

Agreement = Literal["same", "similar", "differs", "unknown"]


@dataclass(frozen=True, slots=True)
class FieldComparison:
    """One field as typed and as known. `unknown`: at least one side says nothing."""

    field: str
    typed: str
    known: str
    agreement: Agreement


def compare(typed: CustomerIdentity, known: CustomerIdentity) -> tuple[FieldComparison, ...]:
    """Name, country, domain and tax id, each compared as matching does: by what remains after normalising."""
    one, other = matching.keys_of(typed), matching.keys_of(known)
    return (
        FieldComparison("legal_name", typed.legal_name, known.legal_name, _names(one.name, other.name)),
        FieldComparison("country", typed.country, known.country, _keys(one.country, other.country)),
        FieldComparison("domain", typed.domain, known.domain, _keys(one.domain, other.domain)),
        FieldComparison("tax_id", typed.tax_id, known.tax_id, _keys(one.tax, other.tax)),
    )


def _keys(one: str, other: str) -> Agreement:
    if not one or not other:
        return "unknown"
    return "same" if one == other else "differs"


def _names(one: str, other: str) -> Agreement:
    if one and one == other:
        return "same"
    return "similar" if matching.name_similarity(one, other) >= matching.SIMILAR_NAME else "differs"
