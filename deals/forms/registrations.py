"""The registration form with its product lines, and the small forms of the pages of deals.

Fields check shapes; what a registration must be is asked of `deals.rules.drafts`, so that page and API say the same.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from common.reasons import sentence
from common.verdict import Reason
from crm.rules.facts import ProductChoice
from deals.choices.registrations import LOST_REASONS, DealSource, RegistrationStatus, SalesStage
from deals.queries.registrations import SORTS
from deals.rules.drafts import MAX_LINES, DraftLine, RegistrationDraft, draft_is_complete, draft_is_sound

CURRENCIES = ("EUR", "GBP", "HUF", "PLN", "USD", "CHF", "CZK", "RON", "SEK", "DKK", "NOK")


def set_choices(field: Any, choices: list[tuple[Any, Any]]) -> None:
    field.choices = choices


class LineForm(forms.Form):
    """One product of the deal. The value is that of the whole line."""

    product = forms.ChoiceField(label=_("Product or service"))
    quantity = forms.IntegerField(
        label=_("Quantity"), initial=1, widget=forms.TextInput(attrs={"inputmode": "numeric"})
    )
    amount = forms.DecimalField(
        label=_("Value of the line"), localize=True, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )

    def __init__(self, *args: Any, products: Sequence[ProductChoice] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        groups: dict[str, list[tuple[str, str]]] = {}
        for product in products:
            groups.setdefault(product.family_name, []).append((product.public_id, product.name))
        set_choices(self.fields["product"], [("", "–"), *groups.items()])

    @property
    def is_typed(self) -> bool:
        """Whether somebody filled it in; a row left as it came is no line."""
        return bool(self["product"].data or self["amount"].data)


class LineFormSet(forms.BaseFormSet):
    """Rows of lines; every row that comes back may be emptied, also one that was there before."""

    def initial_form_count(self) -> int:
        return 0 if self.is_bound else super().initial_form_count()


class RegistrationForm(forms.Form):
    """What a partner types about a deal: ten fields and the product lines."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    partner = forms.ChoiceField(label=_("For"), required=False)
    customer_name = forms.CharField(label=_("Customer's legal name"))
    customer_country = forms.ChoiceField(label=_("Country"))
    customer_domain = forms.CharField(
        label=_("Web address"), required=False, help_text=_("The surest way to recognise a company.")
    )
    customer_tax_id = forms.CharField(label=_("Tax id"), required=False)
    contact = forms.CharField(label=_("Whom do you talk to?"))
    expected_close_on = forms.DateField(
        label=_("Expected close"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    stage = forms.ChoiceField(label=_("Sales stage"), choices=SalesStage.choices)
    source = forms.ChoiceField(label=_("Where is it from?"), choices=DealSource.choices)
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in CURRENCIES])
    why_now = forms.CharField(label=_("Why now?"), required=False, widget=forms.Textarea(attrs={"rows": 3}), strip=True)

    def __init__(
        self,
        *args: Any,
        products: Sequence[ProductChoice],
        partners: Sequence[tuple[int, str]],
        day: date,
        line_count: int = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.products, self.partners, self.day = {product.public_id: product for product in products}, partners, day
        set_choices(self.fields["customer_country"], [("", "–"), *countries])
        set_choices(self.fields["partner"], [(str(pk), name) for pk, name in partners])
        if len(partners) == 1:
            self.fields["partner"].widget = forms.HiddenInput()
        rows = forms.formset_factory(
            LineForm, LineFormSet, extra=line_count, max_num=MAX_LINES, absolute_max=MAX_LINES + 1
        )
        self.lines = rows(
            self.data if self.is_bound else None,
            initial=(kwargs.get("initial") or {}).get("lines"),
            prefix="lines",
            form_kwargs={"products": products},
        )

    def is_valid(self) -> bool:
        """Shape and rules of the form and of every line, so that all problems show at once."""
        self._check_shapes()
        draft = self.draft()
        self.show((draft_is_sound(draft) & draft_is_complete(draft, self.day)).reasons)
        return not self.errors and self.lines.is_valid()

    def is_keepable(self) -> bool:
        """Whether it can be saved as a draft: nothing that is there is wrong, much may be missing."""
        self._check_shapes()
        self.show(draft_is_sound(self.draft()).reasons)
        return not self.errors and self.lines.is_valid()

    def _check_shapes(self) -> None:
        """Only what is there; what is missing is for the rules to say, since a draft may miss it."""
        super().is_valid()
        self.lines.is_valid()
        for name, errors in list(self.errors.as_data().items()):
            if name != "token" and all(error.code == "required" for error in errors):
                del self.errors[name]

    def draft(self, registration_id: int | None = None) -> RegistrationDraft:
        """What was typed, as far as it has the right shape."""
        typed = {name: value for name, value in self.cleaned_data.items() if name not in ("token", "partner")}
        for name in ("customer_name", "customer_country", "customer_domain", "customer_tax_id", "contact", "why_now"):
            typed.setdefault(name, "")
        known = dict(self.partners)
        chosen = int(self.cleaned_data.get("partner") or 0)
        return RegistrationDraft(
            partner_id=chosen if chosen in known else next(iter(known)),
            lines=[self._line(row.cleaned_data) for row in self._typed_lines()],
            registration_id=registration_id,
            **typed,
        )

    def _typed_lines(self) -> list[LineForm]:
        return [row for row in self.lines.forms if row.is_typed]

    def _line(self, typed: dict[str, Any]) -> DraftLine:
        """A line; what has no right shape (and is told as such) stands in by something no rule objects to."""
        product = self.products.get(typed.get("product", ""))
        return DraftLine(product.pk if product else 0, typed.get("quantity") or 1, typed.get("amount") or Decimal(1))

    def show(self, reasons: Iterable[Reason]) -> None:
        """Put refusals where they belong: at their field, at their line's field, or above the form."""
        for reason in reasons:
            place, _dot, rest = reason.field.partition(".")
            if place == "lines" and rest:
                number, _dot, name = rest.partition(".")
                row = self._typed_lines()[int(number)]
                if name not in row.errors:
                    row.add_error(name, sentence(reason))
            elif place not in self.errors:
                self.add_error(place if place in self.fields else None, sentence(reason))


class DealFilterForm(forms.Form):
    """Search words, status and order. An unknown value counts as not given: a list never fails."""

    q = forms.CharField(required=False, max_length=200)
    status = forms.ChoiceField(required=False, choices=RegistrationStatus.choices)
    sort = forms.ChoiceField(required=False, choices=[(f"{sign}{by}", by) for by in SORTS for sign in ("", "-")])
    after = forms.CharField(required=False, max_length=500)

    def chosen(self) -> dict[str, str]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}


class LostForm(forms.Form):
    reason = forms.ChoiceField(label=_("Why was it lost?"), choices=list(LOST_REASONS.items()))
