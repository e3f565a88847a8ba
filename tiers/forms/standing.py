"""As of which day a tier page is read."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

FIRST_DAY = date(2000, 1, 1)


class DayForm(forms.Form):
    """A day until today; without one, or with one that cannot be shown, it is today.

    ``known=now``: a past day with what became known of it later.
    """

    on = forms.DateField(label=_("As of"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    known = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, asked: Any, *, today: date) -> None:
        super().__init__({"on": asked.get("on") or today.isoformat(), "known": asked.get("known", "")})
        self.today = today
        self.fields["on"].widget.attrs |= {"min": FIRST_DAY.isoformat(), "max": today.isoformat()}

    def clean_on(self) -> date:
        day: date = self.cleaned_data["on"]
        if day > self.today:
            raise ValidationError(_("That day is still to come. Below is today, and what comes if nothing happens."))
        if day < FIRST_DAY:
            raise ValidationError(_("That is too long ago. Below is today."))
        return day

    @property
    def day(self) -> date:
        return self.cleaned_data["on"] if self.is_valid() else self.today

    @property
    def knows_later(self) -> bool:
        """Also what became known after the day."""
        return self.day == self.today or self.cleaned_data.get("known") == "now"
