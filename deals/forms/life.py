"""What is typed about the life of a protection: more time, changes, the answers to both, giving up, revoking."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.reasons import sentence
from common.verdict import Reason
from crm.rules.facts import ProductChoice
from deals.choices.registrations import SalesStage
from deals.forms.answers import AnswerForm
from deals.queries.conversation import KnownFile
from deals.rules.changes import CHANGEABLE
from deals.rules.drafts import RegistrationDraft


class ReasonsForm(forms.Form):
    """A form that shows what the rules say at their fields."""

    def show(self, reasons: Iterable[Reason]) -> None:
        """Put refusals at their field, or above the form."""
        for reason in reasons:
            self.add_error(reason.field if reason.field in self.fields else None, sentence(reason))


class ExtensionForm(ReasonsForm):
    """What happened, on which day, and perhaps a file: a new one or one that is there."""

    evidence_on = forms.DateField(
        label=_("Day of the evidence"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    words = forms.CharField(label=_("What happened?"), widget=forms.Textarea(attrs={"rows": 4}))
    file = forms.FileField(label=_("A file that shows it"), required=False)
    attachment = forms.ChoiceField(label=_("Or a file that is there already"), required=False)

    def __init__(self, *args: Any, files: Sequence[KnownFile], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known = {found.public_id: found.key for found in files}
        if files:
            choices = [("", "–"), *((found.public_id, found.name) for found in files)]
            self.fields["attachment"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["attachment"]

    def attachment_id(self) -> int | None:
        """The chosen one of those that are there."""
        return self.known.get(self.cleaned_data.get("attachment", ""))


class ChangeForm(AnswerForm):
    """Everything that can be changed of a protected deal, as it is."""

    def __init__(self, data: Any = None, *, draft: RegistrationDraft, products: Sequence[ProductChoice]) -> None:
        super().__init__(data, asked=CHANGEABLE, draft=draft, products=products)
        del self.fields["words"]
        self.draft = draft

    def typed(self) -> dict[str, Any]:
        """Only what is not as it was, so that nobody is told of what they did not touch."""
        typed = super().typed()
        same = {name for name, value in typed.items() if name != "lines" and value == getattr(self.draft, name)}
        if typed.get("lines") == list(self.draft.lines):
            same.add("lines")
        return {name: value for name, value in typed.items() if name not in same}


class StageForm(forms.Form):
    stage = forms.ChoiceField(label=_("Sales stage"), choices=SalesStage.choices)


class WordsForm(ReasonsForm):
    """Words that the other side reads."""

    words = forms.CharField(
        label=_("Your reason"), widget=forms.Textarea(attrs={"rows": 3}), help_text=_("The partner reads it.")
    )


class AnswerRequestForm(ReasonsForm):
    """A manager's answer to a request for more time; words are needed to refuse."""

    verdict = forms.ChoiceField(choices=[("grant", _("Grant")), ("refuse", _("Refuse"))])
    words = forms.CharField(
        label=_("Your answer"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The partner reads it. Needed if you refuse."),
    )


class SettleForm(WordsForm):
    """A manager's decision about a change. `customer` names who the changed customer is; ``new``: nobody known."""

    verdict = forms.ChoiceField(choices=[("approve", _("Approve")), ("reject", _("Reject"))])
    customer = forms.CharField(required=False, max_length=40)
