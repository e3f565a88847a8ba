"""Who is invited to a deal: a row for each, with what they do and their share."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.reasons import sentence
from common.verdict import Reason
from deals.choices.participants import ParticipantRole
from deals.forms.rows import rows_of
from deals.rules.participants import MOST_PARTICIPANTS, Share, shares_are_sound, with_lead
from partners import queries as partner_queries

UNKNOWN = 0  # a partner that there is not
ROLES = [(value, label) for value, label in ParticipantRole.choices if value != ParticipantRole.LEAD]


class ShareForm(forms.Form):
    """Another partner, named by its number, or the vendor's direct sales; and its share in percent."""

    role = forms.ChoiceField(label=_("Who"), choices=[("", "–"), *ROLES], required=False)
    partner = forms.CharField(
        label=_("Their partner number"), required=False, max_length=40, help_text=_("Not needed for direct sales.")
    )
    share = forms.DecimalField(
        label=_("Share in percent"),
        localize=True,
        required=False,
        max_digits=5,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    partner_id: int | None = None

    @property
    def is_typed(self) -> bool:
        return any(self[name].data for name in self.fields)

    def as_share(self) -> Share:
        """The row as a share; what is missing stands in by what the rules object to at its field."""
        percent = self.cleaned_data.get("share") or Decimal(0)
        return Share(self.partner_id, self.cleaned_data.get("role") or "", int(percent * 100))


def name_partners(rows: Sequence[ShareForm]) -> None:
    """Look up all numbers at once and put a refusal at those that nobody has."""
    for row in rows:
        row.is_valid()
    named = [row for row in rows if row.cleaned_data.get("role") != ParticipantRole.DIRECT]
    numbers = {row: (row.cleaned_data.get("partner") or "").strip().lower() for row in named}
    known = partner_queries.partner_ids_by_public_id(numbers.values()) if named else {}
    for row, number in numbers.items():
        row.partner_id = known.get(number, UNKNOWN)
        if row.partner_id == UNKNOWN and "partner" not in row.errors:
            row.add_error("partner", sentence(Reason("participant.unknown_partner")))


class SharesForm(forms.Form):
    """The rows by themselves, for a deal that is there already."""

    def __init__(self, *args: Any, lead_partner_id: int, rows: Sequence[dict[str, Any]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lead_partner_id = lead_partner_id
        self.invited = rows_of(ShareForm, most=MOST_PARTICIPANTS - 1, extra=0 if rows else 1)(
            self.data if self.is_bound else None, initial=rows, prefix="invited"
        )

    def typed(self) -> list[ShareForm]:
        return [row for row in self.invited.forms if row.is_typed]

    def is_valid(self) -> bool:
        super().is_valid()
        name_partners(self.typed())
        shares = with_lead(self.lead_partner_id, self.shares())
        self.show(shares_are_sound(shares, lead_partner_id=self.lead_partner_id).reasons)
        return not self.errors and self.invited.is_valid()

    def shares(self) -> list[Share]:
        return [row.as_share() for row in self.typed()]

    def show(self, reasons: Iterable[Reason]) -> None:
        """At the row's field, or above the form."""
        for reason in reasons:
            _place, _dot, rest = reason.field.partition(".")
            number, _dot, name = rest.partition(".")
            if not rest:
                self.add_error(None, sentence(reason))
            elif name not in (row := self.typed()[int(number)]).errors:
                row.add_error(name, sentence(reason))
