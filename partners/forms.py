"""Which news somebody wants to hear of and how, and the view of a list to keep."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.choices import EmailWhen, NoticeKind
from partners.rules import NoticeWish


@dataclass(frozen=True, slots=True)
class PreferenceRow:
    """One kind of news with its two controls."""

    label: Any
    portal: forms.BoundField
    email: forms.BoundField


class PreferencesForm(forms.Form):
    """For each kind: shown in the portal or not, mailed when."""

    def __init__(self, *args: Any, kinds: Mapping[str, NoticeKind], wishes: Mapping[str, NoticeWish], **kw: Any):
        super().__init__(*args, **kw)
        self._kinds = kinds
        for name, kind in kinds.items():
            self.fields[f"portal-{name}"] = forms.BooleanField(
                label=_("%(kind)s: in the portal") % {"kind": kind.label},
                required=False,
                initial=wishes[name].in_portal,
            )
            self.fields[f"email-{name}"] = forms.ChoiceField(
                label=_("%(kind)s: by e-mail") % {"kind": kind.label},
                choices=EmailWhen.choices,
                initial=wishes[name].email,
            )

    @property
    def rows(self) -> Iterator[PreferenceRow]:
        for name, kind in self._kinds.items():
            yield PreferenceRow(kind.label, self[f"portal-{name}"], self[f"email-{name}"])

    def wishes(self) -> dict[str, NoticeWish]:
        typed = self.cleaned_data
        return {name: NoticeWish(typed[f"portal-{name}"], typed[f"email-{name}"]) for name in self._kinds}


class SaveViewForm(forms.Form):
    """Shapes only: what a view must be is asked of `rules.view_is_sound`."""

    page = forms.CharField()
    name = forms.CharField(required=False)
    query = forms.CharField(required=False, strip=False)
    is_shared = forms.BooleanField(required=False)


class DistributionForm(forms.Form):
    """A distributor names the partner that it wants to register deals for."""

    distributor = forms.ChoiceField(label=_("Distributor"))
    reseller = forms.CharField(
        label=_("The reseller's partner number"),
        max_length=40,
        help_text=_("It begins with ptn_ and stands on this page of the reseller: ask them for it."),
    )

    def __init__(self, *args: Any, distributors: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["distributor"]
        chosen.choices = distributors
        if len(distributors) == 1:
            chosen.widget = forms.HiddenInput()
            chosen.initial = distributors[0][0]
