"""The lists that the rules of engagement look at: pages to read and to keep them."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import NotFound, Refused
from common.requests import ActorRequest
from crm import queries as crm_queries
from deals.actions import policies as policy_actions
from deals.choices.policies import POLICY_TEXTS, VALIDITY_COLOURS, PolicyKind, Validity
from deals.forms.policies import EntryForm, Offered, PolicyFilterForm
from deals.queries import policies as queries
from deals.rules import policies as rules
from deals.rules.policies import Held
from partners import queries as partner_queries

PAGE_SIZE = 25


def require_kind(request: ActorRequest, kind: str, *, to_edit: bool = False) -> PolicyKind:
    """The list, if there is one of this address and the actor may see it (or keep it)."""
    allowed = rules.may_edit(request.actor) if to_edit else rules.may_view(request.actor)
    if not allowed or kind not in PolicyKind.values:
        raise NotFound("list")
    return PolicyKind(kind)


def frame_of(request: ActorRequest, kind: PolicyKind) -> dict[str, Any]:
    """What every page of a list needs."""
    return {
        "kind": kind,
        "text": POLICY_TEXTS[kind],
        "of_customers": kind in queries.OF_CUSTOMERS,
        "of_partners": kind in queries.OF_PARTNERS,
        "is_holidays": kind == PolicyKind.HOLIDAYS,
        "may_edit": rules.may_edit(request.actor).allowed,
        "validity_colours": VALIDITY_COLOURS,
    }


@login_required
def overview(request: ActorRequest) -> HttpResponse:
    """The lists, and how much of each is in force today."""
    if not rules.may_view(request.actor):
        raise NotFound("lists")
    counts = queries.live_counts(timezone.localdate())
    lists = [{"kind": kind, "text": POLICY_TEXTS[kind], "count": counts[kind]} for kind in PolicyKind]
    return render(request, "deals/policies/overview.html", {"lists": lists})


@login_required
def policy_list(request: ActorRequest, kind: str) -> HttpResponse:
    """One list: searched, narrowed to how entries stand on a day, sorted, in pages."""
    which = require_kind(request, kind)
    chosen = PolicyFilterForm(request.GET).chosen()
    day = chosen["on"] or timezone.localdate()
    validity = chosen["validity"] or (Validity.LIVE if chosen["on"] else "")
    sort = chosen["sort"] or ("start" if which == PolicyKind.HOLIDAYS else "name")
    found = queries.policy_list(request.actor, which, queries.Narrowing(chosen["q"], validity, sort), day=day)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        **frame_of(request, which),
        "page": page,
        "rows": queries.policy_rows(which, page, day=day),
        "chosen": chosen,
        "is_narrowed": bool(chosen["q"] or chosen["validity"] or chosen["on"]),
        "validities": Validity.choices,
        "default_sort": sort,
        "lists": PolicyKind.choices,
    }
    return render(request, "deals/policies/list.html", context)


@login_required
def new(request: ActorRequest, kind: str) -> HttpResponse:
    """Add an entry. For a customer, known ones are searched first."""
    which = require_kind(request, kind, to_edit=True)
    return _entry_page(request, which, None)


@login_required
def entry(request: ActorRequest, kind: str, public_id: str) -> HttpResponse:
    """One entry with its history; end it, or correct it while it has not begun."""
    which = require_kind(request, kind)
    row = queries.find_row(which, queries.policies_visible_to(request.actor, which), public_id)
    if request.method == "POST" and not rules.may_edit(request.actor):
        raise NotFound("list")
    return _entry_page(request, which, row)


@login_required
def take_back(request: ActorRequest, kind: str, public_id: str) -> HttpResponse:
    """Remove an entry that has not begun, after a question."""
    which = require_kind(request, kind, to_edit=True)
    row = queries.find_row(which, queries.policies_visible_to(request.actor, which), public_id)
    today = timezone.localdate()
    reasons = rules.may_take_back(queries.held_of_row(which, row), today).reasons
    if request.method == "POST":
        try:
            policy_actions.take_back_entry(which, public_id, by=request.actor, at=timezone.now())
        except Refused as refused:
            reasons = refused.reasons
        else:
            messages.success(request, _("The entry is taken back."))
            return redirect("deals:policy-list", which)
    (shown,) = queries.policy_rows(which, [row], day=today)
    context = {**frame_of(request, which), "row": shown, "reasons": reasons}
    status = 422 if request.method == "POST" else 200
    return render(request, "deals/policies/take_back.html", context, status=status)


@login_required
def customer_search(request: ActorRequest) -> HttpResponse:
    """Known customers to choose from, as the search box is typed into."""
    if not rules.may_edit(request.actor):
        raise NotFound("customers")
    words = request.GET.get("customer_words", "")
    context = {"found": queries.customers_found(request.actor, words), "words": words.strip(), "chosen": ""}
    return render(request, "deals/policies/_customers.html", context)


def _entry_page(request: ActorRequest, kind: PolicyKind, row: Any) -> HttpResponse:
    today = timezone.localdate()
    held = None if row is None else queries.held_of_row(kind, row)
    form = EntryForm(request.POST or None, kind=kind, offered=_offered(kind), held=held, today=today)
    wants_search = "find" in request.POST
    if request.method == "POST" and not wants_search and form.is_valid():
        try:
            _save(request, kind, form, held)
        except Refused as refused:
            form.show(refused.reasons)
        else:
            messages.success(request, _("Saved."))
            return redirect("deals:policy-list", kind)
    context = {
        **frame_of(request, kind),
        "form": form,
        **_customers_of(request, kind, held),
        **_state_of(kind, row, held, today),
    }
    status = 422 if request.method == "POST" and not wants_search else 200
    return render(request, "deals/policies/entry.html", context, status=status)


def _save(request: ActorRequest, kind: PolicyKind, form: EntryForm, held: Held | None) -> None:
    at, by = timezone.now(), request.actor
    chosen = form.cleaned_data.get("customer", "")
    typed = form.entry(crm_queries.customer_id_by_public_id(chosen) if chosen else None)
    if held is None:
        policy_actions.add_entry(typed, by=by, at=at)
    else:
        policy_actions.change_entry(kind, held.public_id, typed, by=by, at=at)


def _offered(kind: PolicyKind) -> Offered:
    if kind not in queries.OF_PARTNERS:
        return Offered()
    partners = sorted((profile.name, str(pk)) for pk, profile in partner_queries.partner_profiles().items())
    return Offered([(pk, name) for name, pk in partners], [(str(f.pk), f.name) for f in crm_queries.families()])


def _customers_of(request: ActorRequest, kind: PolicyKind, held: Held | None) -> dict[str, Any]:
    """What the customer's search box shows: what was found, with the chosen one among it."""
    if kind not in queries.OF_CUSTOMERS or held is not None:
        return {}
    words, chosen = request.POST.get("customer_words", ""), request.POST.get("customer", "")
    found = queries.customers_found(request.actor, words)
    if chosen and all(customer.public_id != chosen for customer in found):
        found = [*queries.customers_found(request.actor, chosen), *found]
    return {"found": found, "words": words.strip(), "chosen": chosen}


def _state_of(kind: PolicyKind, row: Any, held: Held | None, today: date) -> dict[str, Any]:
    if held is None:
        return {"row": None}
    (shown,) = queries.policy_rows(kind, [row], day=today)
    return {
        "row": shown,
        "has_begun": rules.first_day(held.entry) <= today,
        "is_over": shown.last_day is not None and shown.last_day < today,
        "history": queries.history_of(row),
    }
