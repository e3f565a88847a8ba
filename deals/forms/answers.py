"""What a partner answers when it was asked: the fields that were opened to it, and nothing else."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from common.reasons import sentence
from common.verdict import Reason
from crm.rules.facts import ProductChoice
from deals.choices.registrations import DealSource, SalesStage
from deals.choices.reviews import EDITABLE_FIELDS
from deals.forms.registrations import LineForm
from deals.forms.rows import rows_of
from deals.queries.registrations import CENT
from deals.rules.drafts import MAX_LINES, DraftLine, RegistrationDraft


def _long_text() -> forms.CharField:
    return forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 3}))


_FIELDS: Mapping[str, Callable[[], forms.Field]] = {
    "customer_name": forms.CharField,
    "customer_country": lambda: forms.ChoiceField(choices=[("", "–"), *countries]),
    "customer_domain": lambda: forms.CharField(required=False),
    "customer_tax_id": lambda: forms.CharField(required=False),
    "site": lambda: forms.CharField(required=False),
    "contact": forms.CharField,
    "expected_close_on": lambda: forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")),
    "stage": lambda: forms.ChoiceField(choices=SalesStage.choices),
    "source": lambda: forms.ChoiceField(choices=DealSource.choices),
    "why_now": _long_text,
}


class AnswerForm(forms.Form):
    """The asked fields as they are, the lines if they were asked for, and words."""

    words = forms.CharField(label=_("Your answer"), required=False, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(
        self,
        data: Any = None,
        *,
        asked: Sequence[str],
        draft: RegistrationDraft,
        products: Sequence[ProductChoice],
    ) -> None:
        super().__init__(data, initial={name: getattr(draft, name) for name in asked})
        for name in asked:
            if name != "lines":
                self.fields[name] = _FIELDS[name]()
                self.fields[name].label = EDITABLE_FIELDS[name]
        self.order_fields([*asked, "words"])
        self.asked, self.products = asked, {product.public_id: product for product in products}
        self.lines = self._line_rows(draft, products) if "lines" in asked else None

    def _line_rows(self, draft: RegistrationDraft, products: Sequence[ProductChoice]) -> "forms.BaseFormSet[Any]":
        codes = {product.pk: public_id for public_id, product in self.products.items()}
        known = [
            {"product": codes.get(line.product_id, ""), "quantity": line.quantity, "amount": line.amount.quantize(CENT)}
            for line in draft.lines
        ]
        rows = rows_of(LineForm, most=MAX_LINES, extra=1)
        if self.is_bound:  # without what was there: a row that comes back as it was is a line all the same
            return rows(self.data, prefix="lines", form_kwargs={"products": products})
        return rows(initial=known, prefix="lines", form_kwargs={"products": products})

    @property
    def own_fields(self) -> list[forms.BoundField]:
        """The asked fields, without the lines and the words."""
        return [self[name] for name in self.asked if name != "lines"]

    def is_valid(self) -> bool:
        """Whether everything has the right shape; whether it answers what was asked is for the action to say."""
        rows_are_valid = all(row.is_valid() for row in self._typed_lines())
        return super().is_valid() and rows_are_valid

    def typed(self) -> dict[str, Any]:
        typed = {name: self.cleaned_data[name] for name in self.asked if name in self.cleaned_data}
        if self.lines is not None:
            typed["lines"] = [self._line(row.cleaned_data) for row in self._typed_lines()]
        return typed

    def _typed_lines(self) -> list[Any]:
        return [row for row in self.lines.forms if row.is_typed] if self.lines is not None else []

    def _line(self, typed: Mapping[str, Any]) -> DraftLine:
        product = self.products.get(typed["product"])
        return DraftLine(product.pk if product else 0, typed["quantity"], Decimal(typed["amount"]))

    def show(self, reasons: Iterable[Reason]) -> None:
        """Put refusals at their field, at their line's field, or above the form."""
        for reason in reasons:
            place, _dot, rest = reason.field.partition(".")
            if place == "lines" and rest:
                number, _dot, name = rest.partition(".")
                self._typed_lines()[int(number)].add_error(name, sentence(reason))
            else:
                self.add_error(place if place in self.fields else None, sentence(reason))
