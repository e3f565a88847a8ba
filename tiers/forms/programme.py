"""The editor of a programme's draft, whose levels, paths and requirements grow and shrink while it is typed."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from common.reasons import sentence
from common.verdict import Reason
from tiers.choices.programmes import BENEFIT_LABELS, Aggregation, PeriodLength, SupportLevel, Window
from tiers.forms.sheet import Sheet
from tiers.rules.content import LevelContent, PathContent, ProgrammeContent, Proposal, RequirementContent

NO_NUMBER = Decimal("NaN")
_NUMBER = re.compile(r"-?[0-9]{1,30}(?:\.[0-9]{1,10}|,[0-9]{1,2})?")  # 1,500 could be both: it is none
_WHOLE = re.compile(r"[0-9]{1,12}")
_PART = re.compile(r"l[0-9]+")
_HUNDRED = Decimal(100)
_DAY = {"type": "date"}


class TypedField(forms.CharField):
    """A text whose rules say what it must be, also when it is empty."""

    def __init__(self, *, label: Any, help_text: Any = "", required: bool = True, **attrs: str) -> None:
        widget = forms.TextInput(attrs={"autocomplete": "off", **attrs})
        super().__init__(label=label, required=required, help_text=help_text, widget=widget)

    def validate(self, value: Any) -> None:
        """What it must be is said by the rules."""


class NumberField(TypedField):
    """A decimal as typed; what is no number becomes NaN, and the rules say what to enter."""

    def __init__(self, *, label: Any, required: bool = True, inputmode: str = "decimal") -> None:
        super().__init__(label=label, required=required, inputmode=inputmode)

    def to_python(self, value: Any) -> Any:
        text = str(value or "").strip()
        return Decimal(text.replace(",", ".")) if _NUMBER.fullmatch(text) else NO_NUMBER

    def run_validators(self, value: Any) -> None:
        """None: they are for texts."""

    def prepare_value(self, value: Any) -> Any:
        return _plain(value) if isinstance(value, Decimal) else value


class PercentField(NumberField):
    """A share, typed as a percentage: 3 is 0.03."""

    def to_python(self, value: Any) -> Any:
        typed = super().to_python(str(value or "").replace("%", ""))
        return typed / _HUNDRED if typed.is_finite() else NO_NUMBER

    def prepare_value(self, value: Any) -> Any:
        return _plain(value * _HUNDRED) if isinstance(value, Decimal) else value


class WholeField(NumberField):
    """A whole number; anything else becomes -1, which no rule allows. Empty is zero where it is not required."""

    def __init__(self, *, label: Any, required: bool = True) -> None:
        super().__init__(label=label, required=required, inputmode="numeric")

    def to_python(self, value: Any) -> Any:
        text = str(value or "").strip()
        if not text and not self.required:
            return 0
        return int(text) if _WHOLE.fullmatch(text) else -1


def _plain(value: Decimal) -> str:
    """Without trailing zeros or an exponent."""
    return format(value.normalize(), "f") if value.is_finite() else ""


def _choice(label: Any, choices: Iterable[tuple[str, Any]]) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=list(choices), widget=forms.Select)


def _level_fields() -> dict[str, forms.Field]:
    return {
        "name": TypedField(label=_("Name"), help_text=_("As partners read it.")),
        "code": TypedField(
            label=_("Code"),
            help_text=_("A level keeps its partners by its code: change it only for another level."),
            autocapitalize="none",
        ),
        "protection_days": WholeField(label=_("Protection of a registered deal, days")),
        "deal_discount": PercentField(label=_("Discount on deals, %")),
        "rebate_multiplier": NumberField(label=BENEFIT_LABELS["rebate_multiplier"]),
        "mdf_rate": PercentField(label=_("Marketing funds, % of revenue")),
        "lead_priority": WholeField(label=_("Priority for leads"), required=False),
        "support_level": _choice(BENEFIT_LABELS["support_level"], SupportLevel.choices),
    }


def _requirement_fields(metrics: Mapping[str, str], metric: str) -> dict[str, forms.Field]:
    known = metrics if metric in metrics or not metric else {**metrics, metric: metric}
    return {
        "metric": _choice(_("Metric"), known.items()),
        "aggregation": _choice(_("Counted as"), Aggregation.choices),
        "window": _choice(_("When"), Window.choices),
        "threshold": NumberField(label=_("At least")),
        "minimum_samples": WholeField(label=_("From entries"), required=False),
    }


@dataclass(frozen=True, slots=True)
class RequirementPart:
    place: str
    number: int
    fields: list[forms.BoundField]


@dataclass(frozen=True, slots=True)
class PathPart:
    place: str
    number: int
    requirements: list[RequirementPart]
    problems: list[str]


@dataclass(frozen=True, slots=True)
class LevelPart:
    place: str
    number: int
    title: str
    names: list[forms.BoundField]
    benefits: list[forms.BoundField]
    paths: list[PathPart]
    problems: list[str]
    has_problems: bool
    is_first: bool
    is_last: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence and the id of what it is about; `where` says in words which that is."""

    anchor: str
    where: str
    text: str


class ProgrammeForm(forms.Form):
    """All of a draft. `sheet` says how many levels, paths and requirements there are, and how they begin."""

    seen = forms.CharField(widget=forms.HiddenInput)
    name = TypedField(label=_("Name of the draft"), help_text=_("Only you and your colleagues see it."))
    starts_on = forms.DateField(
        label=_("First day"),
        required=False,
        widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
        help_text=_("When it is to be in force. It can still be changed when it is published."),
    )
    words = forms.CharField(
        label=_("Words to partners"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What changes, and why. Partners read it above the new programme."),
    )
    notice_days = WholeField(label=_("Days of notice before a level is lost"))
    demotion_period = _choice(_("A level is lost at the end of a"), PeriodLength.choices)
    benefits_may_fall = forms.BooleanField(label=_("A higher level may give less: I mean it"), required=False)

    def __init__(self, data: Any = None, *, sheet: Sheet, metrics: Mapping[str, str], currency: str) -> None:
        self.sheet, self.currency = sheet, currency
        self.part_problems: dict[str, list[str]] = {}
        super().__init__(data, initial=dict(sheet.values))
        for level in range(len(sheet.shape)):
            self._add(f"l{level}", _level_fields())
        for place in sheet.requirement_places():
            self._add(place, _requirement_fields(metrics, str(sheet.values.get(f"{place}-metric", ""))))

    def _add(self, place: str, fields: Mapping[str, forms.Field]) -> None:
        self.fields.update({f"{place}-{name}": field for name, field in fields.items()})

    def proposal(self) -> Proposal:
        """What was typed; what cannot be kept is in it as something that the rules refuse."""
        typed = self.cleaned_data
        content = ProgrammeContent(
            levels=tuple(self._level(number, paths) for number, paths in enumerate(self.sheet.shape)),
            notice_days=typed["notice_days"],
            demotion_period=typed.get("demotion_period", PeriodLength.YEAR.value),
            currency=self.currency,
            benefits_may_fall=typed["benefits_may_fall"],
        )
        words = typed["words"].replace("\r\n", "\n").strip()
        return Proposal(typed["name"], content, typed.get("starts_on"), words)

    def _level(self, number: int, paths: Sequence[int]) -> LevelContent:
        typed: dict[str, Any] = {name: self.cleaned_data.get(f"l{number}-{name}") for name in _level_fields()}
        typed["support_level"] = SupportLevel(typed["support_level"] or SupportLevel.STANDARD)
        asked = (
            PathContent(tuple(self._requirement(f"l{number}-p{path}-r{each}") for each in range(count)))
            for path, count in enumerate(paths)
        )
        return LevelContent(**typed, paths=tuple(asked))

    def _requirement(self, place: str) -> RequirementContent:
        typed: dict[str, Any] = {name: self.cleaned_data.get(f"{place}-{name}") for name in _requirement_fields({}, "")}
        return RequirementContent(
            metric=typed["metric"] or "",
            window=Window(typed["window"] or Window.TRAILING_12_MONTHS),
            threshold=typed["threshold"],
            aggregation=Aggregation(typed["aggregation"] or Aggregation.SUM),
            minimum_samples=typed["minimum_samples"],
        )

    def show(self, reasons: Iterable[Reason]) -> None:
        """Put refusals where they belong: at a field, at a level or a path, or above the form."""
        malformed = set(self.errors)
        for reason in reasons:
            place = field_of(reason.field)
            if place in self.fields:
                if place not in malformed:
                    self.add_error(place, sentence(reason))
            elif _PART.match(place):
                self.part_problems.setdefault(place, []).append(sentence(reason))
            else:
                self.add_error(None, sentence(reason))

    @property
    def problems(self) -> list[Problem]:
        """All of them in the order of the page."""
        if not self.is_bound:
            return []
        found = [Problem("programme", "", str(text)) for text in self.non_field_errors()]
        for name, field in self.fields.items():
            if "-" not in name:
                found += [Problem(self[name].id_for_label, str(field.label), str(text)) for text in self[name].errors]
        for number in range(len(self.sheet.shape)):
            found += self._problems_of_level(f"l{number}")
        return found

    def _problems_of_level(self, level: str) -> Iterator[Problem]:
        for place, texts in self.part_problems.items():
            if place.partition("-")[0] == level:
                yield from (Problem(place, self._where(place), text) for text in texts)
        for name, field in self.fields.items():
            if name.partition("-")[0] == level:
                where = f"{self._where(name.rpartition('-')[0])}, {field.label}"
                yield from (Problem(self[name].id_for_label, where, str(text)) for text in self[name].errors)

    def _where(self, place: str) -> str:
        """``Gold, path 1, requirement 2``."""
        level, *parts = place.split("-")
        words = [self._title(int(level[1:]))]
        labels = {"p": _t("path %(number)s"), "r": _t("requirement %(number)s")}
        words += [labels[part[0]] % {"number": int(part[1:]) + 1} for part in parts]
        return ", ".join(words)

    def _title(self, number: int) -> str:
        named = str(self[f"l{number}-name"].value() or "").strip()
        return named or _t("Level %(number)s") % {"number": number + 1}

    @property
    def levels(self) -> list[LevelPart]:
        return [self._level_part(number, paths) for number, paths in enumerate(self.sheet.shape)]

    def _level_part(self, number: int, paths: Sequence[int]) -> LevelPart:
        place = f"l{number}"
        fields = [self[f"{place}-{name}"] for name in _level_fields()]
        return LevelPart(
            place=place,
            number=number,
            title=self._title(number),
            names=fields[:2],
            benefits=fields[2:],
            paths=[self._path_part(f"{place}-p{path}", path, count) for path, count in enumerate(paths)],
            problems=self.part_problems.get(place, []) if self.is_bound else [],
            has_problems=self.is_bound and any(self._problems_of_level(place)),
            is_first=number == 0,
            is_last=number == len(self.sheet.shape) - 1,
        )

    def _path_part(self, place: str, number: int, count: int) -> PathPart:
        requirements = [
            RequirementPart(
                f"{place}-r{each}", each, [self[f"{place}-r{each}-{name}"] for name in _requirement_fields({}, "")]
            )
            for each in range(count)
        ]
        return PathPart(place, number, requirements, self.part_problems.get(place, []))


def field_of(place: str) -> str:
    """``levels.1.paths.0.requirements.2.threshold`` as the name of its field: ``l1-p0-r2-threshold``."""
    parts = place.split(".")
    if parts[0] != "levels" or len(parts) == 1:
        return place
    short = {"levels": "l", "paths": "p", "requirements": "r"}
    words, waiting = [], ""
    for part in parts:
        if part.isdigit():
            words.append(f"{waiting}{part}")
            waiting = ""
        elif part in short:
            waiting = short[part]
        else:
            words.append(part)
    return "-".join(words)


class PublishForm(forms.Form):
    """From when, and the number of the version typed to confirm."""

    seen = forms.CharField(widget=forms.HiddenInput)
    starts_on = forms.DateField(label=_("In force from"), widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"))
    confirmed_number = forms.IntegerField(
        label=_("Number of the new version"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def show(self, reasons: Iterable[Reason]) -> None:
        for reason in reasons:
            self.add_error(reason.field if reason.field in self.fields else None, sentence(reason))


class WithdrawForm(forms.Form):
    """`number`: the version that the page spoke of."""

    number = forms.IntegerField(widget=forms.HiddenInput)
    words = forms.CharField(
        label=_("Words to partners"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Why the change does not come. Everybody who was told of it reads this."),
    )


class DraftNameForm(forms.Form):
    """A new draft: what it is called, and what it begins with."""

    name = TypedField(label=_("Name of the draft"))
    start = forms.ChoiceField(
        label=_("Begins with"),
        choices=[("current", _("the programme in force")), ("default", _("Bronze, Silver, Gold and Platinum"))],
    )


class DayForm(forms.Form):
    """The day as of which something is shown. No day, or none that can be read: today."""

    day = forms.DateField(label=_("As of"), required=False, widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"))

    def clean_day(self) -> Any:
        day = self.cleaned_data["day"]
        if day is not None and not 1970 <= day.year <= 2199:
            raise ValidationError(_("Choose a day from 1970 to 2199."))
        return day
