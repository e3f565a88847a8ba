"""What is typed about appeals and breaches."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from deals.forms.life import ReasonsForm


def _text(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class AppealForm(ReasonsForm):
    grounds = forms.CharField(
        label=_("Why should somebody look again?"),
        widget=_text(6),
        help_text=_("Say what was overlooked or has changed. Files and comments of the deal are looked at as well."),
    )


class JudgementForm(ReasonsForm):
    """A judge's answer. `customer` names who it is, where that is not settled; ``new`` for one nobody knew."""

    decision = forms.ChoiceField(choices=[("overturn", _("Protect")), ("uphold", _("The answer stands"))])
    customer = forms.CharField(required=False, max_length=40)
    words = forms.CharField(label=_("Your reasons"), widget=_text(4), help_text=_("The partner reads them."))
    precedent = forms.CharField(
        label=_("Precedent"),
        required=False,
        widget=_text(2),
        help_text=_("The case in a sentence for all partners to read: without names, amounts and dates."),
    )


class AcknowledgeForm(ReasonsForm):
    words = forms.CharField(
        label=_("What went wrong?"), widget=_text(4), help_text=_("The partner reads it. Say it as it was.")
    )


class SettleForm(ReasonsForm):
    """The amount proposed stands in the field."""

    amount = forms.DecimalField(
        label=_("Amount"), localize=True, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )
    words = forms.CharField(
        label=_("Why another amount?"),
        required=False,
        widget=_text(2),
        help_text=_("Needed if it is not the amount proposed. The partner reads it."),
    )


class RejectBreachForm(ReasonsForm):
    reason = forms.CharField(label=_("Why is it no breach?"), widget=_text(3), help_text=_("The partner reads it."))


BREACH_FORMS: dict[str, type[ReasonsForm]] = {
    "acknowledge": AcknowledgeForm,
    "settle": SettleForm,
    "reject": RejectBreachForm,
}


class CaseFilterForm(forms.Form):
    """Search words and status. What is not known counts as not given: a list never fails."""

    q = forms.CharField(required=False, max_length=200)
    status = forms.CharField(required=False, max_length=20)

    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}
