"""The editor of a rulebook's draft, made from what its rules and terms have to set, and the forms around it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from common.reasons import sentence
from common.verdict import Reason
from deals.choices.engagement import RULE_LABELS, RuleVerdict
from deals.choices.rulebooks import PARAM_LABELS, PRIVATE_TERMS, TERM_GROUPS, TERM_LABELS, WEEKDAYS
from deals.queries.rulebooks import Names, RuleInWords, rule_in_words
from deals.rules.params import TERM_PARAMS, Kind, Param, params_of_rule, usual_params
from deals.rules.revisions import TITLE_LENGTH, Content, content_is_sound
from deals.rules.rulebook import Params, Rule, params_of
from deals.rules.terms import Terms

TERMS = "terms"
UP, DOWN = "up", "down"


class NumbersField(forms.Field):
    """Whole numbers with commas or spaces between them."""

    def to_python(self, value: Any) -> tuple[int, ...]:
        parts = re.findall(r"[^\s,;]+", str(value or ""))
        if not all(part.isascii() and part.isdigit() and len(part) <= 4 for part in parts):
            raise ValidationError(_("Enter whole numbers with commas between them."), code="invalid")
        return tuple(int(part) for part in parts)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(str(number) for number in value) if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class RuleFields:
    """A rule in the editor: how it reads now, its switch, and what can be set."""

    words: RuleInWords
    switch: forms.BoundField
    fields: list[forms.BoundField]
    is_first: bool
    is_last: bool


@dataclass(frozen=True, slots=True)
class TermFields:
    title: Any
    fields: list[forms.BoundField]


class RulebookForm(forms.Form):
    """Rules in their order, on or off, with their parameters, and the terms. Checks everything at once."""

    seen = forms.CharField(widget=forms.HiddenInput)
    order = forms.CharField(widget=forms.HiddenInput, required=False)
    title = forms.CharField(
        label=_("What changes"),
        required=False,
        max_length=TITLE_LENGTH,
        help_text=_("One line for the list of versions; partners read it too."),
    )

    def __init__(self, data: Any = None, *, content: Content, seen: str, names: Names) -> None:
        self.names = names
        self.kept = {rule.code: rule for rule in content.rules}
        initial: dict[str, Any] = {"seen": seen, "title": content.title}
        fields: dict[str, forms.Field] = {}
        codes = [*self.kept, *(code for code in Params if code not in self.kept)]
        for code in codes:
            initial[f"{code}-on"] = code in self.kept
            fields[f"{code}-on"] = forms.BooleanField(required=False, label=RULE_LABELS[code])
            values = msgspec.structs.asdict(params_of(self.kept[code])) if code in self.kept else usual_params(code)
            self._add(fields, initial, code, params_of_rule(code), values, PARAM_LABELS.get(code, {}))
        self._add(fields, initial, TERMS, TERM_PARAMS, msgspec.structs.asdict(content.terms), TERM_LABELS)
        initial["order"] = ",".join(codes)
        super().__init__(data, initial=initial)
        self.fields.update(fields)
        asked = (self.data.get("order") or "") if self.is_bound else initial["order"]
        known = [code for code in dict.fromkeys(asked.split(",")) if code in Params]
        self.codes = [*known, *(code for code in Params if code not in known)]

    def _add(
        self,
        fields: dict[str, forms.Field],
        initial: dict[str, Any],
        owner: str,
        params: Iterable[Param],
        values: Mapping[str, Any],
        labels: Mapping[str, Any],
    ) -> None:
        for param in params:
            place, value = f"{owner}-{param.name}", values[param.name]
            if param.kind is Kind.AMOUNTS:
                codes = {**self.names.of(param), **{code: code.capitalize() for code in value}}
                for code, name in {**codes, **self.names.of(param)}.items():
                    label = f"{labels[param.name]}: {name}"
                    fields[f"{place}-{code}"] = _amount_field(label, required=False)
                    initial[f"{place}-{code}"] = value.get(code)
            else:
                fields[place] = _field(param, labels[param.name], self.names, value)
                initial[place] = [str(each) for each in value] if param.kind is Kind.CODES else value

    def moved(self, code: str, where: str) -> "RulebookForm":
        """The same form as typed, with a rule one place further up or down."""
        codes = list(self.codes)
        if code in codes:
            old = codes.index(code)
            new = max(0, min(len(codes) - 1, old + (1 if where == DOWN else -1)))
            codes.insert(new, codes.pop(old))
        typed: Any = self.data
        data = typed.copy()
        data["order"] = ",".join(codes)
        content = Content(tuple(self.kept.values()), Terms())
        return RulebookForm(data, content=content, seen=data.get("seen", ""), names=self.names)

    def is_valid(self) -> bool:
        """Shapes first, then the rules of rulebooks, of all that is switched on."""
        super().is_valid()
        for name in list(self.errors):
            owner = name.partition("-")[0]
            if owner in Params and not self.cleaned_data.get(f"{owner}-on"):
                del self.errors[name]
        self.show(content_is_sound(self.content()).reasons)
        return not self.errors

    def content(self) -> Content:
        """What was typed; what has no right shape (and is told as such) stands as it usually is."""
        on = [code for code in self.codes if self.cleaned_data.get(f"{code}-on")]
        rules = []
        for code in on:
            values = self._values(code, params_of_rule(code), usual_params(code))
            rules.append(Rule(code, msgspec.to_builtins(Params[code](**values))))
        terms = Terms(**self._values(TERMS, TERM_PARAMS, msgspec.structs.asdict(Terms())))
        return Content(tuple(rules), terms, self.cleaned_data.get("title", ""))

    def _values(self, owner: str, params: Iterable[Param], usual: Mapping[str, Any]) -> dict[str, Any]:
        typed: dict[str, Any] = {}
        for param in params:
            place = f"{owner}-{param.name}"
            if param.kind is Kind.AMOUNTS:
                levels = [name for name in self.fields if name.startswith(f"{place}-")]
                amounts = {name.removeprefix(f"{place}-"): self.cleaned_data.get(name) for name in levels}
                typed[param.name] = {code: amount for code, amount in amounts.items() if amount is not None}
                continue
            value = self.cleaned_data.get(place)
            missing = value is None or place in self.errors
            value = usual[param.name] if missing else value
            typed[param.name] = tuple(value) if isinstance(value, list) else value
        return typed

    def show(self, reasons: Iterable[Reason]) -> None:
        """Put refusals at the field that they are about, or above the form."""
        for reason in reasons:
            rule, _dot, name = reason.field.rpartition(".")
            place = reason.field if reason.field in self.fields else f"{rule or TERMS}-{name}"
            places = [known for known in self.fields if known == place or known.startswith(f"{place}-")]
            if not places or places[0] not in self.errors:
                self.add_error(places[0] if places else None, sentence(reason))

    @property
    def rule_fields(self) -> list[RuleFields]:
        found = []
        for number, code in enumerate(self.codes):
            names = [name for name in self.fields if name.startswith(f"{code}-") and name != f"{code}-on"]
            rule = self.kept.get(code) or Rule(code, msgspec.to_builtins(dict(usual_params(code))))
            found.append(
                RuleFields(
                    words=rule_in_words(rule, self.names),
                    switch=self[f"{code}-on"],
                    fields=[self[name] for name in names],
                    is_first=number == 0,
                    is_last=number == len(self.codes) - 1,
                )
            )
        return found

    @property
    def term_fields(self) -> list[TermFields]:
        groups = (*TERM_GROUPS, PRIVATE_TERMS)
        return [TermFields(title, [self[f"{TERMS}-{name}"] for name in names]) for title, names in groups]


def _field(param: Param, label: Any, names: Names, value: Any) -> forms.Field:
    match param.kind:
        case Kind.WHOLE:
            widget = forms.TextInput(attrs={"inputmode": "numeric"})
            help_text = _("In basis points: 5000 is half.") if param.name.endswith("_bps") else ""
            return forms.IntegerField(label=label, widget=widget, help_text=help_text)
        case Kind.AMOUNT:
            return _amount_field(label)
        case Kind.CHOICE:
            return forms.ChoiceField(label=label, choices=[(each, RuleVerdict(each).label) for each in param.choices])
        case Kind.YES_NO:
            return forms.BooleanField(label=label, required=False)
        case Kind.HOUR:
            return forms.TimeField(label=label, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))
        case Kind.NUMBERS if param.name == "business_days":
            return forms.TypedMultipleChoiceField(
                label=label, choices=WEEKDAYS, coerce=int, required=False, widget=forms.CheckboxSelectMultiple
            )
        case Kind.NUMBERS:
            return NumbersField(label=label, required=False)
    choices: Sequence[tuple[str, str]] = list({**{code: code for code in value}, **names.of(param)}.items())
    return forms.MultipleChoiceField(label=label, choices=choices, required=False, widget=forms.CheckboxSelectMultiple)


def _amount_field(label: Any, *, required: bool = True) -> forms.DecimalField:
    widget = forms.TextInput(attrs={"inputmode": "decimal"})
    return forms.DecimalField(label=label, required=required, localize=True, widget=widget, max_value=Decimal(10) ** 13)


class PublishForm(forms.Form):
    """From when, and the number of the version typed to confirm."""

    seen = forms.CharField(widget=forms.HiddenInput)
    effective_from = forms.DateField(
        label=_("In force from"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    untested = forms.BooleanField(label=_("I publish it although it has not been back-tested"), required=False)
    confirmed_version = forms.IntegerField(
        label=_("Number of the new version"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def show(self, reasons: Iterable[Reason]) -> None:
        for reason in reasons:
            self.add_error(reason.field if reason.field in self.fields else None, sentence(reason))


class BackTestForm(forms.Form):
    """The days whose decisions are judged again; the last one belongs to them."""

    starts_on = forms.DateField(label=_("First day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last_day = forms.DateField(label=_("Last day"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class ChangeFilterForm(forms.Form):
    """What of a back-test's changes is shown. An unknown value counts as not given."""

    before = forms.ChoiceField(required=False, choices=RuleVerdict.choices)
    after = forms.ChoiceField(required=False, choices=RuleVerdict.choices)
    rule = forms.ChoiceField(required=False, choices=[(code, code) for code in Params])
    partner = forms.CharField(required=False, max_length=24)

    def chosen(self) -> dict[str, str]:
        self.is_valid()
        return {name: self.cleaned_data.get(name) or "" for name in self.fields}
