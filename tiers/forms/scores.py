"""What is typed about the score book and its metrics."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tiers.choices.scores import BookState, MetricUnit
from tiers.forms.overrides import RefusedForm
from tiers.queries.score_book import Wish


class BookForm(forms.Form):
    """What of the book is wanted; an unknown value counts as not given."""

    partner = forms.CharField(required=False, max_length=200)
    metric = forms.SlugField(required=False, max_length=40)
    kind = forms.SlugField(required=False, max_length=40)
    key = forms.CharField(required=False, max_length=160)
    state = forms.ChoiceField(required=False, choices=BookState.choices)
    after = forms.CharField(required=False, max_length=200)

    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}

    def wish(self) -> Wish:
        typed = self.chosen()
        return Wish(cursor=typed.pop("after"), **typed)


class SourceForm(forms.Form):
    """Which source is meant."""

    kind = forms.CharField(max_length=40)
    key = forms.CharField(max_length=160)


class ReverseForm(RefusedForm):
    reason = forms.CharField(
        label=_("Why?"),
        required=False,
        help_text=_("Kept for ever with the reversal. The partner sees that it was reversed, not why."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class CreditsFileForm(forms.Form):
    """A file to look at."""

    file = forms.FileField(
        label=_("CSV file"), widget=forms.FileInput(attrs={"accept": ".csv,text/csv"}), allow_empty_file=True
    )


class MetricForm(RefusedForm):
    name = forms.CharField(label=_("Name"), required=False, help_text=_("What people read, such as Webinars."))
    code = forms.CharField(
        label=_("Code"),
        required=False,
        help_text=_("What files and programs write: lower-case letters, digits and underscores. It stays for ever."),
    )
    unit = forms.ChoiceField(label=_("Unit"), choices=MetricUnit.choices, initial=MetricUnit.NUMBER)


class MetricNameForm(RefusedForm):
    name = forms.CharField(label=_("Name"), required=False)
