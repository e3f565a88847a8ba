"""What a reviewer chooses, asks and decides."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from crm.rules.facts import FamilyFacts
from deals.choices.engagement import RULE_LABELS
from deals.choices.reviews import EDITABLE_FIELDS, Waiting
from deals.queries.queue import NOBODY, SORTS, Wish
from partners.queries import Colleague

ME = "me"


def set_choices(field: Any, choices: Sequence[tuple[Any, Any]]) -> None:
    field.choices = choices


class QueueForm(forms.Form):
    """The selection of a queue. An unknown value counts as not given: a list never fails."""

    q = forms.CharField(required=False, max_length=200)
    kind = forms.ChoiceField(required=False, choices=Waiting.choices)
    assigned = forms.CharField(required=False, max_length=40)
    rule = forms.ChoiceField(required=False, choices=list(RULE_LABELS.items()))
    family = forms.CharField(required=False, max_length=60)
    country = forms.ChoiceField(required=False, choices=list(countries))
    partner = forms.CharField(required=False, max_length=40)
    least = forms.DecimalField(required=False, min_value=0, max_digits=17, decimal_places=2)
    most = forms.DecimalField(required=False, min_value=0, max_digits=17, decimal_places=2)
    late = forms.BooleanField(required=False)
    sort = forms.ChoiceField(required=False, choices=[(f"{sign}{by}", by) for by in SORTS for sign in ("", "-")])
    after = forms.CharField(required=False, max_length=500)

    def chosen(self) -> dict[str, Any]:
        """What is well-formed; the rest as if it were not there."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}

    def wish(self, user_id: int | None, reviewers: Sequence[Colleague], families: Sequence[FamilyFacts]) -> Wish:
        chosen = self.chosen()
        people = {person.public_id: person.pk for person in reviewers} | ({ME: user_id} if user_id else {})
        assigned = NOBODY if chosen["assigned"] == NOBODY else people.get(chosen["assigned"], "")
        family_ids = {family.code: family.pk for family in families}
        return Wish(
            search=chosen["q"],
            kind=chosen["kind"],
            partner=chosen["partner"],
            family_id=family_ids.get(chosen["family"]),
            country=chosen["country"],
            rule=chosen["rule"],
            assigned=assigned,
            only_late=bool(chosen["late"]),
            least=_amount(chosen["least"]),
            most=_amount(chosen["most"]),
            sort=chosen["sort"],
            cursor=chosen["after"],
        )


def _amount(typed: Any) -> Decimal | None:
    return typed if isinstance(typed, Decimal) else None


class ReviewForm(forms.Form):
    """A channel manager's decision. `customer` names who it is; ``new`` for a company that nobody knew."""

    decision = forms.ChoiceField(choices=[("approve", _("Approve")), ("reject", _("Reject"))])
    customer = forms.CharField(required=False, max_length=40)
    reason = forms.CharField(
        label=_("Your reason"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The partner reads it."),
    )


class AskForm(forms.Form):
    """What a partner is asked: which fields it may correct, and why."""

    fields_asked = forms.MultipleChoiceField(
        label=_("What may the partner change?"),
        choices=list(EDITABLE_FIELDS.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    words = forms.CharField(
        label=_("Your question"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The partner reads it. The clock stands still until it answers."),
    )


class AssignForm(forms.Form):
    """Who reviews it; nobody in particular if it is empty."""

    reviewer = forms.ChoiceField(label=_("Reviewer"), required=False)

    def __init__(self, *args: Any, reviewers: Sequence[Colleague], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.people = {person.public_id: person.pk for person in reviewers}
        names = [(person.public_id, person.name) for person in reviewers]
        set_choices(self.fields["reviewer"], [("", _("Nobody")), *names])


class ManyForm(forms.Form):
    """One decision, or one reviewer, for several registrations."""

    decision = forms.ChoiceField(choices=[("approve", _("Approve")), ("reject", _("Reject")), ("assign", _("Give"))])
    reviewer = forms.CharField(required=False, max_length=40)
    reason = forms.CharField(label=_("Your reason"), required=False, widget=forms.Textarea(attrs={"rows": 2}))
