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
from deals.forms.participants import ShareForm, name_partners
from deals.forms.rows import rows_of
from deals.queries.claimants import Claimant
from deals.queries.registrations import SORTS
from deals.rules.drafts import (
    MAX_LINES,
    DraftLine,
    RegistrationDraft,
    draft_is_complete,
    draft_is_sound,
    web_or_tax,
)
from deals.rules.participants import MOST_PARTICIPANTS

CURRENCIES = ("EUR", "GBP", "HUF", "PLN", "USD", "CHF", "CZK", "RON", "SEK", "DKK", "NOK")


_TYPED = (
    *("customer_name", "customer_country", "site", "contact", "expected_close_on", "stage", "source", "currency"),
    *("why_now",),
)
_SHOWN_AT = {"customer_domain": "known_by", "customer_tax_id": "known_by"}


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


class RegistrationForm(forms.Form):
    """What a partner types about a deal: at most ten fields, with the products and who sells together among them."""

    token = forms.UUIDField(widget=forms.HiddenInput)
    partner = forms.ChoiceField(label=_("For"), required=False)
    customer_name = forms.CharField(
        label=_("Customer's legal name"), widget=forms.TextInput(attrs={"list": "own-customers", "autocomplete": "off"})
    )
    customer_country = forms.ChoiceField(label=_("Country"))
    known_by = forms.CharField(
        label=_("Web address or tax id"), required=False, help_text=_("The surest way to recognise a company.")
    )
    site = forms.CharField(
        label=_("Site"),
        required=False,
        help_text=_("Leave it empty for the whole customer: others are kept out everywhere."),
    )
    contact = forms.CharField(label=_("Whom do you talk to?"))
    expected_close_on = forms.DateField(
        label=_("Expected close"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    stage = forms.ChoiceField(label=_("Sales stage"), choices=SalesStage.choices)
    source = forms.ChoiceField(label=_("Where is it from?"), choices=DealSource.choices)
    currency = forms.ChoiceField(label=_("Currency"), choices=[(code, code) for code in CURRENCIES])
    why_now = forms.CharField(label=_("Why now?"), required=False, widget=forms.Textarea(attrs={"rows": 3}), strip=True)

    def __init__(
        self, *args: Any, products: Sequence[ProductChoice], claimants: Sequence[Claimant], day: date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.products, self.claimants, self.day = {one.public_id: one for one in products}, claimants, day
        set_choices(self.fields["customer_country"], [("", "–"), *countries])
        set_choices(self.fields["partner"], [(one.public_id, one.name) for one in claimants])
        if len(claimants) == 1:
            self.fields["partner"].widget = forms.HiddenInput()
        typed, initial = self.data if self.is_bound else None, kwargs.get("initial") or {}
        rows, shares = initial.get("lines") or [], initial.get("invited") or []
        self.lines = rows_of(LineForm, most=MAX_LINES, extra=0 if rows else 1)(
            typed, initial=rows, prefix="lines", form_kwargs={"products": products}
        )
        self.invited = rows_of(ShareForm, most=MOST_PARTICIPANTS - 1, extra=0 if shares else 1)(
            typed, initial=shares, prefix="invited"
        )

    def is_valid(self) -> bool:
        """Shape and rules of the form and of every row, so that all problems show at once."""
        self.check_shapes()
        draft = self.draft()
        self.show((draft_is_sound(draft) & draft_is_complete(draft, self.day)).reasons)
        return self._is_clean()

    def is_keepable(self) -> bool:
        """Whether it can be saved as a draft: nothing that is there is wrong, much may be missing."""
        self.check_shapes()
        self.show(draft_is_sound(self.draft()).reasons)
        return self._is_clean()

    def _is_clean(self) -> bool:
        return not self.errors and self.lines.is_valid() and self.invited.is_valid()

    def check_shapes(self) -> None:
        """Only what is there; what is missing is for the rules to say, since a draft may miss it."""
        super().is_valid()
        self.lines.is_valid()
        name_partners(self.typed_shares())
        for name, errors in list(self.errors.as_data().items()):
            if name != "token" and all(error.code == "required" for error in errors):
                del self.errors[name]

    def leave_unchecked(self) -> None:
        """Show what was typed without a word about what is missing or wrong: nobody has sent it yet."""
        for form in (self, *self.lines.forms, *self.invited.forms):
            form.errors.clear()

    @property
    def claimant(self) -> Claimant:
        """For whom it is; one that was not offered counts as not chosen (and is told as such)."""
        chosen = self.cleaned_data.get("partner")
        return next((one for one in self.claimants if one.public_id == chosen), self.claimants[0])

    def draft(self, registration_id: int | None = None) -> RegistrationDraft:
        """What was typed, as far as it has the right shape."""
        typed = {name: self.cleaned_data[name] for name in _TYPED if name in self.cleaned_data}
        known = web_or_tax(self.cleaned_data.get("known_by", ""))
        return RegistrationDraft(
            partner_id=self.claimant.partner_id,
            customer_name=typed.pop("customer_name", ""),
            customer_domain=known.domain,
            customer_tax_id=known.tax_id,
            lines=[self._line(row.cleaned_data) for row in self._typed_lines()],
            invited=[row.as_share() for row in self.typed_shares()],
            registration_id=registration_id,
            **typed,
        )

    def families(self) -> tuple[int, ...]:
        """Of the products chosen so far."""
        chosen = (self.products.get(row.cleaned_data.get("product", "")) for row in self._typed_lines())
        return tuple(sorted({product.family_id for product in chosen if product}))

    def total(self) -> Decimal | None:
        """The value typed so far; None as long as a line has none."""
        amounts = [row.cleaned_data.get("amount") for row in self._typed_lines()]
        known = [amount for amount in amounts if amount is not None]
        return sum(known, Decimal(0)) if known and len(known) == len(amounts) else None

    def _typed_lines(self) -> list[LineForm]:
        return [row for row in self.lines.forms if row.is_typed]

    def typed_shares(self) -> list[ShareForm]:
        return [row for row in self.invited.forms if row.is_typed]

    def _line(self, typed: dict[str, Any]) -> DraftLine:
        """A line; what has no right shape (and is told as such) stands in by something no rule objects to."""
        product = self.products.get(typed.get("product", ""))
        return DraftLine(product.pk if product else 0, typed.get("quantity") or 1, typed.get("amount") or Decimal(1))

    def show(self, reasons: Iterable[Reason]) -> None:
        """Put refusals where they belong: at their field, at their row's field, or above the form."""
        rows: dict[str, list[Any]] = {"lines": self._typed_lines(), "participants": self.typed_shares()}
        for reason in reasons:
            place, _dot, rest = reason.field.partition(".")
            place = _SHOWN_AT.get(place, place)
            if place in rows and rest:
                number, _dot, name = rest.partition(".")
                row = rows[place][int(number)]
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
    others = forms.BooleanField(required=False)

    def chosen(self) -> dict[str, str]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}


class LostForm(forms.Form):
    reason = forms.ChoiceField(label=_("Why was it lost?"), choices=list(LOST_REASONS.items()))
