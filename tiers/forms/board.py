"""How the tier board and its lists can be narrowed and sorted. What is not known counts as not given."""

from datetime import date
from typing import Any

from django import forms

from tiers.choices.board import SHOWS
from tiers.choices.standings import NoticeOutcome
from tiers.queries.board import SORTS, Wish


class DayForm(forms.Form):
    """As of which day: today unless one that is over is given."""

    on = forms.DateField(required=False)

    def chosen(self) -> dict[str, Any]:
        """The values that are well-formed; empty text for the rest."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}

    def day(self, today: date) -> date:
        asked = self.chosen()["on"]
        return asked if asked and asked < today else today


class BoardForm(DayForm):
    q = forms.CharField(required=False, max_length=200)
    level = forms.SlugField(required=False, max_length=20)
    show = forms.ChoiceField(required=False, choices=list(SHOWS.items()))
    mine = forms.BooleanField(required=False)
    sort = forms.ChoiceField(required=False, choices=[(f"{sign}{by}", by) for by in SORTS for sign in ("", "-")])
    after = forms.CharField(required=False, max_length=600)

    def wish(self, user_id: int | None) -> Wish:
        typed = self.chosen()
        manager_id = user_id if typed["mine"] else None
        return Wish(typed["q"], typed["level"], typed["show"], manager_id, typed["sort"], typed["after"])


class NoticeFilterForm(DayForm):
    q = forms.CharField(required=False, max_length=200)
    outcome = forms.ChoiceField(required=False, choices=NoticeOutcome.choices)
