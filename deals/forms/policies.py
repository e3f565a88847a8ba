"""One entry of a list that the rules look at, its filters, and files. What it must be is asked of `rules.policies`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.reasons import sentence
from common.verdict import Reason
from deals.choices.policies import BlockReason, PolicyKind, Validity
from deals.rules.policies import ENTRIES, LIMITS, AnyEntry, Held, first_day
from deals.rules.policy_rows import in_columns

_OF_CUSTOMER = ("customer",)
_SCOPE = ("partner", "countries", "segment", "family")
_VALIDITY = ("starts_on", "last_day", "note")
FIELDS = {
    PolicyKind.NAMED_ACCOUNTS: (*_OF_CUSTOMER, *_VALIDITY),
    PolicyKind.BLOCKED_CUSTOMERS: (*_OF_CUSTOMER, "reason", *_VALIDITY),
    PolicyKind.EXCLUSIVE_GRANTS: (*_SCOPE, *_VALIDITY),
    PolicyKind.AUTHORISATIONS: (*_SCOPE, "certificate", *_VALIDITY),
    PolicyKind.HOLIDAYS: ("on", "name"),
}
OPEN_FIELDS = ("last_day", "note")  # of an entry that has begun


@dataclass(frozen=True, slots=True)
class Offered:
    """What can be chosen: pairs of key and name of partners and families."""

    partners: Sequence[tuple[str, str]] = ()
    families: Sequence[tuple[str, str]] = ()


def _day_field(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options)


class EntryForm(forms.Form):
    """An entry of any list: the fields of its kind; of one that has begun only what may still be changed.

    A customer is chosen by its public id, which `customers` translates once it was looked up.
    """

    customer = forms.CharField(label=_("Customer"), error_messages={"required": _("Choose the customer.")})
    partner = forms.ChoiceField(label=_("Partner"))
    reason = forms.ChoiceField(label=_("Why is it blocked?"), choices=BlockReason.choices)
    countries = forms.CharField(
        label=_("Countries"), required=False, help_text=_("ISO codes, such as DE AT CH. Empty: all countries.")
    )
    segment = forms.CharField(
        label=_("Segment"), required=False, max_length=LIMITS["segment"], help_text=_("Empty: all segments.")
    )
    family = forms.ChoiceField(label=_("Product family"), required=False)
    certificate = forms.CharField(label=_("Certificate or contract"), required=False, max_length=LIMITS["certificate"])
    on = _day_field(_("Day"))
    name = forms.CharField(label=_("What is it called?"), max_length=LIMITS["name"])
    starts_on = _day_field(_("First day"))
    last_day = _day_field(_("Last day"), required=False, help_text=_("Empty: until further notice."))
    note = forms.CharField(label=_("Note"), required=False, max_length=LIMITS["note"])

    def __init__(self, data: Any = None, *, kind: str, offered: Offered, held: Held | None, today: date) -> None:
        self.kind, self.held = kind, held
        has_begun = held is not None and first_day(held.entry) <= today
        wanted = OPEN_FIELDS if has_begun else FIELDS[PolicyKind(kind)]
        super().__init__(data, initial=_initial_of(held.entry) if held else {"starts_on": today})
        for name in list(self.fields):
            if name not in wanted or (name == "customer" and held is not None):
                del self.fields[name]
        for name, choices in (("partner", offered.partners), ("family", offered.families)):
            if name in self.fields:
                first = _("All families") if name == "family" else "–"
                field: Any = self.fields[name]
                field.choices = [("", first), *choices]

    def entry(self, customer_id: int | None) -> AnyEntry:
        """What was typed, over what is held. Ask only once the shapes are right."""
        values: dict[str, Any] = dict(self.cleaned_data)
        if "last_day" in values:
            last_day = values.pop("last_day")
            values["ends_on"] = last_day + timedelta(days=1) if last_day and last_day < date.max else None
        if "customer" in values:
            del values["customer"]
            values["customer_id"] = customer_id or 0
        if "partner" in values:
            values["partner_id"] = int(values.pop("partner"))
            values["family_id"] = int(values.pop("family") or 0) or None
            values["countries"] = tuple(dict.fromkeys(values["countries"].upper().replace(",", " ").split()))
        if self.held is not None:
            return replace(self.held.entry, **values)
        entry: AnyEntry = ENTRIES[self.kind](**values)
        return entry

    def show(self, reasons: Iterable[Reason]) -> None:
        """Put refusals at their fields, or above the form."""
        for reason in in_columns(reasons):
            self.add_error(reason.field if reason.field in self.fields else None, sentence(reason))


def _initial_of(entry: AnyEntry) -> dict[str, Any]:
    names = ("reason", "segment", "certificate", "on", "name", "starts_on", "note")
    values = {name: getattr(entry, name) for name in names if hasattr(entry, name)}
    ends_on = getattr(entry, "ends_on", None)
    return values | {
        "last_day": ends_on - timedelta(days=1) if ends_on else None,
        "partner": str(getattr(entry, "partner_id", "")),
        "family": str(getattr(entry, "family_id", "") or ""),
        "countries": " ".join(getattr(entry, "countries", ())),
    }


class PolicyFilterForm(forms.Form):
    """Words, how an entry stands on a day, and the order. An unknown value counts as not given."""

    q = forms.CharField(required=False, max_length=200)
    validity = forms.ChoiceField(required=False, choices=Validity.choices)
    on = forms.DateField(required=False)
    sort = forms.ChoiceField(
        required=False, choices=[(f"{sign}{by}", by) for by in ("name", "start") for sign in ("", "-")]
    )

    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}


class SheetForm(forms.Form):
    """A file to look at."""

    file = forms.FileField(
        label=_("CSV file"), widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}), allow_empty_file=True
    )
