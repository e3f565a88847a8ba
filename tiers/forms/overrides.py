"""What is typed about overrides and freezes. A period is typed with its last day and kept half-open."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.reasons import sentence
from common.verdict import Reason
from tiers.choices.overrides import OverlayKind, OverlayState
from tiers.queries.overlays import Narrowing
from tiers.rules.overrides import NewFreeze, NewOverride

FIELD_OF = {"ends_on": "last_day"}


def _day_field(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options)


def _words_field(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(label=label, help_text=help_text, widget=forms.Textarea(attrs={"rows": 3}))


class RefusedForm(forms.Form):
    """Shows what the rules say beside what the shapes say."""

    def show(self, reasons: Iterable[Reason]) -> None:
        """Put refusals at their fields, or above the form."""
        for reason in reasons:
            field = FIELD_OF.get(reason.field, reason.field)
            self.add_error(field if field in self.fields else None, sentence(reason))

    def show_besides(self, reasons: Iterable[Reason]) -> None:
        """The same where the shapes are wrong: only about fields that are right, so that all is said at once."""
        wrong = {*self.errors}
        if wrong & {"starts_on", "last_day"}:
            wrong |= {"starts_on", "last_day"}
        self.show([reason for reason in reasons if FIELD_OF.get(reason.field, reason.field) not in wrong])


class _PeriodForm(RefusedForm):
    starts_on = _day_field(_("First day"), help_text=_("Today at the earliest."))
    last_day = _day_field(_("Last day"), help_text=_("Twelve months at most."))

    def period(self) -> tuple[date, date]:
        """Half-open. Of a day that is missing or no day today takes the place, so that the rest can be judged."""
        first = self.cleaned_data.get("starts_on") or self.today
        last = self.cleaned_data.get("last_day") or first
        return first, last + timedelta(days=1) if last < date.max else last

    def __init__(self, data: Any = None, *, today: date) -> None:
        self.today = today
        super().__init__(data, initial={"starts_on": today})


class OverrideForm(_PeriodForm):
    level = forms.ChoiceField(label=_("Level"))
    reason = _words_field(_("Why?"), _("The second person and later readers go by it; the partner does not see it."))
    field_order = ("level", "starts_on", "last_day", "reason")

    def __init__(self, data: Any = None, *, today: date, levels: Sequence[tuple[str, str]]) -> None:
        super().__init__(data, today=today)
        self.fields["level"].choices = [("", "–"), *levels]  # type: ignore[attr-defined]

    def typed(self, partner_id: int) -> NewOverride:
        return NewOverride(
            partner_id, self.cleaned_data.get("level", ""), self.cleaned_data.get("reason", ""), *self.period()
        )


class FreezeForm(_PeriodForm):
    reason = _words_field(_("Why?"), _("Later readers go by it; the partner does not see it."))

    def typed(self, partner_id: int) -> NewFreeze:
        return NewFreeze(partner_id, self.cleaned_data.get("reason", ""), *self.period())


class AnswerForm(RefusedForm):
    answer = _words_field(_("Your answer"), _("Whoever asked reads it; the partner does not."))


class EndForm(RefusedForm):
    reason = _words_field(_("Why does it end early?"), _("Later readers go by it; the partner does not see it."))


class OverlayFilterForm(forms.Form):
    """Which of the list. What is not known counts as not given: a list never fails."""

    q = forms.CharField(required=False, max_length=200)
    kind = forms.ChoiceField(required=False, choices=OverlayKind.choices)
    state = forms.ChoiceField(required=False, choices=OverlayState.choices)
    level = forms.SlugField(required=False, max_length=20)
    sort = forms.ChoiceField(
        required=False, choices=[(f"{sign}{by}", by) for by in ("partner", "start") for sign in ("", "-")]
    )

    def chosen(self) -> Narrowing:
        self.is_valid()
        return Narrowing(**{name: self.cleaned_data.get(name) or "" for name in self.fields})
