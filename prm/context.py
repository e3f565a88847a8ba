"""What every page's frame shows: the menu entries that the actor may open."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from partners import rules

# (label, icon, url, capability, only for partner users)
MENU: list[tuple[Any, str, Any, str]] = []


def navigation(request: HttpRequest) -> dict[str, Any]:
    actor = getattr(request, "actor", None)
    return {"actor": actor, "menu": MENU and [], "_": (rules, reverse_lazy, _)}
