"""Pages about the program itself."""

from datetime import timedelta
from decimal import Decimal

from django import forms
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.errors import NotFound
from common.requests import ActorRequest
from common.verdict import ALLOWED, Reason, refusal

COLOURS = ("green", "teal", "blue", "azure", "purple", "yellow", "orange", "red", "pink", "secondary")
LEVELS = ("bronze", "silver", "gold", "platinum")


class SpecimenForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=_("Name"), help_text=_("As it is registered."))
    amount = forms.DecimalField(label=_("Amount"), required=False)
    size = forms.ChoiceField(label=_("Size"), choices=[("s", _("Small")), ("l", _("Large"))])
    agreed = forms.BooleanField(label=_("I agree"), required=False)
    channel = forms.ChoiceField(
        label=_("Channel"), choices=[("a", _("Direct")), ("b", _("Partner"))], widget=forms.RadioSelect
    )


@login_required
def design(request: ActorRequest) -> HttpResponse:
    """Every component in its states, for the vendor's staff."""
    if not request.actor.is_vendor:
        raise NotFound("design")
    at = timezone.now()
    context = {
        "colours": COLOURS,
        "levels": LEVELS,
        "form": SpecimenForm(),
        "wrong_form": SpecimenForm({"size": "x"}),
        "at": at,
        "soon": at + timedelta(hours=7),
        "later": at + timedelta(days=40),
        "before": at - timedelta(hours=5),
        "today": at.date(),
        "amount": Decimal("1234567.5"),
        "loss": Decimal(-42),
        "steps": [
            {"label": _("First band"), "detail": _("100 000 at 2 %"), "amount": Decimal(2000)},
            {"label": _("Second band"), "detail": _("50 000 at 3 %"), "amount": Decimal(1500)},
        ],
        "total": Decimal(3500),
        "reasons": [Reason("actor.not_permitted"), Reason("partner.not_active")],
        "allowed": ALLOWED,
        "refused": refusal("actor.not_permitted"),
        "entries": [
            {"at": at, "title": _("Approved"), "icon": "check", "colour": "green", "actor": "PRM"},
            {"at": at - timedelta(days=1), "title": _("Submitted"), "icon": "send", "colour": "blue"},
        ],
        "saved_views": {
            "own": [{"name": _("Mine"), "query": "colour=a", "public_id": "svw_sample"}],
            "shared": [{"name": _("A colleague's"), "query": "colour=b", "owner": "Maria"}],
            "may_share": True,
        },
        "page": Paginator(range(100), 10).page(4),
        "chart": {
            "kind": "bar",
            "labels": ["1", "2", "3"],
            "stacked": True,
            "series": [
                {"label": str(_("Direct")), "values": [3, 4, 5]},
                {"label": str(_("Partner")), "values": [2, 5, 6]},
            ],
        },
    }
    return render(request, "home/design.html", context)
