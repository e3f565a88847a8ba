"""What the components of ``templates/cotton`` need to compute. Pages use the components, not these."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from babel.dates import format_timedelta
from babel.units import format_unit
from django import template
from django.core.paginator import Page
from django.forms import BoundField, widgets
from django.utils.translation import gettext as _

from common import reasons
from common.verdict import Reason
from common.writing import reader_locale

register = template.Library()

SOON = timedelta(days=3)
EXACT_TO = timedelta(days=100)  # a countdown is in days so far
GROUPS = (widgets.RadioSelect, widgets.CheckboxSelectMultiple)


@register.filter
def sentence(reason: Reason) -> str:
    """The sentence of a refusal's reason in the reader's language."""
    return reasons.sentence(reason)


@register.simple_tag(takes_context=True)
def countdown(context: template.Context, until: datetime | None) -> dict[str, str]:
    """Words and urgency (``soon`` within three days, ``late`` when over) for the time left until an instant."""
    now: datetime | None = context.get("now")
    if until is None or now is None:
        return {}
    left = until - now
    exact = timedelta(days=2) <= abs(left) < EXACT_TO  # weeks and months are too coarse for a deadline
    words = (
        format_unit(abs(left).days, "day", locale=reader_locale())
        if exact
        else format_timedelta(abs(left), threshold=1, locale=reader_locale())
    )
    if left < timedelta(0):
        return {"text": _("%(time)s late") % {"time": words}, "urgency": "late"}
    return {"text": _("%(time)s left") % {"time": words}, "urgency": "soon" if left <= SOON else "calm"}


@register.filter
def control(field: BoundField) -> Any:
    """The field's input in the look of the page; help and errors are tied to it by ``aria-describedby``."""
    widget = field.field.widget
    if isinstance(widget, GROUPS):
        return field.as_widget()
    if isinstance(widget, widgets.CheckboxInput):
        look = "form-check-input"
    elif isinstance(widget, widgets.Select):
        look = "form-select"
    else:
        look = "form-control"
    classes = f"{widget.attrs.get('class', '')} {look}".strip()
    return field.as_widget(attrs={"class": classes})


@register.filter
def kind(field: BoundField) -> str:
    """How the field is laid out: ``hidden``, ``check``, ``choices`` or ``line``."""
    widget = field.field.widget
    if field.is_hidden:
        return "hidden"
    if isinstance(widget, widgets.CheckboxInput):
        return "check"
    return "choices" if isinstance(widget, GROUPS) else "line"


@register.filter
def page_numbers(page: Page[Any]) -> Iterable[int | str]:
    """The page numbers to link, with an ellipsis for those left out."""
    return page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)


@register.filter
def share_of(value: Any, maximum: Any) -> int:
    """How much of the maximum is reached, 0 to 100, rounded down: 100 only when it is all there."""
    if not maximum:
        return 0
    return max(0, min(100, int(value * 100 / maximum)))


@register.filter
def initials(name: str) -> str:
    """At most two letters for a person's picture."""
    words = [word for word in str(name).replace("@", " ").split() if word[0].isalnum()]
    return "".join(word[0] for word in (words[:1] + words[-1:] if len(words) > 1 else words)).upper()


@register.simple_tag(takes_context=True)
def sort_state(context: template.Context, field: str) -> dict[str, str]:
    """Where a click on a column's name leads (``sort`` value), and how the list is sorted by it now."""
    current = context["request"].GET.get("sort", "") or context.get("default_sort", "")
    if current == field:
        return {"next": f"-{field}", "now": "ascending"}
    return {"next": field, "now": "descending" if current == f"-{field}" else ""}
