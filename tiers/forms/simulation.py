"""Starting a simulation, and what of its partners is shown."""

from datetime import date, timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from common.period import add_months, month_of
from tiers.choices.simulations import Direction
from tiers.rules.simulation import LONGEST_MONTHS

THEN, TODAY = "then", "today"


class SimulationForm(forms.Form):
    """How far back, and what the nights know."""

    months = forms.IntegerField(
        label=_("Whole months back"),
        min_value=1,
        max_value=LONGEST_MONTHS,
        initial=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        help_text=_("From 1 to 24, and the days of this month. Publishing asks for twelve, or for all there is."),
    )
    knowledge = forms.ChoiceField(
        label=_("What the reviews know"),
        choices=[
            (THEN, _("What was known then: the nights that took place, with late credits when they came")),
            (TODAY, _("What is known today: every night, as if all credits had been there in time")),
        ],
        initial=THEN,
        widget=forms.RadioSelect,
    )

    def period(self, today: date) -> tuple[date, date]:
        """From the first day of a month to the end of today."""
        starts_on = add_months(month_of(today).starts_on, -self.cleaned_data["months"])
        return starts_on, today + timedelta(days=1)


class PartnerFilterForm(forms.Form):
    """Which partners of a simulation are shown. An unknown value counts as not given."""

    q = forms.CharField(required=False, max_length=100)
    direction = forms.ChoiceField(required=False, choices=Direction.choices)
    after = forms.CharField(required=False, max_length=250)

    def chosen(self) -> dict[str, str]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}
