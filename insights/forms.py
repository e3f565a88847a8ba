"""How a list of partners can be narrowed and sorted."""

from typing import Any

from django import forms

from partners.choices import PartnerStatus, PartnerType

SORTS = ("name", "joined", "people")


class PartnerFilterForm(forms.Form):
    """Search words, type, country, status and order. An unknown value counts as not given: a list never fails."""

    q = forms.CharField(required=False, max_length=200, strip=True)
    type = forms.ChoiceField(required=False, choices=[("", ""), *PartnerType.choices])
    status = forms.ChoiceField(required=False, choices=[("", ""), *PartnerStatus.choices])
    country = forms.RegexField(r"^[A-Z]{2}$", required=False)
    sort = forms.ChoiceField(required=False, choices=[(f"{sign}{by}", by) for by in SORTS for sign in ("", "-")])

    def chosen(self) -> dict[str, Any]:
        """The values that are well-formed; empty text for the rest."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}
