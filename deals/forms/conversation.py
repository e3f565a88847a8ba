"""What is said and shown: comments and files."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from deals.choices.conversation import Stream
from deals.forms.life import ReasonsForm
from deals.rules.evidence import KINDS


class CommentForm(ReasonsForm):
    """One comment. The stream is a hidden field, which a partner's page does not have."""

    stream = forms.CharField(widget=forms.HiddenInput, required=False, initial=Stream.SHARED.value)
    text = forms.CharField(label=_("Your comment"), widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, stream: str = Stream.SHARED, **kwargs: Any) -> None:
        kwargs |= {"auto_id": f"id_{stream}_%s", "initial": {"stream": stream}}
        super().__init__(*args, **kwargs)


class FileForm(ReasonsForm):
    """One file; the vendor's people say who may see it."""

    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        widget=forms.ClearableFileInput(attrs={"accept": ",".join(f".{kind}" for kind in KINDS)}),
    )
    stream = forms.ChoiceField(label=_("Who may see it?"), choices=Stream.choices, initial=Stream.SHARED)

    def __init__(self, *args: Any, is_vendor: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not is_vendor:
            del self.fields["stream"]

    def chosen_stream(self) -> str:
        return str(self.cleaned_data.get("stream", Stream.SHARED))
