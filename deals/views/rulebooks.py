"""The rules of engagement as everybody reads them, their versions, and how the channel chief drafts and publishes."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from common.errors import Refused
from common.period import period_of
from common.requests import ActorRequest
from common.verdict import Reason
from deals.actions import rulebooks as rulebook_actions
from deals.choices.policies import VALIDITY_COLOURS, PolicyKind
from deals.choices.rulebooks import REVISION_COLOURS, STATE_COLOURS, RulebookState
from deals.forms.rulebooks import BackTestForm, PublishForm, RulebookForm
from deals.queries import backtests as back_test_queries
from deals.queries import policies as policy_queries
from deals.queries import rulebooks as queries
from deals.queries.facts import rulebook_on
from deals.rules.revisions import Publication, fingerprint
from deals.views.pages import words
from partners import queries as partner_queries
from partners import rules as partner_rules


@login_required
def rules(request: ActorRequest) -> HttpResponse:
    """The rules as they are in force today, the named accounts, and what the reader's own partners may do."""
    partner_queries.require(request.actor, "registration.view")
    day = timezone.localdate()
    context = {
        "rulebook": queries.published_rulebook(day),
        "announced": [v for v in queries.versions_for(request.actor, day=day) if v.state == RulebookState.ANNOUNCED],
        "named": policy_queries.named_customers(day),
        "quarter": f"Q{(day.month + 2) // 3} {day.year}",
        "grants": policy_queries.own_rights(request.actor, PolicyKind.EXCLUSIVE_GRANTS, day=day),
        "authorisations": policy_queries.own_rights(request.actor, PolicyKind.AUTHORISATIONS, day=day),
        "validity_colours": VALIDITY_COLOURS,
        **words(),
    }
    return render(request, "deals/rulebooks/rules.html", context)


@login_required
def versions(request: ActorRequest) -> HttpResponse:
    """Every published version for whoever may read the rules; drafts too for the vendor's channel."""
    partner_queries.require(request.actor, "registration.view")
    context = {
        "versions": queries.versions_for(request.actor, day=timezone.localdate()),
        "state_colours": STATE_COLOURS,
        "may_publish": partner_rules.may(request.actor, "rulebook.publish").allowed,
    }
    return render(request, "deals/rulebooks/versions.html", context)


@login_required
def version(request: ActorRequest, public_id: str) -> HttpResponse:
    """One version in words; what differs from the one in force; of a draft its back-tests and what can be done."""
    rulebook = queries.find_rulebook(request.actor, public_id)
    day = timezone.localdate()
    names, current = queries.names_on(day), rulebook_on(day)
    state = queries.state_of(rulebook, current, day)
    compares = current is not None and current != rulebook
    context = {
        "rulebook": queries.in_words(rulebook, names),
        "row": rulebook,
        "state": state,
        "is_draft": state == RulebookState.DRAFT,
        "current": current if compares else None,
        "differences": queries.differences_in_words(current, rulebook, names) if current and compares else [],
        "state_colours": STATE_COLOURS,
        "revision_colours": REVISION_COLOURS,
        "may_publish": partner_rules.may(request.actor, "rulebook.publish").allowed,
        "back_tests": back_test_queries.back_tests_of(request.actor, rulebook),
        "back_test_form": BackTestForm(initial={"starts_on": period_of(day, "year").starts_on, "last_day": day}),
        **words(),
    }
    return render(request, "deals/rulebooks/version.html", context)


@login_required
@require_POST
def new(request: ActorRequest) -> HttpResponse:
    """Begin a draft from what is in force."""
    partner_queries.require(request.actor, "rulebook.publish")
    draft = rulebook_actions.draft_rulebook(by=request.actor, at=timezone.now())
    return redirect("deals:rulebook-edit", draft.public_id)


@login_required
def edit(request: ActorRequest, public_id: str) -> HttpResponse:
    """The draft as a form. Moving a rule keeps what was typed and writes nothing."""
    partner_queries.require(request.actor, "rulebook.publish")
    draft = queries.find_draft(request.actor, public_id)
    content = queries.content_of(draft)
    seen = request.POST.get("seen") or fingerprint(content)
    form = RulebookForm(request.POST or None, content=content, seen=seen, names=queries.names_on(timezone.localdate()))
    reasons: tuple[Reason, ...] = ()
    if request.method == "POST" and "move" in request.POST:
        code, _colon, where = request.POST["move"].partition(":")
        form = form.moved(code, where)
    elif request.method == "POST" and form.is_valid():
        try:
            rulebook_actions.change_draft(draft.pk, form.content(), seen=seen, by=request.actor, at=timezone.now())
        except Refused as refused:
            reasons = refused.reasons
        else:
            messages.success(request, _("The draft is saved."))
            return redirect("deals:rulebook", public_id)
    status = 422 if reasons or (request.method == "POST" and form.errors) else 200
    return render(request, "deals/rulebooks/edit.html", {"form": form, "row": draft, "reasons": reasons}, status=status)


@login_required
def publish(request: ActorRequest, public_id: str) -> HttpResponse:
    """Publish the draft with a date, confirmed by typing the number of the new version."""
    partner_queries.require(request.actor, "rulebook.publish")
    draft = queries.find_draft(request.actor, public_id)
    day = timezone.localdate()
    content, current = queries.content_of(draft), rulebook_on(day)
    form = PublishForm(request.POST or None, initial={"seen": fingerprint(content), "effective_from": day})
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        asked = Publication(typed["effective_from"], typed["seen"], typed["confirmed_version"], typed["untested"])
        try:
            published = rulebook_actions.publish_draft(draft.pk, asked, by=request.actor, at=timezone.now())
        except Refused as refused:
            form.show(refused.reasons)
        else:
            messages.success(request, _("Version %(version)s is published.") % {"version": published.version})
            return redirect("deals:rulebook", public_id)
    names = queries.names_on(day)
    context = {
        "form": form,
        "row": draft,
        "next_version": queries.next_version(),
        "is_back_tested": queries.is_back_tested(draft),
        "differences": queries.differences_in_words(current, draft, names) if current else [],
        "current": current,
        "revision_colours": REVISION_COLOURS,
    }
    return render(request, "deals/rulebooks/publish.html", context, status=422 if form.errors else 200)


@login_required
def delete(request: ActorRequest, public_id: str) -> HttpResponse:
    """Throw a draft away, after a question."""
    partner_queries.require(request.actor, "rulebook.publish")
    draft = queries.find_draft(request.actor, public_id)
    if request.method == "POST":
        rulebook_actions.delete_draft(draft.pk, by=request.actor, at=timezone.now())
        messages.success(request, _("The draft is deleted."))
        return redirect("deals:rulebooks")
    return render(request, "deals/rulebooks/delete.html", {"row": draft})
