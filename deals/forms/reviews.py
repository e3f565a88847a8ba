"""What a channel manager types about a registration under review."""

from django import forms
from django.utils.translation import gettext_lazy as _


class ReviewForm(forms.Form):
    """A channel manager's decision. `customer` names who it is; ``new`` for a company that nobody knew."""

    decision = forms.ChoiceField(choices=[("approve", _("Approve")), ("reject", _("Reject"))])
    customer = forms.CharField(required=False, max_length=40)
    reason = forms.CharField(
        label=_("Your reason"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The partner reads it."),
    )
