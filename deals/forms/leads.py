"""What is typed about leads: a new one, and why an offer is declined."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from deals.forms.life import ReasonsForm
from deals.rules.leads import CONTACT_LIMITS, SEGMENT_LIMIT, NewLead


class LeadForm(ReasonsForm):
    """Everything about a lead; the contacts stay hidden from partners until one accepts."""

    customer_name = forms.CharField(label=_("Company"), max_length=300)
    customer_country = forms.ChoiceField(label=_("Country"))
    customer_domain = forms.CharField(label=_("Web address"), max_length=253, required=False)
    customer_segment = forms.CharField(
        label=_("Segment"), max_length=SEGMENT_LIMIT, required=False, help_text=_("As the CRM classes it.")
    )
    family = forms.TypedChoiceField(label=_("Product family"), coerce=int, empty_value=None)
    value = forms.DecimalField(
        label=_("Estimated value"),
        localize=True,
        max_digits=15,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    words = forms.CharField(
        label=_("What is needed?"),
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Partners read it before they accept: without the company’s name and contacts."),
    )
    contact_name = forms.CharField(label=_("Contact"), max_length=CONTACT_LIMITS["contact_name"])
    contact_email = forms.EmailField(label=_("E-mail"), max_length=CONTACT_LIMITS["contact_email"], required=False)
    contact_phone = forms.CharField(label=_("Telephone"), max_length=CONTACT_LIMITS["contact_phone"], required=False)

    def __init__(self, *args: Any, families: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["customer_country"].choices = [("", "–"), *countries]  # type: ignore[attr-defined]
        self.fields["family"].choices = [("", "–"), *families]  # type: ignore[attr-defined]

    def typed(self) -> NewLead:
        cleaned = dict(self.cleaned_data)
        return NewLead(family_id=cleaned.pop("family"), **cleaned)


class DeclineForm(ReasonsForm):
    words = forms.CharField(
        label=_("Why not?"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("It helps us to ask the right partner next time."),
    )
